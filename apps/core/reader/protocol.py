"""The seam: what a reader is."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class Reader(Protocol):
    """Reads a question and a text together and says how well the one answers the other.

    Slower and better than comparing vectors, so it is for a few dozen texts. Calls block; call them from a thread.
    Every failure is an `apps.core.error_handling.ProviderError`.
    """

    @property
    def name(self) -> str:
        """The model's name as it was configured."""

    @property
    def calibrated(self) -> bool:
        """Whether its logits are those that the decision to answer or refuse was fitted to.

        Those of any other model say which text is the better one, not whether it is good enough.
        """

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """One logit per text, in order; the built-in model's lie between -12 and 12."""

    def fluency(self, text: str) -> float:
        """0..1: how well the model knows the language of a text, so how far its logits should be trusted."""
