"""Finds a title that a visitor would recognise the document by."""

import re
import zipfile
from collections.abc import Sequence

from apps.core.chunking.blocks import Block, BlockKind
from apps.knowledge.extraction.cleaning import one_line
from apps.knowledge.extraction.xml import parse

_LONGEST = 200
_NEAR_TOP = 4
# What programs write where an author wrote nothing.
_MEANINGLESS = re.compile(
    r"(?:microsoft (?:word|powerpoint|excel)\b.*|untitled\d*|(?:un)?titled document|document ?\d*|presentation ?\d*|"
    r"powerpoint[- ]pr[aä]sentation|powerpoint presentation|slide \d+|pr[aä]sentation ?\d*|dokument ?\d*|title|titel|"
    r"no slide title|unknown|none|null|new document|neues dokument|.*\.(?:docx?|pptx?|xlsx?|pdf|indd|qxd|tex|dvi|ps|rtf|odt|html?)|"
    r"\W*|\d+|[a-z0-9_-]*\d{4,}[a-z0-9_-]*)",
    re.IGNORECASE,
)


def document_title(blocks: Sequence[Block], *, declared: str = "", otherwise: str) -> str:
    """Return the heading that opens the document, else the title that its properties declare, else the file's name."""
    opening = [block for block in blocks[:_NEAR_TOP] if block.kind is BlockKind.HEADING]
    if opening and len(opening[0].text) <= _LONGEST:
        return opening[0].text
    declared = one_line(declared)
    if declared and len(declared) <= _LONGEST and not _MEANINGLESS.fullmatch(declared):
        return declared
    return otherwise


def declared_title(archive: zipfile.ZipFile) -> str:
    """Return the title among an Office document's properties, empty if it has none."""
    if "docProps/core.xml" not in archive.namelist():
        return ""
    return parse(archive.read("docProps/core.xml")).findtext("{*}title") or ""
