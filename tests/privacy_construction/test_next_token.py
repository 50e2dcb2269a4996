"""What the owner takes away is gone from the next token on: in running streams, JSON, history and what is kept."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from apps.chatbots.models import Chatbot
from apps.core.services import ServiceRegistry
from tests import visitor
from tests.conftest import Owner
from tests.llm_server import LLMServer, says
from tests.privacy_construction.conftest import QUESTION, WARRANTY, PausedAnswer, source_named

TAKEN = ("24 months", "grinder", "Warranty", "warranty.md")
Change = Callable[[Owner, dict[str, Any]], None]


def flip(owner: Owner, bot: dict[str, Any]) -> None:
    address = f"/chatbots/{bot['id']}/sources/{source_named(owner, bot, 'warranty.md')['id']}"
    assert owner.api.patch(address, json={"disclosure": "learn_only"}).status_code == 200


def delete(owner: Owner, bot: dict[str, Any]) -> None:
    address = f"/chatbots/{bot['id']}/sources/{source_named(owner, bot, 'warranty.md')['id']}"
    assert owner.api.delete(address).status_code == 204


def remove(owner: Owner, bot: dict[str, Any]) -> None:
    """Delete as the dashboard does, so that it can be restored."""
    chatbot = Chatbot.objects.get(pk=bot["id"])
    source = ServiceRegistry.get("knowledge_sources").of(chatbot).get(file_name="warranty.md")
    ServiceRegistry.get("removed_sources").remove(source)


def unpublish(owner: Owner, bot: dict[str, Any]) -> None:
    assert owner.api.patch(f"/chatbots/{bot['id']}", json={"is_published": False}).status_code == 200


def nothing(owner: Owner, bot: dict[str, Any]) -> None:
    """Change nothing: what proves that the tests could fail."""


@pytest.fixture
def paused(model: LLMServer) -> Iterator[PausedAnswer]:
    """The model says the first sentence and waits; asked once more, it says the whole again."""
    said = PausedAnswer(
        # The next sentence must have begun before the first one is known to be whole, and goes out.
        "The warranty lasts 24 months from the day of purchase [1]. The warranty ",
        f"covers the grinder and the pump [1]. {'It says no more than this. ' * 20}",
    )
    model.behave(said.behaviour(), says(said.first))
    yield said
    said.go_on.set()


def stream_with(change: Change, owner: Owner, bot: dict[str, Any], paused: PausedAnswer) -> tuple[str, str]:
    """Return what came of a stream before a change was made, and after it."""
    address = f"{owner.address}/api/v1/chat/{bot['public_id']}/messages"
    with httpx.stream(
        "POST", address, json={"message": QUESTION}, headers={"Accept": "text/event-stream"}, timeout=60
    ) as response:
        pieces = response.iter_text()
        before = ""
        while not ("event: citation" in before and before.endswith("\n\n")):
            before += next(pieces)
        change(owner, bot)
        paused.go_on.set()
        return before, "".join(pieces)


def events_in(raw: str) -> list[tuple[str, dict[str, Any]]]:
    return [visitor.parsed(block) for block in raw.split("\n\n") if block.startswith("event: ")]


def test_an_answer_under_which_nothing_changes_goes_on_to_its_end(
    alice: Owner, bot: dict[str, Any], paused: PausedAnswer
) -> None:
    before, after = stream_with(nothing, alice, bot, paused)

    assert "24 months" in before
    assert "grinder" in after
    assert [name for name, _ in events_in(before + after)].count("start") == 1


REPAIRS = "sentences of your answer are not supported"


@pytest.mark.parametrize("change", [flip, delete, remove])
def test_not_one_more_token_of_a_source_that_is_taken_away(
    change: Change, alice: Owner, bot: dict[str, Any], model: LLMServer, paused: PausedAnswer
) -> None:
    before, after = stream_with(change, alice, bot, paused)

    assert "24 months" in before
    assert not any(word in after for word in TAKEN)
    names = [name for name, _ in events_in(after)]
    assert (names[0], names[-1]) == ("start", "done")
    assert model.wait_for_hang_up(), "the model went on talking to nobody"
    # A request to repair gives the model back what it has just said itself.
    asked = [request for request in model.requests[1:] if REPAIRS not in request.text]
    assert asked
    assert not any("24 months" in request.text for request in asked)


@pytest.mark.parametrize("change", [flip, delete, remove])
def test_what_is_kept_is_the_new_answer_alone(
    change: Change, alice: Owner, bot: dict[str, Any], paused: PausedAnswer
) -> None:
    before, _ = stream_with(change, alice, bot, paused)

    token = events_in(before)[0][1]["conversation_token"]
    read = httpx.get(
        f"{alice.address}/api/v1/chat/{bot['public_id']}/conversation", headers={"Authorization": f"Bearer {token}"}
    ).json()
    kept = next(message for message in read["messages"] if message["role"] == "bot")
    assert kept["citations"] == []
    assert not any(word in json.dumps(kept) for word in TAKEN)
    latest = alice.api.get(f"/chatbots/{bot['id']}/conversations").json()[0]
    shown = alice.api.get(f"/chatbots/{bot['id']}/conversations/{latest['id']}").json()["messages"][-1]
    assert shown["complete"]
    assert "24 months" not in shown["text"]


def ask_json_during(change: Change, owner: Owner, bot: dict[str, Any], model: LLMServer, paused: PausedAnswer) -> Any:
    """Ask by JSON, make a change while the model talks, and return the response."""
    got: list[httpx.Response] = []
    address = f"{owner.address}/api/v1/chat/{bot['public_id']}/messages"
    asking = threading.Thread(target=lambda: got.append(httpx.post(address, json={"message": QUESTION}, timeout=60)))
    asking.start()
    deadline = time.monotonic() + 10
    while not model.requests and time.monotonic() < deadline:
        time.sleep(0.01)
    change(owner, bot)
    paused.go_on.set()
    asking.join(30)
    return got[0]


def test_a_whole_answer_holds_nothing_of_what_was_taken_away_while_it_was_made(
    alice: Owner, bot: dict[str, Any], model: LLMServer, paused: PausedAnswer
) -> None:
    response = ask_json_during(flip, alice, bot, model, paused)

    assert response.status_code == 200
    assert not any(word in response.text for word in TAKEN)


def test_a_whole_answer_is_the_model_s_when_nothing_changes(
    alice: Owner, bot: dict[str, Any], model: LLMServer, paused: PausedAnswer
) -> None:
    assert "24 months" in ask_json_during(nothing, alice, bot, model, paused).json()["text"]


def test_a_bot_taken_offline_ends_its_streams_as_one_that_never_was(
    alice: Owner, bot: dict[str, Any], model: LLMServer, paused: PausedAnswer
) -> None:
    _, after = stream_with(unpublish, alice, bot, paused)

    ((name, problem),) = events_in(after)
    unknown = httpx.post(f"{alice.address}/api/v1/chat/nosuchbot/messages", json={"message": QUESTION})
    assert name == "error"
    assert problem == unknown.json()
    assert model.wait_for_hang_up()


def test_a_bot_taken_offline_answers_in_json_as_one_that_never_was(
    alice: Owner, bot: dict[str, Any], model: LLMServer, paused: PausedAnswer
) -> None:
    response = ask_json_during(unpublish, alice, bot, model, paused)

    unknown = httpx.post(f"{alice.address}/api/v1/chat/nosuchbot/messages", json={"message": QUESTION})
    assert (response.status_code, response.content) == (404, unknown.content)


def test_history_loses_an_answer_whose_prompt_held_the_source_although_it_cites_another(
    alice: Owner, bot: dict[str, Any], model: LLMServer
) -> None:
    model.behave(says("Descale the machine every two months with citric acid [1]."))
    first = visitor.ask(alice.address, bot["public_id"], "How often must I descale, and is there a warranty?")
    assert [citation["title"] for citation in first.of("citation")] == ["Descaling"]
    assert "24 months" in model.requests[-1].text
    flip(alice, bot)
    visitor.ask(alice.address, bot["public_id"], "And with what?", first.token)

    history = model.requests[-1].text
    assert "[source withdrawn]" in history
    assert "every two months" not in history.split("And with what?")[0].split("[source withdrawn]")[0]


def test_history_keeps_an_answer_from_sources_that_stay(alice: Owner, bot: dict[str, Any], model: LLMServer) -> None:
    model.behave(says("Descale the machine every two months with citric acid [1]."))
    first = visitor.ask(alice.address, bot["public_id"], "How often must I descale?")
    visitor.ask(alice.address, bot["public_id"], "And with what?", first.token)

    assert "[source withdrawn]" not in model.requests[-1].text


@pytest.mark.parametrize("change", [flip, delete, remove])
def test_saved_citations_of_what_is_taken_away_are_withdrawn(change: Change, alice: Owner, bot: dict[str, Any]) -> None:
    said = alice.ask(bot, QUESTION)
    root = f"{alice.address}/api/v1/chat/{bot['public_id']}"
    at = f"{root}/messages/{said['message_id']}"
    token = {"Authorization": f"Bearer {said['conversation_token']}"}
    assert "24 months" in httpx.get(f"{root}/conversation", headers=token).text
    assert "24 months" in httpx.get(f"{at}/citations/1", headers=token).text
    change(alice, bot)

    read, opened = httpx.get(f"{root}/conversation", headers=token), httpx.get(f"{at}/citations/1", headers=token)
    assert read.json()["messages"][-1]["text"] == "[source withdrawn]"
    assert opened.status_code == 404
    assert not any(word in read.text + opened.text for word in TAKEN)
    thanked = httpx.post(f"{at}/feedback", headers=token, json={"value": "down", "comment": "Where is it?"})
    assert thanked.json() == {"value": "down"}


def test_a_bot_taken_offline_takes_its_conversations_along(alice: Owner, bot: dict[str, Any]) -> None:
    said = alice.ask(bot, QUESTION)
    token = {"Authorization": f"Bearer {said['conversation_token']}"}
    unpublish(alice, bot)

    for method, path in (
        ("GET", "conversation"),
        ("GET", f"messages/{said['message_id']}/citations/1"),
        ("POST", f"messages/{said['message_id']}/feedback"),
    ):
        body = {"value": "up"} if method == "POST" else None
        gone, never = (
            httpx.request(method, f"{alice.address}/api/v1/chat/{one}/{path}", headers=token, json=body)
            for one in (bot["public_id"], "nosuchbot")
        )
        assert (gone.status_code, gone.content) == (404, never.content)


def test_a_flipped_source_s_original_was_and_is_beyond_a_visitor(alice: Owner, bot: dict[str, Any]) -> None:
    address = f"/chatbots/{bot['id']}/sources/{source_named(alice, bot, 'warranty.md')['id']}/original"
    assert alice.api.get(address).content == WARRANTY[1]
    before = httpx.get(f"{alice.address}/api/v1{address}")
    flip(alice, bot)
    after = httpx.get(f"{alice.address}/api/v1{address}")

    assert (before.status_code, after.status_code) == (401, 401)
    assert before.content == after.content
