"""Cuts blocks into chunks by their structure: sections, then paragraphs, then sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from apps.core.chunking.blocks import Block, Span, join_blocks
from apps.core.chunking.chunk import Chunk, ChunkingOptions, Part
from apps.core.chunking.merging import merge_small
from apps.core.chunking.packing import pack_units
from apps.core.chunking.sections import Section, common_path, find_sections, is_heading
from apps.core.chunking.units import Unit, byte_offsets, units_of

DEFAULTS = ChunkingOptions()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """Sections that are cut together, as units, and the headings that enclose them all."""

    path: tuple[str, ...] = field(repr=False)
    units: list[Unit] = field(repr=False)


def chunk_blocks(blocks: Sequence[Block], options: ChunkingOptions = DEFAULTS) -> tuple[str, list[Chunk]]:
    """Return the document's text and its chunks, in order; see `Chunk` and `ChunkingOptions` for what holds of them."""
    text, spans = join_blocks(blocks)
    stretches = find_stretches(text, blocks, spans, options, whole=options.target // 3)
    return text, [chunk for stretch in stretches for chunk in cut_stretch(text, blocks, stretch, options)]


def find_stretches(
    text: str, blocks: Sequence[Block], spans: Sequence[Span], options: ChunkingOptions, *, whole: int
) -> Iterator[Stretch]:
    """Yield the document's sections as units, small ones together; see `units_of` for `whole`."""
    offsets = list(byte_offsets(text, [place for span in spans for place in (span.start, span.end)]))
    for group in merge_small(find_sections(blocks), blocks, offsets, options):
        path = common_path(section.path for section in group)
        yield Stretch(path=path, units=list(units_of(blocks, spans, _numbers(group, path), options, whole=whole)))


def cut_stretch(text: str, blocks: Sequence[Block], stretch: Stretch, options: ChunkingOptions) -> Iterator[Chunk]:
    for first, last in pack_units(text, stretch.units, options):
        units = stretch.units[first:last]
        start, end = units[0].start, units[-1].end
        yield Chunk(
            text=text[start:end],
            heading_path=stretch.path,
            page=_page([blocks[unit.block] for unit in units]),
            start=start,
            end=end,
            layout=tuple(_layout(blocks, units, start)),
        )


def _layout(blocks: Sequence[Block], units: Sequence[Unit], start: int) -> Iterator[Part]:
    """Yield what a chunk that begins at `start` has of each block."""
    for number, of_block in groupby(units, key=lambda unit: unit.block):
        block, pieces = blocks[number], list(of_block)
        yield Part(
            kind=block.kind,
            start=pieces[0].start - start,
            end=pieces[-1].end - start,
            level=block.level,
            page=block.page,
        )


def _page(blocks: Sequence[Block]) -> int | None:
    """Return the page of the first text; a title that stands alone on the page before doesn't count."""
    return next((block for block in blocks if not is_heading(block)), blocks[0]).page


def _numbers(group: Sequence[Section], path: tuple[str, ...]) -> list[int]:
    """Return the numbers of the blocks that the group's text consists of: no heading that is in the path."""
    openings = [section.opening for section in group if section.opening is not None and len(section.path) > len(path)]
    return sorted(openings + [number for section in group for number in section.body])
