"""How an answer came about, for the owner: who wrote it, from what, how long it took, what was held back."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from apps.rag.context_builder import Candidate, Context
from apps.rag.llm_service.protocol import LLMService, Prompt, Usage
from apps.rag.privacy_filter import Dropped
from apps.rag.privacy_filter.negative import Hit


@dataclass(frozen=True, kw_only=True, slots=True)
class Considered:
    """A passage that search found, best first; `number` is the one it had in the prompt, None when it wasn't in it.

    `steered` tells that a steering hint pulled it up.
    """

    passage_id: UUID
    number: int | None
    score: float
    cosine: float
    bm25: float
    steered: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """`provider` is "openai-compatible", "extractive" or "none" (small talk, nothing found).

    `fallback` is the code of what went wrong with the language model: extraction took over, or the answer ended early.
    `search_fallback` is the code of what went wrong with the embedding model: the passages were found by words alone.
    `informed` tells that the prompt held learn-only text; what was dropped then is named by its rule alone. `alarms` is
    what the gate stopped, without text.
    `prompt_characters` and `prompt_sha256` are of what was sent to a language model last; 0 and "" when none was asked.
    `timings_ms` are condense, search, read, context, first_token, generate and total, as far as the answer came.
    """

    provider: str = "none"
    model: str = ""
    language: str = ""
    query: str = field(default="", repr=False)
    fallback: str | None = None
    search_fallback: str | None = None
    usage: Usage | None = None
    prompt_characters: int = 0
    prompt_sha256: str = ""
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    passages: tuple[Considered, ...] = ()
    dropped: tuple[Dropped, ...] = field(default=(), repr=False)
    informed: bool = False
    alarms: tuple[Hit, ...] = ()


class TraceRecorder:
    """Takes note while an answer is made."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._timings: dict[str, float] = {}
        self._provider, self._model = "none", ""
        self._query, self._language = "", ""
        self._fallback: str | None = None
        self._search_fallback: str | None = None
        self._usage: Usage | None = None
        self._prompt_characters, self._prompt_sha256 = 0, ""
        self._passages: tuple[Considered, ...] = ()
        self._dropped: list[Dropped] = []
        self._informed = False
        self._alarms: list[Hit] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, also when it fails or is broken off."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._timings[name] = _since(begun)

    def first_token(self) -> None:
        """Note when the first text was given out, counted from the question."""
        self._timings.setdefault("first_token", _since(self._started))

    def asked(self, *, query: str, language: str) -> None:
        self._query, self._language = query, language

    def searched(self, *, fallback: str | None) -> None:
        """Note why search went by words alone, if it did."""
        self._search_fallback = fallback

    def found(self, hits: Sequence[Candidate], context: Context) -> None:
        """Note the passages that search found, and which of them are in the context."""
        numbers = {passage.passage_id: passage.number for passage in context.passages}
        self._passages = tuple(
            Considered(
                passage_id=hit.passage_id,
                number=numbers.get(hit.passage_id),
                score=hit.score,
                cosine=hit.cosine,
                bm25=hit.bm25,
                steered=getattr(hit, "steered", False),  # a test's candidates know nothing of hints
            )
            for hit in hits
        )

    def written_by(self, service: LLMService, usage: Usage | None = None) -> None:
        """Note who writes the answer; what several calls take is added up."""
        self._provider, self._model = service.provider, service.model
        if usage is not None and self._usage is not None:
            usage = Usage(
                prompt_tokens=self._usage.prompt_tokens + usage.prompt_tokens,
                completion_tokens=self._usage.completion_tokens + usage.completion_tokens,
            )
        self._usage = usage or self._usage

    def quoted(self) -> None:
        """Note that the answer, or the rest of it, is quotations."""
        self._provider, self._model = "extractive", ""

    def prompted(self, prompt: Prompt) -> None:
        """Note the size and the hash of what a language model is sent."""
        self._prompt_characters = sum(len(message.content) for message in prompt.messages)
        self._prompt_sha256 = prompt_hash(prompt)

    def failed(self, code: str) -> None:
        """Note why the language model's answer was given up; what went wrong first counts."""
        self._fallback = self._fallback or code

    def informed(self) -> None:
        """Note that a model is told what it must not tell."""
        self._informed = True

    def alarmed(self, hits: Sequence[Hit]) -> None:
        self._alarms.extend(hits)

    def held_back(self, dropped: Sequence[Dropped]) -> None:
        self._dropped.extend(dropped)

    def trace(self) -> Trace:
        """Return what was noted, with the total time."""
        return Trace(
            provider=self._provider,
            model=self._model,
            language=self._language,
            query=self._query,
            fallback=self._fallback,
            search_fallback=self._search_fallback,
            usage=self._usage,
            prompt_characters=self._prompt_characters,
            prompt_sha256=self._prompt_sha256,
            timings_ms={**self._timings, "total": _since(self._started)},
            passages=self._passages,
            dropped=tuple(self._dropped),
            informed=self._informed,
            alarms=tuple(self._alarms),
        )


def prompt_hash(prompt: Prompt) -> str:
    """Return the SHA-256 of a prompt's messages: a JSON list of role and content, compact, in UTF-8."""
    messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
    text = json.dumps(messages, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _since(begun: float) -> float:
    return round((time.perf_counter() - begun) * 1000, 2)
