"""A server of the tests' own that speaks OpenAI's chat protocol, and stalls, breaks and misbehaves when it is told to.

    with LLMServer() as server:
        server.behave(says("The warranty lasts 24 months [1]."))
        …base_url=server.base_url…
        server.requests[-1].messages

Each request is met by the next behaviour; the last one stays. The server runs in a thread of its own, so tests of any
colour can use it, and so can another process.
"""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

MODEL = "test-model"
_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedRequest:
    """What a client sent."""

    path: str
    headers: dict[str, str] = field(repr=False)
    body: dict[str, Any] = field(repr=False)

    @property
    def messages(self) -> list[dict[str, str]]:
        return list(self.body.get("messages", []))

    @property
    def text(self) -> str:
        """Everything that the client sent to be read by the model."""
        return "\n".join(message["content"] for message in self.messages)


class Exchange:
    """One request, and the means to answer it."""

    def __init__(self, request: RecordedRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.request = request
        self.hung_up = asyncio.Event()
        self._writer = writer
        self._watch = asyncio.ensure_future(self._wait_for_end(reader))

    async def respond(
        self, status: int, body: str, *, content_type: str = "application/json", headers: Sequence[str] = ()
    ) -> None:
        """Send a whole response."""
        data = body.encode()
        await self._head(status, content_type, [f"Content-Length: {len(data)}", *headers])
        await self.send_raw(data)

    async def start(self) -> None:
        """Begin a stream of server-sent events."""
        await self._head(200, "text/event-stream; charset=utf-8", [])

    async def send(self, text: str, **delta: Any) -> None:
        """Send a piece of the answer."""
        await self.send_chunk([{"index": 0, "delta": {"content": text, **delta}, "finish_reason": None}])

    async def finish(self, reason: str = "stop") -> None:
        """End the answer as a sound server does: the reason, the usage if it was asked for, and [DONE]."""
        await self.send_chunk([{"index": 0, "delta": {}, "finish_reason": reason}])
        if self.request.body.get("stream_options", {}).get("include_usage"):
            usage = {"prompt_tokens": 321, "completion_tokens": 21, "total_tokens": 342}
            await self.send_chunk([], usage=usage)
        await self.send_raw(b"data: [DONE]\n\n")

    async def send_chunk(self, choices: list[dict[str, Any]], **fields: Any) -> None:
        chunk = {
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": choices
        }  # fmt: skip
        await self.send_raw(f"data: {json.dumps({**chunk, **fields})}\n\n".encode())

    async def send_raw(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def stall(self) -> None:
        """Say nothing until the client hangs up."""
        await asyncio.wait_for(self.hung_up.wait(), timeout=30)

    async def close(self) -> None:
        self._watch.cancel()
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), self._watch, return_exceptions=True)

    async def _head(self, status: int, content_type: str, headers: Sequence[str]) -> None:
        lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}", f"Content-Type: {content_type}", *headers]
        await self.send_raw("\r\n".join([*lines, "Connection: close", "", ""]).encode())

    async def _wait_for_end(self, reader: asyncio.StreamReader) -> None:
        try:
            await reader.read()
        finally:
            self.hung_up.set()


Behaviour = Callable[[Exchange], Awaitable[None]]


def says(*pieces: str, pause: float = 0.0, reason: str = "stop") -> Behaviour:
    """Stream the pieces; a single one goes out in pieces of four characters, like a model's tokens."""
    parts = _tokens(pieces[0]) if len(pieces) == 1 else list(pieces)

    async def behave(exchange: Exchange) -> None:
        await exchange.start()
        for part in parts:
            await exchange.send(part)
            await asyncio.sleep(pause)
        await exchange.finish(reason)

    return behave


def stalls(after: str = "") -> Behaviour:
    """Say something, or nothing, and then no more."""

    async def behave(exchange: Exchange) -> None:
        await exchange.start()
        for part in _tokens(after):
            await exchange.send(part)
        await exchange.stall()

    return behave


async def hangs(exchange: Exchange) -> None:
    """Take the request and never answer, not even with a status; nor any other, until something else is done."""
    await exchange.stall()


def breaks_off(after: str = "") -> Behaviour:
    """Close the connection in the middle of the answer."""

    async def behave(exchange: Exchange) -> None:
        await exchange.start()
        for part in _tokens(after):
            await exchange.send(part)

    return behave


def refuses(status: int, code: str = "refused", *, param: str | None = None, headers: Sequence[str] = ()) -> Behaviour:
    """Answer with an error, with words of the server's own in it."""

    async def behave(exchange: Exchange) -> None:
        error = {"message": f"The server says {code} about {param}.", "type": code, "code": code, "param": param}
        await exchange.respond(status, json.dumps({"error": error}), headers=headers)

    return behave


def refuses_parameter(name: str, then: Behaviour) -> Behaviour:
    """Refuse requests that carry a parameter, as some models do with `temperature`; answer the others."""

    async def behave(exchange: Exchange) -> None:
        refusal = refuses(400, "unsupported_value", param=name)
        await (refusal if name in exchange.request.body else then)(exchange)

    return behave


