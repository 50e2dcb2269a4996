"""Works out the numbers that Word shows before list items and headings: "3.", "b)", "§ 4.2"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from apps.knowledge.extraction.xml import attributes

_PLACEHOLDER = re.compile(r"%([1-9])")
_LEVELS = 9
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"))
_ROMAN_ONES = ((9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_SILENT_FORMATS = {"bullet", "none"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Level:
    start: int
    style: str
    text: str
    legal: bool


@dataclass(kw_only=True, slots=True)
class _List:
    """One abstract list: its levels, and how far each has been counted."""

    levels: dict[int, _Level]
    counts: list[int | None] = field(default_factory=lambda: [None] * _LEVELS)


class Numbering:
    """The lists of a document; `label` must be asked once for each numbered paragraph, in order."""

    def __init__(self, numbering: etree._Element | None, styles: etree._Element | None) -> None:
        self._lists = dict(_abstract_lists(numbering)) if numbering is not None else {}
        self._used: dict[str, str] = {}
        self._restarts: dict[str, dict[int, int]] = {}
        self._styles = _style_numbers(styles) if styles is not None else {}
        for number in numbering.iterfind("{*}num") if numbering is not None else ():
            identity = value(number)
            self._used[identity] = value(number.find("{*}abstractNumId"))
            self._restarts[identity] = dict(_overrides(number))

    def label(self, paragraph: etree._Element) -> str:
        """Return what Word shows before the paragraph, empty for bullets and paragraphs without a number."""
        number, level = self._place(paragraph)
        numbered = self._lists.get(self._used.get(number, ""))
        if numbered is None or level not in numbered.levels:
            return ""
        for restarted, start in self._restarts.pop(number, {}).items():
            numbered.counts[restarted] = start - 1
        self._count(numbered, level)
        if numbered.levels[level].style in _SILENT_FORMATS:
            return ""
        return _PLACEHOLDER.sub(lambda match: _shown(numbered, int(match[1]) - 1, level), numbered.levels[level].text)

    def _place(self, paragraph: etree._Element) -> tuple[str, int]:
        """Return the list and the level of a paragraph, its own or its style's."""
        properties = paragraph.find("{*}pPr")
        if properties is None:
            return "", 0
        style = self._styles.get(value(properties.find("{*}pStyle")), ("", 0))
        own = properties.find("{*}numPr")
        if own is None:
            return style
        number, level = own.find("{*}numId"), own.find("{*}ilvl")
        return (
            value(number) if number is not None else style[0],
            min(_LEVELS - 1, _int(value(level), style[1])) if level is not None else style[1],
        )

    @staticmethod
    def _count(numbered: _List, level: int) -> None:
        count = numbered.counts[level]
        numbered.counts[level] = numbered.levels[level].start if count is None else count + 1
        numbered.counts[level + 1 :] = [None] * (_LEVELS - level - 1)


def value(element: etree._Element | None) -> str:
    """Return the attribute that says most of what WordprocessingML says; the number's id for a list."""
    if element is None:
        return ""
    found = attributes(element)
    return next((found[name] for name in ("val", "numId", "abstractNumId", "styleId") if name in found), "")


def _abstract_lists(numbering: etree._Element) -> Iterator[tuple[str, _List]]:
    for abstract in numbering.iterfind("{*}abstractNum"):
        levels = {}
        for level in abstract.iterfind("{*}lvl"):
            levels[min(_LEVELS - 1, _int(attributes(level).get("ilvl", ""), 0))] = _Level(
                start=_int(value(level.find("{*}start")), 1),
                style=value(level.find("{*}numFmt")) or "decimal",
                text=value(level.find("{*}lvlText")),
                legal=level.find("{*}isLgl") is not None,
            )
        yield value(abstract), _List(levels=levels)


def _overrides(number: etree._Element) -> Iterator[tuple[int, int]]:
    for override in number.iterfind("{*}lvlOverride"):
        start = override.find("{*}startOverride")
        if start is not None:
            yield min(_LEVELS - 1, _int(attributes(override).get("ilvl", ""), 0)), _int(value(start), 1)


def _style_numbers(styles: etree._Element) -> dict[str, tuple[str, int]]:
    """Return the list and level of each paragraph style that has one, also from the style it is based on."""
    own: dict[str, tuple[str, int]] = {}
    based: dict[str, str] = {}
    for style in styles.iterfind("{*}style"):
        name = attributes(style).get("styleId", "")
        based[name] = value(style.find("{*}basedOn"))
        found = style.find("{*}pPr/{*}numPr")
        if found is not None:
            own[name] = value(found.find("{*}numId")), min(_LEVELS - 1, _int(value(found.find("{*}ilvl")), 0))
    for name in based:
        ancestor, steps = name, 0
        while ancestor not in own and ancestor in based and steps < 20:
            ancestor, steps = based[ancestor], steps + 1
        if ancestor in own:
            own.setdefault(name, own[ancestor])
    return own


def _shown(numbered: _List, depth: int, at: int) -> str:
    level = numbered.levels.get(depth)
    if level is None:
        return ""
    count = numbered.counts[depth]
    number = level.start if count is None else count
    return _formatted(number, "decimal" if numbered.levels[at].legal else level.style)


def _formatted(number: int, style: str) -> str:
    if style in {"lowerLetter", "upperLetter"} and number > 0:
        letters = chr(97 + (number - 1) % 26) * min(5, (number - 1) // 26 + 1)
        return letters if style == "lowerLetter" else letters.upper()
    if style in {"lowerRoman", "upperRoman"} and 0 < number < 4000:
        return _roman(number) if style == "lowerRoman" else _roman(number).upper()
    if style in _SILENT_FORMATS:
        return ""
    return f"{number:02}" if style == "decimalZero" else str(number)


def _roman(number: int) -> str:
    text = ""
    for size, letters in (*_ROMAN, *_ROMAN_ONES):
        times, number = divmod(number, size)
        text += letters * times
    return text


def _int(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 10 else otherwise
