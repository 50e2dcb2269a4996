"""The answer flow's tests need no database: search is a fake at the seam."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from apps.core.embedding_service import EmbeddingService, create_embedding_service
from apps.core.reader.protocol import Reader
from apps.core.reader.registry import load_reader
from tests.llm_server import LLMServer


@pytest.fixture(scope="session")
def postgres() -> None:
    """Stands in for the server that other tests start."""


@pytest.fixture(scope="session")
def local_embeddings() -> EmbeddingService:
    """The model that answers are made with by default."""
    return create_embedding_service("local", settings.MODELS_DIR)


@pytest.fixture(scope="session")
def local_reader() -> Reader:
    """The model that passages are read with by default."""
    return load_reader("local", settings.MODELS_DIR)


@pytest.fixture
def llm_server() -> Iterator[LLMServer]:
    with LLMServer() as server:
        yield server
