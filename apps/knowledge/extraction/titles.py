"""Finds a title that a visitor would recognise the document by."""

import re
import zipfile
from collections.abc import Sequence

from apps.core.chunking.blocks import Block, BlockKind
from apps.knowledge.extraction.cleaning import one_line
from apps.knowledge.extraction.xml import parse

_LONGEST = 200
_NEAR_TOP = 4
_BEGINNING = 40
_BORNE_OUT = 0.7
_WORD = re.compile(r"\w{3,}")
# What programs write where an author wrote nothing.
_MEANINGLESS = re.compile(
    r"(?:microsoft (?:word|powerpoint|excel)\b.*|untitled\d*|(?:un)?titled document|document ?\d*|presentation ?\d*|"
    r"powerpoint[- ]pr[aä]sentation|powerpoint presentation|slide \d+|pr[aä]sentation ?\d*|dokument ?\d*|title|titel|"
    r"no slide title|unknown|none|null|new document|neues dokument|"
    r".*\.(?:docx?|pptx?|xlsx?|pdf|indd|qxd|tex|dvi|ps|rtf|odt|html?)|"
    r"\W*|\d+|[a-z0-9_-]*\d{4,}[a-z0-9_-]*)",
    re.IGNORECASE,
)


def document_title(blocks: Sequence[Block], *, declared: str = "", otherwise: str) -> str:
    """Return the document's title: what its properties declare and its beginning bears out, else the heading that
    opens it, else the file's name.

    A title that stands in the properties alone is not used: its author may never have seen it there, and readers don't.
    """
    declared = usable_title(declared)
    if declared and _is_borne_out(declared, blocks):
        return declared
    opening = [block for block in blocks[:_NEAR_TOP] if block.kind is BlockKind.HEADING]
    if opening and len(opening[0].text) <= _LONGEST:
        return opening[0].text
    return declared if declared and _stands_in(declared, blocks) else otherwise


def usable_title(declared: str) -> str:
    """Return a declared title on one line, empty where it is too long or what programs write of themselves."""
    declared = one_line(declared)
    return "" if len(declared) > _LONGEST or _MEANINGLESS.fullmatch(declared) else declared


def _is_borne_out(declared: str, blocks: Sequence[Block]) -> bool:
    """Tell whether the document's beginning uses the title's words; templates leave titles of other documents."""
    words = [word.casefold() for word in _WORD.findall(declared)]
    beginning = _beginning(blocks)
    return len(words) > 1 and sum(word in beginning for word in words) >= _BORNE_OUT * len(words)


def _stands_in(declared: str, blocks: Sequence[Block]) -> bool:
    """Tell whether all of the title's words stand in the document's beginning."""
    words = re.findall(r"\w+", declared.casefold())
    beginning = _beginning(blocks)
    return bool(words) and all(word in beginning for word in words)


def _beginning(blocks: Sequence[Block]) -> str:
    return " ".join(block.text for block in blocks[:_BEGINNING]).casefold()


def declared_title(archive: zipfile.ZipFile) -> str:
    """Return the title among an Office document's properties, empty if it has none."""
    if "docProps/core.xml" not in archive.namelist():
        return ""
    return parse(archive.read("docProps/core.xml")).findtext("{*}title") or ""
