"""Reads PDF: text in reading order, headings, lists, tables and filled-in form fields, page by page."""

import ctypes
import threading
import time
from collections.abc import Iterable, Iterator
from itertools import islice

import pypdfium2 as pdfium
from pypdfium2 import raw

from apps.core.error_handling import (
    DamagedDocumentError,
    DocumentError,
    EmptyDocumentError,
    EncryptedDocumentError,
    ScannedDocumentError,
    UnknownFormatError,
)
from apps.knowledge.extraction.pdf.document import Outline, bare, document_blocks
from apps.knowledge.extraction.pdf.layers import take_out_hidden_layers
from apps.knowledge.extraction.pdf.pages import PageContent, page_layers, read_page
from apps.knowledge.extraction.pdf.running_lines import RunningLines, find_running_lines
from apps.knowledge.extraction.pdf.words import page_text
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile, ExtractionWarning
from apps.knowledge.extraction.source import SourceFile
from apps.knowledge.extraction.titles import document_title

_SAMPLED_PAIRS = 8
_MOST_LOOKED_AT = 40
_MOST_CODE = 0.5
_TIME_SHARE = 0.75
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
        # Part of a long document is better than none: stop in time to hand on what has been read.
        self._latest = time.monotonic() + _TIME_SHARE * source.limits.wall_seconds
        self._most_work = time.process_time() + _TIME_SHARE * source.limits.cpu_seconds
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

    def _survey(self) -> tuple[RunningLines, bool]:
        """Look at some pages: which lines stand on page after page, and whether type of one width means code."""
        samples, mono, letters = [], 0, 0
        for index in _sample(self._count):
            for page in self._load(index):
                text = page_text(page)
                for layer in page_layers(page, text)[:1]:
                    samples.append((layer.pieces, page.get_bbox(), text.rotations[0]))
                    letters += sum(len(piece.text) for piece in layer.pieces)
                    mono += sum(len(piece.text) for piece in layer.pieces if piece.mono)
        return find_running_lines(samples), mono < _MOST_CODE * letters

    def _pages(self, running: RunningLines, *, code: bool) -> Iterator[PageContent]:
        for index in range(self._count):
            if self._is_late():
                self._count = index
                break
            content = None
            for page in self._load(index):
                content = read_page(page, index + 1, running, code=code)
            if content is None:
                self._failed.append(index + 1)
                continue
            if content.is_scan:
                self._scans.append(index + 1)
            if content.is_unreadable:
                self._unreadable.append(index + 1)
            yield content

    def _is_late(self) -> bool:
        return time.monotonic() > self._latest or time.process_time() > self._most_work

    def _load(self, index: int) -> Iterator[pdfium.PdfPage]:
        """Yield the page as its readers see it: its form filled in, without layers that are off; nothing if broken."""
        try:
            page = self._document[index]
            if self._document.formenv is not None:
                page.flatten()
                page.close()
                page = self._document[index]
            take_out_hidden_layers(page)
        except pdfium.PdfiumError:
            return
        try:
            yield page
        finally:
            page.close()

    def _outline(self) -> Outline:
        levels: dict[tuple[int, str], int] = {}
        for bookmark in islice(self._document.get_toc(max_depth=6), _MOST_BOOKMARKS):
            target = bookmark.get_dest()
            page = target.get_index() if target is not None else None
            title = bare(bookmark.get_title())
            if page is not None and title:
                levels.setdefault((page + 1, title), min(6, bookmark.level + 1))
        return levels

    def _language(self) -> str:
        size = raw.FPDFCatalog_GetLanguage(self._document.raw, None, 0)
        buffer = ctypes.create_string_buffer(size)
        raw.FPDFCatalog_GetLanguage(self._document.raw, ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
        code = buffer.raw.decode("utf-16-le", "replace").strip("\0").split("-")[0].lower()
        return code if code.isascii() and code.isalpha() and 2 <= len(code) <= 3 else ""

    def _reason(self) -> DocumentError:
        if self._document.get_formtype() == raw.FORMTYPE_XFA_FULL:
            return UnknownFormatError(
                "The PDF is a dynamic form (XFA). Open it, print it to a new PDF and upload that."
            )
        if self._unreadable:
            return ScannedDocumentError(
                "The PDF doesn't say which letters its shapes are. Run text recognition (OCR) over it and upload that."
            )
        if self._failed:
            return DamagedDocumentError()
        return ScannedDocumentError() if self._scans or self._has_pictures() else EmptyDocumentError()

    def _has_pictures(self) -> bool:
        return any(
            next(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]), None) is not None
            for index in range(min(self._count, _MOST_LOOKED_AT))
            for page in self._load(index)
        )

    def _warnings(self) -> Iterator[ExtractionWarning]:
        if self._failed:
            yield _about_pages("page_unreadable", self._failed, "could not be read")
        if self._scans:
            yield _about_pages(
                "page_needs_ocr", self._scans, "hold pictures of text; run text recognition (OCR) over them"
            )
        if self._unreadable:
            yield _about_pages(
                "page_needs_ocr",
                self._unreadable,
                "hold letters that the file doesn't name; run text recognition (OCR) over them",
            )
        if len(self._document) > self._count:
            message = (
                f"Only the first {self._count:,} of {len(self._document):,} pages were read. "
                "Split the file and upload the parts."
            )
            yield ExtractionWarning(code="pages_left_out", message=message)
        attachments = self._document.count_attachments()
        if attachments:
            message = f"{attachments} attached files were left out. Upload them on their own."
            yield ExtractionWarning(code="attachment_left_out", message=message)


def _sample(count: int) -> list[int]:
    """Return some of the pages in neighbouring pairs, since left and right pages differ."""
    if count <= 2 * _SAMPLED_PAIRS:
        return list(range(count))
    starts = [pair * (count - 1) // _SAMPLED_PAIRS for pair in range(_SAMPLED_PAIRS)]
    return sorted({page for start in starts for page in (start, start + 1)})


def _about_pages(code: str, pages: Iterable[int], what: str) -> ExtractionWarning:
    return ExtractionWarning(code=code, message=f"Pages {_ranges(list(pages))} {what}.")


def _ranges(numbers: list[int]) -> str:
    """Write 1, 2, 3 and 7 as "1–3, 7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
