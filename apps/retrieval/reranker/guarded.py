"""Goes round a reranker: one that fails is left out for a while, and search's own order stands."""

from collections.abc import Sequence

from apps.core.circuit_breaker import CircuitBreaker
from apps.retrieval.reranker.protocol import Reranker


class GuardedReranker:
    """Wraps a reranker. Raises CircuitOpenError at once while it is left alone."""

    def __init__(self, inner: Reranker, breaker: CircuitBreaker) -> None:
        self._inner = inner
        self.breaker = breaker

    @property
    def name(self) -> str:
        return self._inner.name

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        return self.breaker.call(self._inner.rerank, query, texts)
