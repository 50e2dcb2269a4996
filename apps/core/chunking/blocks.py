"""The structure of a text: what extraction hands on and chunking cuts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class BlockKind(StrEnum):
    """What a block is; chunking never cuts a table row or a line of code."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    CODE = "code"
    NOTE = "note"


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """One paragraph, heading, list item, table row or piece of code.

    `level` is 1 to 6 for a heading and the nesting depth (from 0) for a list item.
    `page` counts from 1: a page of a PDF, a slide, a sheet; None where the format has none.
    """

    kind: BlockKind
    text: str = field(repr=False)
    level: int = 0
    page: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Where a block stands in the document's text: `text[start:end]` is the block."""

    start: int
    end: int


TIGHT = {BlockKind.LIST_ITEM, BlockKind.TABLE_ROW}


def join_blocks(blocks: Sequence[Block]) -> tuple[str, list[Span]]:
    """Return the document's text and each block's span in it.

    Neighbouring list items and table rows are parted by one line break, all else by an empty line.
    """
    parts: list[str] = []
    spans: list[Span] = []
    position = 0
    previous: Block | None = None
    for block in blocks:
        if previous is not None:
            gap = "\n" if block.kind in TIGHT and block.kind == previous.kind else "\n\n"
            parts.append(gap)
            position += len(gap)
        parts.append(block.text)
        spans.append(Span(start=position, end=position + len(block.text)))
        position += len(block.text)
        previous = block
    return "".join(parts), spans
