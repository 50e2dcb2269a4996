"""What Tacit claims about learn-only sources, the check of the claim's ground, and the check of whole texts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings

from apps.chatbots.models import Chatbot, LearnOnlyUse
from apps.core.database.requirements import check_learn_only_unreadable
from apps.rag.context_builder import Candidate, ContextBuilder
from apps.rag.languages import language_of
from apps.rag.privacy_filter import Citation, Dropped, PrivacyFilter

CLAIMS = {
    LearnOnlyUse.SEALED: "Learn-only sources have no influence on what visitors see.",
    LearnOnlyUse.STEER: (
        "Learn-only text never reaches the model or a visitor. It may influence which citable passages are chosen."
    ),
}
# Steering and the output filter are not built yet: every chatbot is served as `sealed`, whatever it is set to.
BUILT = {LearnOnlyUse.SEALED}


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

    def promise(self, chatbot: Chatbot) -> Promise:
        """Return the mode that is in force for a chatbot, with its claim word for word."""
        wanted = LearnOnlyUse(chatbot.learn_only_use)
        mode = wanted if wanted in BUILT else LearnOnlyUse.SEALED
        return Promise(mode=mode, claim=CLAIMS[mode])

    def verify(self) -> None:
        """Raise DatabaseError when the visitor login can read what it must not."""
        check_learn_only_unreadable(settings.VISITOR_DATABASE)

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
