"""Goes round a reader: one that fails is left alone for a while, and the product goes on without it."""

from collections.abc import Sequence

from apps.core.circuit_breaker import CircuitBreaker
from apps.core.reader.protocol import Reader


class ReaderWithCircuitBreaker:
    """Wraps a reader. Raises CircuitOpenError at once while it is left alone."""

    def __init__(self, inner: Reader, breaker: CircuitBreaker) -> None:
        self._inner = inner
        self.breaker = breaker

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def calibrated(self) -> bool:
        return self._inner.calibrated

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        return self.breaker.call(self._inner.score, question, texts)

    def fluency(self, text: str) -> float:
        return self._inner.fluency(text)
