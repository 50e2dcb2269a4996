"""Mallory holds tokens, ids and keys of her own and tries them on what is not hers (50, 51)."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from apps.observability.leaktest.exchange import without_ids
from tests.privacy.conftest import Bot, World

pytestmark = pytest.mark.django_db


def conversation(world: World, bot: Bot, token: str) -> httpx.Response:
    return httpx.get(
        f"{world.address}/api/v1/chat/{bot['public_id']}/conversation", headers={"Authorization": f"Bearer {token}"}
    )


EACH_TIME = {"date", "x-request-id"}
UNPACKED = {"Accept-Encoding": "identity"}  # a packed page has random bytes before it, so that its length tells nothing


def same(one: httpx.Response, other: httpx.Response) -> bool:
    """Whether status, body and headers, but for time and number of the request, are the same bytes."""
    return (one.status_code, without_ids(one.text, ())) == (other.status_code, without_ids(other.text, ())) and {
        name: value for name, value in one.headers.items() if name not in EACH_TIME
    } == {name: value for name, value in other.headers.items() if name not in EACH_TIME}


@pytest.fixture
def spoken(extraction: World) -> dict[str, Any]:
    return extraction.alice.ask(extraction.bots["sealed"], "What is the deposit for an e-bike?")


def test_a_token_opens_its_own_bots_conversation_only(extraction: World, spoken: dict[str, Any]) -> None:
    token = spoken["conversation_token"]
    assert "150 euros" in conversation(extraction, extraction.bots["sealed"], token).text

    for bot in (extraction.twin, extraction.bots["steer"]):
        tried, random = conversation(extraction, bot, token), conversation(extraction, bot, "x" * len(token))
        assert tried.status_code == 404
        assert same(tried, random)


def test_a_guessed_token_and_one_of_a_deleted_conversation_look_the_same(
    extraction: World, spoken: dict[str, Any]
) -> None:
    bot = extraction.bots["sealed"]
    almost = spoken["conversation_token"][:-1] + "!"
    assert same(conversation(extraction, bot, almost), conversation(extraction, bot, "y" * len(almost)))


def test_a_message_of_another_visitor_takes_no_feedback_and_shows_no_citation(
    extraction: World, spoken: dict[str, Any]
) -> None:
    bot = extraction.bots["sealed"]
    mallorys = extraction.alice.ask(bot, "When do you open?")["conversation_token"]
    messages = f"{extraction.address}/api/v1/chat/{bot['public_id']}/messages"
    hers = {"Authorization": f"Bearer {mallorys}"}
    for path, body in (("feedback", {"value": "up"}), ("citations/1", None)):
        method = "POST" if body else "GET"
        tried, missing = (
            httpx.request(method, f"{messages}/{message}/{path}", headers=hers, json=body)
            for message in (spoken["message_id"], uuid4())
        )
        assert tried.status_code == 404
        assert same(tried, missing)


def test_another_organizations_bots_and_sources_do_not_exist(world: World) -> None:
    bot = world.bots["sealed"]
    (secret, *_) = [source for source in world.alice.sources(bot) if source["disclosure"] == "learn_only"]
    assert world.alice.api.get(f"/chatbots/{bot['id']}/sources/{secret['id']}").status_code == 200
    tina = world.owners["tina"].api
    for theirs, nobodys in (
        (f"/chatbots/{bot['id']}", f"/chatbots/{uuid4()}"),
        (f"/chatbots/{bot['id']}/sources/{secret['id']}", f"/chatbots/{uuid4()}/sources/{uuid4()}"),
        (f"/chatbots/{world.twin['id']}/sources/{secret['id']}", f"/chatbots/{world.twin['id']}/sources/{uuid4()}"),
        (f"/chatbots/{bot['id']}/sources/{secret['id']}/original", f"/chatbots/{bot['id']}/sources/{uuid4()}/original"),
        (f"/chatbots/{bot['id']}/conversations", f"/chatbots/{uuid4()}/conversations"),
    ):
        assert tina.get(theirs).status_code == 404
        assert same(tina.get(theirs), tina.get(nobodys))


def test_an_unpublished_bot_and_none_look_the_same(world: World) -> None:
    bot = world.alice.make_bot("Withdrawn", is_published=False)
    for path in ("/c/{}", "/api/v1/chat/{}/conversation"):
        tried, missing = (
            httpx.get(world.address + path.format(public_id), headers=UNPACKED)
            for public_id in (bot["public_id"], "a" * 16)
        )
        assert tried.status_code == 404
        assert same(tried, missing)


def test_the_host_that_a_request_names_changes_nothing(extraction: World) -> None:
    address = f"{extraction.address}/api/v1/chat/{extraction.bots['sealed']['public_id']}/messages"
    for headers in ({"X-Forwarded-Host": "tina.example"}, {"Forwarded": "host=tina.example"}):
        told = httpx.post(address, json={"message": "When do you open?"}, headers=headers)
        assert told.status_code == 200
        assert "tina" not in told.text
