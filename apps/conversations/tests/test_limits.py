"""Visitors are counted over all processes, exactly, and nobody can tell from the counts who they are."""

import asyncio
import threading
import uuid
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import Settings

from apps.chatbots.models import Chatbot
from apps.conversations import limits_admission, limits_tasks
from apps.conversations.guard import check_rate
from apps.conversations.limits import Limits, delay_before, limits_of, server_limits
from apps.conversations.limits_admission import Place, place_for
from apps.conversations.limits_counting import Kind, digest_of, forget_old, give_back, hold_on, in_words, take_turn
from apps.core.database.threads import in_database
from apps.core.error_handling import DailyLimitError, OpenAnswersError, RateLimitError

STRANGER, VISITOR = "203.0.113.9", "198.51.100.7"
WIDE = Limits(
    per_minute=100, per_day=None, bot_per_day=None, longest_message=4000, open_streams=100, visitor_open_streams=100
)
pytestmark = pytest.mark.django_db


def limits(**changed: int) -> Limits:
    return Limits(**{name: changed.get(name, getattr(WIDE, name)) for name in Limits.__slots__})


@pytest.fixture
def bot_id() -> uuid.UUID:
    return uuid.uuid4()


def ask(bot_id: uuid.UUID, visitor: str = STRANGER, *, kind: Kind = Kind.QUESTION, **changed: Any) -> int:
    place = changed.pop("place", None)
    return take_turn(chatbot_id=bot_id, visitor=visitor, kind=kind, limits=limits(**changed), place=place)


