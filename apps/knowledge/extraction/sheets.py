"""Finds the tables on a sheet of cells: their titles, their header rows and where each begins and ends."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from apps.core.chunking.blocks import Block, BlockKind
from apps.knowledge.extraction.sheet_headers import count_header_rows, name_columns, only_names
from apps.knowledge.extraction.tables import Row, row_text

_LONGEST_TITLE = 160
_MOST_TITLE_LINES = 4
_DEEPEST_TITLE = 5
_MOST_HEADER_ROWS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """Rows of cells with nothing but empty cells round them; `columns` are their places on the sheet."""

    columns: tuple[int, ...]
    rows: list[list[str]] = field(repr=False)

    @property
    def has_header(self) -> bool:
        return count_header_rows(self.rows) > 0


def sheet_blocks(grid: Sequence[Row], *, page: int | None = None, header_expected: bool = False) -> list[Block]:
    """Return titles as headings, rows as table rows and single cells as paragraphs.

    `header_expected` says that a first row of words is a header even where nothing proves it, as in CSV.
    """
    writer = _Writer(page, header_expected=header_expected)
    for band in _bands(grid):
        for region in _side_by_side(band):
            writer.feed(region)
    return writer.finish()


def _bands(grid: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield the runs of rows between empty ones."""
    for filled, rows in groupby(grid, key=any):
        if filled:
            yield list(rows)


def _side_by_side(band: list[Row]) -> list[Region]:
    """Part a band at its empty columns where what stands on each side is a table with its own header."""
    width = max(map(len, band))
    used = [any(column < len(row) and row[column] for row in band) for column in range(width)]
    runs = [tuple(run) for filled, run in groupby(range(width), key=used.__getitem__) if filled]
    parts = [_region(band, columns) for columns in runs]
    if len(parts) > 1 and all(len(part.columns) > 1 and part.has_header for part in parts):
        return parts
    return [_region(band, tuple(column for run in runs for column in run))]


def _region(band: list[Row], columns: tuple[int, ...]) -> Region:
    rows = [[row[column] if column < len(row) else "" for column in columns] for row in band]
    return Region(columns=columns, rows=[row for row in rows if any(row)])


class _Writer:
    """Takes the regions of a sheet in order and remembers what may belong to the next one."""

    def __init__(self, page: int | None, *, header_expected: bool) -> None:
        self._blocks: list[Block] = []
        self._page = page
        self._header_expected = header_expected
        self._titles: list[list[str]] = []
        self._header: Region | None = None
        self._names: dict[int, str] = {}

    def feed(self, region: Region) -> None:
        """Take the next region."""
        if len(region.columns) == 1:
            self._lines([row[0] for row in region.rows])
            return
        title, rest = _split_title(region)
        if title:
            self._flush_header()
            self._titles.append(title)
        if not rest.rows:
            return
        if self._header is None and only_names(rest.rows) and len(rest.rows) <= _MOST_HEADER_ROWS:
            self._header = rest
        else:
            self._table(rest)

    def finish(self) -> list[Block]:
        """Emit what is still waiting and return all blocks."""
        self._flush_header()
        self._flush_titles(as_headings=False)
        return self._blocks

    def _lines(self, lines: list[str]) -> None:
        """A column of its own: the title of what follows if it is short, else text."""
        self._flush_header()
        if len(lines) <= _MOST_TITLE_LINES and sum(map(len, lines)) <= _LONGEST_TITLE:
            self._titles.append(lines)
            return
        self._flush_titles(as_headings=False)
        kind = BlockKind.TABLE_ROW if sum(map(len, lines)) < 80 * len(lines) else BlockKind.PARAGRAPH
        self._names = {}
        for line in lines:
            self._emit(kind, line)

    def _table(self, region: Region) -> None:
        count = count_header_rows(region.rows, expected=self._header_expected)
        header, self._header = self._header, None
        if count == 0 and header is not None and set(region.columns) <= set(header.columns):
            self._begin(header, len(header.rows))
        else:
            if header is not None:
                self._begin(header, 0)
                self._rows(header, 0)
            if count or self._titles or not set(region.columns) <= set(self._names):
                self._begin(region, count)
        self._rows(region, count)

    def _begin(self, region: Region, count: int) -> None:
        """Start a table: its titles become headings, its header rows the names of its columns."""
        names, remarks = name_columns(region.rows[:count], region.columns)
        self._names = names
        if remarks:
            self._titles = [*self._titles[:-1], [*(self._titles[-1] if self._titles else []), *remarks]]
        self._flush_titles(as_headings=True)

    def _rows(self, region: Region, start: int) -> None:
        names = [self._names.get(column, "") for column in region.columns]
        for row in region.rows[start:]:
            lone = len(row) > 2 and sum(map(bool, row)) == 1 and bool(row[0])
            self._emit(BlockKind.TABLE_ROW, row[0] if lone else row_text(row, names))

    def _flush_header(self) -> None:
        header, self._header = self._header, None
        if header is not None:
            count = count_header_rows(header.rows, expected=self._header_expected)
            self._begin(header, count if count < len(header.rows) else 0)
            self._rows(header, count if count < len(header.rows) else 0)

    def _flush_titles(self, *, as_headings: bool) -> None:
        for depth, lines in enumerate(self._titles):
            if as_headings and sum(map(len, lines)) <= 2 * _LONGEST_TITLE:
                self._emit(BlockKind.HEADING, " – ".join(lines), level=min(_DEEPEST_TITLE, 2 + depth))
            else:
                for line in lines:
                    self._emit(BlockKind.PARAGRAPH, line)
        self._titles = []

    def _emit(self, kind: BlockKind, text: str, *, level: int = 0) -> None:
        if text:
            self._blocks.append(Block(kind=kind, text=text, level=level, page=self._page))


def _split_title(region: Region) -> tuple[list[str], Region]:
    """Part the lines that stand alone above a table from the table."""
    count = 0
    for row in region.rows[:_MOST_TITLE_LINES]:
        if sum(map(bool, row)) != 1 or len("".join(row)) > 2 * _LONGEST_TITLE:
            break
        count += 1
    if count == 0:
        return [], region
    title = ["".join(row) for row in region.rows[:count]]
    rest = region.rows[count:]
    used = [any(row[place] for row in rest) for place in range(len(region.columns))]
    columns = tuple(column for column, filled in zip(region.columns, used, strict=True) if filled)
    rows = [[cell for cell, filled in zip(row, used, strict=True) if filled] for row in rest]
    return title, Region(columns=columns, rows=rows)
