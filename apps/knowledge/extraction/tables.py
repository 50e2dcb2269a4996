"""Table rows that a reader understands on their own: "Header: value; Header: value"."""

import re
from collections.abc import Sequence
from itertools import pairwise

from apps.core.chunking.blocks import Block, BlockKind
from apps.knowledge.extraction.cleaning import one_line

Row = Sequence[str]

_UNIT = r"(?:[%‰$€£¥₩₹°]|[A-Za-zµ°]{1,4}[²³]?(?:/[A-Za-z]{1,4}[²³]?)?|[\u4e00-\u9fff\uac00-\ud7af]{1,2})"
_AMOUNT = re.compile(
    rf"[(\-+±~≈<>≤≥−–]{{0,3}}\s?(?:[$€£¥₩₹]|[A-Z]{{3}}\s)?\s?[\-−]?\d[\d\s.,:/'’×x–-]*{_UNIT}?\s?[)*†]{{0,3}}"
)
_YEAR = re.compile(r"(?:FY|H[12]|Q[1-4])?[ /-]?(?:19|20)\d\d(?:[/-]\d\d(?:\d\d)?)?[*ae]?", re.IGNORECASE)
_LONGEST_NAME = 80
_LONGEST_LABEL = 60
_FEWEST_GROUPED = 3
_MOST_GROUPED_ROWS = 4


def table_blocks(rows: Sequence[Row], *, header_rows: int | None = None, page: int | None = None) -> list[Block]:
    """Return one block for each body row.

    `header_rows` is how many rows are known to be headers, None to find out. A row of a single cell in a wider
    table is a line of its own, such as the name of the section that follows.
    """
    grid = _trim(rows)
    count = guess_header_rows(grid) if header_rows is None else header_rows
    if count and count == len(grid):
        # A table of nothing but headers is still something a person wrote.
        count = 0
    names = column_names(grid[:count])
    texts = (row_text(row, names) for row in grid[count:] if list(row) not in grid[:count])
    return [Block(kind=BlockKind.TABLE_ROW, text=text, page=page) for text in texts if text]


def row_text(row: Row, names: Row = ()) -> str:
    """Return a row on one line; without names, the first cell labels the rest."""
    if not any(names) or len(row) == 1 < len(names):
        return _labelled(row)
    padded = [*names, *[""] * (len(row) - len(names))]
    return "; ".join(f"{name}: {cell}" if name else cell for name, cell in zip(padded, row, strict=False) if cell)


def column_names(header: Sequence[Row]) -> list[str]:
    """Join header rows from top to bottom into one name for each column ("Address – Street"), each word group once."""
    if not header:
        return []
    width = max(map(len, header))
    columns = ([row[column] for row in header if column < len(row)] for column in range(width))
    return [" – ".join(dict.fromkeys(part for part in parts if part)).rstrip(": ") for parts in columns]


def guess_header_rows(grid: Sequence[Row]) -> int:
    """Return 1 where the first row names the columns, more where it names groups of them, else 0."""
    if len(grid) < 2 or len(grid[0]) < 2:
        return 0
    grouped = count_grouped_rows(grid)
    if grouped:
        return grouped
    first, body = grid[0], grid[1:]
    if not _may_name_columns(first):
        return 0
    if not first[0] or _numbers_below_words(first, body):
        return 1
    return int(len(first) > 2 and all(first) and len(set(first)) == len(first))


def count_grouped_rows(grid: Sequence[Row]) -> int:
    """Return how many rows at the top make up a header with labels over several columns, 0 where there is none.

    A label over several columns is in each of them, so neighbours that are equal have different names below.
    """
    count = 1
    while count < min(_MOST_GROUPED_ROWS, len(grid) - 1) and _groups(grid[count - 1], grid[count]):
        count += 1
    return count if count > 1 else 0


def _groups(upper: Row, lower: Row) -> bool:
    """Tell whether a row holds labels for groups of the columns that the row below it names."""
    if len(upper) != len(lower) or len(upper) < _FEWEST_GROUPED:
        return False
    if lower[0] not in {"", upper[0]} or upper[0] == upper[1]:
        return False
    if any(len(cell) > _LONGEST_NAME or (is_amount(cell) and not is_year(cell)) for cell in upper):
        return False
    above, below = pairwise(upper), pairwise(lower)
    return any(one[0] and one[0] == one[1] and two[0] != two[1] for one, two in zip(above, below, strict=True))


def is_amount(cell: str) -> bool:
    """Tell whether a cell is a number, a date, a share or a sum of money rather than words."""
    return len(cell) <= 40 and _AMOUNT.fullmatch(cell) is not None


def is_year(cell: str) -> bool:
    """Tell whether a cell is a year, a quarter or a business year: a number that often names a column."""
    return _YEAR.fullmatch(cell) is not None


def _may_name_columns(row: Row) -> bool:
    filled = [cell for cell in row if cell]
    if len(filled) < max(1, len(row) - 1) or any(len(cell) > _LONGEST_NAME for cell in filled):
        return False
    return all(not is_amount(cell) or is_year(cell) for cell in filled) and not is_year(row[0])


def _numbers_below_words(first: Row, body: Sequence[Row]) -> bool:
    """Tell whether some column holds numbers under a first cell that is none (or a year)."""
    for column in range(len(first)):
        below = [row[column] for row in body if column < len(row) and row[column]]
        if below and sum(map(is_amount, below)) >= 0.6 * len(below) and first[column]:
            return True
    return False


def _labelled(row: Row) -> str:
    cells = [cell for cell in row if cell]
    if len(cells) < 2 or not row[0] or len(row[0]) > _LONGEST_LABEL or is_amount(row[0]):
        return "; ".join(cells)
    return f"{cells[0].rstrip(': ')}: {'; '.join(cells[1:])}"


def _trim(rows: Sequence[Row]) -> list[list[str]]:
    """Clean every cell, square the grid and drop its empty rows and columns; rows of one cell stay as they are."""
    grid = [[one_line(cell) for cell in row] for row in rows]
    width = max(map(len, grid), default=0)
    grid = [row + [""] * (width - len(row)) if len(row) > 1 else row for row in grid if any(row)]
    used = [column for column in range(width) if any(len(row) > column and row[column] for row in grid)]
    return [[row[column] for column in used] if len(row) > 1 else row for row in grid]
