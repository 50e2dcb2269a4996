"""Connects to checked addresses only, within one deadline, and tells in our words what goes wrong."""

import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeAlias

import httpcore
import httpx

from apps.core.error_handling import FetchError, FetchUnavailableError

PRODUCT = "Tacit"  # what a robots.txt calls us
USER_AGENT = f"{PRODUCT}/1.0 (reads pages for a chatbot at their owner's request)"
HEADERS: Mapping[str | bytes, str | bytes] = {
    "User-Agent": USER_AGENT,
    "Accept": "text/html,application/xhtml+xml,application/pdf;q=0.9,text/*;q=0.8,*/*;q=0.5",
    "Accept-Encoding": "gzip",
    "Connection": "close",
}

UNUSABLE = (
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpcore.ProxyError,
    httpcore.ConnectionNotAvailable,
    zlib.error,
)

Resolve: TypeAlias = Callable[[str, int], Sequence[str]]


def resolve_host(host: str, port: int) -> list[str]:
    """Return the addresses of a host, as the system knows them."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def look_up(host: str, port: int, resolve: Resolve, deadline: "Deadline") -> list[str]:
    """Return the host's addresses, asked for in a thread: the system's resolver can't be given a time limit."""
    answer: Future[Sequence[str]] = Future()

    def ask() -> None:
        try:
            answer.set_result(resolve(host, port))
        except OSError as error:
            answer.set_exception(error)

    threading.Thread(target=ask, daemon=True, name="look-up").start()
    with translated(host):
        found = list(answer.result(timeout=deadline.left()))
    if not found:
        raise FetchError(f"There is no host {host}. Check the address.")
    return found


class Deadline:
    """The moment at which everything must be done."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, at_most: float | None = None) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if at_most is None else min(left, at_most)


class PinnedBackend(httpcore.NetworkBackend):
    """Connects to the addresses it was given and to nothing else, whatever the host's name is by then."""

    def __init__(self, addresses: Sequence[str], deadline: Deadline) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError(host)
        for address in self._addresses:
            try:
                stream = self._sockets.connect_tcp(
                    address, port, self._deadline.left(timeout), local_address, socket_options
                )
                return _TimedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _TimedStream(httpcore.NetworkStream):
    """A stream on which no operation outlasts the deadline, so that a drip of single bytes doesn't either."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()


@contextmanager
def requested(
    url: httpx.URL,
    backend: PinnedBackend,
    seconds: dict[str, float],
    *,
    headers: Mapping[str | bytes, str | bytes] = HEADERS,
    body: bytes | None = None,
) -> Iterator[httpcore.Response]:
    """Send a request and give the answer while it can be read; `seconds` limits connect, read and write.

    It is a POST when there is a body.
    """
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    pool = httpcore.ConnectionPool(ssl_context=_certificates(), network_backend=backend)
    with (
        translated(url.raw_host.decode("ascii")),
        pool,
        pool.stream(
            "GET" if body is None else "POST", target, headers=headers, content=body, extensions={"timeout": seconds}
        ) as got,
    ):
        yield got


@contextmanager
def translated(site: str) -> Iterator[None]:
    """Turn what the network raises into our errors."""
    try:
        yield
    except (httpcore.TimeoutException, TimeoutError) as error:
        raise FetchUnavailableError(f"{site} did not answer in time. Check the address, or try again later.") from error
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise FetchUnavailableError(f"The name {site} could not be looked up just now. Try again later.") from error
        raise FetchError(f"There is no host {site}. Check the address.") from error
    except (httpcore.NetworkError, OSError) as error:
        if isinstance(error.__context__, ssl.SSLCertVerificationError):
            raise FetchError(f"The certificate of {site} is not valid. Its owner has to mend it.") from error
        raise FetchUnavailableError(f"{site} could not be reached. Check the address, or try again later.") from error
    except UNUSABLE as error:
        raise FetchUnavailableError(
            f"{site} broke off or sent nonsense. Try again later; if it stays so, tell its owner."
        ) from error
