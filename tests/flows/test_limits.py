"""Who asks too much is slowed down first and then told kindly when to come again, by stream and by JSON alike."""

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.db import connection
from django.utils import timezone

from apps.conversations.models import Author, Conversation, Message
from tests import llm_server, visitor
from tests.conftest import Owner
from tests.flows.test_language_model import QUESTION, bot, model
from tests.llm_server import LLMServer

__all__ = ["bot", "model"]  # fixtures

STRANGER = {"X-Forwarded-For": "203.0.113.9"}
STREAM = {"Accept": "text/event-stream"}


@pytest.fixture
def ask(alice: Owner) -> Callable[..., httpx.Response]:
    """Ask from elsewhere than this machine, whose own requests are not counted."""

    def post(bot: dict[str, Any], message: str = "Hello?", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        address = f"{alice.address}/api/v1/chat/{bot['public_id']}/messages"
        return httpx.post(address, json={"message": message}, headers={**STRANGER, **named}, timeout=30)

    return post


def set_limits(owner: Owner, bot: dict[str, Any], **limits: int) -> None:
    changed = owner.api.patch(f"/chatbots/{bot['id']}", json=limits)
    assert changed.status_code == 200, changed.text


def open_answers(bot: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM open_answer WHERE chatbot_id = %s AND held_until > now()", [bot["id"]])
        return int(cursor.fetchone()[0])


def none_is_open(bot: dict[str, Any]) -> bool:
    """Wait a moment: nobody waits for a place to be given back."""
    end = time.monotonic() + 5
    while open_answers(bot) and time.monotonic() < end:
        time.sleep(0.02)
    return open_answers(bot) == 0


def told(response: httpx.Response, code: str) -> dict[str, Any]:
    assert (response.status_code, response.headers["content-type"]) == (429, "application/problem+json")
    problem = dict(response.json())
    assert (problem["status"], problem["code"]) == (429, code)
    assert int(response.headers["retry-after"]) > 0
    return problem


def test_a_stream_and_a_json_request_are_refused_alike_and_nothing_is_kept_of_them(
    alice: Owner, ask: Callable[..., httpx.Response]
) -> None:
    bot = alice.make_bot()
    set_limits(alice, bot, visitor_messages_per_minute=2)
    begun = time.monotonic()
    assert [ask(bot).status_code, ask(bot, **STREAM).status_code] == [200, 200]
    conversations = Conversation.objects.count()

    refused = [ask(bot), ask(bot, **STREAM)]

    problems = [told(one, "too_many_requests") for one in refused]
    assert problems[0]["detail"].rpartition(" in ")[0] == problems[1]["detail"].rpartition(" in ")[0]
    assert "Please try again in" in problems[0]["detail"]
    for one in refused:
        assert 60 - (time.monotonic() - begun) <= int(one.headers["retry-after"]) <= 60
    assert Conversation.objects.count() == conversations
    assert ask(bot, X_Forwarded_For="203.0.113.10").status_code == 200
    assert none_is_open(bot)


def test_before_the_limit_the_answer_begins_later_and_counts_as_open_meanwhile(
    alice: Owner, ask: Callable[..., httpx.Response]
) -> None:
    bot = alice.make_bot()
    set_limits(alice, bot, visitor_messages_per_minute=10)
    for _ in range(9):
        ask(bot)
    assert none_is_open(bot)

    begun = time.monotonic()
    slow = threading.Thread(target=ask, args=[bot])
    slow.start()
    while not open_answers(bot):
        assert time.monotonic() < begun + 10
    while connections_that_took_a_turn():
        assert slow.is_alive()
    assert questions_to(bot) == 9, "who waits holds no connection"
    slow.join(10)
    assert time.monotonic() - begun >= 1.0
    assert questions_to(bot) == 10
    told(ask(bot), "too_many_requests")


def connections_that_took_a_turn() -> int:
    """Count them; each is closed a moment after what it wrote can be seen."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND usename = current_user AND backend_type = 'client backend' AND query LIKE '%take_turn%'"
        )
        return int(cursor.fetchone()[0])


def questions_to(bot: dict[str, Any]) -> int:
    return Message.objects.filter(conversation__chatbot_id=bot["id"], author=Author.VISITOR).count()


def test_the_day_s_limit_says_when_it_is_over(alice: Owner, ask: Callable[..., httpx.Response]) -> None:
    bot = alice.make_bot()
    set_limits(alice, bot, visitor_messages_per_day=1)
    assert ask(bot).status_code == 200

    refused = ask(bot)

    problem = told(refused, "daily_limit_reached")
    now = timezone.now()
    left = 86_400 - (now.hour * 3600 + now.minute * 60 + now.second)
    assert abs(int(refused.headers["retry-after"]) - left) <= 5
    assert "It goes on at midnight UTC, in " in problem["detail"]


def test_a_flood_from_everywhere_ends_at_the_bot_s_limit_and_the_owner_can_see_it(
    alice: Owner, ask: Callable[..., httpx.Response]
) -> None:
    bot = alice.make_bot()
    set_limits(alice, bot, messages_per_day=3)
    answers = [ask(bot, X_Forwarded_For=f"198.51.100.{number}") for number in range(5)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
    told(answers[-1], "daily_limit_reached")
    metrics = httpx.get(f"{alice.address}/metrics", timeout=20).text
    assert f'tacit_turned_away_total{{bot="{bot["id"]}",limit="bot_day"}} 2.0' in metrics


def test_a_question_may_be_as_long_as_the_owner_says(alice: Owner, ask: Callable[..., httpx.Response]) -> None:
    bot, other = alice.make_bot(), alice.make_bot("Other")
    set_limits(alice, bot, longest_message=60)
    long = "What about this? " * 4
    assert 60 < len(long.strip()) < 70
    refused = ask(bot, long)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_message")
    assert "longer than 60 characters" in refused.json()["detail"]
    assert ask(other, long).status_code == 200
    assert none_is_open(bot), "a question that can't be asked gives its place back"


def test_a_visitor_may_not_have_more_answers_open_than_there_are_places(
    alice: Owner, bot: dict[str, Any], model: LLMServer, settings: Any, ask: Callable[..., httpx.Response]
) -> None:
    settings.ANSWER_GRACE_SECONDS = 0
    set_limits(alice, bot, open_streams=1)
    model.behave(llm_server.stalls("The warranty lasts 24 months from the day of purchase [1]. Keep the"))
    address = f"{alice.address}/api/v1/chat/{bot['public_id']}/messages"
    with httpx.stream(
        "POST", address, json={"message": QUESTION}, headers={**STRANGER, **STREAM}, timeout=30
    ) as stream:
        lines = stream.iter_lines()  # held on to, or the connection is closed
        next(lines)
        assert open_answers(bot) == 1
        told(ask(bot, X_Forwarded_For="203.0.113.10"), "too_many_open_answers")
        assert visitor.ask(alice.address, bot["public_id"], "Hello?").status == 200, "this machine itself may"

    assert none_is_open(bot), "who leaves gives the place back"
    assert ask(bot, X_Forwarded_For="203.0.113.10").status_code == 200


def test_a_site_that_may_not_ask_uses_up_nobody_s_questions(alice: Owner, ask: Callable[..., httpx.Response]) -> None:
    bot = alice.make_bot()
    set_limits(alice, bot, visitor_messages_per_minute=1)
    for _ in range(3):
        assert ask(bot, Origin="https://mallory.example").status_code == 403
    assert ask(bot).status_code == 200
