"""Tables as CSV that any spreadsheet opens, and that run nothing there."""

import csv
import io
import re
from collections.abc import Iterable

STARTS_A_FORMULA = ("\t", "\r")
# A sign that begins a formula, at the start of a cell, or behind what some spreadsheets take for the start of the next:
# where the comma is the decimal point, a semicolon parts the cells, and quotes in the middle of a line protect nothing.
FORMULA = re.compile(r"(^|[;\t\r\n])([^\S\t\r\n]*[=+\-@＝＋－＠])")


def line(row: Iterable[str]) -> str:
    """Return a row as one line of CSV, in which no cell is a formula."""
    written = io.StringIO()
    csv.writer(written).writerow(map(inert, row))
    return written.getvalue()


def inert(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    plain = FORMULA.sub(r"\1'\2", cell)
    return f"'{plain}" if plain.startswith(STARTS_A_FORMULA) else plain
