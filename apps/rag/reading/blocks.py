"""Blocks: what a person would quote from a passage, such as a paragraph, a row, or a list with its lead-in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from apps.core.chunking import BlockKind, Part
from apps.rag.context_builder import ContextPassage
from apps.rag.passages.structure import LEADS_IN, LISTED, Section, as_read, joined, sections_of, sentences
from apps.rag.reading.labels import is_contents, is_contents_entry, is_label

LONGEST_SECTION = 900  # characters of a section that is quoted whole
LONGEST_WINDOW = 600  # of a paragraph that is longer than that
LONGEST_HEADING = 150  # characters of the headings that are read with a block


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Neighbouring parts of a passage that are shown together, under the heading `about` in the passage.

    `lead_in` is a part before them that announces them; it is shown with them and answers nothing by itself. Of a
    single item or row, `group` is the list or table that it belongs to.
    """

    passage: ContextPassage = field(repr=False)
    about: str = field(repr=False)
    parts: tuple[Part, ...]
    lead_in: Part | None = None
    group: tuple[Part, ...] = ()

    @property
    def kind(self) -> BlockKind:
        return self.parts[0].kind

    @property
    def text(self) -> str:
        """The block's own words, as they are in the passage."""
        return joined(self.passage, self.parts)

    @property
    def shown(self) -> tuple[Part, ...]:
        return (self.lead_in, *self.parts) if self.lead_in else self.parts

    @property
    def headings(self) -> str:
        """What the block stands under, from the document's title on, each once."""
        return " › ".join(dict.fromkeys(part for part in (self.passage.heading, self.about) if part))

    @property
    def framed(self) -> str:
        """The block as the reader reads it: under its headings, with its lead-in."""
        return f"{self.headings[-LONGEST_HEADING:]}\n{as_read(joined(self.passage, self.shown))}"

    @property
    def length(self) -> int:
        """How many characters there are to read, from the first part to the last."""
        return length_of(self.passage.text, self.parts)

    def overlaps(self, other: "Block") -> bool:
        """Tell whether the two show some of the same text."""
        return self.passage is other.passage and (
            self.shown[0].start < other.parts[-1].end and other.shown[0].start < self.parts[-1].end
        )

    def holds(self, other: "Block") -> bool:
        """Tell whether the block shows all that the other shows."""
        return self.passage is other.passage and (
            self.shown[0].start <= other.shown[0].start and self.parts[-1].end >= other.parts[-1].end
        )

    def with_its_group(self, longest: int) -> "Block":
        """Return the whole list for one of its items, if it isn't too long: an item means little without the others."""
        if not self.group or self.kind is BlockKind.TABLE_ROW or length_of(self.passage.text, self.group) > longest:
            return self
        return replace(self, parts=self.group, group=())


def length_of(text: str, parts: Sequence[Part]) -> int:
    """Return how many characters of a passage there are to read from the first of some parts to the last."""
    return len(as_read(text[parts[0].start : parts[-1].end]))


def blocks_of(passage: ContextPassage) -> list[Block]:
    """Return every block of a passage that says something; some hold others."""
    has_contents = is_contents(passage.text)
    return [
        block
        for section in sections_of(passage)
        for block in _of_section(passage, section)
        if not all(_says_nothing(passage.text[part.start : part.end], part, has_contents) for part in block.parts)
    ]


def _says_nothing(text: str, part: Part, has_contents: bool) -> bool:
    if part.kind is BlockKind.TABLE_ROW:
        return not any(map(str.isalnum, "".join(cell.partition(": ")[2] or cell for cell in text.split("; "))))
    return (has_contents and is_contents_entry(text)) or (part.kind is BlockKind.PARAGRAPH and is_label(text))


def _of_section(passage: ContextPassage, section: Section) -> Iterator[Block]:
    groups = list(_groups(passage, section))
    whole = length_of(passage.text, section.parts)
    has_table = any(part.kind is BlockKind.TABLE_ROW for part in section.parts)
    if len(groups) > 1 and whole <= LONGEST_SECTION and not has_table:
        yield Block(passage=passage, about=section.about, parts=section.parts)
    before: Part | None = None
    for lead_in, parts in groups:
        block = Block(passage=passage, about=section.about, parts=tuple(parts), lead_in=lead_in)
        yield block
        if len(parts) > 1:
            yield from (replace(block, parts=(part,), group=tuple(parts)) for part in parts)
        if before is not None and parts[0].kind in {BlockKind.LIST_ITEM, BlockKind.CODE} and lead_in is None:
            yield replace(block, parts=(before, *parts))  # a list belongs to what is right before it
        before = parts[0] if parts[0].kind not in LISTED else None


def _groups(passage: ContextPassage, section: Section) -> Iterator[tuple[Part | None, Sequence[Part]]]:
    """Yield paragraphs one by one, and lists, tables and code whole, with the paragraph that announces them."""
    lead_in: Part | None = None
    for kind, run in groupby(section.parts, key=lambda part: part.kind):
        parts = list(run)
        if kind in LISTED:
            yield lead_in, parts
            lead_in = None
            continue
        *others, last = [window for part in parts for window in _windows(passage.text, part)]
        yield from ((None, [part]) for part in others)
        lead_in = last if passage.text[last.start : last.end].rstrip().endswith(LEADS_IN) else None
        if lead_in is None:
            yield None, [last]


def _windows(text: str, part: Part) -> Iterator[Part]:
    """Yield a paragraph; one that is too long to be quoted whole, in stretches of whole sentences."""
    start = end = part.start
    for _, stop in sentences(text, part) if length_of(text, (part,)) > LONGEST_SECTION else ():
        if len(as_read(text[start:stop])) > LONGEST_WINDOW and end > start:
            yield replace(part, start=start, end=end)
            start = end + len(text[end:stop]) - len(text[end:stop].lstrip())
        end = stop
    yield replace(part, start=start)
