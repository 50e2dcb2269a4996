"""Visitors find what answers their question: both halves of the search, their sum, and nothing of what is hidden."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from django.db import connections, transaction
from pytest_django import Settings

from apps.core.database.visitor import close_visitor_pool
from apps.core.embedding_service import FakeEmbeddingService
from apps.core.services import ServiceRegistry
from apps.retrieval import index, steering
from apps.retrieval.lexical import analyze, idf, query_terms, term_weights
from apps.retrieval.models import IndexStatistics
from apps.retrieval.providers import embeddings_for, embeddings_of, space_of
from apps.retrieval.tests.shelf import Shelf
from apps.retrieval.vector_search import Hit, VectorSearchService, Weights

pytestmark = pytest.mark.django_db
# Search is another connection, which sees only what is committed.
commits = pytest.mark.django_db(transaction=True)

TEXTS = (
    "The warranty of the printer lasts two years",
    "Send a broken printer back within thirty days",
    "Toner and ink are sold in our shop",
    "Our office is open from nine to five",
    "The warranty of the toner lasts one year and the warranty of the drum lasts three years",
)
SECRET = "The printer warranty margin is forty three per cent"
HALF_PRECISION = 2e-3


class LessFluent(FakeEmbeddingService):
    """A model that hardly knows the language of what it is asked."""

    def fluency(self, text: str) -> float:
        return 0.25


@pytest.fixture(autouse=True)
def fake_model() -> Iterator[None]:
    with ServiceRegistry.override("embeddings", FakeEmbeddingService()):
        yield


@pytest.fixture(scope="module")
def alices(committed: None) -> Shelf:
    shelf = Shelf(name="Alice's bot")
    for text in TEXTS:
        shelf.put(text)
    return shelf


def found(shelf: Shelf, query: str, *, k: int = 10, weights: Weights | None = None, steered: bool = False) -> list[Hit]:
    async def search() -> list[Hit]:
        try:
            return await VectorSearchService().search(
                chatbot_id=shelf.chatbot.pk, query=query, k=k, weights=weights, steered=steered
            )
        finally:
            await close_visitor_pool()

    return asyncio.run(search())


def seen(hits: list[Hit]) -> list[tuple[str, str, str, str]]:
    """What a visitor can feel of an answer, to the last bit."""
    return [(hit.text, repr(hit.score), repr(hit.cosine), repr(hit.bm25)) for hit in hits]


# Order and scores.


def test_the_best_answer_comes_first_and_every_hit_knows_where_it_is_from(alices: Shelf) -> None:
    hits = found(alices, "How long is the warranty of the printer?")
    assert hits[0].text == TEXTS[0]
    assert {hit.text for hit in hits} == set(TEXTS)  # few passages: all of them are candidates
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert (hits[0].external_id, hits[0].page, hits[0].heading_path) == (f"external {hits[0].document_id}", 1, ())
    assert "warranty" not in repr(hits[0])


def bm25_by_hand(question: str, text: str, average_length: float) -> float:
    """BM25 as the textbooks write it, from this bot's citable passages."""
    holding = Counter(term for one in TEXTS for term in term_weights(analyze(one, "en"), average_length=1))
    weights = term_weights(analyze(text, "en"), average_length=average_length)
    return sum(
        times * idf(holding[term], len(TEXTS)) * weights.get(term, 0)
        for term, times in query_terms(question, ["en"]).items()
        if holding[term]
    )


@pytest.mark.parametrize("question", ["warranty of the printer", "toner warranty toner", "When is the office open?"])
def test_the_scores_are_those_of_the_formula(alices: Shelf, question: str) -> None:
    average = IndexStatistics.objects.get(pk=alices.chatbot.pk).average_length or index.FIRST_AVERAGE_LENGTH
    hits = found(alices, question)
    vector = FakeEmbeddingService().embed_query(question).vector
    expected = {text: bm25_by_hand(question, text, average) for text in TEXTS}
    assert max(expected.values()) > 0
    for hit in hits:
        (passage,) = FakeEmbeddingService().embed_documents([hit.text])
        assert hit.cosine == pytest.approx(float(np.dot(passage.vector, vector)), abs=HALF_PRECISION)
        assert hit.bm25 == pytest.approx(expected[hit.text], rel=1e-4)
        share = hit.bm25 / max(one.bm25 for one in hits)
        assert hit.score == pytest.approx(0.7 * hit.cosine + 0.3 * share)
        assert -1 <= hit.score <= 1.001


