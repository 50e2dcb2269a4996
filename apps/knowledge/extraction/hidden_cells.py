"""Reads from workbooks which rows and columns are hidden, which calamine doesn't tell."""

import re
import struct
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import IO

from lxml import etree

from apps.knowledge.extraction.hidden_records import Hidden, hidden_in_xls, hidden_in_xlsb
from apps.knowledge.extraction.number_formats import sheet_parts
from apps.knowledge.extraction.ole import MAGIC
from apps.knowledge.extraction.xml import attributes, iterate, local_name

# Most sheets hide nothing, and need no second pass through their XML.
_MAY_HIDE = re.compile(rb"""\bhidden\s*=|\b(?:width|ht)\s*=\s*["']0(?:\.0*)?["']""")
_TROUBLE = (
    zipfile.BadZipFile, KeyError, ValueError, etree.XMLSyntaxError, RuntimeError, NotImplementedError, struct.error
)  # fmt: skip
_UNSEEN = {"collapse", "filter"}


@dataclass(frozen=True, kw_only=True, slots=True)
class HiddenCells:
    """The places of a sheet's hidden rows and columns, counted from 0."""

    rows: tuple[range, ...] = field(default=(), repr=False)
    columns: tuple[range, ...] = field(default=(), repr=False)


NOTHING_HIDDEN = HiddenCells()


def hidden_cells(data: bytes) -> dict[str, HiddenCells]:
    """Return for each sheet by name what is hidden on it; empty where the file doesn't tell."""
    if data.startswith(MAGIC):
        return _of_records(hidden_in_xls(data))
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            if "xl/workbook.bin" in archive.NameToInfo:
                return _of_records(hidden_in_xlsb(archive))
            if "content.xml" in archive.NameToInfo:
                with archive.open("content.xml") as member:
                    return dict(_open_document(member))
            parts = sheet_parts(archive)
            return {name: _sheet(archive.read(part)) for name, part in parts.items() if part in archive.NameToInfo}
    except _TROUBLE:  # the cells themselves can be read all the same
        return {}


def _of_records(found: Mapping[str, Hidden]) -> dict[str, HiddenCells]:
    return {name: HiddenCells(rows=rows, columns=columns) for name, (rows, columns) in found.items()}


def without_hidden(
    grid: Sequence[list[str]], start: tuple[int, int], hidden: HiddenCells
) -> tuple[list[list[str]], int, int]:
    """Return the cells that are in sight, and how many rows and columns with text in them are not.

    `start` is the place on the sheet of the first row and column of the grid.
    """
    width = max(map(len, grid), default=0)
    rows, columns = _within(hidden.rows, start[0], len(grid)), _within(hidden.columns, start[1], width)
    seen = [
        [cell for column, cell in enumerate(line) if column not in columns]
        for row, line in enumerate(grid)
        if row not in rows
    ]
    lost_rows = sum(any(grid[row]) for row in rows)
    lost_columns = sum(any(column < len(line) and line[column] for line in grid) for column in columns)
    return seen, lost_rows, lost_columns


def _within(places: Sequence[range], start: int, length: int) -> set[int]:
    """Return the places that lie in the grid, counted from its start."""
    return {place - start for run in places for place in range(max(run.start, start), min(run.stop, start + length))}


def _sheet(data: bytes) -> HiddenCells:
    if not _MAY_HIDE.search(data):
        return NOTHING_HIDDEN
    rows: list[range] = []
    columns: list[range] = []
    row = 0
    for element in iterate(BytesIO(data), "{*}col", "{*}row"):
        if local_name(element) == "row":
            row = int(element.get("r", row + 1))  # a row that doesn't tell its number follows the one before
            if _is_hidden(element, "ht"):
                rows.append(range(row - 1, row))
        elif _is_hidden(element, "width"):
            columns.append(range(int(element.get("min", "1")) - 1, int(element.get("max", "0"))))
    return HiddenCells(rows=tuple(rows), columns=tuple(columns))


def _is_hidden(element: etree._Element, size: str) -> bool:
    return element.get("hidden") in {"1", "true"} or float(element.get(size, "1")) == 0


def _open_document(stream: IO[bytes]) -> Iterator[tuple[str, HiddenCells]]:
    rows, columns = _Places("number-rows-repeated"), _Places("number-columns-repeated")
    for element in iterate(stream, "{*}table-column", "{*}table-row", "{*}table"):
        if local_name(element) == "table":
            name = attributes(element).get("name", "")
            yield name, HiddenCells(rows=tuple(rows.hidden), columns=tuple(columns.hidden))
            rows, columns = _Places("number-rows-repeated"), _Places("number-columns-repeated")
        else:
            (rows if local_name(element) == "table-row" else columns).take(attributes(element))


class _Places:
    """Counts rows or columns, of which one element can stand for many."""

    def __init__(self, repeated: str) -> None:
        self.hidden: list[range] = []
        self._repeated = repeated
        self._next = 0

    def take(self, found: Mapping[str, str]) -> None:
        """Take the next element's attributes."""
        first = self._next
        self._next += int(found.get(self._repeated, "1"))
        if found.get("visibility") in _UNSEEN:
            self.hidden.append(range(first, self._next))
