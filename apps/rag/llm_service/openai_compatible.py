"""Answers by a language model on any server that speaks OpenAI's chat protocol, OpenAI's own among them."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Self
from weakref import WeakKeyDictionary

import httpx2
from openai import DEFAULT_CONNECTION_LIMITS, APIStatusError, AsyncOpenAI, AsyncStream, DefaultAsyncHttpx2Client

from apps.core.error_handling import ProviderAnswerError
from apps.core.language_model import OPENAI_COMPATIBLE, LanguageModelSettings
from apps.core.proxies import find_proxy, proxy_address
from apps.rag.llm_service.answer_text import answer_text
from apps.rag.llm_service.bounded_stream import bound_response
from apps.rag.llm_service.chunks import AnswerReader
from apps.rag.llm_service.endpoint import read_endpoint
from apps.rag.llm_service.liveness import opened_alive
from apps.rag.llm_service.openai_probe import probe
from apps.rag.llm_service.piecewise import chunks_of, is_whole
from apps.rag.llm_service.protocol import Finding, Prompt, Stop, Token
from apps.rag.llm_service.request_body import refused_part, request_body
from apps.rag.llm_service.translation import translated


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """Seconds to wait: for the connection, the first word, each further word, the whole answer, and the usage after it.

    A server that is there may load a model before its first word; one that isn't should cost a visitor two seconds at
    most: when there is no response after `patience`, it is asked for a sign of life.
    """

    connect: float = 0.7
    patience: float = 0.9
    first_token: float = 60.0
    between_tokens: float = 10.0
    total: float = 120.0
    usage: float = 1.0


class OpenAICompatibleLLMService:
    """Streams answers from one model on one server. Sampling is ours; nothing a visitor sends sets a parameter."""

    provider = OPENAI_COMPATIBLE

    def __init__(self, *, base_url: str, api_key: str, model: str, timeouts: Timeouts = Timeouts()) -> None:
        self.model = model
        self.endpoint = read_endpoint(base_url)
        self.proxy = find_proxy(self.endpoint.url)
        # What this server has turned out not to take: optional parameters, the system role, streaming.
        self.refused: frozenset[str] = frozenset()
        self.streams = True  # whether the latest answer came in pieces
        self._base_url = base_url
        self._api_key = api_key or "none"  # local servers need no key, and the library insists on one
        self.timeouts = timeouts
        # Connections belong to the event loop that opened them; a command line makes a loop for each question.
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncOpenAI] = WeakKeyDictionary()

    @classmethod
    def from_settings(cls, configured: LanguageModelSettings) -> Self:
        """Return the service of the language model that settings name."""
        usual, seconds = Timeouts(), float(configured.first_token_seconds)
        timeouts = replace(
            usual,
            first_token=seconds,
            total=seconds + usual.total,
            patience=seconds if configured.waits_for_silence else usual.patience,
        )
        return cls(base_url=configured.base_url, api_key=configured.api_key, model=configured.model, timeouts=timeouts)

    @property
    def place(self) -> str:
        return self.endpoint.place

    @property
    def waits_for_silence(self) -> bool:
        """Whether a server that gives no sign of life is waited for all the same."""
        return self.timeouts.patience >= self.timeouts.first_token

    def that_waits(self) -> Self:
        """Return the same service as it would wait for such a server."""
        timeouts = replace(self.timeouts, patience=self.timeouts.first_token)
        return type(self)(base_url=self._base_url, api_key=self._api_key, model=self.model, timeouts=timeouts)

    async def probe(self, *, patience: float, slow: float) -> Finding:
        return await probe(self, patience=patience, slow=slow)

    async def generate(self, prompt: Prompt) -> AsyncGenerator[Token | Stop, None]:
        client = self.client()
        _ = client.models  # the SDK imports it now, for a second or two, and not while a clock runs
        started = time.monotonic()
        with translated():
            async with asyncio.timeout(self.timeouts.first_token):
                stream = await opened_alive(
                    self._open(prompt),
                    client,
                    patience=self.timeouts.patience,
                    probe=self.timeouts.connect,
                )
        try:
            reader = AnswerReader(answer_text(prompt.context))
            async with aclosing(chunks_of(stream)) as chunks, aclosing(self._read(chunks, reader, started)) as answer:
                async for event in answer:
                    yield event
        finally:
            await _closed(stream)

    async def aclose(self) -> None:
        """Close the connections that this event loop has opened."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    async def _authorize(self, request: httpx2.Request) -> None:
        """Put the key where this server wants it: Azure's deployments take it for a token in the usual place."""
        if self.endpoint.is_azure_deployment:
            request.headers.pop("Authorization", None)
            request.headers["api-key"] = self._api_key

    async def _read(
        self, chunks: AsyncGenerator[object, None], reader: AnswerReader, started: float
    ) -> AsyncGenerator[Token | Stop, None]:
        """Yield what the chunks say until the answer is done, within each of the time limits."""
        last = started
        while not reader.is_done:
            with translated():
                text = await self._next_text(chunks, reader, self._deadline(reader, started, last))
            if reader.has_moved:
                last = time.monotonic()
            if text:
                yield Token(text=text)
        if rest := reader.rest():
            yield Token(text=rest)
        if reader.is_empty:
            raise ProviderAnswerError
        yield reader.stop()

    async def _next_text(self, chunks: AsyncGenerator[object, None], reader: AnswerReader, deadline: float) -> str:
        """Return the text of the next chunk, "" for one without."""
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                return reader.read(await anext(chunks, None))
        except TimeoutError:
            if not reader.has_finished:
                raise
            return reader.read(None)  # the answer is there, only its usage isn't

    def _deadline(self, reader: AnswerReader, started: float, last: float) -> float:
        limits = self.timeouts
        if reader.has_finished:
            return last + limits.usage
        wait = limits.between_tokens if reader.has_begun else limits.first_token
        return min(last + wait, started + limits.total)

    async def _open(self, prompt: Prompt) -> AsyncStream[object]:
        """Send the request; again without what the server refuses, which is remembered once it has answered so."""
        refused = self.refused
        while True:
            body = request_body(self.model, prompt, refused=refused, is_openai=self.endpoint.is_openai)
            try:
                # As plain JSON: building the library's types from every chunk costs as much as all the rest does.
                stream: AsyncStream[object] = await self.client().post(
                    "/chat/completions", cast_to=object, body=body, stream=True, stream_cls=AsyncStream[object]
                )
            except APIStatusError as error:
                part = refused_part(error, body)
                if part is None:
                    raise
                refused |= {part}
            else:
                self.refused |= refused
                self.streams = not is_whole(stream)
                return stream

    def client(self) -> AsyncOpenAI:
        """Return the client of this event loop. Raises ProviderRejectedError where only an unusable proxy leads out."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = self._new_client()
        return self._clients[loop]

    def _new_client(self) -> AsyncOpenAI:
        limits = httpx2.Timeout(self.timeouts.first_token, connect=self.timeouts.connect)
        # A redirect would carry the prompt to another server; retries are made by who wraps this, and only there.
        http = DefaultAsyncHttpx2Client(
            timeout=limits,
            follow_redirects=False,
            event_hooks={"request": [self._authorize], "response": [bound_response]},
            transport=httpx2.AsyncHTTPTransport(proxy=proxy_address(self.proxy), limits=DEFAULT_CONNECTION_LIMITS),
        )
        return AsyncOpenAI(
            base_url=self.endpoint.url,
            default_query=self.endpoint.query,
            api_key=self._api_key,
            max_retries=0,
            timeout=limits,
            http_client=http,
        )


async def _closed(stream: AsyncStream[object]) -> None:
    """Close a stream so that nothing stays behind when its reader stopped early.

    The library's own `close` closes the response alone. Its generators would stay, in a cycle that the garbage
    collector finishes from whichever thread it happens to run in, while the event loop's thread finishes them too.
    """
    await stream._iterator.aclose()  # type: ignore[attr-defined]  # declared as an iterator; it is a generator
    await stream.close()
