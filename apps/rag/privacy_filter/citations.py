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
        self._of: dict[int, list[Citation]] = {}  # by the number of their passage

    def shows(self, source: PassageText, quote: str) -> bool:
        """Tell whether a citation shows a quote already."""
        return any(quote in known.quote for known in self._of.get(source.passage.number, ()))

    def forget(self, count: int) -> None:
        """Take back all citations but the first `count`: what they were for is not sent."""
        for citation in self.citations[count:]:
            for of_passage in self._of.values():
                if citation in of_passage:
                    of_passage.remove(citation)
        del self.citations[count:]

    def cite(self, source: PassageText, quote: str) -> Citation:
        """Return the citation for a quote; one that already shows it, if there is one."""
        passage = source.passage
        of_passage = self._of.setdefault(passage.number, [])
        for known in of_passage:
            if quote in known.quote:
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
        of_passage.append(citation)
        return citation
