"""The layout of a passage that was read before layouts were kept, told by its line breaks and bullets."""

import re
from collections.abc import Iterator

from apps.core.chunking import BlockKind, Part

_PARAGRAPH = re.compile(r"\S(?:.|\n(?!\s*\n))*")
_LINE = re.compile(r"\S[^\n]*")
_BULLET = re.compile(r"(?:[-*•–·‣▪◦○●■□]|\(?\d{1,3}[.)]|[a-z]\))\s+")
_ROW = re.compile(r"[^:;\n]{1,80}: [^;\n]+(?:; [^;\n]+)*?; [^:;\n]{1,80}: [^\n]+")
_ENDS = (".", "!", "?", "。", "！", "？", "…", ":", "：", ";", "؟", "।")
LONGEST_HEADING = 80
FEWEST_WRAPPED = 45  # a line at least this long that stops in mid-sentence was wrapped, not ended


def guessed_layout(text: str, *, page: int | None) -> tuple[Part, ...]:
    """Return the parts that a text seems to consist of. Such passages part items by one line break, all else by two."""
    return tuple(
        Part(kind=kind, start=start, end=end, page=page)
        for paragraph in _PARAGRAPH.finditer(text)
        for kind, start, end in _parts(text, paragraph)
    )


def _parts(text: str, paragraph: re.Match[str]) -> Iterator[tuple[BlockKind, int, int]]:
    lines = list(_LINE.finditer(text, paragraph.start(), paragraph.end()))
    kinds = [_kind_of_line(line.group()) for line in lines]
    if kinds == [BlockKind.PARAGRAPH] and _is_heading(paragraph.group(), text[paragraph.end() :]):
        yield BlockKind.HEADING, paragraph.start(), paragraph.end()
    elif len(lines) == 1 or (all(kind is BlockKind.PARAGRAPH for kind in kinds) and _are_wrapped(lines)):
        yield kinds[0], paragraph.start(), paragraph.end()
    else:
        for line, kind in zip(lines, kinds, strict=True):
            listed = kind if kind is not BlockKind.PARAGRAPH else BlockKind.LIST_ITEM
            yield listed, line.start(), line.end()


def _kind_of_line(line: str) -> BlockKind:
    if _ROW.fullmatch(line):
        return BlockKind.TABLE_ROW
    return BlockKind.LIST_ITEM if _BULLET.match(line) else BlockKind.PARAGRAPH


def _is_heading(paragraph: str, after: str) -> bool:
    return bool(after.strip()) and len(paragraph) <= LONGEST_HEADING and not paragraph.endswith(_ENDS)


def _are_wrapped(lines: list[re.Match[str]]) -> bool:
    """Tell whether every line but the last stops in mid-sentence because the page was too narrow."""
    texts = [line.group().rstrip() for line in lines[:-1]]
    return all(len(line) >= FEWEST_WRAPPED and not line.endswith(_ENDS) for line in texts)
