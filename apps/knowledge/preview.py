"""What was read of a document, page by page, with the passages that were cut out of each page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from apps.knowledge.models import Document
from apps.retrieval.index import table_of
from apps.retrieval.models import Passage

PASSAGES_IN_A_PART = 8  # of a document without pages


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A run of a page's text: that of one passage, or what stands between two (`number` is None)."""

    text: str = field(repr=False)
    number: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadPassage:
    """A passage as it is found and quoted, numbered through its document from 1."""

    number: int
    page: int | None
    headings: Sequence[str] = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadPage:
    """A page, slide or sheet, or a part of a document that has none; a passage is where its text begins."""

    number: int
    is_page: bool
    stretches: Sequence[Stretch] = field(repr=False)
    passages: Sequence[ReadPassage] = field(repr=False)


def pages_of(document: Document) -> list[ReadPage]:
    """Return all that was read of a document, in order."""
    passages = passages_of(document)
    pages: list[ReadPage] = []
    end = 0
    groups = list(grouped(passages))
    for place, (number, group) in enumerate(groups, start=1):
        begin, end = end, max(end, *(passage.end for passage in group))
        until = len(document.text) if place == len(groups) else end
        pages.append(
            ReadPage(
                number=number or place,
                is_page=number is not None,
                stretches=list(stretches(document.text, begin, until, group)),
                passages=[read(passage) for passage in group],
            )
        )
    return pages


def passages_of(document: Document) -> list[Passage]:
    """Return a document's passages, in whichever class they are."""
    found = [
        passage
        for citable in (True, False)
        for passage in table_of(citable)
        ._default_manager.filter(document_id=document.pk)
        .only("position", "page", "start", "end", "heading_path", "text")
    ]
    return sorted(found, key=lambda passage: passage.position)


def grouped(passages: Sequence[Passage]) -> Iterator[tuple[int | None, list[Passage]]]:
    """Yield the passages of each page with its number, or a few at a time where there are no pages."""
    for number, group in groupby(passages, key=lambda passage: passage.page):
        members = list(group)
        size = len(members) if number is not None else PASSAGES_IN_A_PART
        for first in range(0, len(members), size):
            yield number, members[first : first + size]


def stretches(text: str, begin: int, until: int, group: Sequence[Passage]) -> Iterator[Stretch]:
    """Yield `text[begin:until]` in runs; where passages overlap, the common part belongs to the first."""
    place = begin
    while place < until and text[place].isspace():  # what parts pages from each other
        place += 1
    for passage in group:
        if passage.start > place:
            yield Stretch(text=text[place : passage.start])
        place = max(place, passage.start)
        yield Stretch(text=text[place : passage.end], number=passage.position + 1)
        place = max(place, passage.end)
    if until > place:
        yield Stretch(text=text[place:until])


def read(passage: Passage) -> ReadPassage:
    return ReadPassage(number=passage.position + 1, page=passage.page, headings=passage.heading_path, text=passage.text)
