"""Turns plain text into blocks: paragraphs, list items and underlined headings."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise, takewhile

from apps.core.chunking.blocks import Block, BlockKind
from apps.knowledge.extraction import cleaning

_BULLET = re.compile(r"(?P<indent>\s*)(?:[-*•‣◦▪●○·–+]|(?P<number>\(?\d{1,3}[.)]|\(?[a-zA-Z]\)))\s+(?=\S)")
_UNDERLINE = re.compile(r"(?:={3,}|-{3,}|~{3,}|\*{3,}|_{3,})")
_RULE = re.compile(r"[\s=\-~*_#.+|—–]*")
_LONGEST_HEADING = 100
_NARROWEST, _WIDEST = 50, 130
_NEARLY_FULL = 0.75
_MOSTLY_FULL = 0.4
_OFTEN_BROKEN = 0.25
_DEEPEST = 5
_ITEM_INDENT = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class _Layout:
    """How the whole text is set: the width it was broken at (endless if it wasn't) and how far lists are indented."""

    width: float
    indents: list[int]

    def is_full(self, line: str) -> bool:
        return len(line) >= _NEARLY_FULL * self.width

    def level(self, indent: int) -> int:
        return min(_DEEPEST, self.indents.index(indent))


def text_blocks(text: str, *, page: int | None = None) -> list[Block]:
    """Return the blocks of a plain text; lines that were broken to fit a width are joined again."""
    lines = [line.rstrip() for line in cleaning.clean_text(text.replace("\t", "    ")).split("\n")]
    indents = sorted({len(bullet["indent"]) for line in lines if (bullet := _BULLET.match(line))})
    layout = _Layout(width=_wrap_width(lines), indents=indents)
    blocks: list[Block] = []
    for filled, group in groupby(lines, key=bool):
        if filled:
            part = list(group)
            continued = _continue_item(blocks, part, layout, page)
            blocks.extend(_group_blocks(part[continued:], layout, page))
    return blocks


def _continue_item(blocks: list[Block], lines: Sequence[str], layout: _Layout, page: int | None) -> int:
    """Add the indented lines that follow a list item and an empty line to the item; return how many these are."""
    if not blocks or blocks[-1].kind is not BlockKind.LIST_ITEM:
        return 0
    further = list(takewhile(lambda line: _indent(line) >= _ITEM_INDENT and not _BULLET.match(line), lines))
    texts = [block.text for block in _paragraphs(further, layout, page)]
    blocks[-1] = replace(blocks[-1], text="\n".join([blocks[-1].text, *texts]))
    return len(further)


def _group_blocks(lines: list[str], layout: _Layout, page: int | None) -> Iterator[Block]:
    if len(lines) > 1 and _UNDERLINE.fullmatch(lines[1].strip()) and len(lines[0]) <= _LONGEST_HEADING:
        level = 1 if lines[1].strip()[0] in "=*" else 2
        yield Block(kind=BlockKind.HEADING, text=cleaning.one_line(lines[0]), level=level, page=page)
        lines = lines[2:]
    for is_list, part in groupby(_items(lines, layout), key=lambda item: item[0]):
        if is_list:
            for _, item in part:
                yield from _list_item(item, layout, page)
        else:
            yield from _paragraphs([line for _, item in part for line in item], layout, page)


def _items(lines: Sequence[str], layout: _Layout) -> Iterator[tuple[bool, list[str]]]:
    """Part the lines into list items, each with the lines that continue it, and single lines."""
    item: list[str] = []
    for line in lines:
        if _BULLET.match(line):
            if item:
                yield True, item
            item = [line]
        elif item and (_indent(line) > _indent(item[0]) or layout.is_full(item[-1])):
            item.append(line)
        else:
            if item:
                yield True, item
            item = []
            yield False, [line]
    if item:
        yield True, item


def _list_item(lines: list[str], layout: _Layout, page: int | None) -> Iterator[Block]:
    bullet = _BULLET.match(lines[0])
    if bullet is None:
        return
    number = f"{bullet['number']} " if bullet["number"] else ""
    text = cleaning.one_line(number + " ".join([lines[0][bullet.end() :], *lines[1:]]))
    yield Block(kind=BlockKind.LIST_ITEM, text=text, level=layout.level(len(bullet["indent"])), page=page)


def _paragraphs(lines: Sequence[str], layout: _Layout, page: int | None) -> Iterator[Block]:
    """Join each full line with the next; a short line ends a paragraph of full ones, short ones stay together."""
    parts: list[str] = []
    full_before = joined = False
    for line in lines:
        if _RULE.fullmatch(line):
            continue
        if full_before and parts:
            parts[-1] += " " + line.strip()
            joined = True
        elif joined or (parts and layout.is_full(line)):
            yield _paragraph(parts, page)
            parts, joined = [line], False
        else:
            parts.append(line)
        full_before = layout.is_full(line)
    if parts:
        yield _paragraph(parts, page)


def _paragraph(parts: list[str], page: int | None) -> Block:
    return Block(kind=BlockKind.PARAGRAPH, text=cleaning.paragraph("\n".join(parts)), page=page)


def _wrap_width(lines: Sequence[str]) -> float:
    """Return the width at which the text was broken into lines, endless if it was not."""
    lengths = sorted(len(line) for line in lines if line)
    if len(lengths) < 3:
        return float("inf")
    width = lengths[int(0.95 * (len(lengths) - 1))]
    if not _NARROWEST <= width <= _WIDEST:
        return float("inf")
    full = sum(length for length in lengths if length >= _NEARLY_FULL * width)
    breaks = [after for line, after in pairwise(lines) if after and len(line) >= _NEARLY_FULL * width]
    broken = sum(after.lstrip()[:1].islower() for after in breaks)
    is_wrapped = full >= _MOSTLY_FULL * sum(lengths) and broken >= max(1, _OFTEN_BROKEN * len(breaks))
    return width if is_wrapped else float("inf")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
