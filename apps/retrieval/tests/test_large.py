"""Alice's bot has grown large: it gets indexes of its own, and finds with them what it found without."""

import asyncio
import random
import time
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction

from apps.chatbots.models import Chatbot
from apps.core.database import visitor
from apps.core.database.urls import embedded_url
from apps.core.database.visitor import close_visitor_pool
from apps.core.embedding_service import FakeEmbeddingService
from apps.core.services import ServiceRegistry
from apps.retrieval import large
from apps.retrieval.cleaning_up import drop_indexes
from apps.retrieval.models import IndexStatistics
from apps.retrieval.tests.shelf import Shelf
from apps.retrieval.vector_search import VectorSearchService

# Indexes are built outside a transaction, and search is another connection.
pytestmark = pytest.mark.django_db(transaction=True)

WORDS = [f"word{number}" for number in range(60)]
QUESTIONS = ["word1 word2", "word7", "word3 word44 word59 word11", "the of and", "nothing known"]
PASSAGES = 300


def texts(number: int, seed: int) -> list[str]:
    dice = random.Random(seed)  # noqa: S311  # the same texts each time
    return [" ".join(dice.choices(WORDS, k=dice.randint(3, 12))) for _ in range(number)]


@pytest.fixture
def alices(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    monkeypatch.setattr(large, "LARGE", PASSAGES)
    with ServiceRegistry.override("embeddings", FakeEmbeddingService()):
        shelf = Shelf(name="Alice's bot")
        shelf.put(*texts(PASSAGES, 1))
        shelf.put(*texts(50, 2), citable=False)
        Shelf(name="Bob's bot").put(*texts(50, 3))
        yield shelf
        Chatbot.objects.all().delete()  # and their indexes with them


def found(shelf: Shelf, *questions: str, k: int = 10) -> list[list[tuple[str, str]]]:
    async def search() -> list[list[tuple[str, str]]]:
        service = VectorSearchService()
        try:
            answers = [await service.search(chatbot_id=shelf.chatbot.pk, query=one, k=k) for one in questions]
        finally:
            await close_visitor_pool()
        return [[(str(hit.passage_id), repr(hit.score)) for hit in hits] for hits in answers]

    return asyncio.run(search())


def indexes(shelf: Shelf) -> dict[str, tuple[bool, str]]:
    """The chatbot's own indexes: whether each is valid, and how it is defined."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, indisvalid, pg_get_indexdef(oid) FROM pg_class JOIN pg_index ON indexrelid = oid"
            " WHERE relname LIKE %s ORDER BY relname",
            [f"large_%{shelf.chatbot.pk.hex}%"],
        )
        return {name: (valid, definition) for name, valid, definition in cursor.fetchall()}


def scans(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_get_numscans(%s::regclass)", [name])
        return int(cursor.fetchone()[0])


def test_a_bot_is_large_when_its_citable_passages_are_many(alices: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    assert large.needs_indexes(alices.chatbot.pk)
    monkeypatch.setattr(large, "LARGE", PASSAGES + 1)  # the learn-only ones don't make up for it
    assert not large.needs_indexes(alices.chatbot.pk)


def test_with_its_own_indexes_it_finds_the_same(alices: Shelf) -> None:
    before = found(alices, *QUESTIONS)
    assert all(len(hits) == 10 for hits in before)
    large.build_indexes(alices.chatbot.pk)
    assert not large.needs_indexes(alices.chatbot.pk)
    assert IndexStatistics.objects.get(pk=alices.chatbot.pk).indexed
    assert found(alices, *QUESTIONS) == before


def test_the_indexes_hold_this_bots_citable_passages_and_nothing_else(alices: Shelf) -> None:
    large.build_indexes(alices.chatbot.pk)
    built = indexes(alices)
    assert [name.split("_")[1] for name in built] == ["terms", "vectors"]
    for valid, definition in built.values():
        assert valid
        assert " ON public.citable_passage USING " in definition
        assert f"chatbot_id = '{alices.chatbot.pk}'::uuid" in definition


def test_new_passages_are_found_through_the_indexes_at_once(alices: Shelf) -> None:
    large.build_indexes(alices.chatbot.pk)
    alices.put("a brandnew zeppelin")
    (hits,) = found(alices, "brandnew zeppelin")
    assert float(hits[0][1]) > 0.8
    assert float(hits[1][1]) < 0.5


def test_more_passages_can_be_asked_for_than_an_index_looks_at_once(alices: Shelf) -> None:
    before = found(alices, "word1 word2", k=PASSAGES)
    large.build_indexes(alices.chatbot.pk)
    after = found(alices, "word1 word2", k=PASSAGES)
    assert len(after[0]) > 0.95 * len(before[0])
    assert len(found(alices, "word1", k=1000)[0]) > 250


# This table is so small that the planner would rather read it whole.
DENSE_SWITCHES = ("enable_seqscan", "enable_sort")
LEXICAL_SWITCHES = ("enable_seqscan",)


@pytest.mark.parametrize(("name", "switches"), [("vectors", DENSE_SWITCHES), ("terms", LEXICAL_SWITCHES)])
def test_the_visitors_search_goes_through_its_own_indexes(
    alices: Shelf, monkeypatch: pytest.MonkeyPatch, name: str, switches: tuple[str, ...]
) -> None:
    alices.put("a zeppelin")
    large.build_indexes(alices.chatbot.pk)
    (own,) = [index for index in indexes(alices) if f"_{name}_" in index]
    before = scans(own)
    plan = " ".join(f"-c {switch}=off" for switch in switches)
    monkeypatch.setattr(visitor, "SESSION", f"{visitor.SESSION} {plan}")
    found(alices, "zeppelin")
    deadline = time.monotonic() + 10  # a session tells its counts when it ends, perhaps after we have the answer
    while scans(own) == before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert scans(own) == before + 1


def test_building_twice_and_after_a_build_that_was_cut_off_works(alices: Shelf) -> None:
    before = found(alices, *QUESTIONS)
    url = embedded_url(settings.DATA_DIR, user="postgres", database=settings.VISITOR_DATABASE["NAME"])
    with psycopg.connect(url) as writer:
        writer.execute("LOCK TABLE citable_passage IN ROW EXCLUSIVE MODE")  # a build waits for who is writing
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 300")
        try:
            with pytest.raises(OperationalError):
                large.build_indexes(alices.chatbot.pk)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET statement_timeout")
    assert [valid for valid, _ in indexes(alices).values()] == [False]  # the leftover
    assert not IndexStatistics.objects.get(pk=alices.chatbot.pk).indexed
    assert found(alices, *QUESTIONS) == before  # meanwhile it serves without
    for _ in range(2):
        large.build_indexes(alices.chatbot.pk)
        assert [valid for valid, _ in indexes(alices).values()] == [True, True]
    assert found(alices, *QUESTIONS) == before


def test_a_deleted_bot_takes_its_indexes_along_and_nobody_elses(alices: Shelf) -> None:
    bobs = Shelf(name="Bob's bot, grown")
    bobs.put("word1")
    for shelf in (alices, bobs):
        large.build_indexes(shelf.chatbot.pk)
    assert len(indexes(alices)) == len(indexes(bobs)) == 2
    gone = alices.chatbot.pk
    with transaction.atomic():
        alices.chatbot.organization.delete()
        transaction.set_rollback(True)
    assert len(indexes(alices)) == 2  # it was not deleted after all
    Chatbot.objects.get(pk=gone).delete()
    assert indexes(alices) == {}
    assert len(indexes(bobs)) == 2
    drop_indexes(bobs.chatbot.pk)
    assert indexes(bobs) == {}
