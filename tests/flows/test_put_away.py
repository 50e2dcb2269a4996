"""What Alice archives or deletes is gone for visitors and programs with the next request, and comes back as it was."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from apps.chatbots.models import Chatbot
from apps.core.services import ServiceRegistry
from tests.conftest import Owner

RETURNS = b"# Returns\n\nYou can return any item within 30 days of delivery.\n"
QUESTION = "Within how many days can I return an item?"


@pytest.fixture
def bot(alice: Owner, work_off: Callable[[], None]) -> dict[str, Any]:
    made = alice.make_bot("Shop")
    alice.upload(made, ("returns.md", RETURNS))
    work_off()
    return made


def visit(alice: Owner, bot: dict[str, Any], token: str) -> list[int]:
    """What a visitor with an open conversation gets: the page, the frame, an answer, and what was said."""
    chat = f"{alice.address}/api/v1/chat/{bot['public_id']}"
    asked = {"message": QUESTION, "conversation_token": token}
    authorised = {"Authorization": f"Bearer {token}"}
    return [
        httpx.get(f"{alice.address}/c/{bot['public_id']}").status_code,
        httpx.get(f"{alice.address}/embed/{bot['public_id']}").status_code,
        httpx.post(f"{chat}/messages", json=asked, timeout=60).status_code,
        httpx.get(f"{chat}/conversation", headers=authorised).status_code,
    ]


@pytest.mark.parametrize(("put_away", "take_back"), [("archive", "unarchive"), ("remove", "restore")])
def test_what_is_put_away_is_gone_for_visitors_and_comes_back_with_what_was_said(
    alice: Owner, bot: dict[str, Any], put_away: str, take_back: str
) -> None:
    lifecycle, chatbot = ServiceRegistry.get("lifecycle"), Chatbot.objects.get(pk=bot["id"])
    answer = alice.ask(bot, QUESTION)
    token = answer["conversation_token"]
    assert visit(alice, bot, token) == [200, 200, 200, 200]

    getattr(lifecycle, put_away)(chatbot)
    assert visit(alice, bot, token) == [404, 404, 404, 404]

    getattr(lifecycle, take_back)(chatbot)
    assert visit(alice, bot, token) == [200, 200, 200, 200]
    assert "30 days" in alice.ask(bot, QUESTION)["text"]


def test_a_deleted_bot_is_gone_for_the_owners_programs(alice: Owner, bot: dict[str, Any]) -> None:
    of_bot = f"/chatbots/{bot['id']}"
    paths = ("", "/sources", "/conversations")
    assert [alice.api.get(of_bot + path).status_code for path in paths] == [200, 200, 200]
    ServiceRegistry.get("lifecycle").remove(Chatbot.objects.get(pk=bot["id"]))
    assert [alice.api.get(of_bot + path).status_code for path in paths] == [404, 404, 404]
    assert alice.api.get("/chatbots").json() == []
    assert alice.api.patch(of_bot, json={"is_published": True}).status_code == 404
    assert alice.make_bot("Shop")["name"] == "Shop"  # the name is free again


def test_an_archived_bot_stays_there_for_programs_and_offline(alice: Owner, bot: dict[str, Any]) -> None:
    ServiceRegistry.get("lifecycle").archive(Chatbot.objects.get(pk=bot["id"]))
    assert alice.api.get(f"/chatbots/{bot['id']}").json()["is_published"] is False
    refused = alice.api.patch(f"/chatbots/{bot['id']}", json={"is_published": True})
    assert refused.status_code == 409
    assert "archive" in refused.json()["detail"]


def test_a_copy_answers_from_its_own_sources(alice: Owner, bot: dict[str, Any], work_off: Callable[[], None]) -> None:
    original = Chatbot.objects.get(pk=bot["id"])
    copy = ServiceRegistry.get("lifecycle").duplicate(original, name="Shop two", with_sources=True)
    ServiceRegistry.get("chatbots").update(copy, is_published=True)
    work_off()
    alice.api.delete(f"/chatbots/{bot['id']}")
    answer = alice.ask({"public_id": copy.public_id}, QUESTION)
    assert "30 days" in answer["text"]
    assert answer["citations"]
