"""What Tacit claims about learn-only sources, the check of the claim's ground, and the check of whole texts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast

from apps.chatbots.models import Chatbot, LearnOnlyUse
from apps.core.services import ServiceRegistry
from apps.rag.context_builder import Candidate, ContextBuilder
from apps.rag.languages import language_of
from apps.rag.privacy_filter import Citation, Dropped, PrivacyFilter
from apps.retrieval.canary import prove_unreadable

CLAIMS = {
    LearnOnlyUse.SEALED: "Learn-only sources have no influence on what visitors see.",
    LearnOnlyUse.STEER: (
        "Learn-only text never reaches the model or a visitor. It may influence which citable passages are chosen."
    ),
}
# Of `inform` nothing is claimed but what was measured.
NOT_MEASURED = "Best effort: not measured yet on this chatbot."
MEASURED = "Best effort: {leaks} of {trials} attacks leaked on model {model}, upper bound {percent:.2g} %."


class LeakFigures(Protocol):
    """What a leak test of a chatbot found; `bound` is the upper end of the 95 % interval, 0 to 1."""

    @property
    def leaks(self) -> int: ...
    @property
    def trials(self) -> int: ...
    @property
    def bound(self) -> float | None: ...
    @property
    def model(self) -> str: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """How a chatbot really uses its learn-only sources, and the sentence that its owner may publish."""

    mode: LearnOnlyUse
    claim: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedText:
    """What may be shown of a text, its citations, and what was dropped (for the owner only)."""

    text: str = field(repr=False)
    citations: tuple[Citation, ...] = field(repr=False)
    dropped: tuple[Dropped, ...] = field(repr=False)


class PrivacyService:
    """The privacy of one installation's chatbots."""

    def promise(self, chatbot: Chatbot, measured: LeakFigures | None = None) -> Promise:
        """Return the mode that is in force for a chatbot, with its claim word for word.

        `measured` is the chatbot's last leak test: the claim of `inform` is its figures.
        """
        mode = LearnOnlyUse(chatbot.learn_only_use)
        return Promise(mode=mode, claim=CLAIMS.get(mode) or _measured_claim(measured))

    def verify(self) -> None:
        """Raise DatabaseError when the visitor login can read what it must not; a planted canary is looked for, too."""
        prove_unreadable()

    def check(self, *, text: str, passages: Sequence[Candidate], question: str = "", language: str = "") -> CheckedText:
        """Return what the passages bear out of a whole text, as the flow checks a stream.

        Markers in it count the passages from 1, best first.
        """
        spoken = language or language_of(question or text)
        context = ContextBuilder().build(passages)
        checker = PrivacyFilter(context=context, question=question, language=spoken)
        checked = [*checker.feed(text), *checker.flush()]
        return CheckedText(
            text="".join(part.text for part in checked), citations=checker.citations, dropped=tuple(checker.dropped)
        )


def _measured_claim(measured: LeakFigures | None) -> str:
    if measured is None or measured.bound is None:
        return NOT_MEASURED
    return MEASURED.format(
        leaks=measured.leaks, trials=measured.trials, model=measured.model, percent=100 * measured.bound
    )


def privacy() -> PrivacyService:
    """Return the service that says and proves what is promised of learn-only sources."""
    return cast("PrivacyService", ServiceRegistry.get("privacy"))
