"""Numbers the citations of one answer in the order in which they are first needed."""

from itertools import count

from apps.rag.privacy_filter.checked import Citation
from apps.rag.privacy_filter.evidence import Quote


class CitationList:
    """Gives each pair of passage and quote one number, so that a marker always leads to the words that prove it.

    The numbers to `avoid` are in brackets in the sources themselves: "a[1]" must not be taken for a marker.
    """

    def __init__(self, avoid: frozenset[int] = frozenset()) -> None:
        self.citations: list[Citation] = []
        self._avoid = avoid
        self._of: dict[int, list[Citation]] = {}  # by the number of their passage

    def shows(self, quote: Quote) -> bool:
        """Tell whether a citation shows a quote already."""
        return any(quote.text in known.quote for known in self._of.get(quote.source.passage.number, ()))

    def forget(self, kept: int) -> None:
        """Take back all citations but the first `kept`: what they were for is not sent."""
        for citation in self.citations[kept:]:
            for of_passage in self._of.values():
                if citation in of_passage:
                    of_passage.remove(citation)
        del self.citations[kept:]

    def cite(self, quote: Quote) -> Citation:
        """Return the citation for a quote; one that already shows it, if there is one."""
        passage = quote.source.passage
        of_passage = self._of.setdefault(passage.number, [])
        for known in of_passage:
            if quote.text in known.quote:
                return known
        first = self.citations[-1].n + 1 if self.citations else 1
        citation = Citation(
            n=next(number for number in count(first) if number not in self._avoid),
            passage_id=passage.passage_id,
            document_id=passage.document_id,
            title=passage.title,
            url=passage.url,
            page=quote.page if quote.page is not None else passage.page,
            quote=quote.text,
        )
        self.citations.append(citation)
        of_passage.append(citation)
        return citation
