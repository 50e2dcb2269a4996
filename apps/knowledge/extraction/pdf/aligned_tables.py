"""Reads tables without lines: rows of words that stand in columns."""

from bisect import bisect
from collections.abc import Sequence
from itertools import pairwise

from apps.knowledge.extraction.geometry import Box, gaps
from apps.knowledge.extraction.pdf.columns import Cut, Row, bands, inner_rules, line_pitch
from apps.knowledge.extraction.pdf.joining import join_lines
from apps.knowledge.extraction.pdf.lines import Piece, rows_of
from apps.knowledge.extraction.pdf.reading_order import Part
from apps.knowledge.extraction.pdf.words import Word
from apps.knowledge.extraction.tables import is_amount

_FEWEST_ROWS = 2
_WORDS_SHARE = 0.25
_ENOUGH_ROWS = 5
_FILLED_SHARE = 0.8
_FEWEST_GROUPS = 3
_MOST_LINES_OF_ROW = 3
_MOSTLY_FULL = 0.75
_ROWS_TO_AGREE = 3
_NARROW_CUT = 0.5


def split_table(part: Part, rules: Sequence[Box]) -> tuple[list[Piece], list[list[str]], list[Piece]]:
    """Return the text above the table, the rows of the table (none if it is no table) and the text below it."""
    rows = rows_of(part.pieces)
    filled = [number for number, row in enumerate(rows) if len(_columns(row, part.cuts)) > 1]
    if len(filled) < _FEWEST_ROWS:
        return part.pieces, [], []
    first, last = filled[0], filled[-1]
    while last + 1 < len(rows) and _belongs(rows[last], rows[last + 1]):
        last += 1
    body = rows[first : last + 1]
    cuts = _narrow_cuts(body, part.cuts)
    table = _table_rows(body, cuts, rules)
    if not _holds_words(table):
        return part.pieces, [], []
    return _flat(rows[:first]), table, _flat(rows[last + 1 :])


def _narrow_cuts(rows: Sequence[Sequence[Piece]], cuts: Sequence[Cut]) -> Sequence[Cut]:
    """Return the cuts with those between columns that stand closer together, if enough rows agree on them."""
    if len(rows) < _ROWS_TO_AGREE:
        return cuts
    words = [word for row in rows for piece in row for word in piece.words]
    narrow = gaps(((word.box.x0, word.box.x1) for word in words), _NARROW_CUT * rows[0][0].size)
    return narrow if len(narrow) >= len(cuts) else cuts


def _pieces_by_column(lines: Sequence[Row], cuts: Sequence[Cut]) -> list[list[Piece]]:
    columns: list[list[Piece]] = [[] for _ in range(len(cuts) + 1)]
    for piece in (piece for line in lines for piece in line):
        columns[sum(piece.box.x0 >= cut[1] - 0.1 for cut in cuts)].append(piece)
    return columns


def _columns(row: Sequence[Piece], cuts: Sequence[Cut]) -> dict[int, list[Word]]:
    columns: dict[int, list[Word]] = {}
    for word in (word for piece in row for word in piece.words):
        columns.setdefault(sum(word.box.middle[0] >= (cut[0] + cut[1]) / 2 for cut in cuts), []).append(word)
    return columns


def _belongs(row: Sequence[Piece], below: Sequence[Piece]) -> bool:
    """Tell whether a line under the last full row goes on with one of its cells."""
    near = below[0].box.y1 - row[0].box.y1 <= 1.5 * row[0].size
    starts = [piece.box.x0 for piece in row[1:]]
    return near and any(abs(below[0].box.x0 - start) < below[0].size for start in starts)


def _table_rows(lines: list[Row], cuts: Sequence[Cut], rules: Sequence[Box]) -> list[list[str]]:
    """Join the lines of each row of the table, parted by drawn lines, by wide gaps or by how they begin."""
    heights = inner_rules(lines, cuts, rules)
    drawn: dict[int, list[Row]] = {}
    for line in lines:
        drawn.setdefault(bisect(heights, line[0].box.middle[1]), []).append(line)
    parts = list(drawn.values())
    if len(parts) >= _FEWEST_GROUPS:
        return [row for part in parts for row in _join_lines(part, cuts)]
    return [row for part in parts for row in _join_by_gaps(part, cuts)]


def _join_by_gaps(lines: list[Row], cuts: Sequence[Cut]) -> list[list[str]]:
    groups = bands(lines, line_pitch(_pieces_by_column(lines, cuts)))
    if len(groups) < _FEWEST_GROUPS or len(groups) == len(lines):
        return _join_rests(lines, [_texts(line, cuts) for line in lines])
    return [row for group in groups for row in _join_lines(group, cuts)]


def _join_lines(lines: list[Row], cuts: Sequence[Cut]) -> list[list[str]]:
    """Join lines that stand apart from others to one row, unless they look like rows themselves."""
    texts = [_texts(line, cuts) for line in lines]
    full = sum(all(row) for row in texts)
    are_rows = len(lines) > _MOST_LINES_OF_ROW and full >= _MOSTLY_FULL * len(lines)
    if are_rows or any(sum(map(is_amount, column)) > 1 for column in zip(*texts, strict=True)):
        return _join_rests(lines, texts)
    return [[join_lines(cell) for cell in zip(*texts, strict=True)]]


def _join_rests(rows: list[Row], lines: list[list[str]]) -> list[list[str]]:
    """Join lines with the row above that have no first cell and stand close or go on in small letters."""
    pitch = _usual_pitch(rows)
    cells: list[list[list[str]]] = []
    bottom = 0.0
    for row, texts in zip(rows, lines, strict=True):
        distance = row[0].box.y1 - bottom
        if cells and not texts[0] and _is_rest(texts, distance, pitch):
            for place, text in enumerate(texts):
                cells[-1][place].append(text)
        else:
            cells.append([[text] for text in texts])
        bottom = row[0].box.y1
    return [[join_lines(parts) for parts in row] for row in cells]


def _texts(row: Row, cuts: Sequence[Cut]) -> list[str]:
    columns = _columns(row, cuts)
    return [" ".join(word.text for word in columns.get(column, [])) for column in range(len(cuts) + 1)]


def _is_rest(texts: list[str], distance: float, pitch: float) -> bool:
    filled = [text for text in texts if text]
    return distance < 0.8 * pitch or all(text[0].islower() or text[0] in "(&/" for text in filled)


def _usual_pitch(rows: list[list[Piece]]) -> float:
    full = [row for row in rows if len(row) > 1]
    distances = sorted(after[0].box.y1 - row[0].box.y1 for row, after in pairwise(full))
    return distances[len(distances) // 2] if distances else 0.0


def _holds_words(table: list[list[str]]) -> bool:
    """Tell a table from the scales of a chart, which are few numbers with many gaps."""
    cells = [cell for row in table for cell in row if cell]
    if len(table) >= _ENOUGH_ROWS and len(cells) >= _FILLED_SHARE * sum(map(len, table)):
        return True
    return sum(any(char.isalpha() for char in cell) for cell in cells) >= _WORDS_SHARE * len(cells)


def _flat(rows: list[list[Piece]]) -> list[Piece]:
    return [piece for row in rows for piece in row]
