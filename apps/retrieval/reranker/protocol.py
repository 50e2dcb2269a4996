"""The seam: what a reranker is."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class Reranker(Protocol):
    """Reads a question and a passage together and says how well the one answers the other.

    Slower and better than comparing vectors, so it is for the best few dozen passages. Calls block.
    """

    @property
    def name(self) -> str:
        """The model's name as it was configured."""

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score per text, in order; higher is better, and only scores of the same question can be compared."""
