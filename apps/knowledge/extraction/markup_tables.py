"""Reads the tables of an HTML tree: spans filled in, headers found, layout tables told apart."""

from selectolax.lexbor import LexborNode

from apps.core.chunking.blocks import Block
from apps.knowledge.extraction.markup_text import flat_text, is_silent
from apps.knowledge.extraction.tables import count_grouped_rows, table_blocks

_WIDEST_SPAN = 64
_TALLEST_SPAN = 2_000
_LONGEST_CELL = 1_200
_ROWS = {"tr"}
_GROUPS = {"thead", "tbody", "tfoot"}


def is_layout(table: LexborNode) -> bool:
    """Tell whether a table only arranges parts of the page: tables in it, one column, or one row without headers."""
    if (table.attributes.get("role") or "") in {"presentation", "none"} or table.css_first("table table, h1, h2, pre"):
        return True
    rows = _rows(table)
    widest = max((len(_cells(row)) for row in rows), default=0)
    if widest < 2 or (len(rows) < 2 and table.css_first("th") is None):
        return True
    return any(len(cell.text()) > _LONGEST_CELL for row in rows for cell in _cells(row))


def read_table(table: LexborNode) -> list[Block]:
    """Return a data table as one block for each of its body rows."""
    rows = _rows(table)
    grid = _fill_spans(rows)
    marked = _header_rows(rows)
    # Many authors mark the first of two header rows only.
    return table_blocks(grid, header_rows=count_grouped_rows(grid) or 1 if marked == 1 else marked)


def _fill_spans(rows: list[LexborNode]) -> list[list[str]]:
    """Lay the cells out; a cell over several columns or rows counts for each, but one over all is a row of its own."""
    grid: list[list[str]] = []
    hanging: dict[int, tuple[str, int]] = {}
    for row in rows:
        line: list[str] = []
        cells = _cells(row)
        for cell in cells:
            _take_hanging(line, hanging)
            text, columns, down = flat_text(cell), _span(cell, "colspan"), _span(cell, "rowspan")
            for _ in range(min(columns, _WIDEST_SPAN)):
                if down > 1:
                    hanging[len(line)] = (text, min(down, _TALLEST_SPAN) - 1)
                line.append(text)
        _take_hanging(line, hanging)
        grid.append(line[:1] if len(cells) == 1 and len(set(line)) == 1 else line)
    return grid


def _take_hanging(line: list[str], hanging: dict[int, tuple[str, int]]) -> None:
    """Continue the cells that reach down from rows above into this place of the line."""
    while len(line) in hanging:
        text, left = hanging.pop(len(line))
        if left > 1:
            hanging[len(line)] = (text, left - 1)
        line.append(text)


def _header_rows(rows: list[LexborNode]) -> int | None:
    """Return how many rows at the top are marked as headers, None where nothing is marked."""
    count = 0
    for row in rows:
        cells = _cells(row)
        if not (_is_thead(row) or (len(cells) > 1 and all(cell.tag == "th" for cell in cells))):
            break
        count += 1
    if not count and any(cell.tag == "th" for row in rows for cell in _cells(row)[:1]):
        return 0
    return count or None


def _is_thead(row: LexborNode) -> bool:
    return row.parent is not None and row.parent.tag == "thead"


def _rows(table: LexborNode) -> list[LexborNode]:
    """The table's own rows in sight, not those of tables inside it; what a footer repeats comes last in any case."""
    rows: list[LexborNode] = []
    for child in table.iter():
        if child.tag in _ROWS:
            rows.append(child)
        elif child.tag in _GROUPS:
            rows.extend(row for row in child.iter() if row.tag in _ROWS and not is_silent(child))
    return [row for row in rows if not is_silent(row)]


def _cells(row: LexborNode) -> list[LexborNode]:
    return [cell for cell in row.iter() if cell.tag in {"td", "th"} and not is_silent(cell)]


def _span(cell: LexborNode, attribute: str) -> int:
    value = (cell.attributes.get(attribute) or "").strip()
    return int(value) if value.isdecimal() and value.isascii() and int(value) > 0 else 1
