"""Reads the ruled tables of a page: which words stand in which cell."""

from collections.abc import Sequence

from apps.knowledge.extraction.geometry import Box
from apps.knowledge.extraction.pdf.joining import join_lines
from apps.knowledge.extraction.pdf.lines import Piece, line_pieces, rows_of
from apps.knowledge.extraction.pdf.rulings import Grid
from apps.knowledge.extraction.pdf.words import Word

_FEWEST_FILLED = 4
_FILLED_SHARE = 0.45
_LONGEST_CELL = 700
_MANY_LINES = 3
_ALIGNED = 0.7

Cells = dict[tuple[int, int], list[Word]]


def take_tables(words: list[Word], grids: Sequence[Grid]) -> tuple[list[Word], list[Piece]]:
    """Return the words that stand in no table, and each table as a piece in its place."""
    tables: list[Piece] = []
    for grid in sorted(grids, key=lambda grid: -(grid.box.width * grid.box.height)):
        inside = [word for word in words if grid.box.holds(word.box.middle)]
        cells = _assign(inside, grid)
        if not _is_table(cells, grid):
            continue
        tables.append(_table(grid.box, _rows(cells, grid), inside))
        words = _without(words, {id(word) for word in inside})
    return words, tables


def _table(box: Box, rows: list[list[str]], words: list[Word]) -> Piece:
    size = sorted(word.size for word in words)[len(words) // 2]
    return Piece(words=[], box=box, size=size, rows=rows)


def _assign(words: list[Word], grid: Grid) -> Cells:
    homes = grid.merged()
    cells: Cells = {}
    for word in words:
        place = grid.cell(word.box.middle)
        if place is not None:
            cells.setdefault(homes[place], []).append(word)
    return cells


def _is_table(cells: Cells, grid: Grid) -> bool:
    """Tell a table from a chart (few words in its grid) and from frames round text (much text in a cell)."""
    homes = set(grid.merged().values())
    if len(cells) < _FEWEST_FILLED or len(cells) < _FILLED_SHARE * len(homes):
        return False
    if len({row for row, _ in cells}) < 2 or len({column for _, column in cells}) < 2:
        return False
    lengths = sorted(sum(len(word.text) + 1 for word in words) for words in cells.values())
    return lengths[len(lengths) // 2] <= _LONGEST_CELL


def _rows(cells: Cells, grid: Grid) -> list[list[str]]:
    homes = grid.merged()
    width = len(grid.xs) - 1
    rows: list[list[str]] = []
    for row in range(len(grid.ys) - 1):
        line_up = [homes[row, column] for column in range(width)]
        if len(set(line_up)) == 1:
            rows.append([_text(cells.get(line_up[0], []))] if line_up[0][0] == row else [])
            continue
        split = _split_lines([cells.get(home, []) if home[0] == row else [] for home in dict.fromkeys(line_up)])
        if split:
            places = {home: place for place, home in enumerate(dict.fromkeys(line_up))}
            rows += [[line[places[home]] for home in line_up] for line in split]
        else:
            texts = {home: _text(cells.get(home, [])) for home in set(line_up)}
            rows.append([texts[home] for home in line_up])
    return [row for row in rows if row]


def _split_lines(cells: list[list[Word]]) -> list[list[str]]:
    """Part a row whose cells hold a row of the table on each line; empty if the lines are just broken text."""
    lines = [[(line[0].box.y1, _line(line)) for line in rows_of(_pieces(words))] for words in cells]
    tall = [column for column in lines if len(column) >= _MANY_LINES]
    if len(tall) < 2 or len(tall) < 0.6 * sum(map(bool, lines)):
        return []
    baselines = [y for y, _ in max(tall, key=len)]
    aligned = [_nearest(baselines, y) is not None for column in lines for y, _ in column]
    counts = {len(column) for column in tall}
    if sum(aligned) < _ALIGNED * len(aligned) or max(counts) - min(counts) > 0.4 * max(counts):
        return []
    rows = [[""] * len(cells) for _ in baselines]
    for place, column in enumerate(lines):
        for y, text in column:
            row = _nearest(baselines, y)
            row = row if row is not None else min(range(len(baselines)), key=lambda at: abs(baselines[at] - y))
            rows[row][place] = f"{rows[row][place]} {text}".strip()
    return rows


def _nearest(baselines: list[float], y: float) -> int | None:
    return next((row for row, baseline in enumerate(baselines) if abs(baseline - y) <= 2.5), None)


def _text(words: list[Word]) -> str:
    return join_lines([_line(line) for line in rows_of(_pieces(words))])


def _line(pieces: list[Piece]) -> str:
    return " ".join(piece.text for piece in pieces)


def _pieces(words: list[Word]) -> list[Piece]:
    return line_pieces(words) if words else []


def _without(words: list[Word], taken: set[int]) -> list[Word]:
    """Remove words; what stood before and after them does not follow each other."""
    kept: list[Word] = []
    for word in words:
        if id(word) not in taken:
            kept.append(word)
        elif kept:
            kept[-1].breaks = True
    return kept
