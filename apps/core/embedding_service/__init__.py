"""Turning texts into vectors: `create_embedding_service("local", …)` or one of the providers by name.

Names are loaded when they are first used, so importing this package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apps.core.embedding_service.fake import FakeEmbeddingService
    from apps.core.embedding_service.fastembed_models import FastembedEmbeddingService
    from apps.core.embedding_service.local import LocalEmbeddingService
    from apps.core.embedding_service.openai_protocol import OpenAIEmbeddingService
    from apps.core.embedding_service.protocol import EmbeddingResult, EmbeddingService, Vector
    from apps.core.embedding_service.registry import create_embedding_service

__all__ = [
    "EmbeddingResult",
    "EmbeddingService",
    "FakeEmbeddingService",
    "FastembedEmbeddingService",
    "LocalEmbeddingService",
    "OpenAIEmbeddingService",
    "Vector",
    "create_embedding_service",
]

_HOMES = {
    "EmbeddingResult": "protocol",
    "EmbeddingService": "protocol",
    "FakeEmbeddingService": "fake",
    "FastembedEmbeddingService": "fastembed_models",
    "LocalEmbeddingService": "local",
    "OpenAIEmbeddingService": "openai_protocol",
    "Vector": "protocol",
    "create_embedding_service": "registry",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