def test_words_count_for_more_where_the_model_does_not_know_the_language(alices: Shelf) -> None:
    question = "warranty of the printer"
    with ServiceRegistry.override("embeddings", LessFluent()):
        hits = found(alices, question)
    assert hits[0].score == pytest.approx(0.4 * hits[0].cosine + 0.6)  # .3 to .7 is dense, a quarter of the way up
    assert seen(hits) != seen(found(alices, question))


def test_each_half_can_be_measured_alone(alices: Shelf) -> None:
    question = "warranty of the toner"
    dense = found(alices, question, weights=Weights(dense=1, lexical=0))
    lexical = found(alices, question, weights=Weights(dense=0, lexical=1))
    assert [hit.score for hit in dense] == [hit.cosine for hit in dense]
    assert lexical[0].score == 1
    assert [hit.bm25 for hit in lexical] == sorted((hit.bm25 for hit in lexical), reverse=True)


@pytest.mark.parametrize("k", [1, 3, 100])
def test_as_many_hits_come_as_were_asked_for(alices: Shelf, k: int) -> None:
    assert seen(found(alices, "warranty", k=k)) == seen(found(alices, "warranty"))[:k]


@commits
def test_meaning_is_found_without_a_shared_word_by_the_real_model() -> None:
    real = embeddings_of("local")
    shelf = Shelf(name="Meaning", embeddings=real)
    for text in TEXTS:
        shelf.put(text)
    with ServiceRegistry.override("embeddings", real):
        hits = found(shelf, "At what hour may I visit you?")
    assert hits[0].text == TEXTS[3]
    assert hits[0].bm25 == 0


@commits
def test_a_bot_is_asked_in_the_space_its_passages_are_in() -> None:
    shelf = Shelf(name="Moved")
    shelf.put(TEXTS[0])
    other = FakeEmbeddingService(name="the model that is configured now", dimensions=8)
    with ServiceRegistry.override("embeddings", other):
        assert found(shelf, TEXTS[0])[0].cosine == pytest.approx(1, abs=HALF_PRECISION)


def test_a_space_is_made_once_for_a_model_and_kept_with_how_to_make_the_model_again(settings: Settings) -> None:
    settings.EMBEDDING_MODEL = "fake"
    model = FakeEmbeddingService(name="new here", dimensions=8)
    space = space_of(model)
    settings.EMBEDDING_MODEL = "another one"
    assert space_of(model) == space
    assert (space.name, space.spec, space.dimensions) == ("new here", "fake", 8)
    assert embeddings_for(None) is ServiceRegistry.get("embeddings")
    assert embeddings_for(space).name == "fake-hashed-words"  # made from the spec
    assert embeddings_for(space) is embeddings_for(space)


# Questions that find little.


@commits
def test_an_empty_bot_answers_with_nothing() -> None:
    empty, hidden = Shelf(name="Empty"), Shelf(name="Only hidden")
    hidden.put(SECRET, citable=False)
    assert found(empty, "warranty") == []
    assert found(hidden, SECRET) == []


@pytest.mark.parametrize("question", ["xylophone zeppelin", "the of and", "?!", "🙂", "' OR 1=1 --", "{1:1}/5"])
def test_a_question_of_unknown_words_stop_words_or_signs_has_no_keyword_half(alices: Shelf, question: str) -> None:
    assert found(alices, "warranty")[0].bm25 > 0
    hits = found(alices, question)
    assert len(hits) == len(TEXTS)
    assert {hit.bm25 for hit in hits} <= {0.0}


@pytest.mark.parametrize(
    "question", ["warranty\x00", "warranty " * 900, "w" * 4000, "'; DROP TABLE citable_passage --"]
)
def test_strange_questions_do_no_harm(alices: Shelf, question: str) -> None:
    assert len(found(alices, question)) == len(TEXTS)
    assert found(alices, "warranty of the printer")[0].text == TEXTS[0]


