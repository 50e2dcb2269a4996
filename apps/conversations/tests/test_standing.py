"""Whether an answer's ground still stands: asked anew each time, shared by those who wait, closed when unanswered."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.db import connections

from apps.chatbots.models import Chatbot
from apps.conversations import standing
from apps.conversations.standing import Standing, WithdrawnError, check, standing_of
from apps.core.database import visitor
from apps.core.database.threads import in_database
from apps.core.database.visitor import close_visitor_pool
from apps.core.error_handling import DatabaseError, NotFoundError
from apps.retrieval.models import CitablePassage
from apps.retrieval.tests.shelf import Shelf

pytestmark = pytest.mark.django_db(transaction=True)
Result = TypeVar("Result")


def run(work: Callable[[], Awaitable[Result]]) -> Result:
    async def whole() -> Result:
        try:
            return await work()
        finally:
            await close_visitor_pool()

    return asyncio.run(whole())


@pytest.fixture
def shelf(transactional_db: None) -> Shelf:
    return Shelf()


@pytest.fixture
def bot(shelf: Shelf) -> Chatbot:
    return shelf.chatbot


@pytest.fixture
def passages(shelf: Shelf) -> list[uuid.UUID]:
    shelf.put("The warranty lasts 24 months.", "Descale it every two months.")
    return list(CitablePassage.objects.values_list("pk", flat=True))


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the statements that go out, and let each take a moment."""
    asked: list[int] = []
    real = standing._look

    async def counted(chatbot_id: uuid.UUID, wanted: Any) -> Standing | DatabaseError:
        asked.append(len(wanted))
        found = await real(chatbot_id, wanted)
        await asyncio.sleep(0.05)
        return found

    monkeypatch.setattr(standing, "_look", counted)
    return asked


def test_what_is_citable_stands_and_what_was_taken_away_does_not(bot: Chatbot, passages: list[uuid.UUID]) -> None:
    async def work() -> None:
        await check(bot.pk, passages)
        await in_database(lambda: CitablePassage.objects.filter(pk=passages[0]).delete())
        await check(bot.pk, passages[1:])
        with pytest.raises(WithdrawnError):
            await check(bot.pk, passages)

    run(work)


def test_a_bot_taken_offline_stands_for_nothing(bot: Chatbot) -> None:
    async def work() -> None:
        await check(bot.pk, ())
        await in_database(lambda: Chatbot.objects.filter(pk=bot.pk).update(is_published=False))
        with pytest.raises(NotFoundError, match="There is no chatbot at this address"):
            await check(bot.pk, ())

    run(work)


def test_another_bot_s_passages_stand_for_nothing(bot: Chatbot, passages: list[uuid.UUID]) -> None:
    other = Chatbot.objects.create(organization=bot.organization, name="Other")

    async def work() -> None:
        with pytest.raises(WithdrawnError):
            await check(other.pk, passages)

    run(work)


def test_many_answers_that_wait_share_one_statement(
    bot: Chatbot, passages: list[uuid.UUID], statements: list[int]
) -> None:
    async def work() -> list[Standing]:
        return await asyncio.gather(*(standing_of(bot.pk, [passages[one % 2], uuid.uuid4()]) for one in range(50)))

    found = run(work)
    assert len(found) == 50
    assert all(set(passages) & one.citable for one in found)
    assert len(statements) <= 3


def test_no_answer_is_given_by_a_statement_that_began_before_it_was_asked_for(
    bot: Chatbot, passages: list[uuid.UUID], statements: list[int]
) -> None:
    async def work() -> tuple[Standing, Standing]:
        early = asyncio.ensure_future(standing_of(bot.pk, passages))
        while not statements:
            await asyncio.sleep(0)
        await in_database(lambda: CitablePassage.objects.filter(pk=passages[0]).delete())
        return await standing_of(bot.pk, passages), await early

    late, _ = run(work)
    assert passages[0] not in late.citable
    assert len(statements) == 2


def test_who_leaves_while_asking_holds_nobody_up(
    bot: Chatbot, passages: list[uuid.UUID], statements: list[int]
) -> None:
    async def work() -> Standing:
        leaving = asyncio.ensure_future(standing_of(bot.pk, passages))
        waiting = asyncio.ensure_future(standing_of(bot.pk, passages))
        while not statements:
            await asyncio.sleep(0)
        leaving.cancel()
        return await asyncio.wait_for(waiting, 5)

    assert run(work).citable == set(passages)


def test_a_database_that_does_not_answer_lets_nothing_out_and_keeps_no_one_waiting_in_line(
    bot: Chatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.VISITOR_DATABASE, "NAME", "nowhere")
    monkeypatch.setattr(visitor, "WAIT_SECONDS", 0.3)

    async def work() -> list[Any]:
        asked = (standing_of(bot.pk, ()) for _ in range(20))
        return await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 5)

    assert {type(one) for one in run(work)} == {DatabaseError}
    connections.close_all()
