"""Reads a file in this process: finds out what it is, gives it to its reader, and checks what comes out."""

import re
from dataclasses import replace
from pathlib import Path
from typing import IO

from apps.core.chunking.blocks import Block, BlockKind
from apps.core.error_handling import (
    DamagedDocumentError,
    DocumentError,
    DocumentTooLargeError,
    EmptyDocumentError,
    ExtractionCrashError,
)
from apps.knowledge.extraction.detection import detect
from apps.knowledge.extraction.faq_labels import without_faq_labels
from apps.knowledge.extraction.limits import MIB, ExtractionLimits
from apps.knowledge.extraction.readers import READERS
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile
from apps.knowledge.extraction.source import SourceFile

_MARKS = frozenset("•·●○▪◦∙■□–—-_*=~.|+#◆❖➢→ \n")
_BULLET = re.compile(r"[•·●○▪◦■□◆❖➢]\s+(?=\S)")
_LEADER = re.compile(r"\s*(?:\.[ \u00a0]?|…|·[ ]?){4,}\s*(?=[^\W_]|[$€£¥§(])")
_TRAILING_LEADER = re.compile(r"\s*(?:\.[ \u00a0]?|…|·[ ]?){4,}(?=[:;]|$)")


def extract(path: Path, *, file_name: str, limits: ExtractionLimits) -> ExtractedFile:
    """Return what the file holds, or raise the `DocumentError` that says why nothing could be read."""
    if path.stat().st_size > limits.file_bytes:
        raise DocumentTooLargeError(
            f"The file is larger than {limits.file_bytes // MIB} MB, the most that this server accepts. "
            "Split it and upload the parts."
        )
    return extract_bytes(path.read_bytes(), file_name=file_name, limits=limits)


def read_stream(stream: IO[bytes], *, file_name: str, limits: ExtractionLimits) -> ExtractedFile:
    """Do what `extract` does with an open file."""
    return extract_bytes(stream.read(), file_name=file_name, limits=limits)


def extract_bytes(data: bytes, *, file_name: str, limits: ExtractionLimits) -> ExtractedFile:
    """Do what `extract` does with a file's content."""
    return _read(SourceFile(name=file_name, data=data, limits=limits, read_member=_read))


def _read(source: SourceFile) -> ExtractedFile:
    reader = READERS[detect(source)]
    try:
        found = reader(source)
    except DocumentError:
        raise
    except MemoryError as error:
        raise ExtractionCrashError from error
    except Exception as error:
        raise DamagedDocumentError from error
    documents = tuple(document for document in map(_tidy, found.documents) if document.blocks)
    if not documents:
        raise EmptyDocumentError
    if sum(len(block.text) for document in documents for block in document.blocks) > source.limits.output_characters:
        raise DocumentTooLargeError
    return replace(found, documents=documents)


def _tidy(document: ExtractedDocument) -> ExtractedDocument:
    """Drop what is no more than bullets and rules, labels of questions, and the dots that lead to a number or price."""
    blocks = [_tidy_block(block) for block in document.blocks if not _MARKS.issuperset(block.text)]
    return replace(document, title=document.title or "Untitled", blocks=tuple(without_faq_labels(blocks)))


def _tidy_block(block: Block) -> Block:
    if block.kind is BlockKind.CODE:
        return block
    if block.kind is BlockKind.PARAGRAPH and _BULLET.match(block.text) and "\n" not in block.text:
        return replace(block, kind=BlockKind.LIST_ITEM, text=_BULLET.sub("", block.text))
    if "...." in block.text.replace(" ", "").replace("…", "...."):
        return replace(block, text=_LEADER.sub(": ", _TRAILING_LEADER.sub("", block.text)))
    return block
