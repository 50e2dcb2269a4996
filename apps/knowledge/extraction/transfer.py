"""Carries what was extracted, or why nothing was, from the child process to its parent: lines of JSON in a file."""

import json
from collections.abc import Iterator
from typing import IO, Any

from apps.core.chunking.blocks import Block, BlockKind
from apps.core.error_handling import DocumentError, ExtractionCrashError
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile, ExtractionWarning


def write_file(stream: IO[bytes], found: ExtractedFile) -> None:
    """Write a result, one line for each document."""
    warnings = [[warning.code, warning.message] for warning in found.warnings]
    _write(stream, {"warnings": warnings, "documents": len(found.documents)})
    for document in found.documents:
        blocks = [[block.kind, block.text, block.level, block.page] for block in document.blocks]
        facts = [document.title, document.external_id, document.url, document.language]
        _write(stream, {"facts": facts, "blocks": blocks})


def write_error(stream: IO[bytes], error: DocumentError) -> None:
    """Write why nothing was extracted."""
    _write(stream, {"error": error.code, "message": str(error)})


def read_file(stream: IO[bytes]) -> ExtractedFile:
    """Return the result, or raise the error, that the child process wrote; a result that is not whole is a crash."""
    try:
        head = json.loads(stream.readline())
        if "error" in head:
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


def _error_class(code: str) -> type[DocumentError]:
    return next((error for error in _errors(DocumentError) if error.code == code), ExtractionCrashError)


def _errors(error: type[DocumentError]) -> Iterator[type[DocumentError]]:
    yield error
    for narrower in error.__subclasses__():
        yield from _errors(narrower)
