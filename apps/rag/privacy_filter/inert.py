"""Makes markup in a model's text inert: nothing in it may load, run, link elsewhere or hide."""

import re
from dataclasses import dataclass, field

from apps.rag.sentences import MARKER

_MARKER = re.compile(MARKER)
_IMAGE = re.compile(r"!\[[^\]]*\](?:\([^)]*\)?|\[[^\]]*\])?")
_LINK = re.compile(r"(\[[^\[\]]*\])\([^)]*\)?")
_REFERENCE_LINK = re.compile(r"(\[[^\[\]]+\])\s?\[[^\[\]]*\]")
_DEFINITION = re.compile(r"^\s*\[[^\[\]]+\]:\s*<?(?:\w+:|//|/|#)\S*.*$", re.MULTILINE)
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]+)>")
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>")
_OPENED = re.compile(r"(`?)<(?=[a-zA-Z/!?])(?:(/?)([a-zA-Z][a-zA-Z0-9]{0,15})(\s?/?>`))?")
_BARE_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]{0,15})\s?/?>")
# Tags that load, run, send or lead somewhere.
_LOADING = frozenset(
    {"a", "audio", "base", "button", "embed", "form", "iframe", "image", "img", "input", "link", "math", "meta"}
    | {"object", "script", "style", "svg", "video"}
)
_SCRIPT_URL = re.compile(r"\b(javascript|vbscript|livescript)\s*:", re.IGNORECASE)
_DATA_URL = re.compile(r"\b(data)\s*:(?=\s*[\w.+-]+/)", re.IGNORECASE)
_PREFIX = re.compile(r"(?:>\s*)*(?P<heading>#{1,6}\s+)?(?P<item>(?:[-*+•‣▪]|\d{1,3}[.)])\s+)?")
_ROW_EDGE = re.compile(r"^\||\|(?=(?:\s*\[\d+\])*$)")
_RULE = re.compile(r"[\s|:*_=+-]+")
# A joiner belongs between letters of scripts that join; elsewhere it only hides something.
_STRAY_JOINER = re.compile(
    r"(?<![\u0600-\u06ff\u0900-\u0dff])[\u200c\u200d]|[\u200c\u200d](?![\u0600-\u06ff\u0900-\u0dff])"
)
_NESTED = 5  # tags within tags within tags; what is left then is opened up


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A piece of the stream without its markup. `item` is "- " or "1. " at the beginning of a list's item."""

    text: str = field(repr=False)
    item: str = ""
    is_heading: bool = False


class TableReader:
    """Turns the rows of a Markdown table into lines that can be checked one by one: "- Model: X100; Price: 20 EUR"."""

    def __init__(self) -> None:
        self._names: list[str] | None = None  # of the columns, while a table is read

    def read(self, text: str) -> str:
        """Return a row as a list's item, "" for a head, and anything that is no table as it is."""
        if not text.startswith("|"):
            self._names = None
            return text
        if _RULE.fullmatch(text):
            return ""
        cells = [cell.strip() for cell in _ROW_EDGE.sub("", text.strip()).split("|")]
        if self._names is None:
            self._names = cells
            return ""
        named = zip(cells, [*self._names, *[""] * len(cells)], strict=False)
        return "- " + "; ".join(f"{name}: {cell}" if name else cell for cell, name in named if cell)


def make_inert(text: str) -> Line:
    """Return a sentence, list item, heading or table row as text that can do nothing."""
    prefix = _PREFIX.match(text)
    body = text[prefix.end() :] if prefix else text
    if _RULE.fullmatch(body):
        return Line(text="")  # a ruler, or the line between a table's head and body
    item = ((prefix["item"] if prefix else None) or "").strip()
    if item and not item[0].isdigit():
        item = "-"
    return Line(
        text=without_markup(body),
        item=f"{item.replace(')', '.')} " if item else "",
        is_heading=bool(prefix and prefix["heading"]),
    )


def without_markup(text: str) -> str:
    """Return text in which links are their words, images and tags are gone, and no "<" opens anything."""
    if "\u200c" in text or "\u200d" in text:
        text = _STRAY_JOINER.sub("", text)
    if "[" in text:
        text = _IMAGE.sub("", _DEFINITION.sub("", text) if "]:" in text else text)
        text = _REFERENCE_LINK.sub(_words_of_link, _LINK.sub(_words_of_link, text))
    if "<" in text:
        text = _without_tags(_AUTOLINK.sub(r"\1", text))
    if ":" in text:
        text = _DATA_URL.sub(r"\1 :", _SCRIPT_URL.sub(r"\1 :", text))
    return text.replace("**", "").strip()


def _words_of_link(match: re.Match[str]) -> str:
    """A link becomes its words; a citation marker stays for the one who reads markers."""
    return match.group() if _MARKER.fullmatch(match[1]) else match[1][1:-1]


def _without_tags(text: str) -> str:
    for _ in range(_NESTED):
        text, count = _TAG.subn(_kept_tag, text)
        if not count or "`<" in text:
            break
    return _OPENED.sub(_opened_up, text)


def _kept_tag(match: re.Match[str]) -> str:
    """A bare tag that a page only talks about stays, as code; all others go."""
    bare = _BARE_TAG.fullmatch(match.group())
    if bare is None or bare[1].lower() in _LOADING:
        return ""
    quoted = match.string[match.start() - 1 : match.start()] == "`"
    return match.group() if quoted else f"`{match.group()}`"


def _opened_up(match: re.Match[str]) -> str:
    """A space after "<" makes it a sign; only a bare tag in backticks stays as it is."""
    if match[1] and match[3] and match[3].lower() not in _LOADING:
        return match.group()
    return match.group().replace("<", "< ")
