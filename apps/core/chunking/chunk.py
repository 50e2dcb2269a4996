"""What chunking gives, and how large it may be."""

from dataclasses import dataclass, field

from apps.core.chunking.blocks import BlockKind
from apps.core.error_handling import ValidationError


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A block, or what a chunk has of it: `chunk.text[start:end]`, with the block's kind, level and page."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    page: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """A piece of a document with its place: `document_text[start:end] == text`.

    The headings that enclose the whole chunk are in `heading_path`, outermost first; a heading that encloses
    only a part of it is in `text`. So `heading_path` and `text` together are what the chunk says.
    `page` is the page on which its text begins. `layout` tells which blocks it consists of, in order.
    """

    text: str = field(repr=False)
    heading_path: tuple[str, ...] = field(default=(), repr=False)
    page: int | None = None
    start: int
    end: int
    layout: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkingOptions:
    """How large chunks are, in bytes of UTF-8: near enough to tokens in every script, and free to count.

    A section of up to `maximum` stays whole; a longer one is cut into pieces of about `target`.
    A section smaller than `minimum` takes in the next ones under the same parent until it is large enough.
    Each piece of a cut section repeats up to `overlap` of the one before it.

    The defaults are measured (`benchmarks/chunking.py`): 800 bytes find most of what answers a question within a
    given length of prompt and lie within the 256 tokens that the default model reads; an abstract stays whole;
    merging short sections and overlap don't pay.
    """

    target: int = 800
    maximum: int = 1600
    minimum: int = 50
    overlap: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.minimum <= self.target <= self.maximum or not 0 <= self.overlap <= self.target // 2:
            raise ValidationError(
                "Chunk sizes don't fit together. "
                "Choose minimum <= target <= maximum and an overlap of at most half the target."
            )
