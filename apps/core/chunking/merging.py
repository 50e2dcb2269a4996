"""Puts small sections together with their neighbours under the same parent."""

from collections.abc import Iterator, Sequence

from apps.core.chunking.blocks import Block
from apps.core.chunking.chunk import ChunkingOptions
from apps.core.chunking.sections import Section, common_path


def merge_small(
    sections: Sequence[Section], blocks: Sequence[Block], offsets: Sequence[int], options: ChunkingOptions
) -> Iterator[list[Section]]:
    """Yield the sections in groups; `offsets` holds the byte at which each block begins and ends, in turn.

    A section of less than the minimum takes in those after it until it has the minimum, on the same page only:
    a chunk of several slides could not say on which of them its text stands.
    """
    group: list[Section] = []
    for section in sections:
        if group and not _joins(group, section, blocks, offsets, options):
            yield group
            group = []
        group.append(section)
    if group:
        yield group


def _joins(
    group: Sequence[Section],
    section: Section,
    blocks: Sequence[Block],
    offsets: Sequence[int],
    options: ChunkingOptions,
) -> bool:
    begins, ends = group[0].body[0], group[-1].body[-1]
    if blocks[begins].page != blocks[section.body[0]].page:
        return False
    if offsets[2 * ends + 1] - offsets[2 * begins] >= options.minimum:
        return False
    together = offsets[2 * section.body[-1] + 1] - offsets[2 * group[0].first]
    return together <= options.target and _siblings([*group, section])


def _siblings(group: Sequence[Section]) -> bool:
    """Tell whether the sections lie under one parent: at most one heading of each is not common to all."""
    shared = len(common_path(section.path for section in group))
    return all(len(section.path) <= shared + 1 for section in group)
