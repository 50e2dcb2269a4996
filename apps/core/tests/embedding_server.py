"""An embedding server on loopback that speaks OpenAI's protocol, and misbehaves when a test wants it to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from apps.core.embedding_service import FakeEmbeddingService

Answer = tuple[int, bytes | None]  # status and body; None breaks the connection off


@dataclass(kw_only=True)
class EmbeddingServer:
    """Answers `planned` first, one after another, then properly; keeps what it was asked."""

    base_url: str = ""
    dimensions: int = 64
    planned: list[Answer] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def answer(self, request: dict[str, Any]) -> Answer:
        self.requests.append(request)
        return self.planned.pop(0) if self.planned else (200, self.proper(request))

    def proper(self, request: dict[str, Any]) -> bytes:
        """Vectors of length 2, in reverse order: what the protocol allows and a client must bear."""
        model = FakeEmbeddingService(dimensions=request.get("dimensions", self.dimensions))
        results = model.embed_documents(request["input"])
        data = [
            {"object": "embedding", "index": place, "embedding": (result.vector * 2).tolist()}
            for place, result in enumerate(results)
        ]
        tokens = sum(len(text) // 4 + 1 for text in request["input"])
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return json.dumps({"object": "list", "data": data[::-1], "model": request["model"], "usage": usage}).encode()


@contextmanager
def embedding_server(port: int = 0) -> Iterator[EmbeddingServer]:
    """Run a server until the block ends, on a free port by default."""
    state = EmbeddingServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state.keys.append(self.headers["Authorization"])
            status, body = state.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            # The SDK waits as long as it is told before it tries again.
            self.send_header("retry-after-ms", "1")
            self.send_header("Content-Length", str(1000 if body is None else len(body)))
            self.end_headers()
            self.wfile.write(b'{"data": [' if body is None else body)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    state.base_url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
