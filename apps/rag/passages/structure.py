"""The structure of a passage: its sections, the parts they consist of, and the sentences of those."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from apps.core.chunking import BlockKind, Part
from apps.rag.context_builder import ContextPassage
from apps.rag.passages.unmarked import guessed_layout
from apps.rag.sentences import Boundary, next_boundary

LONGEST_QUESTION = 200  # characters of a paragraph that asks what the next ones answer
LEADS_IN = (":", "：")
LISTED = frozenset({BlockKind.LIST_ITEM, BlockKind.TABLE_ROW, BlockKind.CODE})
_TARGET = re.compile(r"(?<=\S) \((?:https?://|mailto:|tel:)[^\s()]+\)")
_ASKS = re.compile(r"[?？؟][\"'”’»)\]]*$")
_ASKED = re.compile(
    r"(?:Q(?:uestion)?|Frage|F|P(?:regunta|ergunta)?|问|問|质问|質問)\s?\d*\s?[.:：)]\s*", re.IGNORECASE
)
_ANSWERED = re.compile(
    r"(?:A(?:ns(?:wer)?|ntwort|ccepted answer)?|R(?:éponse|espuesta|esposta)?|答|回答)\s?\d*\s?[.:：)]\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """What of a passage stands under one heading or question. `about` is "" before the first in the passage."""

    about: str = field(repr=False)
    asks: bool  # whether the heading is a question
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """The smallest thing that can be quoted: `passage.text[start:end]` is a sentence, an item, a row or code.

    `about` is the heading or question in the passage under which it stands. `part` counts the passage's parts.
    """

    start: int
    end: int
    kind: BlockKind
    part: int
    about: str = field(default="", repr=False)
    page: int | None = None


def as_read(text: str) -> str:
    """Return a text without the addresses in brackets behind its links, which nobody reads word for word."""
    return _TARGET.sub("", text)


def layout_of(passage: ContextPassage) -> tuple[Part, ...]:
    """Return a passage's parts in order; guessed from its text where they were not kept."""
    return passage.layout or guessed_layout(passage.text, page=passage.page)


def sections_of(passage: ContextPassage) -> list[Section]:
    """Return the sections of a passage that have a body, in order."""
    sections: list[Section] = []
    about, asks, parts = "", False, list[Part]()
    for part in (*layout_of(passage), None):
        if part is not None and not is_heading(part, passage.text):
            parts.append(part)
            continue
        if parts:
            sections.append(Section(about=about, asks=asks, parts=tuple(parts)))
        if part is not None:
            heading = passage.text[part.start : part.end]
            about, asks, parts = without_label(heading, _ASKED), bool(_ASKS.search(heading)), []
    return sections


def is_heading(part: Part, text: str) -> bool:
    """Tell whether a part only tells what the next ones are about: a heading, or a question alone in its paragraph."""
    if part.kind is BlockKind.HEADING:
        return True
    paragraph = text[part.start : part.end]
    return part.kind is BlockKind.PARAGRAPH and len(paragraph) <= LONGEST_QUESTION and is_question(paragraph)


def is_question(text: str) -> bool:
    return _ASKS.search(text.rstrip()) is not None


def units_of(passage: ContextPassage) -> list[Unit]:
    """Return the sentences, items, rows and pieces of code of a passage in order, its headings and questions too."""
    units: list[Unit] = []
    about = ""
    for number, part in enumerate(layout_of(passage)):
        heading = is_heading(part, passage.text)
        kind = BlockKind.HEADING if heading else part.kind
        spans = [(part.start, part.end)] if heading or part.kind in LISTED else sentences(passage.text, part)
        units += [
            Unit(start=start, end=end, kind=kind, part=number, about=about, page=part.page) for start, end in spans
        ]
        if heading:
            about = without_label(passage.text[part.start : part.end], _ASKED)
    return units


def sentences(text: str, part: Part) -> Iterator[tuple[int, int]]:
    """Yield where the sentences of a part begin and end."""
    flat = text[: part.end].replace("\n", " ")  # a line's break within a part is no end of a sentence
    start = part.start
    while start < part.end:
        found = next_boundary(flat, start, start, final=True)
        stop = found.end if isinstance(found, Boundary) else part.end
        piece = text[start:stop]
        begin, finish = start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
        if begin < finish:
            yield begin, finish
        start = max(stop, start + 1)


def without_label(text: str, label: re.Pattern[str] = _ANSWERED) -> str:
    """Return a question without its "Q:", an answer without its "A:"."""
    found = label.match(text)
    return text[found.end() :] if found and found.end() < len(text) else text


def joined(passage: ContextPassage, parts: Sequence[Part]) -> str:
    """Return the text of neighbouring parts as it is in the passage."""
    return passage.text[parts[0].start : parts[-1].end]
