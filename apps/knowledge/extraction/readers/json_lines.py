"""Reads JSON Lines: a bulk import, one document a line."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from apps.core.chunking.blocks import Block, BlockKind
from apps.core.error_handling import DocumentTooLargeError
from apps.knowledge.extraction import cleaning
from apps.knowledge.extraction.charsets import decode, is_wide
from apps.knowledge.extraction.plain_text import text_blocks
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile, ExtractionWarning
from apps.knowledge.extraction.source import SourceFile

_MOST_WARNINGS = 100
_LONGEST_ID = 500


class _BadLineError(ValueError):
    """What is wrong with a line, in words for its author."""


def read(source: SourceFile) -> ExtractedFile:
    """Return a document for each line that holds one, and a warning for each that does not."""
    documents: list[ExtractedDocument] = []
    bad: list[tuple[int, str]] = []
    for number, line in _lines(source.data):
        try:
            documents.append(_document(line, number, source.stem))
        except _BadLineError as error:
            bad.append((number, str(error)))
        if len(documents) > source.limits.documents:
            raise DocumentTooLargeError(
                f"The file holds more than {source.limits.documents:,} documents. Split it and upload the parts."
            )
    return ExtractedFile(documents=tuple(documents), warnings=tuple(_warnings(bad)))


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    if is_wide(data):
        data = decode(data).encode("utf-8", "replace")
    for number, line in enumerate(BytesIO(data.removeprefix(b"\xef\xbb\xbf")), start=1):
        if line.strip():
            yield number, line


def _document(line: bytes, number: int, stem: str) -> ExtractedDocument:
    record = _record(line)
    blocks = _text(record.get("text"))
    title = cleaning.one_line(_string(record.get("title")))
    if not blocks:
        raise _BadLineError('has no text in its field "text"')
    identity = record.get("id", record.get("_id"))
    return ExtractedDocument(
        title=title or f"{stem}, line {number}",
        blocks=tuple(blocks),
        external_id=cleaning.one_line(_string(identity))[:_LONGEST_ID],
        url=cleaning.one_line(_string(record.get("url"))),
    )


def _record(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(decode(line))
    except (ValueError, RecursionError) as error:
        raise _BadLineError("is not valid JSON") from error
    if not isinstance(record, dict):
        raise _BadLineError("is not a JSON object")
    return record


def _text(value: object) -> list[Block]:
    """Return the text's paragraphs; most records hold one, which needs no closer look."""
    text = _string(value)
    if "\n" in text:
        return text_blocks(text)
    line = cleaning.one_line(text)
    return [Block(kind=BlockKind.PARAGRAPH, text=line)] if line else []


def _string(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _warnings(bad: list[tuple[int, str]]) -> Iterator[ExtractionWarning]:
    for number, reason in bad[:_MOST_WARNINGS]:
        yield ExtractionWarning(code="line_unreadable", message=f"Line {number:,} was left out: it {reason}.")
    if len(bad) > _MOST_WARNINGS:
        rest = len(bad) - _MOST_WARNINGS
        yield ExtractionWarning(code="lines_unreadable", message=f"{rest:,} more lines were left out.")
