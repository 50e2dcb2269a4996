"""The embedding model and the reader that settings ask for, and the model of each embedding space in use."""

import threading
from urllib.parse import urlsplit

from django.conf import settings

from apps.core.circuit_breaker import CircuitBreaker
from apps.core.embedding_service import EmbeddingService, create_embedding_service
from apps.core.embedding_service.guarded import OUTAGES, GuardedEmbeddingService
from apps.core.embedding_service.registry import is_remote
from apps.core.error_handling import ProviderError
from apps.core.reader.protocol import Reader
from apps.core.reader.registry import create_reader
from apps.core.reader.with_circuit_breaker import ReaderWithCircuitBreaker
from apps.retrieval.models import EmbeddingSpace
from apps.retrieval.services import embeddings

_by_spec: dict[str, EmbeddingService] = {}
_making = threading.Lock()


def create_embeddings() -> EmbeddingService:
    """Return the embedding service of TACIT_EMBEDDING_MODEL."""
    return embeddings_of(settings.EMBEDDING_MODEL)


def embeddings_of(spec: str) -> EmbeddingService:
    """Return the embedding service that `spec` names, made once per process."""
    with _making:
        if spec not in _by_spec:
            made = create_embedding_service(
                spec,
                settings.MODELS_DIR,
                openai_api_key=settings.EMBEDDING_API_KEY,
                openai_base_url=settings.EMBEDDING_BASE_URL or None,
            )
            _by_spec[spec] = guarded(made) if is_remote(spec) else made
        return _by_spec[spec]


def guarded(remote: EmbeddingService) -> GuardedEmbeddingService:
    """Return an embedding service with a breaker round it, whose state all processes share."""
    server = urlsplit(settings.EMBEDDING_BASE_URL).netloc or "api.openai.com"
    breaker = CircuitBreaker(
        recovery_timeout=settings.CIRCUIT_SECONDS,
        expected_exception=OUTAGES,
        name=f"embeddings:{server}",
        shared=True,
    )
    return GuardedEmbeddingService(remote, breaker)


def embeddings_for(space: EmbeddingSpace | None) -> EmbeddingService:
    """Return the service whose vectors can be compared with those of `space`; the configured one for an empty bot."""
    configured = embeddings()
    if space is None or space.name == configured.name:
        return configured
    return embeddings_of(space.spec)


def space_of(service: EmbeddingService) -> EmbeddingSpace:
    """Return the row of a service's embedding space, made if it is new."""
    space, _ = EmbeddingSpace.objects.get_or_create(
        name=service.name, defaults={"spec": settings.EMBEDDING_MODEL, "dimensions": service.dimensions}
    )
    return space


def create_configured_reader() -> Reader | None:
    """Return the reader of TACIT_READER_MODEL, or None when there is to be none or its model is not there."""
    made = create_reader(settings.READER_MODEL, settings.MODELS_DIR)
    if made is None:
        return None
    breaker = CircuitBreaker(
        recovery_timeout=settings.CIRCUIT_SECONDS, expected_exception=ProviderError, name=f"reader:{made.name}"
    )
    return ReaderWithCircuitBreaker(made, breaker)
