"""Cuts a document's blocks into chunks: structure first, then size, with exact character spans."""

from apps.core.chunking.blocks import Block, BlockKind, Span, join_blocks
from apps.core.chunking.chunk import Chunk, ChunkingOptions
from apps.core.chunking.semantic import chunk_semantically
from apps.core.chunking.structural import chunk_blocks

__all__ = [
    "Block",
    "BlockKind",
    "Chunk",
    "ChunkingOptions",
    "Span",
    "chunk_blocks",
    "chunk_semantically",
    "join_blocks",
]
