"""Finds a document's sections: what stands under which headings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from apps.core.chunking.blocks import Block, BlockKind

LONGEST_HEADING = 300  # characters; anything longer is a paragraph that was set in large type


@dataclass(kw_only=True, slots=True)
class Section:
    """A run of blocks, by their numbers, under the same headings.

    `opening` is the number of the section's own heading. `body` may hold bare headings: those with no text
    of their own below them. They belong to the text that follows, so that no chunk is a heading alone.
    """

    path: tuple[str, ...] = field(default=(), repr=False)
    opening: int | None = None
    body: list[int] = field(default_factory=list)

    @property
    def first(self) -> int:
        return self.body[0] if self.opening is None else min(self.opening, self.body[0])


def is_heading(block: Block) -> bool:
    return block.kind is BlockKind.HEADING and len(block.text) <= LONGEST_HEADING


def find_sections(blocks: Sequence[Block]) -> list[Section]:
    """Return the sections that have a body, in order; every block of text that isn't a heading is in exactly one."""
    bare = _bare_headings(blocks)
    sections: list[Section] = []
    section = Section()
    enclosing: list[Block] = []  # their levels ascend
    waiting: list[int] = []  # bare headings, until the text that follows them comes
    for number, block in _with_text(blocks):
        if number in bare:
            waiting.append(number)
        elif is_heading(block):
            enclosing = [outer for outer in enclosing if outer.level < block.level] + [block]
            section = Section(path=tuple(_title(heading) for heading in enclosing), opening=number)
        else:
            if not section.body:
                sections.append(section)
            section.body += [*waiting, number]
            waiting = []
    if waiting:
        if not sections:
            sections.append(section)
        sections[-1].body += waiting
    return sections


def common_path(paths: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the headings that all of the paths begin with."""
    levels = takewhile(lambda titles: len(set(titles)) == 1, zip(*paths, strict=False))
    return tuple(titles[0] for titles in levels)


def _bare_headings(blocks: Sequence[Block]) -> set[int]:
    """Return the numbers of the headings that are followed by no text before the next one that doesn't lie below."""
    bare: set[int] = set()
    open_headings: list[int] = []
    for number, block in _with_text(blocks):
        if not is_heading(block):
            open_headings.clear()
            continue
        while open_headings and blocks[open_headings[-1]].level >= block.level:
            bare.add(open_headings.pop())
        open_headings.append(number)
    return bare | set(open_headings)


def _with_text(blocks: Sequence[Block]) -> Iterator[tuple[int, Block]]:
    return ((number, block) for number, block in enumerate(blocks) if block.text.strip())


def _title(block: Block) -> str:
    return " ".join(block.text.split())
