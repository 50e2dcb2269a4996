"""Tells columns of running text, which are read one after the other, from the columns of a table, read row by row."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from apps.knowledge.extraction.geometry import Box
from apps.knowledge.extraction.pdf.lines import Piece, rows_of
from apps.knowledge.extraction.tables import is_amount

_PROSE_LINES = 3
_PROSE_CHARACTERS = 18
_FULL = 0.8
_MOSTLY_FULL = 0.5
_WRAPPED = 0.35
_PROSE_SHARE = 0.7
_AMOUNTS = 0.3
_ALIGNED = 0.4
_FEWEST_LETTERS = 40
_WIDE_GAP = 1.35
_FEWEST_BANDS = 3
_BANDS_SHARED = 0.75
_RULE_LENGTH = 0.4
_WIDE_SCRIPT = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_SENTENCE_END = re.compile(r"[.!?:;。！？]['\"”’)\]]*$")

Cut = tuple[float, float]
Row = list[Piece]


def are_columns_of_text(columns: Sequence[Sequence[Piece]], cuts: Sequence[Cut], rules: Sequence[Box]) -> bool:
    """Tell whether the columns are to be read one after the other."""
    pieces = [piece for column in columns for piece in column]
    rows = rows_of(pieces)
    amounts = sum(is_amount(piece.text) for piece in pieces)
    if len(rows) < 2 or amounts >= _AMOUNTS * len(pieces) or inner_rules(rows, cuts, rules):
        return False
    letters = [sum(len(piece.text) for piece in column) for column in columns]
    prose = [count for column, count in zip(columns, letters, strict=True) if _is_prose(column)]
    if len(prose) > 1 and sum(prose) >= _PROSE_SHARE * sum(letters):
        return not _share_bands(columns, rows)
    if sum(len(row) > 1 for row in rows) < _ALIGNED * len(rows):
        return min(letters) >= _FEWEST_LETTERS and min(map(len, columns)) > 1
    labelled = any(piece.text.rstrip().endswith(":") for piece in columns[0])
    return len(columns) == 2 and len(rows) <= 3 and not labelled and not amounts


def inner_rules(rows: Sequence[Row], cuts: Sequence[Cut], rules: Sequence[Box]) -> list[float]:
    """Return the heights of the lines that are drawn between the rows across the columns."""
    left, right = min(row[0].box.x0 for row in rows), max(piece.box.x1 for row in rows for piece in row)
    top, bottom = rows[0][0].box.y1, rows[-1][0].box.y0
    return sorted(
        (rule.y0 + rule.y1) / 2
        for rule in rules
        if top - 1 < rule.y0 < bottom + 1
        and min(rule.x1, right) - max(rule.x0, left) > _RULE_LENGTH * (right - left)
        and any(rule.x0 < cut[0] and rule.x1 > cut[1] for cut in cuts)
    )


def bands(rows: Sequence[Row], pitch: float) -> list[list[Row]]:
    """Part rows where the gap to the next is clearly wider than the usual one across all columns."""
    groups: list[list[Row]] = []
    for row in rows:
        if groups and row[0].box.y1 - groups[-1][-1][0].box.y1 <= _WIDE_GAP * pitch:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def line_pitch(columns: Sequence[Sequence[Piece]]) -> float:
    """Return the distance between lines in the column that is set the closest: that within a cell of several lines."""
    pitches = []
    for column in columns:
        distances = sorted(after[0].box.y1 - row[0].box.y1 for row, after in pairwise(rows_of(column)))
        if distances:
            pitches.append(distances[len(distances) // 4])
    return min(pitches, default=0.0)


def _share_bands(columns: Sequence[Sequence[Piece]], rows: Sequence[Row]) -> bool:
    """Tell whether the columns break at the same heights again and again, as cells of several lines do."""
    groups = bands(rows, line_pitch(columns))
    starts = [
        sum(any(piece is other for other in column for piece in group[0]) for column in columns) for group in groups
    ]
    return len(groups) >= _FEWEST_BANDS and sum(start > 1 for start in starts) >= _BANDS_SHARED * len(groups)


def _is_prose(column: Sequence[Piece]) -> bool:
    """Tell whether most lines fill the column and are long enough to be sentences, or run on into the next."""
    rows = rows_of(column)
    if len(rows) < _PROSE_LINES:
        return False
    left, right = min(piece.box.x0 for piece in column), max(piece.box.x1 for piece in column)
    lines = [" ".join(piece.text for piece in row) for row in rows]
    full = [max(piece.box.x1 for piece in row) - left >= _FULL * (right - left) for row in rows]
    lengths = sorted(len(line) + len(_WIDE_SCRIPT.findall(line)) for line in lines)
    is_long = lengths[len(lengths) // 2] >= _PROSE_CHARACTERS
    if is_long and sum(full) >= _MOSTLY_FULL * len(full):
        return True
    return sum(_wrapped(lines, full)) >= _WRAPPED * len(lines)


def _wrapped(lines: Sequence[str], full: Sequence[bool]) -> Iterator[bool]:
    """Yield for each line whether it is full and goes on in small letters."""
    for (line, after), is_full in zip(pairwise(lines), full, strict=False):
        yield is_full and after[:1].islower() and not _SENTENCE_END.search(line)