@commits
def test_a_bot_in_two_languages_is_found_in_both() -> None:
    shelf = Shelf(name="Two languages")
    shelf.put("Die Garantien gelten zwei Jahre", language="de")
    shelf.put("The warranties last two years", language="en")
    assert [hit.text for hit in found(shelf, "Garantie") if hit.bm25] == ["Die Garantien gelten zwei Jahre"]
    assert [hit.text for hit in found(shelf, "warranty") if hit.bm25] == ["The warranties last two years"]


# What must not be found.


@commits
def test_a_learn_only_passage_never_turns_up_and_changes_no_bit_of_what_does() -> None:
    shelf = Shelf(name="With secrets")
    shelf.put(*TEXTS)
    questions = ["printer warranty margin", "forty three per cent", "warranty of the printer", "the of and"]
    with transaction.atomic():
        index.settle(shelf.chatbot.pk)
    before = [seen(found(shelf, question)) for question in questions]
    for _ in range(5):
        shelf.put(SECRET, f"{SECRET} and more", citable=False)
    shelf.put("Der Gewinn ist geheim " * 200, citable=False, language="de")
    with transaction.atomic():
        assert index.settle(shelf.chatbot.pk) is False
    assert [seen(found(shelf, question)) for question in questions] == before
    assert all(SECRET not in text for answer in before for text, *_ in answer)
    # Were it citable, it would be the first thing to be found, and change every score.
    shelf.put(SECRET)
    assert found(shelf, questions[0])[0].text == SECRET
    assert seen(found(shelf, questions[2]))[0] != before[2][0]


@commits
def test_another_bots_passages_never_turn_up() -> None:
    alices, bobs = Shelf(name="Alice's bot"), Shelf(name="Bob's bot")
    alices.put(*TEXTS)
    bobs.put("Bob repairs the printer under warranty")
    before = seen(found(alices, "Bob repairs the printer under warranty"))
    assert "Bob" not in str(before)
    assert [hit.text for hit in found(bobs, "warranty")] == ["Bob repairs the printer under warranty"]
    bobs.put(*["warranty printer"] * 20)
    assert seen(found(alices, "Bob repairs the printer under warranty")) == before


# Steering.


@commits
def test_a_question_in_a_notes_words_finds_what_the_note_leads_to(transactional_db: None) -> None:
    shelf = Shelf(name="Steered bot")
    answer = "pull the jammed sheet out whole"
    shelf.put(answer)
    shelf.put("pages and pages of prices")
    shelf.put("gizmo swallows pages whole: pull the jammed sheet out", citable=False)
    steering.relink(shelf.chatbot.pk)
    question = "gizmo swallows pages whole"
    assert found(shelf, question)[0].text != answer
    steered = found(shelf, question, steered=True)
    assert (steered[0].text, steered[0].steered) == (answer, True)
    assert {hit.text for hit in steered} == {hit.text for hit in found(shelf, question)}


@commits
def test_a_hint_pulls_nothing_that_has_not_to_do_with_the_question(transactional_db: None) -> None:
    shelf = Shelf(name="Steered bot")
    answer = "open the rear cover"
    shelf.put(answer, "printer gizmo")
    shelf.put("gizmo swallows pages whole quickly open the rear cover", citable=False)
    steering.relink(shelf.chatbot.pk)
    hits = found(shelf, "gizmo swallows pages whole quickly", steered=True)
    assert [hit.steered for hit in hits if hit.text == answer] == [False]


@commits
def test_the_next_search_sees_that_the_index_has_changed(transactional_db: None) -> None:
    """What a search remembers of an index is checked in the round trip in which it is used."""
    shelf = Shelf(name="Growing bot")
    shelf.put("The warranty lasts two years")
    service = VectorSearchService()

    async def twice() -> tuple[list[Hit], list[Hit]]:
        try:
            first = await service.search(chatbot_id=shelf.chatbot.pk, query="Garantien")
            await asyncio.to_thread(in_german)
            return first, await service.search(chatbot_id=shelf.chatbot.pk, query="Garantien")
        finally:
            await close_visitor_pool()

    def in_german() -> None:
        try:
            shelf.put("Die Garantie gilt zwei Jahre", language="de")
        finally:
            connections.close_all()

    before, after = asyncio.run(twice())
    assert [hit.bm25 for hit in before] == [0]
    assert after[0].text == "Die Garantie gilt zwei Jahre"
    assert after[0].bm25 > 0  # its stem is known since the question is read as German, too
