"""Cuts a document's blocks into chunks: structure first, then size, with exact character spans."""

from apps.core.chunking.blocks import Block, BlockKind, Span, join_blocks
from apps.core.chunking.chunk import Chunk, ChunkingOptions, Part
from apps.core.chunking.layout import pack_layout, unpack_layout
from apps.core.chunking.semantic import chunk_semantically
from apps.core.chunking.structural import chunk_blocks

__all__ = [
    "Block",
    "BlockKind",
    "Chunk",
    "ChunkingOptions",
    "Part",
    "Span",
    "chunk_blocks",
    "chunk_semantically",
    "join_blocks",
    "pack_layout",
    "unpack_layout",
]
