"""The embedding model's server is away: visitors find by words what they would have found, and nothing more."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

import pytest

from apps.chatbots.models import Chatbot
from apps.core.database.visitor import close_visitor_pool
from apps.core.embedding_service import EmbeddingResult, FakeEmbeddingService
from apps.core.error_handling import LocalModelError, ProviderError, ProviderUnavailableError
from apps.core.services import ServiceRegistry
from apps.retrieval import large
from apps.retrieval.tests.shelf import Shelf
from apps.retrieval.vector_search import Found, VectorSearchService, Weights

pytestmark = pytest.mark.django_db(transaction=True)

TEXTS = (
    "The warranty of the printer lasts two years",
    "Send a broken printer back within thirty days",
    "Our office is open from nine to five",
    "The warranty of the toner lasts one year and the warranty of the drum lasts three years",
)
SECRET = "The printer warranty margin is forty three per cent"


class Away(FakeEmbeddingService):
    """A model whose server fails when it is asked a question."""

    def __init__(self, error: ProviderError) -> None:
        super().__init__()
        self._error = error

    def embed_query(self, text: str) -> EmbeddingResult:
        raise self._error

    def embed_documents(self, texts: Sequence[str]) -> list[EmbeddingResult]:
        raise self._error


@pytest.fixture
def alices() -> Iterator[Shelf]:
    with ServiceRegistry.override("embeddings", FakeEmbeddingService()):
        shelf = Shelf(name="Alice's bot")
        for text in TEXTS:
            shelf.put(text)
        shelf.put(SECRET, citable=False)
        Shelf(name="Bob's bot").put("The warranty of Bob's boat lasts a summer")
        yield shelf
        Chatbot.objects.all().delete()


def found(shelf: Shelf, query: str, *, weights: Weights | None = None, steered: bool = False) -> Found:
    async def search() -> Found:
        try:
            return await VectorSearchService().search(
                chatbot_id=shelf.chatbot.pk, query=query, weights=weights, steered=steered
            )
        finally:
            await close_visitor_pool()

    return asyncio.run(search())


def away(error: ProviderError | None = None) -> AbstractContextManager[None]:
    return ServiceRegistry.override("embeddings", Away(error or ProviderUnavailableError()))


def test_passages_are_found_by_their_words_best_first(alices: Shelf) -> None:
    by_words = [hit.text for hit in found(alices, "warranty of the toner", weights=Weights(dense=0, lexical=1))]
    with away():
        hits = found(alices, "warranty of the toner", steered=True)
    assert [hit.text for hit in hits] == [TEXTS[3], TEXTS[0]] == by_words[:2]
    assert (hits[0].score, hits[0].cosine, hits[0].steered) == (1.0, 0.0, False)
    assert hits[0].bm25 > hits[1].bm25 > 0
    assert hits.fallback == "provider_unavailable"
    assert found(alices, "warranty of the toner").fallback is None


def test_learn_only_words_find_nothing_and_count_for_nothing(alices: Shelf) -> None:
    with away():
        hits = found(alices, SECRET)
        assert found(alices, "margin forty per cent") == []
    assert SECRET not in [hit.text for hit in hits]
    assert hits, "printer and warranty stand in citable ones too"


def test_words_that_nobody_wrote_find_nothing_and_an_empty_bot_has_nothing(alices: Shelf) -> None:
    empty = Shelf(name="Empty")
    with away():
        assert found(alices, "zeppelin") == []
        assert found(alices, "zeppelin").fallback == "provider_unavailable"
        assert found(alices, "the of and ?") == []
        assert found(empty, "warranty") == []


def test_a_large_bot_finds_the_same_through_its_index(alices: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "LARGE", len(TEXTS))
    with away():
        before = found(alices, "warranty of the printer")
    large.build_indexes(alices.chatbot.pk)
    with away():
        after = found(alices, "warranty of the printer")
    assert [hit.passage_id for hit in after] == [hit.passage_id for hit in before]


def test_a_bot_of_another_model_that_works_is_asked_as_ever(alices: Shelf) -> None:
    other = Away(ProviderUnavailableError())
    other.name = "another model"
    with ServiceRegistry.override("embeddings", other):
        hits = found(alices, "warranty of the toner")
    assert hits.fallback is None
    assert hits[0].cosine > 0


def test_a_damaged_local_model_is_no_outage_that_passes(alices: Shelf) -> None:
    with away(LocalModelError()), pytest.raises(LocalModelError):
        found(alices, "warranty")


def test_who_measures_one_half_gets_no_other_in_its_place(alices: Shelf) -> None:
    with away(), pytest.raises(ProviderUnavailableError):
        found(alices, "warranty", weights=Weights(dense=1, lexical=0))
