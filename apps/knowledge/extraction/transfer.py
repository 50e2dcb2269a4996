"""Carries what was extracted, or why nothing was, from the child process to its parent: lines of JSON in a file."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from traceback import extract_tb
from typing import IO, Any

from apps.core.chunking.blocks import Block, BlockKind
from apps.core.error_handling import DamagedDocumentError, DocumentError, ExtractionCrashError
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile, ExtractionWarning

logger = logging.getLogger(__name__)


def write_file(stream: IO[bytes], found: ExtractedFile) -> None:
    """Write a result, one line for each document."""
    warnings = [[warning.code, warning.message] for warning in found.warnings]
    _write(stream, {"warnings": warnings, "documents": len(found.documents)})
    for document in found.documents:
        blocks = [[block.kind, block.text, block.level, block.page] for block in document.blocks]
        facts = [document.title, document.external_id, document.url, document.language]
        _write(stream, {"facts": facts, "blocks": blocks})


def write_error(stream: IO[bytes], error: DocumentError) -> None:
    """Write why nothing was extracted, and where in the code a reader failed, without a word of the text."""
    cause = _place(error.__cause__) if isinstance(error, DamagedDocumentError) else ""
    _write(stream, {"error": error.code, "message": str(error), "cause": cause})


def read_file(stream: IO[bytes]) -> ExtractedFile:
    """Return the result, or raise the error, that the child process wrote; a result that is not whole is a crash."""
    try:
        head = json.loads(stream.readline())
        if "error" in head:
            if head["cause"]:
                logger.warning("A reader failed: %s", head["cause"])
            raise _error_class(head["error"])(head["message"])
        documents = tuple(_document(json.loads(line)) for line in stream)
        warnings = tuple(ExtractionWarning(code=code, message=message) for code, message in head["warnings"])
    except (ValueError, KeyError, TypeError) as error:
        raise ExtractionCrashError from error
    if len(documents) != head["documents"]:
        raise ExtractionCrashError
    return ExtractedFile(documents=documents, warnings=warnings)


def _write(stream: IO[bytes], record: dict[str, Any]) -> None:
    stream.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


def _document(record: dict[str, Any]) -> ExtractedDocument:
    title, external_id, url, language = record["facts"]
    blocks = tuple(
        Block(kind=BlockKind(kind), text=text, level=level, page=page) for kind, text, level, page in record["blocks"]
    )
    return ExtractedDocument(title=title, blocks=blocks, external_id=external_id, url=url, language=language)


def _place(error: BaseException | None) -> str:
    """Return the kind of an error and the innermost place in this package that it passed through."""
    if error is None:
        return ""
    frames = [frame for frame in extract_tb(error.__traceback__) if "extraction" in frame.filename]
    where = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def _error_class(code: str) -> type[DocumentError]:
    return next((error for error in _errors(DocumentError) if error.code == code), ExtractionCrashError)


def _errors(error: type[DocumentError]) -> Iterator[type[DocumentError]]:
    yield error
    for narrower in error.__subclasses__():
        yield from _errors(narrower)