def let_pass(bot_id: uuid.UUID, seconds: int) -> None:
    """Move what was counted so far into the past."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE visitor_count SET recent = ARRAY(SELECT at - make_interval(secs => %s) FROM unnest(recent) AS at)"
            " WHERE chatbot_id = %s",
            [seconds, bot_id],
        )


def rows(statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


# In a minute.


def test_after_so_many_questions_in_a_minute_the_next_one_has_to_wait(bot_id: uuid.UUID) -> None:
    for asked in range(3):
        assert ask(bot_id, per_minute=3) == asked
        let_pass(bot_id, 10)
    with pytest.raises(RateLimitError, match="try again in 30 seconds") as refused:
        ask(bot_id, per_minute=3)
    assert (refused.value.retry_after, refused.value.code) == (30, "too_many_requests")
    assert ask(bot_id, VISITOR, per_minute=3) == 0
    assert ask(uuid.uuid4(), per_minute=3) == 0

    let_pass(bot_id, 31)  # the window slides: the first question has left it, the others have not
    assert ask(bot_id, per_minute=3) == 2
    with pytest.raises(RateLimitError):
        ask(bot_id, per_minute=3)


def test_who_keeps_on_trying_does_not_wait_longer_for_it(bot_id: uuid.UUID) -> None:
    ask(bot_id, per_minute=1, per_day=2)
    for _ in range(5):
        let_pass(bot_id, 10)
        with pytest.raises(RateLimitError) as refused:
            ask(bot_id, per_minute=1, per_day=2)
    assert refused.value.retry_after == 10
    let_pass(bot_id, 11)
    assert ask(bot_id, per_minute=1, per_day=2) == 0, "what was refused is counted on no day either"


def test_a_limit_that_is_lowered_holds_at_once(bot_id: uuid.UUID) -> None:
    for _ in range(5):
        ask(bot_id, per_minute=5)
        let_pass(bot_id, 5)
    with pytest.raises(RateLimitError) as refused:
        ask(bot_id, per_minute=2)
    assert refused.value.retry_after == 50, "when but one of the five is left in the window"


def test_many_questions_at_the_same_moment_get_no_further_than_one_after_another(
    bot_id: uuid.UUID, transactional_db: None
) -> None:
    """As many connections as processes would have; each counts on its own."""
    together = threading.Barrier(8)

    def attempt(place: uuid.UUID) -> str:
        try:
            together.wait(10)
            ask(bot_id, per_minute=5, visitor_open_streams=3, place=place)
        except RateLimitError as error:
            return error.code
        finally:
            connections.close_all()
        return ""

    with ThreadPoolExecutor(8) as everybody:
        told = list(everybody.map(attempt, [uuid.uuid4() for _ in range(8)]))
    assert sorted(told) == [""] * 3 + ["too_many_open_answers"] * 5
    assert rows("SELECT number FROM visitor_count WHERE chatbot_id = %s AND visitor = 'question'", bot_id) == [(3,)]


# In a day.


def test_a_day_s_limit_says_when_it_ends(bot_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 3, 1, 20, 30, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    for _ in range(2):
        ask(bot_id, per_day=2)
        let_pass(bot_id, 61)
    with pytest.raises(DailyLimitError, match="midnight UTC, in 4 hours") as refused:
        ask(bot_id, per_day=2)
    assert refused.value.retry_after == 3.5 * 3600
    assert ask(bot_id, VISITOR, per_day=2) == 0

    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(seconds=refused.value.retry_after))
    assert ask(bot_id, per_day=2) == 0


def test_all_visitors_together_have_a_limit_and_a_flood_beyond_it_leaves_no_trace(bot_id: uuid.UUID) -> None:
    for number in range(3):
        ask(bot_id, f"192.0.2.{number}", bot_per_day=3)
    before = rows("SELECT count(*) FROM visitor_count WHERE chatbot_id = %s", bot_id)
    for number in range(20):
        with pytest.raises(DailyLimitError, match="This chatbot"):
            ask(bot_id, f"198.51.100.{number}", bot_per_day=3)
    assert rows("SELECT count(*) FROM visitor_count WHERE chatbot_id = %s", bot_id) == before


def test_what_is_refused_to_mallory_takes_nothing_from_the_others(bot_id: uuid.UUID) -> None:
    for _ in range(30):
        try:
            ask(bot_id, STRANGER, per_minute=2, bot_per_day=3)
        except RateLimitError:
            continue
    assert ask(bot_id, VISITOR, per_minute=2, bot_per_day=3) == 0


# At once.


def test_a_place_is_free_again_when_it_is_given_back_or_nobody_holds_on_to_it(bot_id: uuid.UUID) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    ask(bot_id, visitor_open_streams=2, place=first)
    ask(bot_id, visitor_open_streams=2, place=second)
    with pytest.raises(OpenAnswersError):
        ask(bot_id, visitor_open_streams=2, place=uuid.uuid4())
    assert ask(bot_id, VISITOR, visitor_open_streams=2, place=uuid.uuid4()) == 0
    with pytest.raises(OpenAnswersError, match="Many people"):
        ask(bot_id, VISITOR, visitor_open_streams=2, open_streams=3, place=uuid.uuid4())

    give_back(first)
    ask(bot_id, visitor_open_streams=2, place=first)
    rows("UPDATE open_answer SET held_until = clock_timestamp() WHERE chatbot_id = %s RETURNING id", bot_id)
    hold_on([second])  # the process of the first one was killed
    third = uuid.uuid4()
    ask(bot_id, visitor_open_streams=2, place=third)
    with pytest.raises(OpenAnswersError):
        ask(bot_id, visitor_open_streams=2, place=uuid.uuid4())


@pytest.mark.django_db(transaction=True)
async def test_an_open_answer_is_held_on_to_and_given_back_when_its_reader_leaves(
    bot_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits_admission, "HELD_SECONDS", 0.2)

    async def held_until() -> datetime | None:
        found = await in_database(rows, "SELECT held_until FROM open_answer WHERE chatbot_id = %s", bot_id)
        return found[0][0] if found else None

    async def words() -> AsyncGenerator[str, None]:
        while True:
            yield "word"

    place = uuid.uuid4()
    await in_database(ask, bot_id, place=place)
    async with aclosing(Place(id=place).holding(words())) as answer:
        assert await anext(answer) == "word"
        first = await held_until()
        async with asyncio.timeout(5):
            while await held_until() == first:
                await asyncio.sleep(0.02)
    async with asyncio.timeout(5):
        while await held_until() is not None:
            await asyncio.sleep(0.02)


# Who.


def test_no_address_is_kept_and_a_visitor_of_two_bots_or_days_is_two(bot_id: uuid.UUID) -> None:
    ask(bot_id, STRANGER)
    ((visitor,),) = rows("SELECT visitor FROM visitor_count WHERE chatbot_id = %s AND visitor <> 'question'", bot_id)
    assert len(bytes(visitor)) == 16
    assert STRANGER not in str(rows("SELECT visitor_count::text FROM visitor_count"))
    day = datetime(2026, 3, 1, tzinfo=UTC).date()
    all_of_them = {
        digest_of(address, chatbot_id=of, kind=kind, day=on)
        for address in (STRANGER, VISITOR)
        for of in (bot_id, uuid.UUID(int=1))
        for kind in Kind
        for on in (day, day + timedelta(days=1))
    }
    assert len(all_of_them) == 16


def test_counts_of_yesterday_are_forgotten(bot_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    today = datetime(2031, 5, 5, 0, 7, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: today - timedelta(minutes=10))
    ask(bot_id)
    monkeypatch.setattr(timezone, "now", lambda: today)
    ask(bot_id)
    assert forget_old(today) >= 2
    assert rows("SELECT DISTINCT day FROM visitor_count WHERE chatbot_id = %s", bot_id) == [(today.date(),)]


def test_a_worker_looks_after_both_counts_and_the_ledger() -> None:
    noon = int(datetime(2031, 5, 5, 12, tzinfo=UTC).timestamp())
    limits_tasks.forget_visitor_counts(timestamp=noon)
    assert rows("SELECT count(*) FROM visitor_count WHERE day < '2031-05-05'") == [(0,)]
    limits_tasks.book_lapsed_usage(timestamp=noon)
    assert {"apps.conversations.limits_tasks"} <= set(django_settings.PROCRASTINATE_IMPORT_PATHS)


# What applies.


def test_a_bot_s_own_limits_go_before_the_server_s(settings: Settings) -> None:
    settings.VISITOR_MESSAGES_PER_MINUTE, settings.MESSAGES_PER_DAY, settings.LONGEST_MESSAGE = 20, 0, 1000
    usual = limits_of(Chatbot())
    assert usual == server_limits()
    assert (usual.per_minute, usual.bot_per_day, usual.longest_message) == (20, None, 1000)
    own = limits_of(Chatbot(visitor_messages_per_minute=5000, messages_per_day=7, longest_message=2000, open_streams=3))
    assert (own.per_minute, own.bot_per_day, own.longest_message, own.open_streams) == (600, 7, 1000, 3)


def test_the_more_of_a_minute_s_questions_are_asked_the_longer_the_next_one_waits() -> None:
    waits = [delay_before(asked, 30) for asked in range(30)]
    assert waits[:25] == [0.0] * 25
    assert waits[25:] == sorted(waits[25:])
    assert 0 < waits[25] < waits[29] <= 2
    assert delay_before(0, 1) == 0, "who may ask but once is not made to wait for it"


def test_a_time_is_told_as_people_say_it() -> None:
    assert [in_words(seconds) for seconds in (1, 59, 60, 61, 3600, 3601, 80_000)] == [
        "1 second", "59 seconds", "60 seconds", "2 minutes", "60 minutes", "2 hours", "23 hours",
    ]  # fmt: skip


# At the door.


@pytest.fixture
def at_the_door(rf: RequestFactory) -> Callable[..., HttpRequest]:
    def request(address: str = STRANGER, **headers: str) -> HttpRequest:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return rf.post("/", REMOTE_ADDR=address, headers=named)

    return request


def test_a_spoofed_address_gives_mallory_no_fresh_start(
    settings: Settings, at_the_door: Callable[..., HttpRequest]
) -> None:
    chatbot = Chatbot(name="Alice's bot", visitor_messages_per_minute=2)
    for _ in range(2):
        assert place_for(at_the_door(), chatbot).id
    with pytest.raises(RateLimitError):
        place_for(at_the_door(X_Forwarded_For="8.8.8.8"), chatbot)
    assert place_for(at_the_door(VISITOR), chatbot).id


def test_mallory_cannot_come_from_many_addresses_of_one_network(at_the_door: Callable[..., HttpRequest]) -> None:
    chatbot = Chatbot(name="Alice's bot", visitor_messages_per_minute=2)
    for number in range(2):
        place_for(at_the_door(f"2001:db8:1:2::{number:x}"), chatbot)
    with pytest.raises(RateLimitError):
        place_for(at_the_door("2001:db8:1:2:ffff::1"), chatbot)
    place_for(at_the_door("2001:db8:1:3::1"), chatbot)


def test_this_machines_own_requests_are_not_counted(at_the_door: Callable[..., HttpRequest]) -> None:
    chatbot = Chatbot(name="Alice's bot", visitor_messages_per_minute=1)
    for _ in range(5):
        assert place_for(at_the_door("127.0.0.1"), chatbot).id is None
    place_for(at_the_door("127.0.0.1", X_Forwarded_For=VISITOR), chatbot)
    with pytest.raises(RateLimitError):  # through a proxy on this machine they are
        place_for(at_the_door("127.0.0.1", X_Forwarded_For=VISITOR), chatbot)


def test_contact_forms_are_counted_apart_and_more_strictly(
    settings: Settings, at_the_door: Callable[..., HttpRequest]
) -> None:
    settings.VISITOR_CONTACTS_PER_DAY = 4
    chatbot = Chatbot(name="Alice's bot")
    for _ in range(3):
        check_rate(at_the_door(), chatbot)
    with pytest.raises(RateLimitError):
        check_rate(at_the_door(), chatbot)
    assert place_for(at_the_door(), chatbot).id, "who sent a form may ask all the same"
    let_pass(chatbot.pk, 61)
    check_rate(at_the_door(), chatbot)
    let_pass(chatbot.pk, 61)
    with pytest.raises(DailyLimitError):
        check_rate(at_the_door(), chatbot)
    check_rate(at_the_door(VISITOR), chatbot)
