"""Goes round an embedding model on another server: while its circuit is open nobody waits for it."""

from collections.abc import Sequence

from apps.core.circuit_breaker import CircuitBreaker
from apps.core.embedding_service.protocol import EmbeddingResult, EmbeddingService
from apps.core.error_handling import ProviderRejectedError, ProviderUnavailableError

# What the next text would meet as well. An answer that can't be used, or a text that is refused, may be this one's own.
OUTAGES = (ProviderUnavailableError, ProviderRejectedError)


class GuardedEmbeddingService:
    """Wraps an embedding service. Raises CircuitOpenError at once where the server is left alone."""

    def __init__(self, inner: EmbeddingService, breaker: CircuitBreaker) -> None:
        self._inner = inner
        self.breaker = breaker

    def __repr__(self) -> str:
        return f"GuardedEmbeddingService({self._inner!r})"

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def dimensions(self) -> int:
        return self._inner.dimensions

    @property
    def max_tokens(self) -> int:
        return self._inner.max_tokens

    def embed_documents(self, texts: Sequence[str]) -> list[EmbeddingResult]:
        return self.breaker.call(self._inner.embed_documents, texts)

    def embed_query(self, text: str) -> EmbeddingResult:
        return self.breaker.call(self._inner.embed_query, text)

    def count_tokens(self, text: str) -> int:
        return self._inner.count_tokens(text)

    def fluency(self, text: str) -> float:
        """0 while the server fails: then vectors say nothing, and words decide."""
        return 0.0 if self.breaker.failures else self._inner.fluency(text)
