"""An embedding model's server that fails is left alone; one text that it can't take is not its fault."""

from collections.abc import Iterator

import pytest

from apps.core.circuit_breaker import CircuitBreaker, CircuitState
from apps.core.embedding_service import EmbeddingResult, FakeEmbeddingService, OpenAIEmbeddingService
from apps.core.embedding_service.guarded import OUTAGES, GuardedEmbeddingService
from apps.core.error_handling import CircuitOpenError, ProviderBusyError, ProviderError
from apps.core.tests.embedding_server import EmbeddingServer, embedding_server


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with embedding_server() as running:
        yield running


def guarded(server: EmbeddingServer) -> GuardedEmbeddingService:
    model = OpenAIEmbeddingService("key", server.base_url, "model", 64, max_retries=0)
    return GuardedEmbeddingService(model, CircuitBreaker(3, 60, OUTAGES, "embeddings:test"))


@pytest.mark.parametrize("status", [401, 403, 404, 408, 429, 500, 503])
def test_what_the_next_text_would_meet_as_well_opens_the_circuit(server: EmbeddingServer, status: int) -> None:
    service = guarded(server)
    server.planned = [(status, b"{}")] * 3
    for embed in (service.embed_query, lambda text: service.embed_documents([text]), service.embed_query):
        with pytest.raises(ProviderError):
            embed("warranty")
    with pytest.raises(CircuitOpenError):
        service.embed_query("warranty")
    with pytest.raises(CircuitOpenError):
        service.embed_documents(["warranty"])
    assert len(server.requests) == 3


@pytest.mark.parametrize(("status", "body"), [(400, b"{}"), (413, b"{}"), (422, b"{}"), (200, b"<html>"), (200, b"[]")])
def test_what_one_text_may_be_the_reason_of_does_not(server: EmbeddingServer, status: int, body: bytes) -> None:
    service = guarded(server)
    server.planned = [(status, body)] * 5
    for _ in range(5):
        with pytest.raises(ProviderError):
            service.embed_query("warranty")
    assert service.breaker.state is CircuitState.CLOSED
    assert service.embed_query("warranty").tokens > 0


def test_while_it_fails_words_decide(server: EmbeddingServer) -> None:
    service = guarded(server)
    assert service.fluency("How long?") == 1.0
    server.planned = [(500, b"{}")]
    with pytest.raises(ProviderError):
        service.embed_query("How long?")
    assert service.fluency("How long?") == 0.0
    service.embed_query("How long?")
    assert service.fluency("How long?") == 1.0


def test_it_hears_how_long_the_server_wants_to_be_left_alone() -> None:
    class Busy(FakeEmbeddingService):
        def embed_query(self, text: str) -> EmbeddingResult:
            raise ProviderBusyError(retry_after=20)

    service = GuardedEmbeddingService(Busy(), CircuitBreaker(3, 60, OUTAGES, "embeddings:busy"))
    with pytest.raises(ProviderBusyError):
        service.embed_query("warranty")
    with pytest.raises(CircuitOpenError) as refused:
        service.embed_query("warranty")
    assert 15 < (refused.value.retry_after or 0) <= 20
