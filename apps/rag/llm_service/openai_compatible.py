"""Answers by a language model on any server that speaks OpenAI's chat protocol, OpenAI's own among them."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import httpx2
from openai import AsyncOpenAI, AsyncStream, BadRequestError, DefaultAsyncHttpx2Client

from apps.core.error_handling import ProviderAnswerError
from apps.rag.llm_service.bounded_stream import bound_response
from apps.rag.llm_service.chunks import AnswerReader
from apps.rag.llm_service.liveness import opened_alive
from apps.rag.llm_service.protocol import Prompt, Stop, Token
from apps.rag.llm_service.translation import translated

OPENAI_URL = "https://api.openai.com/v1"
# Near the most likely words: an answer should follow its sources, not surprise.
TEMPERATURE = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """Seconds to wait: for the connection, the first word, each further word, the whole answer, and the usage after it.

    A server that is there may load a model before its first word; one that isn't should cost a visitor two seconds at
    most: when there is no response after `patience`, it is asked for a sign of life.
    """

    connect: float = 0.7
    patience: float = 0.9
    first_token: float = 20.0
    between_tokens: float = 10.0
    total: float = 120.0
    usage: float = 1.0


class OpenAICompatibleLLMService:
    """Streams answers from one model on one server. Sampling is ours; nothing a visitor sends sets a parameter."""

    provider = "openai-compatible"

    def __init__(self, *, base_url: str, api_key: str, model: str, timeouts: Timeouts = Timeouts()) -> None:
        self.model = model
        self._base_url = base_url or OPENAI_URL
        self._api_key = api_key or "none"  # local servers need no key, and the library insists on one
        self._timeouts = timeouts
        self._refused_parameters: set[str] = set()
        # Connections belong to the event loop that opened them; a command line makes a loop for each question.
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncOpenAI] = WeakKeyDictionary()

    async def generate(self, prompt: Prompt) -> AsyncGenerator[Token | Stop, None]:
        client = self.client()
        _ = client.models  # the SDK imports it now, for a second or two, and not while a clock runs
        started = time.monotonic()
        with translated():
            async with asyncio.timeout(self._timeouts.first_token):
                stream = await opened_alive(
                    self._open(prompt),
                    client,
                    patience=self._timeouts.patience,
                    probe=self._timeouts.connect,
                )
        try:
            async with aclosing(self._read(stream, started)) as answer:
                async for event in answer:
                    yield event
        finally:
            await _closed(stream)

    async def aclose(self) -> None:
        """Close the connections that this event loop has opened."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    async def _read(self, stream: AsyncStream[object], started: float) -> AsyncGenerator[Token | Stop, None]:
        """Yield what the chunks say until the answer is done, within each of the time limits."""
        reader = AnswerReader()
        last = started
        while not reader.is_done:
            with translated():
                text = await self._next_text(stream, reader, self._deadline(reader, started, last))
            if reader.has_moved:
                last = time.monotonic()
            if text:
                yield Token(text=text)
        if rest := reader.rest():
            yield Token(text=rest)
        if reader.is_empty:
            raise ProviderAnswerError
        yield reader.stop()

    async def _next_text(self, stream: AsyncStream[object], reader: AnswerReader, deadline: float) -> str:
        """Return the text of the next chunk, "" for one without."""
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                return reader.read(await anext(stream, None))
        except TimeoutError:
            if not reader.has_finished:
                raise
            return reader.read(None)  # the answer is there, only its usage isn't

    def _deadline(self, reader: AnswerReader, started: float, last: float) -> float:
        limits = self._timeouts
        if reader.has_finished:
            return last + limits.usage
        wait = limits.between_tokens if reader.has_begun else limits.first_token
        return min(last + wait, started + limits.total)

    async def _open(self, prompt: Prompt) -> AsyncStream[object]:
        """Send the request; without a parameter that this server has turned out not to take."""
        while True:
            parameters = self._parameters(prompt)
            try:
                # As plain JSON: building the library's types from every chunk costs as much as all the rest does.
                stream: AsyncStream[object] = await self.client().post(
                    "/chat/completions", cast_to=object, body=parameters, stream=True, stream_cls=AsyncStream[object]
                )
            except BadRequestError as error:
                refused = _refused_parameter(error, parameters)
                if refused is None:
                    raise
                self._refused_parameters.add(refused)
            else:
                return stream

    def _parameters(self, prompt: Prompt) -> dict[str, Any]:
        is_openai = self._base_url.startswith(OPENAI_URL)
        optional = {
            "temperature": TEMPERATURE,
            "stream_options": {"include_usage": True},
            # The newer name is OpenAI's own; most other servers know the older one only.
            "max_completion_tokens" if is_openai else "max_tokens": prompt.max_tokens,
        }
        return {
            "model": self.model,
            "messages": [{"role": message.role, "content": message.content} for message in prompt.messages],
            "stream": True,
            **{name: value for name, value in optional.items() if name not in self._refused_parameters},
        }

    def client(self) -> AsyncOpenAI:
        """Return the client of this event loop."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            limits = httpx2.Timeout(self._timeouts.first_token, connect=self._timeouts.connect)
            # A redirect would carry the prompt to another server; retries are made by who wraps this, and only there.
            http = DefaultAsyncHttpx2Client(
                timeout=limits, follow_redirects=False, event_hooks={"response": [bound_response]}
            )
            self._clients[loop] = AsyncOpenAI(
                base_url=self._base_url, api_key=self._api_key, max_retries=0, timeout=limits, http_client=http
            )
        return self._clients[loop]


async def _closed(stream: AsyncStream[object]) -> None:
    """Close a stream so that nothing stays behind when its reader stopped early.

    The library's own `close` closes the response alone. Its generators would stay, in a cycle that the garbage
    collector finishes from whichever thread it happens to run in, while the event loop's thread finishes them too.
    """
    await stream._iterator.aclose()  # type: ignore[attr-defined]  # declared as an iterator; it is a generator
    await stream.close()


def _refused_parameter(error: BadRequestError, parameters: dict[str, Any]) -> str | None:
    """Return the optional parameter that a server complains of, by its name in the error."""
    optional = {"temperature", "stream_options", "max_tokens", "max_completion_tokens"} & parameters.keys()
    said = f"{error.param or ''} {error.message}"
    return next((name for name in sorted(optional, key=len, reverse=True) if name in said), None)
