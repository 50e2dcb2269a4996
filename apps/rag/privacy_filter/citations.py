"""The citations of one answer: what is shown as proof, numbered in the order in which it is first needed."""

from dataclasses import dataclass, field
from uuid import UUID

from apps.rag.privacy_filter.evidence import PassageText


@dataclass(frozen=True, kw_only=True, slots=True)
class Citation:
    """Proof of a sentence: `quote` stands word for word in the passage. `n` is the number of its marker."""

    n: int
    passage_id: UUID
    document_id: UUID
    title: str = field(repr=False)
    url: str = field(repr=False)
    page: int | None
    quote: str = field(repr=False)


class CitationList:
    """Gives each pair of passage and quote one number, so that a marker always leads to the words that prove it."""

    def __init__(self) -> None:
        self.citations: list[Citation] = []

    def shows(self, source: PassageText, quote: str) -> bool:
        """Tell whether a citation shows a quote already."""
        return any(known.passage_id == source.passage.passage_id and quote in known.quote for known in self.citations)

    def forget(self, count: int) -> None:
        """Take back all citations but the first `count`: what they were for is not sent."""
        del self.citations[count:]

    def cite(self, source: PassageText, quote: str) -> Citation:
        """Return the citation for a quote; one that already shows it, if there is one."""
        passage = source.passage
        for known in self.citations:
            if known.passage_id == passage.passage_id and quote in known.quote:
                return known
        citation = Citation(
            n=len(self.citations) + 1,
            passage_id=passage.passage_id,
            document_id=passage.document_id,
            title=passage.title,
            url=passage.url,
            page=passage.page,
            quote=quote,
        )
        self.citations.append(citation)
        return citation
