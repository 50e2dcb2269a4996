"""A chunk's layout as the index keeps it: a row of whole numbers, five for each part."""

from collections.abc import Iterable, Sequence

from apps.core.chunking.blocks import BlockKind
from apps.core.chunking.chunk import Part

# By their places here; only ever append, for what was stored stays as it is.
_KINDS = (
    BlockKind.PARAGRAPH,
    BlockKind.HEADING,
    BlockKind.LIST_ITEM,
    BlockKind.TABLE_ROW,
    BlockKind.CODE,
    BlockKind.NOTE,
)


def pack_layout(parts: Iterable[Part]) -> list[int]:
    """Return kind, start, end, level and page (0 for none) of each part, one after another."""
    return [
        number
        for part in parts
        for number in (_KINDS.index(part.kind), part.start, part.end, part.level, part.page or 0)
    ]


def unpack_layout(numbers: Sequence[int]) -> tuple[Part, ...]:
    """Return the parts that `pack_layout` packed."""
    rows = (numbers[place : place + 5] for place in range(0, len(numbers) - 4, 5))
    return tuple(
        Part(kind=_KINDS[kind], start=start, end=end, level=level, page=page or None)
        for kind, start, end, level, page in rows
    )
