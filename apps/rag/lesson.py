"""What `inform` brings into an answer: texts for the model to know, and what its answer must not hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from apps.rag.privacy_filter.negative import Hit, Screen
from apps.rag.prompts import Background


@dataclass(frozen=True, kw_only=True, slots=True)
class Lesson:
    """What a model may know and not tell, and what is forbidden in its answer."""

    passages: Sequence[Background] = field(repr=False)
    screen: Screen = field(repr=False)


class Informant(Protocol):
    """Tells the answer flow what a chatbot has learned, and its owner what was stopped."""

    async def lesson(self, question: str) -> Lesson | None:
        """Return what is near the question; None when nothing is, or when it couldn't be watched over."""

    async def alarm(self, hits: Sequence[Hit]) -> None:
        """Tell the owner what the gate stopped."""
