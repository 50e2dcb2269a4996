"""Reads PDF: text in reading order, headings, lists, tables and filled-in form fields, page by page."""

import ctypes
import threading
from collections.abc import Iterable, Iterator

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from apps.core.error_handling import (
    DamagedDocumentError,
    DocumentError,
    EmptyDocumentError,
    EncryptedDocumentError,
    ScannedDocumentError,
)
from apps.knowledge.extraction.pdf.document import Outline, bare, document_blocks
from apps.knowledge.extraction.pdf.pages import PageContent, page_pieces, read_page
from apps.knowledge.extraction.pdf.paragraphs import Paragraph
from apps.knowledge.extraction.pdf.running_lines import RunningLines, find_running_lines
from apps.knowledge.extraction.pdf.words import page_text
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile, ExtractionWarning
from apps.knowledge.extraction.source import SourceFile
from apps.knowledge.extraction.titles import document_title

_SAMPLED_PAGES = 40
_MOST_CODE = 0.5
_MOST_BOOKMARKS = 5_000
# pdfium keeps state for the whole process.
_PDFIUM = threading.Lock()


def read(source: SourceFile) -> ExtractedFile:
    """Return the PDF as one document."""
    with _PDFIUM:
        document = _open(source.data)
        try:
            return _Reading(document, source).result()
        finally:
            document.close()


def _open(data: bytes) -> pdfium.PdfDocument:
    # Some files have other bytes, such as an e-mail's header, before the PDF begins.
    start = data.find(b"%PDF-", 0, 1024)
    try:
        return pdfium.PdfDocument(data[start:] if start > 0 else data)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) in {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}:
            raise EncryptedDocumentError from error
        raise DamagedDocumentError from error


class _Reading:
    """One pass over the pages of a document, and what it learns about them."""

    def __init__(self, document: pdfium.PdfDocument, source: SourceFile) -> None:
        self._document = document
        self._source = source
        self._count = min(len(document), source.limits.pages)
        self._scans: list[int] = []
        self._unreadable: list[int] = []
        self._failed: list[int] = []

    def result(self) -> ExtractedFile:
        """Return the document, or raise why there is no text in it."""
        if self._document.get_formtype() in {raw.FORMTYPE_ACRO_FORM, raw.FORMTYPE_XFA_FOREGROUND}:
            self._document.init_forms()
        running, code = self._survey()
        paragraphs = [paragraph for content in self._pages(running, code=code) for paragraph in content.paragraphs]
        blocks = document_blocks(paragraphs, self._outline())
        if not blocks:
            raise self._reason()
        declared = self._document.get_metadata_value("Title")
        title = document_title(blocks, declared=declared, otherwise=self._source.stem)
        document = ExtractedDocument(title=title, blocks=tuple(blocks), language=self._language())
        return ExtractedFile(documents=(document,), warnings=tuple(self._warnings()))
