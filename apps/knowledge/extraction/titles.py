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
_SUPPORTED = 0.7
_TITLE_PAGE = 14
_FEWEST_CAPITALIZED = 3
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

# What opens many documents and names none of them.
_SHARED = re.compile(
    r"\W*(?:for (?:immediate )?release|(?:press|news|media) (?:release|statement)|pressemitteilung|medienmitteilung|"
    r"communiqué de presse|comunicado de prensa|comunicato stampa|united states(?: of america)?|"
    r"(?:united states )?securities and exchange commission|(?:form|formular|formulaire|formulario) [\w-]{1,8}|"
    r"(?:strictly )?confidential|draft|memorandum|circular|notice)\W*",
    re.IGNORECASE,
)
_SECTION = re.compile(
    r"(?:\(?\d+(?:\.\d+)*[.)]?\s|[ivx]+[.)]\s|(?:part|item|section|chapter|article|teil|kapitel|abschnitt)\s+\w+\b|"
    r"(?:table of )?contents|index|inhalt|inhaltsverzeichnis|abstract|summary|introduction|overview|einleitung)",
    re.IGNORECASE,
)


def document_title(blocks: Sequence[Block], *, declared: str = "", otherwise: str) -> str:
    """Return the document's title: what its properties declare and its beginning supports, else the heading that
    opens it, else the file's name.

    A title that stands in the properties alone is not used: its author may never have seen it there, and readers don't.
    """
    declared = usable_title(declared)
    if declared and _is_supported(declared, blocks) and not _SHARED.fullmatch(declared):
        return declared
    opening = [block for block in blocks[:_NEAR_TOP] if block.kind is BlockKind.HEADING]
    if opening and len(opening[0].text) <= _LONGEST:
        return telling_title(opening[0].text, blocks, otherwise=otherwise)
    return declared if declared and _stands_in(declared, blocks) else otherwise


def telling_title(title: str, blocks: Sequence[Block], *, otherwise: str) -> str:
    """Return a title that tells the document apart from others that open with the same heading.

    "For immediate release" gives way to the next heading, or stands before the file's name. An authority in capitals
    at the top of a title page ("DEPARTMENT OF FISHERIES") is followed by what the page is about.
    """
    headings = _headings_after(title, blocks)
    if _SHARED.fullmatch(title):
        telling = [heading.text for _, heading in headings if _tells(heading.text)]
        return telling[0] if telling else f"{title} – {otherwise}"
    if not title.isupper() or len(title.split()) < _FEWEST_CAPITALIZED or not headings:
        return title
    place, following = headings[0]
    both = f"{title} – {following.text}"
    is_title_page = place == 0 and _tells(following.text) and not _is_section(following, title, blocks)
    return both if is_title_page and len(both) <= _LONGEST else title


def _headings_after(title: str, blocks: Sequence[Block]) -> list[tuple[int, Block]]:
    """Return the other headings of the first page, and how many blocks stand between them and the title."""
    texts = [block.text for block in blocks[:_TITLE_PAGE]]
    start = texts.index(title) + 1 if title in texts else 0
    return [
        (place, block)
        for place, block in enumerate(blocks[start : start + _TITLE_PAGE])
        if block.kind is BlockKind.HEADING and block.text.casefold() != title.casefold()
    ]


def _tells(heading: str) -> bool:
    return len(heading) <= _LONGEST and not _SHARED.fullmatch(heading) and not _SECTION.match(heading)


def _is_section(heading: Block, title: str, blocks: Sequence[Block]) -> bool:
    """Tell whether a heading is the first of several sections below the title."""
    level = next((block.level for block in blocks if block.text == title), 0)
    alike = sum(block.kind is BlockKind.HEADING and block.level == heading.level for block in blocks)
    return heading.level > level and alike > 1


def usable_title(declared: str) -> str:
    """Return a declared title on one line, empty where it is too long or what programs write of themselves."""
    declared = one_line(declared)
    return "" if len(declared) > _LONGEST or _MEANINGLESS.fullmatch(declared) else declared


def _is_supported(declared: str, blocks: Sequence[Block]) -> bool:
    """Tell whether the document's beginning uses the title's words; templates leave titles of other documents."""
    words = [word.casefold() for word in _WORD.findall(declared)]
    beginning = _beginning(blocks)
    return len(words) > 1 and sum(word in beginning for word in words) >= _SUPPORTED * len(words)


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
