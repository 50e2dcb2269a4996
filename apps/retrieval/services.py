"""Hands out search, the embedding model and the reader.

Apart from them, since `apps.rag` asks for them and is imported before any of Django's models may be.
"""

from typing import TYPE_CHECKING, cast

from apps.core.services import ServiceRegistry

if TYPE_CHECKING:
    from apps.core.embedding_service import EmbeddingService
    from apps.core.reader.protocol import Reader
    from apps.retrieval.vector_search import VectorSearchService


def search() -> "VectorSearchService":
    """Return the search of citable passages."""
    return cast("VectorSearchService", ServiceRegistry.get("search"))


def embeddings() -> "EmbeddingService":
    """Return the embedding model of TACIT_EMBEDDING_MODEL."""
    return cast("EmbeddingService", ServiceRegistry.get("embeddings"))


def reader() -> "Reader | None":
    """Return the reader of TACIT_READER_MODEL, or None when there is none."""
    return cast("Reader | None", ServiceRegistry.get("reader"))
