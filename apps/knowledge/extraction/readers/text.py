"""Reads plain text in whatever charset it is."""

from apps.knowledge.extraction.charsets import decode
from apps.knowledge.extraction.plain_text import text_blocks
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile
from apps.knowledge.extraction.source import SourceFile


def read(source: SourceFile) -> ExtractedFile:
    """Return the text as one document."""
    blocks = text_blocks(decode(source.data))
    return ExtractedFile(documents=(ExtractedDocument(title=source.stem, blocks=tuple(blocks)),))
