"""Reads XLSX, XLS, XLSB and ODS: each visible sheet under its name, each visible row as a sentence of its cells."""

from io import BytesIO

from python_calamine import (
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from apps.core.chunking.blocks import Block, BlockKind
from apps.core.error_handling import EncryptedDocumentError
from apps.knowledge.extraction.cells import cell_text
from apps.knowledge.extraction.containers import open_container
from apps.knowledge.extraction.hidden_cells import NOTHING_HIDDEN, HiddenCells, hidden_cells, without_hidden
from apps.knowledge.extraction.number_formats import Formats, number_formats
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile, ExtractionWarning
from apps.knowledge.extraction.sheets import sheet_blocks
from apps.knowledge.extraction.source import SourceFile

_TALLEST_MERGE = 1_000


def read(source: SourceFile) -> ExtractedFile:
    """Return the workbook as one document; its pages are its sheets."""
    formats: dict[str, Formats] = {}
    if source.data.startswith(b"PK"):
        with open_container(source.data, source.limits):
            formats = number_formats(source.data)
    hidden = hidden_cells(source.data)
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(source.data))
    except PasswordError as error:
        raise EncryptedDocumentError from error
    blocks: list[Block] = []
    warnings: list[ExtractionWarning] = []
    for page, sheet in enumerate(workbook.sheets_metadata, start=1):
        name = sheet.name
        if sheet.visible is not SheetVisibleEnum.Visible:
            warnings.append(_hidden_sheet(name))
        elif sheet.typ is SheetTypeEnum.WorkSheet:
            reading = _Sheet(workbook.get_sheet_by_name(name), formats.get(name, {}), hidden.get(name, NOTHING_HIDDEN))
            blocks += reading.blocks(page)
            warnings += reading.warnings
    document = ExtractedDocument(title=source.stem, blocks=tuple(blocks))
    return ExtractedFile(documents=(document,), warnings=tuple(warnings))


class _Sheet:
    """Reads one sheet, and remembers what the owner should know."""

    def __init__(self, sheet: CalamineSheet, formats: Formats, hidden: HiddenCells) -> None:
        self._sheet = sheet
        self._formats = formats
        self._hidden = hidden
        self.warnings: list[ExtractionWarning] = []

    def blocks(self, page: int) -> list[Block]:
        """Return the sheet's name and what is in sight on it."""
        if self._sheet.start is None:
            return []
        grid, rows, columns = without_hidden(self._grid(*self._sheet.start), self._sheet.start, self._hidden)
        if rows or columns:
            self.warnings.append(_hidden_cells(self._sheet.name, rows, columns))
        blocks = sheet_blocks(grid, page=page)
        heading = Block(kind=BlockKind.HEADING, text=cell_text(self._sheet.name), level=1, page=page)
        return [heading, *blocks] if blocks else []

    def _grid(self, top: int, left: int) -> list[list[str]]:
        grid = [
            [cell_text(value, self._formats.get((top + row, left + column))) for column, value in enumerate(values)]
            for row, values in enumerate(self._sheet.to_python())
        ]
        for (first_row, first_column), (last_row, last_column) in self._sheet.merged_cell_ranges or ():
            _fill(grid, (first_row - top, first_column - left), (last_row - top, last_column - left))
        return grid


def _fill(grid: list[list[str]], first: tuple[int, int], last: tuple[int, int]) -> None:
    """Let a merged cell count for each place it covers, but not where it has its row to itself, as a title has."""
    (top, left), (bottom, right) = first, last
    if not (0 <= top < len(grid) and 0 <= left < len(grid[top])):
        return
    text = grid[top][left]
    for line in grid[top : min(bottom, top + _TALLEST_MERGE) + 1]:
        others = any(line[:left]) or any(line[right + 1 :])
        if text and others:
            line[left : right + 1] = [text] * len(line[left : right + 1])


def _hidden_sheet(name: str) -> ExtractionWarning:
    message = f"The hidden sheet “{cell_text(name)}” was left out. Unhide it if visitors may see it."
    return ExtractionWarning(code="hidden_sheet", message=message)


def _hidden_cells(name: str, rows: int, columns: int) -> ExtractionWarning:
    counted = [_count(rows, "row"), _count(columns, "column")]
    message = (
        f"Hidden on the sheet “{cell_text(name)}” and left out: {' and '.join(filter(None, counted))}. "
        "Unhide what visitors may see and upload the file again."
    )
    return ExtractionWarning(code="hidden_cells", message=message)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}" if number else ""
