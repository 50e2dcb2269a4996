"""Checks a whole text as the answer flow checks a stream: for exports, previews and whatever doesn't stream."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from apps.rag.context_builder import Candidate, ContextBuilder
from apps.rag.languages import language_of
from apps.rag.privacy_filter import Citation, Dropped, PrivacyFilter


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedText:
    """What may be shown of a text, its citations, and what was dropped (for the owner only)."""

    text: str = field(repr=False)
    citations: tuple[Citation, ...] = field(repr=False)
    dropped: tuple[Dropped, ...] = field(repr=False)


class PrivacyService:
    """Holds a text against citable passages."""

    def check(self, *, text: str, passages: Sequence[Candidate], question: str = "", language: str = "") -> CheckedText:
        """Return what of the text the passages bear out. Markers in it count the passages from 1, best first."""
        spoken = language or language_of(question or text)
        context = ContextBuilder().build(passages)
        checker = PrivacyFilter(context=context, question=question, language=spoken)
        checked = [*checker.feed(text), *checker.flush()]
        return CheckedText(
            text="".join(part.text for part in checked), citations=checker.citations, dropped=tuple(checker.dropped)
        )
