"""How an answer came about, for the owner: who wrote it, from what, how long it took, what was held back."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from apps.rag.context_builder import Candidate, Context
from apps.rag.llm_service.protocol import LLMService, Usage
from apps.rag.privacy_filter import Dropped


@dataclass(frozen=True, kw_only=True, slots=True)
class Considered:
    """A passage that search found; `number` is the one it had in the prompt, None when it wasn't in it."""

    passage_id: UUID
    number: int | None
    score: float
    cosine: float
    bm25: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """`provider` is "openai-compatible", "extractive" or "none" (small talk, nothing found).

    `fallback` is the code of what went wrong with the language model: extraction took over, or the answer ended early.
    `timings_ms` are condense, search, rerank, context, first_token, generate and total, as far as the answer came.
    """

    provider: str = "none"
    model: str = ""
    language: str = ""
    query: str = field(default="", repr=False)
    fallback: str | None = None
    usage: Usage | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    passages: tuple[Considered, ...] = ()
    dropped: tuple[Dropped, ...] = field(default=(), repr=False)


class TraceRecorder:
    """Takes note while an answer is made."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._timings: dict[str, float] = {}
        self._provider, self._model = "none", ""
        self._query, self._language = "", ""
        self._fallback: str | None = None
        self._usage: Usage | None = None
        self._passages: tuple[Considered, ...] = ()
        self._dropped: list[Dropped] = []

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
            )
            for hit in hits
        )

    def written_by(self, service: LLMService, usage: Usage | None = None) -> None:
        """Note who writes the answer; tokens of an earlier writer stay counted."""
        self._provider, self._model = service.provider, service.model
        self._usage = usage or self._usage

    def failed(self, code: str) -> None:
        """Note why the language model's answer was given up; what went wrong first counts."""
        self._fallback = self._fallback or code

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
            usage=self._usage,
            timings_ms={**self._timings, "total": _since(self._started)},
            passages=self._passages,
            dropped=tuple(self._dropped),
        )


def _since(begun: float) -> float:
    return round((time.perf_counter() - begun) * 1000, 2)
