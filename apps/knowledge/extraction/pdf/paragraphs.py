"""Turns the parts of a page into paragraphs, list items, code and table rows."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest

from apps.core.chunking.blocks import BlockKind
from apps.knowledge.extraction.geometry import Box, around
from apps.knowledge.extraction.pdf.joining import SOFT_HYPHEN, join_lines
from apps.knowledge.extraction.pdf.lines import LIST_MARK, Piece, rows_of

_LOOSE = 1.35
_LOOSEST = 2.0
_TIGHT = 1.5
_OTHER_SIZE = 0.12
_INDENT = 0.8
_SHORT = 0.72
LEADER_TO_NUMBER = re.compile(r"(?:\.\s?){4,}\s*[\d.,-]+$")
_BULLET = re.compile(r"[•·●○▪◦■□‣➢➤✓✔❖\uf020-\uf0ff\-–—*]\s+")
SENTENCE_END = re.compile(r"[.!?:。！？]['\"”’)\]]*$")
_ENOUGH_LINES = 3
_CHARACTER_WIDTH = 0.6


@dataclass(kw_only=True, slots=True)
class Line:
    """A line of text with what tells how it belongs to the lines round it."""

    text: str = field(repr=False)
    box: Box
    size: float
    bold: bool
    begins_bold: bool
    ends_bold: bool
    mono: bool
    short: bool = False


@dataclass(kw_only=True, slots=True)
class Paragraph:
    """Lines that belong together.

    `open` says that the last line is as long as lines get and ends no sentence, `aside` that the text runs in
    another direction than most of the page.
    """

    kind: BlockKind
    lines: list[Line] = field(repr=False)
    page: int
    open: bool = False
    aside: bool = False
    level: int = 0
    rows: list[list[str]] | None = field(default=None, repr=False)

    @property
    def size(self) -> float:
        return self.lines[0].size if self.lines else 0.0

    @property
    def bold(self) -> bool:
        return bool(self.lines) and all(line.bold for line in self.lines)

    def text(self, known: Collection[str] = ()) -> str:
        """Return the text; only lines that were broken to fit the column are joined."""
        return "\n".join(join_lines(lines, known) for lines in self._broken())

    def _broken(self) -> Iterator[list[str]]:
        together: list[str] = []
        for line in self.lines:
            together.append(line.text)
            if self.kind is BlockKind.PARAGRAPH and line.short and line is not self.lines[-1]:
                yield together
                together = []
        yield together


def paragraphs(pieces: Sequence[Piece], page: int, *, code: bool) -> list[Paragraph]:
    """Return the paragraphs of a part of a page; `code` says that type of one width means code in this document."""
    result: list[Paragraph] = []
    run: list[Line] = []
    for row in rows_of(pieces):
        if row[0].rows is not None:
            result += _text(run, page, code=code)
            run = []
            result += [
                Paragraph(kind=BlockKind.TABLE_ROW, lines=[], page=page, rows=piece.rows) for piece in row if piece.rows
            ]
        else:
            run.append(_line(row))
    return result + _text(run, page, code=code)


def _line(row: list[Piece]) -> Line:
    words = [word for piece in row for word in piece.words]
    return Line(
        text=" ".join(piece.text for piece in row),
        box=around(piece.box for piece in row),
        size=max(row, key=lambda piece: len(piece.text)).size,
        bold=all(word.bold for word in words),
        begins_bold=words[0].bold,
        ends_bold=words[-1].bold,
        mono=all(piece.mono for piece in row),
    )


def _text(lines: list[Line], page: int, *, code: bool) -> list[Paragraph]:
    if not lines:
        return []
    pitch = _pitch(lines)
    _mark_short(lines, pitch)
    result: list[Paragraph] = []
    for line in lines:
        last = result[-1] if result else None
        is_code = code and line.mono
        goes_on = last is not None and (last.kind is BlockKind.CODE if is_code else _goes_on(last, line, pitch))
        if last is not None and goes_on:
            last.lines.append(line)
        else:
            result.append(_begin(line, page, is_code=is_code))
        result[-1].open = not line.short and not SENTENCE_END.search(line.text)
    _set_levels(result)
    return result


def _begin(line: Line, page: int, *, is_code: bool) -> Paragraph:
    if is_code:
        return Paragraph(kind=BlockKind.CODE, lines=[line], page=page)
    kind = BlockKind.LIST_ITEM if LIST_MARK.match(line.text) else BlockKind.PARAGRAPH
    return Paragraph(kind=kind, lines=[line], page=page)


def _goes_on(paragraph: Paragraph, line: Line, pitch: float) -> bool:
    """Tell whether a line belongs to the paragraph above it."""
    last = paragraph.lines[-1]
    if paragraph.kind is BlockKind.CODE or LIST_MARK.match(line.text) or _stands_apart(last, line, pitch):
        return False
    if LEADER_TO_NUMBER.search(last.text):
        return False
    if last.text.endswith(("-", SOFT_HYPHEN)) or line.text[:1].islower():
        return True
    if line.begins_bold and not last.ends_bold and SENTENCE_END.search(last.text):
        return False
    if paragraph.kind is BlockKind.LIST_ITEM:
        return line.box.x0 > paragraph.lines[0].box.x0 + 0.3 * line.size and not last.short
    is_indented = line.box.x0 - last.box.x0 > _INDENT * line.size and not line.short
    return not is_indented and not (last.short and SENTENCE_END.search(last.text))


def _stands_apart(last: Line, line: Line, pitch: float) -> bool:
    """Tell whether a line is set off from the one above it, by distance or by type."""
    size = max(line.size, last.size)
    if line.box.y1 - last.box.y1 > min(max(_LOOSE * pitch, _TIGHT * size), _LOOSEST * size):
        return True
    if abs(line.size - last.size) > _OTHER_SIZE * last.size:
        return True
    # A heading in bold runs into its text on the same line, or it stands apart.
    return (
        last.ends_bold != line.begins_bold and (last.bold or line.bold) and not last.text.endswith(("-", SOFT_HYPHEN))
    )


def _mark_short(lines: Sequence[Line], pitch: float) -> None:
    """Mark the lines that end well before the right margin, which is that of the lines close by if they are enough."""
    all_margins = _margins(lines)
    run: list[Line] = []
    for line, after in zip_longest(lines, lines[1:]):
        run.append(line)
        if after is None or after.box.y1 - line.box.y1 > _LOOSE * pitch:
            left, right = _margins(run) if len(run) >= _ENOUGH_LINES else all_margins
            for member in run:
                member.short = member.box.x1 - left < _SHORT * (right - left)
            run = []


def _margins(lines: Sequence[Line]) -> tuple[float, float]:
    lefts, rights = sorted(line.box.x0 for line in lines), sorted(line.box.x1 for line in lines)
    return lefts[len(lefts) // 10], rights[(9 * len(rights) - 1) // 10]


def _pitch(lines: Sequence[Line]) -> float:
    """Return the usual distance from one line to the next."""
    distances = sorted(
        after.box.y1 - line.box.y1
        for line, after in pairwise(lines)
        if 0 < after.box.y1 - line.box.y1 < 2.5 * line.size
    )
    return distances[len(distances) // 2] if distances else 1.2 * lines[0].size


def _set_levels(result: list[Paragraph]) -> None:
    """Nest list items by how far they are indented."""
    indents: list[float] = []
    for paragraph in result:
        if paragraph.kind is not BlockKind.LIST_ITEM:
            indents = [] if paragraph.kind is BlockKind.PARAGRAPH else indents
            continue
        x, near = paragraph.lines[0].box.x0, paragraph.size
        indents = [indent for indent in indents if indent < x + 0.5 * near]
        if not indents or x - indents[-1] > 0.5 * near:
            indents.append(x)
        paragraph.level = len(indents) - 1


def item_text(text: str) -> str:
    """Return a list item's text without its bullet; numbers stay."""
    return _BULLET.sub("", text, count=1) if _BULLET.match(text) else text


def code_text(lines: Sequence[Line]) -> str:
    """Return lines of code with their indentation."""
    left = min(line.box.x0 for line in lines)
    return "\n".join(" " * round((line.box.x0 - left) / (_CHARACTER_WIDTH * line.size)) + line.text for line in lines)
