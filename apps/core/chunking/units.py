"""Turns blocks into units: the smallest pieces that a chunk may begin or end with."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from apps.core.chunking.blocks import Block, BlockKind, Span
from apps.core.chunking.chunk import ChunkingOptions
from apps.core.chunking.sections import is_heading
from apps.core.chunking.sentences import Piece, split_text

# What a cut costs before a block. The scale: 1 is as bad as a chunk that is twice as long as it should be.
AFTER_HEADING = 50.0  # more than any sizes can outweigh
AFTER_COLON = 1.0
SAME_LIST = 0.1
INTRODUCED = 0.3
CODE_LINE = 0.8
CODE_PARAGRAPH = 0.4


class Unit(NamedTuple):
    """A piece of a block: its characters in the document, what a cut before it costs, and its block's number."""

    start: int
    end: int
    cost: float
    block: int


def units_of(
    blocks: Sequence[Block], spans: Sequence[Span], numbers: Sequence[int], options: ChunkingOptions, *, whole: int
) -> Iterator[Unit]:
    """Yield the units of the numbered blocks. A paragraph of up to `whole` bytes is one unit, a longer one many."""
    previous: Block | None = None
    for number in numbers:
        block, offset = blocks[number], spans[number].start
        first = 0.0 if previous is None else _cost_between(previous, block)
        for place, piece in enumerate(_pieces(block, options, whole)):
            yield Unit(offset + piece.start, offset + piece.end, piece.cost if place else first, number)
        previous = block


def byte_offsets(text: str, places: Iterable[int]) -> Iterator[int]:
    """Yield how many bytes of UTF-8 stand before each of the places, which ascend."""
    if text.isascii():
        yield from places
        return
    behind = total = 0
    for place in places:
        total += size_of(text[behind:place])
        behind = place
        yield total


def size_of(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def _pieces(block: Block, options: ChunkingOptions, whole: int) -> Iterable[Piece]:
    if block.kind is BlockKind.CODE:
        return _code_lines(block.text)
    if block.kind is BlockKind.TABLE_ROW or is_heading(block) or size_of(block.text) <= whole:
        return (Piece(0, len(block.text), 0.0),)
    return split_text(block.text, longest=options.target, fragment=options.target // 3)


def _code_lines(code: str) -> Iterator[Piece]:
    start, cost = 0, CODE_LINE
    for line in code.split("\n"):
        if line.strip():
            yield Piece(start, start + len(line), cost)
        cost = CODE_LINE if line.strip() else CODE_PARAGRAPH
        start += len(line) + 1


def _cost_between(previous: Block, block: Block) -> float:
    if is_heading(previous):
        return AFTER_HEADING
    if previous.kind is block.kind and block.kind in {BlockKind.LIST_ITEM, BlockKind.TABLE_ROW}:
        return SAME_LIST
    if previous.text.rstrip().endswith((":", "：")):
        return AFTER_COLON
    return 0.0 if block.kind in {BlockKind.PARAGRAPH, BlockKind.HEADING} else INTRODUCED
