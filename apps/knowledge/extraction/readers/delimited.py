"""Reads CSV and TSV, whatever their delimiter and charset."""

import csv

from apps.core.error_handling import DamagedDocumentError
from apps.knowledge.extraction.charsets import decode
from apps.knowledge.extraction.cleaning import one_line
from apps.knowledge.extraction.delimiters import find_delimiter, split_rows
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile
from apps.knowledge.extraction.sheets import sheet_blocks
from apps.knowledge.extraction.source import SourceFile


def read(source: SourceFile) -> ExtractedFile:
    """Return the rows as one document."""
    text = decode(source.data).replace("\0", "")
    found = find_delimiter(text)
    try:
        rows = split_rows(text, found.character) if found else ([line] for line in text.splitlines())
        grid = [[one_line(cell) for cell in row] for row in rows]
    except csv.Error as error:
        raise DamagedDocumentError from error
    blocks = sheet_blocks(grid, header_expected=True)
    return ExtractedFile(documents=(ExtractedDocument(title=source.stem, blocks=tuple(blocks)),))