def refuses_system_role(message: str, then: Behaviour, *, status: int = 400) -> Behaviour:
    """Refuse the system role in the words of a chat template that has none; answer others."""

    async def behave(exchange: Exchange) -> None:
        if any(one["role"] == "system" for one in exchange.request.messages):
            await exchange.respond(status, json.dumps({"error": {"message": message, "code": status}}))
        else:
            await then(exchange)

    return behave


def answers_in_one_piece(content: object, *, reason: str | None = "stop") -> Behaviour:
    """Answer with a whole completion although a stream was asked for, as some gateways do."""

    async def behave(exchange: Exchange) -> None:
        message = {"role": "assistant", "content": content}
        completion = {
            "id": "1", "object": "chat.completion", "created": 1, "model": MODEL,
            "choices": [{"index": 0, "message": message, "finish_reason": reason}],
            "usage": {"prompt_tokens": 321, "completion_tokens": 21, "total_tokens": 342},
        }  # fmt: skip
        await exchange.respond(200, json.dumps(completion))

    return behave


def sends_parts(*pieces: str) -> Behaviour:
    """Stream with the content as lists of parts, after a part that holds thinking."""

    async def behave(exchange: Exchange) -> None:
        await exchange.start()
        thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Let me see."}]}
        for part in (thinking, *({"type": "text", "text": piece} for piece in pieces)):
            await exchange.send_chunk([{"index": 0, "delta": {"content": [part]}, "finish_reason": None}])
        await exchange.finish()

    return behave


def silent_until(seconds: float, then: Behaviour) -> Behaviour:
    """Say nothing to anybody, not even which models there are, until the answer begins: one request at a time."""

    async def behave(exchange: Exchange) -> None:
        await asyncio.sleep(seconds)
        await then(exchange)

    vars(behave)["is_silent"] = True
    return behave


def thinks_long(seconds: float, then: Behaviour) -> Behaviour:
    """Take the request and begin to answer late, as a server does that loads the model first."""

    async def behave(exchange: Exchange) -> None:
        await asyncio.sleep(seconds)
        await then(exchange)

    return behave


async def lists_models(exchange: Exchange) -> None:
    """Answer what every server answers, busy or not."""
    await exchange.respond(200, json.dumps({"object": "list", "data": [{"id": MODEL, "object": "model"}]}))


async def html(exchange: Exchange) -> None:
    """Answer with a page, as a proxy or a wrong address does."""
    await exchange.respond(200, "<!doctype html><title>Welcome</title><p>It works!", content_type="text/html")


def sends_raw(*events: str, after: str = "") -> Behaviour:
    """Send lines of the stream as they are given, after a sound beginning."""

    async def behave(exchange: Exchange) -> None:
        await exchange.start()
        for part in _tokens(after):
            await exchange.send(part)
        for event in events:
            await exchange.send_raw(f"{event}\n\n".encode())

    return behave


def endless(piece: str) -> Behaviour:
    """Say the same until the client hangs up."""

    async def behave(exchange: Exchange) -> None:
        await exchange.start()
        while not exchange.hung_up.is_set():
            await exchange.send(piece)

    return behave


async def echoes_prompt(exchange: Exchange) -> None:
    """Say the whole prompt, the system's message too."""
    await says(exchange.request.text)(exchange)


class LLMServer:
    """Listens on a loopback port, a free one by default, while the block runs; `requests` holds what came."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[RecordedRequest] = []
        self.hang_ups = 0  # answers that a client left before their end
        self.probes = 0  # requests for the list of models, by which a client asks whether anybody is there
        self._behaviours: list[Behaviour] = [says("")]
        self._latest: Behaviour = lists_models
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="llm-server", daemon=True)
        self._ready = threading.Event()
        self._port = port

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def behave(self, *behaviours: Behaviour) -> None:
        """Set how the next requests are met, one each; the last behaviour stays."""
        self._behaviours = list(behaviours)

    def wait_for_hang_up(self, timeout: float = 10.0) -> bool:
        """Tell whether a client left an answer before its end, within the time."""
        end = time.monotonic() + timeout
        while not self.hang_ups and time.monotonic() < end:
            time.sleep(0.01)
        return self.hang_ups > 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self._port))
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchange = Exchange(await _read_request(reader), reader, writer)
        try:
            await self._behaviour_for(exchange.request)(exchange)
        except ConnectionError:
            exchange.hung_up.set()  # the client went away, which some tests want
        finally:
            self.hang_ups += exchange.hung_up.is_set()
            await exchange.close()

    def _behaviour_for(self, request: RecordedRequest) -> Behaviour:
        if request.path.endswith("/models"):
            self.probes += 1
            is_silent = self._latest is hangs or getattr(self._latest, "is_silent", False)
            return hangs if is_silent else lists_models
        self.requests.append(request)
        self._latest = self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]
        return self._latest


async def _read_request(reader: asyncio.StreamReader) -> RecordedRequest:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
    raw = await reader.readexactly(int(headers.get("content-length", 0)))
    return RecordedRequest(path=head[0].split()[1], headers=headers, body=json.loads(raw or b"{}"))


def _tokens(text: str) -> list[str]:
    return [text[place : place + 4] for place in range(0, len(text), 4)]
