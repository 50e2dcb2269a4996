"""Cuts blocks into chunks where the meaning changes most, within the same structure and sizes."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from apps.core.chunking.blocks import Block, join_blocks
from apps.core.chunking.chunk import Chunk, ChunkingOptions
from apps.core.chunking.structural import DEFAULTS, Stretch, cut_stretch, find_stretches
from apps.core.chunking.units import size_of

if TYPE_CHECKING:  # extraction imports this package in small child processes, which do without numpy
    from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[Any]"
Embed: TypeAlias = Callable[[Sequence[str]], Vectors]

WINDOW = 3  # units on either side of a cut whose meanings are compared
WEIGHT = 1.0  # what a cut costs where the two sides are most alike


def chunk_semantically(
    blocks: Sequence[Block], embed: Embed, options: ChunkingOptions = DEFAULTS
) -> tuple[str, list[Chunk]]:
    """Return the document's text and its chunks, as `chunk_blocks` does, cut where neighbouring sentences differ most.

    `embed` is called once, with every sentence of each section that has to be cut, and returns a row for each.
    """
    text, spans = join_blocks(blocks)
    stretches = list(find_stretches(text, blocks, spans, options, whole=0))
    to_cut = [stretch for stretch in stretches if _long(stretch, text, options)]
    sentences = [text[unit.start : unit.end] for stretch in to_cut for unit in stretch.units]
    if sentences:
        _weigh(to_cut, embed(sentences))
    return text, [chunk for stretch in stretches for chunk in cut_stretch(text, blocks, stretch, options)]


def _long(stretch: Stretch, text: str, options: ChunkingOptions) -> bool:
    return size_of(text[stretch.units[0].start : stretch.units[-1].end]) > options.maximum


def _weigh(stretches: Sequence[Stretch], vectors: "Vectors") -> None:
    """Raise each cut's cost by how alike its two sides are: by 0 for the least alike of its stretch, up to `WEIGHT`."""
    behind = 0
    for stretch in stretches:
        rows = vectors[behind : behind + len(stretch.units)]
        behind += len(stretch.units)
        cuts = sorted(range(1, len(rows)), key=partial(_likeness, rows))
        for rank, place in enumerate(cuts):
            unit = stretch.units[place]
            stretch.units[place] = unit._replace(cost=unit.cost + WEIGHT * rank / len(cuts))


def _likeness(vectors: "Vectors", place: int) -> float:
    """Return the cosine between what stands before the place and what stands after it."""
    before = vectors[max(0, place - WINDOW) : place].sum(axis=0)
    after = vectors[place : place + WINDOW].sum(axis=0)
    norms = float((before @ before) * (after @ after)) ** 0.5
    return float(before @ after) / norms if norms else 0.0
