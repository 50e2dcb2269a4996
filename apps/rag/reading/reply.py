"""The reply without a language model: the best block word for word, and a second one where it adds something."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from apps.core.chunking import BlockKind, Part
from apps.rag.passages.structure import LISTED, as_read, is_question, sentences, without_label
from apps.rag.privacy_filter import Checked, Citation
from apps.rag.reading.blocks import Block

LONGEST = 600  # characters of one block in a reply; its citation leads to all of it
LONGEST_LIST = 1200  # a procedure is of no use without its last steps
FEWEST_TO_CUT = 4  # cells; a shorter row is shown whole
_BRACKETED = re.compile(r"\[(\d{1,3})\]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Quotation:
    """What of a block is shown: neighbouring pieces of its passage, the first of which may announce the others."""

    block: Block = field(repr=False)
    pieces: tuple[Part, ...]
    asked: frozenset[str] = field(default=frozenset(), repr=False)  # the question's words, for the cells of rows

    @property
    def text(self) -> str:
        """The pieces as they read, one under the other: items with their marks, code in a fence."""
        lines = [_shown(self.block.passage.text, piece, self.asked) for piece in self.pieces]
        if len(lines) == 1:
            return lines[0].removeprefix("- ")
        return "".join(
            (_gap(before, piece) if before else "") + line
            for before, piece, line in zip((None, *self.pieces), self.pieces, lines, strict=False)
        )

    @property
    def announced_by(self) -> str:
        """The heading above bare items, which mean nothing without it; "" where a sentence announces them.

        Steps tell by themselves what is done, and a heading that asks has been asked.
        """
        first, passage = self.pieces[0], self.block.passage
        text = passage.text[first.start : first.end]
        heading = self.block.about or next(iter(passage.heading_path[-1:]), "")
        is_bare = first.kind is BlockKind.LIST_ITEM and not text[:1].isdigit() and not is_question(heading)
        return heading if is_bare else ""

    @property
    def quote(self) -> str:
        """The stretch of the passage that holds all of it; without the lead-in where that stands far above."""
        pieces = self.pieces[1:] if self._lead_in_is_apart else self.pieces
        return self.block.passage.text[pieces[0].start : pieces[-1].end]

    @property
    def page(self) -> int | None:
        return next((piece.page for piece in self.pieces[-1:] if piece.page), self.block.passage.page)

    @property
    def _lead_in_is_apart(self) -> bool:
        first, *others = self.pieces
        return bool(others) and others[0].start - first.end > len("\n\n")


def quotation_of(block: Block, best: int = 0, asked: frozenset[str] = frozenset()) -> Quotation:
    """Return what is shown of a block. A long one is cut at its sentences, from the one on that begins at `best`."""
    if block.kind in LISTED:
        return Quotation(block=block, pieces=_within(block.passage.text, block.shown, LONGEST_LIST), asked=asked)
    pieces = [piece for part in block.shown for piece in _sentences_of(block, part)]
    if block.length <= LONGEST:
        return Quotation(block=block, pieces=_merged(pieces), asked=asked)
    first = next((place for place, piece in enumerate(pieces) if piece.end > best), 0)
    listed = pieces[first].kind in LISTED
    while first and listed and pieces[first - 1].kind in LISTED:
        first -= 1  # steps are not begun in the middle
    has_list = any(piece.kind in LISTED for piece in pieces[first:])
    kept = _within(block.passage.text, pieces[first:], LONGEST_LIST if has_list else LONGEST)
    return Quotation(block=block, pieces=_merged(kept), asked=asked)


def reply(quotations: Sequence[Quotation], *, first_number: int = 1) -> Iterator[Checked]:
    """Yield the quotations, each with the citation that proves it.

    A number that a quotation has in square brackets itself is passed over: a mark must not be taken for another.
    """
    taken = {int(number) for one in quotations for number in _BRACKETED.findall(one.text)}
    number = first_number - 1
    announced = ""
    for place, quotation in enumerate(quotations):
        number = next(n for n in range(number + 1, number + len(taken) + 2) if n not in taken)
        passage = quotation.block.passage
        citation = Citation(
            n=number,
            passage_id=passage.passage_id,
            document_id=passage.document_id,
            title=passage.title,
            url=passage.url,
            page=quotation.page,
            quote=quotation.quote,
        )
        text = quotation.text
        if quotation.announced_by not in {"", announced}:  # not again where a list goes on in the next passage
            text = f"{quotation.announced_by}\n\n{text}"
        announced = quotation.announced_by
        space = "\n" if text.endswith("```") else " "
        lead = "\n\n" if place or first_number > 1 else ""
        yield Checked(text=f"{lead}{text}{space}[{number}]", citations=(citation,))


def _sentences_of(block: Block, part: Part) -> list[Part]:
    if part.kind in LISTED:
        return [part]
    spans = sentences(block.passage.text, part)
    return [Part(kind=part.kind, start=start, end=end, page=part.page) for start, end in spans]


def _within(text: str, pieces: Sequence[Part], longest: int) -> tuple[Part, ...]:
    """Return the first pieces that together are no longer than this, at least one, and no lead-in at the end."""
    kept = [pieces[0]]
    for piece in pieces[1:]:
        if len(as_read(text[pieces[0].start : piece.end])) > longest and len(kept) > 1:
            break
        kept.append(piece)
    return tuple(kept)


def _merged(pieces: Sequence[Part]) -> tuple[Part, ...]:
    """Join the sentences of one paragraph again."""
    merged: list[Part] = []
    for piece in pieces:
        before = merged[-1] if merged else None
        if before and before.kind is piece.kind is BlockKind.PARAGRAPH and piece.start - before.end < 2:
            merged[-1] = Part(kind=piece.kind, start=before.start, end=piece.end, page=before.page)
        else:
            merged.append(piece)
    return tuple(merged)


def _shown(text: str, piece: Part, asked: frozenset[str]) -> str:
    content = text[piece.start : piece.end]
    if piece.kind is BlockKind.TABLE_ROW:
        content = _cells_asked_for(content, asked)
    if piece.kind is BlockKind.CODE:
        return f"```\n{content}\n```"
    line = " ".join(content.split()) if piece.kind in LISTED else without_label(content)
    if piece.kind not in LISTED:
        return line
    indent = "  " * piece.level if piece.kind is BlockKind.LIST_ITEM else ""
    return indent + (line if line[:1].isdigit() and re.match(r"\d{1,3}[.)] ", line) else f"- {line}")


def _cells_asked_for(row: str, asked: frozenset[str]) -> str:
    """Return a row's first cell and the one that was asked for by its column; all of them if that can't be told.

    A cell without a figure is not what was asked for in a row of figures.
    """
    first, *cells = row.split("; ")
    named = [len(asked & words_of(cell.partition(": ")[0])) for cell in cells]
    has_columns = all(": " in cell for cell in cells)
    if len(cells) + 1 < FEWEST_TO_CUT or not has_columns or not max(named) or named.count(max(named)) > 1:
        return row
    chosen = cells[named.index(max(named))]
    return row if _has_figure(row) and not _has_figure(chosen) else f"{first}; {chosen}"


def _has_figure(cells: str) -> bool:
    return any(map(str.isdigit, "".join(cell.partition(": ")[2] for cell in cells.split("; "))))


def words_of(text: str) -> frozenset[str]:
    """Return the words and numbers of a text."""
    return frozenset(re.findall(r"\w+", text.casefold()))


def _gap(before: Part, piece: Part) -> str:
    return "\n" if piece.kind in LISTED and before.kind in LISTED and piece.kind is before.kind else "\n\n"
