"""Puts the pieces of a page in the order in which a person reads them: columns one after the other, tables by rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from apps.knowledge.extraction.geometry import Box, gaps
from apps.knowledge.extraction.pdf.columns import Cut, are_columns_of_text
from apps.knowledge.extraction.pdf.lines import Piece, is_right_to_left, make_piece, rows_of
from apps.knowledge.extraction.pdf.words import Word

_NARROWEST_CUT = 0.8
_NEAR = 2.5
_TABLE_ROWS = 0.4
_COLUMN_SPACE = 0.45
_MOST_HEADER_LINES = 3
_DEEPEST = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Pieces that are read from top to bottom; with cuts, they stand in the columns of a table between them."""

    pieces: list[Piece] = field(repr=False)
    cuts: list[Cut]


def reading_order(pieces: Sequence[Piece], rules: Sequence[Box] = (), depth: int = 0) -> list[Part]:
    """Return the parts of a page, or of a column, in reading order; `rules` are the lines drawn across the page."""
    parts: list[Part] = []
    for group in _groups(pieces):
        columns = _columns(group.pieces, group.cuts)
        if len(columns) < 2 or depth >= _DEEPEST:
            _add_text(parts, group.pieces)
        elif are_columns_of_text(columns, group.cuts, rules):
            if is_right_to_left(" ".join(piece.text for piece in group.pieces)):
                columns.reverse()
            for column in columns:
                parts += reading_order(column, rules, depth + 1)
        elif _has_rows(group.pieces):
            parts.append(_with_header(parts, group))
        else:
            _add_text(parts, group.pieces)
    return [part for part in parts if part.pieces]


def _has_rows(pieces: Sequence[Piece]) -> bool:
    """Tell whether enough lines hold several pieces for a table."""
    several = [row for row in rows_of(pieces) if len(row) > 1]
    return len(several) > 1 and len(several) >= _TABLE_ROWS * len(rows_of(pieces))


def _add_text(parts: list[Part], pieces: list[Piece]) -> None:
    """Add text to the text above it; a wide gap in a line is no reason to part the lines round it."""
    last = parts[-1] if parts else None
    joins = last is not None and not last.cuts and not any(piece.rows for piece in (*last.pieces, *pieces))
    if last is not None and joins:
        parts[-1] = Part(pieces=[*last.pieces, *pieces], cuts=[])
    else:
        parts.append(Part(pieces=pieces, cuts=[]))


def _with_header(parts: list[Part], table: Part) -> Part:
    """Move the line above a table into it if its words stand in the table's columns."""
    for _ in range(_MOST_HEADER_LINES if parts else 0):
        above = parts[-1]
        rows = rows_of(above.pieces)
        split = _split(rows[-1], table) if rows else []
        # What may itself be a table gives only a line that fits all columns.
        if len(split) < (len(table.cuts) + 1 if above.cuts else 2):
            break
        moved = {id(piece) for piece in rows[-1]}
        parts[-1] = Part(pieces=[piece for piece in above.pieces if id(piece) not in moved], cuts=above.cuts)
        table = Part(pieces=[*split, *table.pieces], cuts=table.cuts)
    return table


def _split(row: list[Piece], table: Part) -> list[Piece]:
    """Part a line at the cuts of the table below it; empty if a word or a plain space between words is in the way."""
    size = row[0].size
    near = min(piece.box.y1 for piece in table.pieces) - row[0].box.y1 <= _NEAR * size
    words = sorted((word for piece in row for word in piece.words), key=lambda word: word.box.x0)
    if not near or not words or any(piece.rows for piece in row):
        return []
    cells: list[list[Word]] = [[] for _ in range(len(table.cuts) + 1)]
    for word in words:
        if any(word.box.x0 < start - 1 and word.box.x1 > end + 1 for start, end in table.cuts):
            return []
        cells[sum(word.box.middle[0] >= (start + end) / 2 for start, end in table.cuts)].append(word)
    filled = [cell for cell in cells if cell]
    spaces = [after[0].box.x0 - before[-1].box.x1 for before, after in pairwise(filled)]
    return [make_piece(cell) for cell in filled] if all(space > _COLUMN_SPACE * size for space in spaces) else []


def _groups(pieces: Sequence[Piece]) -> list[Part]:
    """Part the page from top to bottom wherever something reaches across the columns above it."""
    narrowest = _NARROWEST_CUT * _median([piece.size for piece in pieces])
    groups: list[Part] = []
    strips = _strips(pieces)
    for strip, below in zip(strips, [*strips[1:], []], strict=True):
        last = groups[-1] if groups else None
        if last is not None and strip[0].rows is None and last.pieces[-1].rows is None:
            cuts = _cuts([*last.pieces, *strip], narrowest)
            begins = len(_cuts([*strip, *below], narrowest)) if below and below[0].rows is None else 0
            if _goes_on(last, cuts, own=len(_cuts(strip, narrowest)), begins=begins):
                groups[-1] = Part(pieces=[*last.pieces, *strip], cuts=cuts)
                continue
        groups.append(Part(pieces=strip, cuts=_cuts(strip, narrowest)))
    return groups


def _goes_on(last: Part, cuts: list[Cut], *, own: int, begins: int) -> bool:
    """Tell whether a strip with so many cuts has the columns of the group above, or begins a table."""
    if not last.cuts:
        return own == 0
    if own and len(cuts) < 0.5 * len(last.cuts):
        return False
    return bool(cuts) and not (own > 2 * len(last.cuts) and begins > 1.5 * len(last.cuts))


def _strips(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Part the pieces at heights where nothing stands; letters may reach a little into the next line."""
    strips: list[list[Piece]] = []
    reach = 0.0
    for piece in sorted(pieces, key=lambda piece: piece.box.y0 + _slack(piece)):
        if strips and piece.box.y0 + _slack(piece) < reach:
            strips[-1].append(piece)
            reach = max(reach, piece.box.y1 - _slack(piece))
        else:
            strips.append([piece])
            reach = piece.box.y1 - _slack(piece)
    return strips


def _slack(piece: Piece) -> float:
    return 0.0 if piece.rows is not None else 0.2 * piece.size


def _cuts(pieces: Sequence[Piece], narrowest: float) -> list[Cut]:
    return gaps(((piece.box.x0, piece.box.x1) for piece in pieces), narrowest)


def _columns(pieces: Sequence[Piece], cuts: Sequence[Cut]) -> list[list[Piece]]:
    columns: list[list[Piece]] = [[] for _ in range(len(cuts) + 1)]
    for piece in pieces:
        columns[sum(piece.box.x0 >= cut[1] - 0.1 for cut in cuts)].append(piece)
    return [column for column in columns if column]


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0
