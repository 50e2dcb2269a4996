"""What every embedding service keeps: the fake, the local model, an OpenAI server and a fastembed model."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from apps.core.circuit_breaker import CircuitBreaker
from apps.core.embedding_service import EmbeddingService, FakeEmbeddingService, OpenAIEmbeddingService
from apps.core.embedding_service.guarded import GuardedEmbeddingService
from apps.core.embedding_service.registry import create_embedding_service
from apps.core.tests.embedding_server import embedding_server
from apps.core.tests.tiny_models import EMBEDDING_MODEL, install_embedding_model

WARRANTY = "The warranty covers repairs for two years"
CATS = "cats sleep on warm roofs"


@pytest.fixture(scope="module", params=["fake", "local", "openai", "guarded", "fastembed"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddingService]:
    folder: Path = tmp_path_factory.mktemp("models")
    if request.param in {"openai", "guarded"}:
        with embedding_server() as server:
            made = OpenAIEmbeddingService("key", server.base_url)
            yield made if request.param == "openai" else GuardedEmbeddingService(made, CircuitBreaker())
        return
    if request.param == "fastembed":
        install_embedding_model(folder)
        yield create_embedding_service(f"fastembed:{EMBEDDING_MODEL}", folder)
        return
    yield create_embedding_service(request.param, folder)


def test_it_is_an_embedding_service(service: EmbeddingService) -> None:
    assert isinstance(service, EmbeddingService)
    assert service.name
    assert service.max_tokens > 0


def test_vectors_are_float32_of_length_one_with_the_promised_dimensions(service: EmbeddingService) -> None:
    results = service.embed_documents([WARRANTY, "", "🙂", "half a pair: \ud800", CATS * 500])
    for result in [*results, service.embed_query("How long?")]:
        assert result.vector.dtype == np.float32
        assert result.vector.shape == (service.dimensions,)
        assert np.linalg.norm(result.vector) == pytest.approx(1, abs=1e-4)
        assert result.model == service.name


def test_results_come_in_the_order_of_the_texts(service: EmbeddingService) -> None:
    texts = [CATS, WARRANTY, "a", f"{WARRANTY} {CATS}", "shipping costs"]
    together = service.embed_documents(texts)
    for text, result in zip(texts, together, strict=True):
        (alone,) = service.embed_documents([text])
        others = [other.vector for other in together if other is not result]
        assert alone.vector @ result.vector > 0.98
        assert alone.vector @ result.vector > max(alone.vector @ other for other in others)


def test_no_texts_give_no_results(service: EmbeddingService) -> None:
    assert service.embed_documents([]) == []


def test_a_question_finds_the_text_that_answers_it(service: EmbeddingService) -> None:
    right, wrong = service.embed_documents([WARRANTY, CATS])
    question = service.embed_query("How long is the warranty?")
    assert question.vector @ right.vector > question.vector @ wrong.vector + 0.05


def test_what_lies_beyond_the_limit_has_no_influence(service: EmbeddingService) -> None:
    longest = "a " * (service.max_tokens * 10)
    within, beyond = service.embed_documents([longest, longest + WARRANTY])
    assert within.vector @ beyond.vector > 0.9999
    (short,) = service.embed_documents([WARRANTY])
    assert within.vector @ short.vector < 0.99


def test_tokens_are_counted_over_the_whole_text(service: EmbeddingService) -> None:
    once, often = service.count_tokens(WARRANTY), service.count_tokens(f"{WARRANTY} " * (service.max_tokens * 2))
    assert 0 < once < often
    assert often > service.max_tokens


def test_the_tokens_of_a_result_are_those_the_model_read(service: EmbeddingService) -> None:
    short, long = service.embed_documents([WARRANTY, "a " * (service.max_tokens * 10)])
    assert 0 < short.tokens < long.tokens
    assert service.embed_documents(["a " * (service.max_tokens * 10)])[0].tokens <= service.max_tokens


def test_fluency_is_a_share(service: EmbeddingService) -> None:
    for text in (WARRANTY, "保修期多长", ""):
        assert 0 <= service.fluency(text) <= 1
    assert service.fluency(WARRANTY) > 0.9


def test_a_result_does_not_show_its_vector(service: EmbeddingService) -> None:
    assert "vector" not in repr(service.embed_query("How long?"))


def test_the_fake_is_the_same_on_every_machine() -> None:
    vector = FakeEmbeddingService(dimensions=8).embed_query("warranty period").vector
    assert np.flatnonzero(vector).tolist() == [4, 5]
