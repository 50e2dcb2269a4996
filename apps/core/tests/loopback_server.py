"""A web server on loopback that behaves as badly as a test wants it to."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket, str], None]


@dataclass(kw_only=True)
class LoopbackServer:
    """Listens on 127.0.0.1; `behaviours` says what happens with a request for a path."""

    port: int
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/", *, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                received = connection.recv(65536)
                if not received:
                    return
                request += received
            text = request.decode("latin-1")
            self.requests.append(text)
            path = text.split(" ", 2)[1]
            self.behaviours.get(path, answer("not here", status="404 Not Found"))(connection, text)

    def hang(self, connection: socket.socket, _: str) -> None:
        """Say nothing until the test is over."""
        self.stopping.wait(20)

    def drip(self, connection: socket.socket, drops: Iterator[bytes], *, pause: float) -> None:
        for drop in drops:
            if self.stopping.wait(pause):
                return
            connection.sendall(drop)


@contextmanager
def loopback_server(context: ssl.SSLContext | None = None) -> Iterator[LoopbackServer]:
    """Run a server until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = LoopbackServer(port=listener.getsockname()[1])
    threads: list[threading.Thread] = []

    def one(connection: socket.socket) -> None:
        try:
            server.serve(context.wrap_socket(connection, server_side=True) if context else connection)
        except OSError:
            connection.close()

    def listen() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=one, args=(connection,)))
                threads[-1].start()

    threads.append(threading.Thread(target=listen))
    threads[0].start()
    try:
        yield server
    finally:
        server.stopping.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in threads:
            thread.join(timeout=10)


def answer(body: str | bytes = "", *, status: str = "200 OK", **headers: str) -> Behaviour:
    """Answer with this body; header names are written with underscores."""
    content = body.encode() if isinstance(body, str) else body
    named = {"content_type": "text/html; charset=utf-8", "content_length": str(len(content))} | headers
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in named.items() if value]
    head = "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""])

    def behave(connection: socket.socket, _: str) -> None:
        connection.sendall(head.encode("latin-1") + content)

    return behave


def redirect(location: str, status: str = "302 Found") -> Behaviour:
    return answer(status=status, location=location)
