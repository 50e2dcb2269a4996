"""Owners upload what they have: every real, difficult file gives text or a reason, and text that can be stored."""

import re
import time
from collections import Counter
from functools import cache
from pathlib import Path
from statistics import mean

import pytest

from apps.core.chunking.blocks import Block, BlockKind
from apps.core.error_handling import (
    DocumentError,
    EmptyDocumentError,
    EncryptedDocumentError,
    ScannedDocumentError,
    UnknownFormatError,
)
from apps.knowledge.extraction import ExtractedFile, ExtractionLimits, extract
from apps.knowledge.extraction.link_targets import without_targets

DOCUMENTS = Path(__file__).resolve().parents[4] / "shared" / "documents"
MANIFEST = DOCUMENTS / "MANIFEST.tsv"
LIMITS = ExtractionLimits()
LONGEST_SECONDS = 60.0
UNSTORABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
ONE_LINE = {BlockKind.HEADING, BlockKind.TABLE_ROW}
EXPECTED_ERRORS = {
    "blank": EmptyDocumentError,
    "scanned": ScannedDocumentError,
    "OCR only": ScannedDocumentError,
}
# Encrypted against changes only: anyone can open and read it.
OPEN_WITHOUT_PASSWORD = {"testPDF_protected.pdf"}
LEGACY = {".doc", ".ppt", ".msg"}
LEAST_MEAN_F1, LEAST_F1 = 0.955, 0.83


def manifest() -> list[tuple[str, str]]:
    """Return each file of the collection with what is odd about it."""
    if not MANIFEST.exists():
        return []
    lines = MANIFEST.read_text(encoding="utf-8").splitlines()[1:]
    return [(name, note) for name, _, note, *_ in (line.split("\t") for line in lines)]


needs_documents = pytest.mark.skipif(not MANIFEST.exists(), reason="../shared/documents is not here")


@needs_documents
@pytest.mark.parametrize(("name", "note"), manifest(), ids=[name for name, _ in manifest()])
def test_each_file_gives_text_or_a_reason(name: str, note: str) -> None:
    path = DOCUMENTS / name
    started = time.monotonic()
    found = text_or_reason(path)
    assert time.monotonic() - started < LONGEST_SECONDS
    if isinstance(found, DocumentError):
        assert is_expected(found, path, note), f"{type(found).__name__}: {found}"
        assert ". " in str(found), "it says what happened and what to do"
        return
    assert note not in EXPECTED_ERRORS
    assert not note.startswith("encrypted") or path.name in OPEN_WITHOUT_PASSWORD
    assert_is_sound(found)


def text_or_reason(path: Path) -> ExtractedFile | DocumentError:
    try:
        return extract(path, file_name=path.name, limits=LIMITS)
    except DocumentError as error:
        return error


def is_expected(error: DocumentError, path: Path, note: str) -> bool:
    """Tell whether this is a reason that may be given for this file."""
    if note in EXPECTED_ERRORS:
        return isinstance(error, EXPECTED_ERRORS[note])
    if note.startswith("encrypted"):
        return isinstance(error, EncryptedDocumentError)
    if path.suffix in LEGACY:
        return isinstance(error, UnknownFormatError)
    return path.name in REASONS and error.code == REASONS[path.name]


# Files of which the manifest doesn't say that there is no text in them.
REASONS = {
    "headerPic.docx": "document_needs_ocr",
    "testPPT_masterText.pptx": "document_empty",
    "testEXCEL_poi-61034.xlsx": "document_empty",
    "testEXCEL_textbox.xlsx": "document_empty",
    "grayscale-image.pdf": "document_needs_ocr",
    "imagemagick-CCITTFaxDecode.pdf": "document_needs_ocr",
    "shredded_strips.pdf": "document_empty",
    "single_table.pdf": "document_needs_ocr",
    "testOCR.pdf": "document_needs_ocr",
    "testPDF_malformedXFA.pdf": "document_format_unknown",
    "testPDF_no_extract_no_accessibility_owner_user.pdf": "document_encrypted",
    "unreadablemetadata.pdf": "document_damaged",
}


def assert_is_sound(found: ExtractedFile) -> None:
    assert found.documents
    for document in found.documents:
        assert document.title.strip()
        assert not UNSTORABLE.search(document.title + document.external_id + document.url)
        assert document.blocks
        for block in document.blocks:
            assert_is_sound_block(block)
    for warning in found.warnings:
        assert re.fullmatch("[a-z_]+", warning.code)
        assert warning.message.endswith(".")


def assert_is_sound_block(block: Block) -> None:
    assert block.text.strip()
    assert not UNSTORABLE.search(block.text)
    assert block.kind not in ONE_LINE or "\n" not in block.text
    assert block.page is None or block.page >= 1
    assert 1 <= block.level <= 6 if block.kind is BlockKind.HEADING else block.level >= 0


def words(text: str) -> Counter[str]:
    """Count words, and single signs of scripts without spaces."""
    return Counter(re.findall(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]|\w+", text.lower()))


def token_f1(found: str, expected: str) -> float:
    """Return the harmonic mean of precision and recall of words."""
    one, other = words(found), words(expected)
    shared = (one & other).total()
    return 2 * shared / (one.total() + other.total())


@cache
def text_of(name: str) -> str:
    found = extract(DOCUMENTS / "html_with_expected" / name, file_name=name, limits=LIMITS)
    return "\n".join(without_targets(block.text) for document in found.documents for block in document.blocks)


@needs_documents
def test_of_a_web_page_the_article_comes_out_without_menus_and_advertisements() -> None:
    names = sorted(path.name for path in (DOCUMENTS / "html_with_expected").glob("*.source.html"))
    scores = {name: token_f1(text_of(name), text_of(name.replace(".source.", ".expected."))) for name in names}
    assert mean(scores.values()) > LEAST_MEAN_F1
    assert min(scores.values()) > LEAST_F1, min(scores, key=scores.__getitem__)
