"""Reads XLSX, XLS, XLSB and ODS: each visible sheet under its name, each row as a sentence of its cells."""

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
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(source.data))
    except PasswordError as error:
        raise EncryptedDocumentError from error
    blocks: list[Block] = []
    warnings: list[ExtractionWarning] = []
    for page, sheet in enumerate(workbook.sheets_metadata, start=1):
        if sheet.visible is not SheetVisibleEnum.Visible:
            warnings.append(_hidden(sheet.name))
        elif sheet.typ is SheetTypeEnum.WorkSheet:
            blocks += _sheet(workbook.get_sheet_by_name(sheet.name), page, formats.get(sheet.name, {}))
    document = ExtractedDocument(title=source.stem, blocks=tuple(blocks))
    return ExtractedFile(documents=(document,), warnings=tuple(warnings))


def _sheet(sheet: CalamineSheet, page: int, formats: Formats) -> list[Block]:
    if sheet.start is None:
        return []
    top, left = sheet.start
    grid = [
        [cell_text(value, formats.get((top + row, left + column))) for column, value in enumerate(values)]
        for row, values in enumerate(sheet.to_python())
    ]
    for (first_row, first_column), (last_row, last_column) in sheet.merged_cell_ranges or ():
        _fill(grid, (first_row - top, first_column - left), (last_row - top, last_column - left))
    blocks = sheet_blocks(grid, page=page)
    heading = Block(kind=BlockKind.HEADING, text=cell_text(sheet.name), level=1, page=page)
    return [heading, *blocks] if blocks else []


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


def _hidden(name: str) -> ExtractionWarning:
    return ExtractionWarning(code="hidden_sheet", message=f"The hidden sheet “{cell_text(name)}” was left out.")
