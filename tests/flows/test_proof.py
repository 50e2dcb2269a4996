"""Alice sees how each answer came about; no visitor sees any of it, and neither does another owner."""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from apps.conversations.proof import Proof
from apps.core.language_model import LanguageModelSettings
from apps.core.services import ServiceRegistry
from tests import llm_server, visitor
from tests.conftest import Owner
from tests.llm_server import LLMServer, says

FILES = (
    ("warranty.md", b"# Warranty\n\nThe warranty lasts 24 months from the day of purchase. Keep the receipt.\n"),
    ("care.md", b"# Descaling\n\nDescale the machine every two months with citric acid. Rinse it twice.\n"),
)
QUESTION = "How long is the warranty?"
INVENTED = "Gwendolyn Marsh extends it to 99 months for friends [1]."
# What a visitor may see too; every other name of the proof is the owner's alone.
SHARED = {"message_id", "text", "title", "heading", "page", "answered", "name", "complete"}


@pytest.fixture
def model(settings: Any) -> Iterator[LLMServer]:
    """A language model's server, which the product is set to use."""
    with LLMServer() as server:
        server.behave(says("The warranty lasts 24 months from the day of purchase [1]. ", INVENTED))
        settings.LANGUAGE_MODEL = LanguageModelSettings(
            base_url=server.base_url, api_key="key of the tests", model=llm_server.MODEL
        )
        ServiceRegistry.reset()
        yield server


@pytest.fixture
def bot(alice: Owner, work_off: Callable[[], None]) -> dict[str, Any]:
    made = alice.make_bot()
    alice.upload(made, *FILES)
    work_off()
    return made


def path_of_latest(owner: Owner, bot: dict[str, Any]) -> str:
    """Return the path of the latest answer's proof."""
    talks = f"/chatbots/{bot['id']}/conversations"
    conversation = owner.api.get(talks).json()[0]["id"]
    message = owner.api.get(f"{talks}/{conversation}").json()["messages"][-1]["id"]
    return f"{talks}/{conversation}/messages/{message}/proof"


def proof_of_latest(owner: Owner, bot: dict[str, Any]) -> dict[str, Any]:
    told = owner.api.get(path_of_latest(owner, bot))
    assert told.status_code == 200, told.text
    return dict(told.json())


def test_the_proof_tells_what_was_found_what_was_sent_and_what_was_held_back(
    alice: Owner, bot: dict[str, Any], model: LLMServer
) -> None:
    alice.ask(bot, QUESTION)
    proof = proof_of_latest(alice, bot)

    assert (proof["question"], proof["query"], proof["answered"], proof["complete"]) == (QUESTION, QUESTION, True, True)
    assert proof["writer"] == {
        "provider": "openai-compatible",
        "model": llm_server.MODEL,
        "fallback": None,
        "completion_tokens": 42,  # of the answer, and of the second try at what was held back
    }
    assert INVENTED.startswith(proof["dropped"][0]["text"][:20])
    assert proof["dropped"][0]["rule"]
    best, other = proof["passages"]
    assert (best["rank"], best["title"], best["number"], best["cited_as"]) == (1, "Warranty", 1, [1])
    assert "24 months" in best["text"]
    assert best["score"] > other["score"]
    assert (other["title"], other["cited_as"], other["steered"]) == ("Descaling", [], False)
    assert [stage["name"] for stage in proof["stages"]] == ["condense", "search", "read", "context", "generate"]
    assert proof["stages"][2]["began_ms"] == pytest.approx(sum(s["took_ms"] for s in proof["stages"][:2]), abs=0.01)
    assert 0 < proof["first_token_ms"] <= proof["total_ms"]


def test_the_hash_is_that_of_what_the_model_was_sent(alice: Owner, bot: dict[str, Any], model: LLMServer) -> None:
    alice.ask(bot, QUESTION)
    request = model.requests[-1]  # the first asked for the answer, this one for what was held back
    sent = json.dumps(request.messages, ensure_ascii=False, separators=(",", ":"))
    prompt = proof_of_latest(alice, bot)["prompt"]
    assert prompt == {
        "characters": sum(len(message["content"]) for message in request.messages),
        "tokens": 642,  # of both
        "tokens_counted": True,
        "sha256": hashlib.sha256(sent.encode()).hexdigest(),
    }


def test_where_no_model_was_asked_there_is_no_prompt(alice: Owner, bot: dict[str, Any]) -> None:
    alice.ask(bot, QUESTION)
    proof = proof_of_latest(alice, bot)
    assert (proof["prompt"], proof["writer"]["provider"]) == (None, "extractive")


def test_a_passage_that_was_withdrawn_keeps_its_scores_and_loses_its_words(alice: Owner, bot: dict[str, Any]) -> None:
    alice.ask(bot, QUESTION)
    path = path_of_latest(alice, bot)
    assert alice.api.get(path).json()["passages"][0]["text"]
    source = next(one for one in alice.sources(bot) if one["title"] == "warranty.md")
    alice.api.patch(f"/chatbots/{bot['id']}/sources/{source['id']}", json={"disclosure": "learn_only"})
    best = alice.api.get(path).json()["passages"][0]
    assert (best["text"], best["title"], best["source_id"]) == (None, None, None)
    assert best["score"] > 0


def test_to_open_a_proof_is_told_in_the_audit_trail(alice: Owner, bot: dict[str, Any]) -> None:
    alice.ask(bot, QUESTION)
    path = path_of_latest(alice, bot)
    alice.api.get(path)
    entry = alice.api.get(f"/audit?chatbot={bot['id']}").json()["entries"][0]
    assert (entry["action"], entry["details"]) == ("conversation.opened", {"message": path.split("/")[-2]})
    assert (entry["actor"]["kind"], entry["actor"]["label"].split()[0]) == ("api_key", "alice@example.org")


def test_mallory_cannot_see_the_proof_of_alices_answers(alice: Owner, bot: dict[str, Any]) -> None:
    alice.ask(bot, QUESTION)
    path = path_of_latest(alice, bot)
    assert alice.api.get(path).status_code == 200
    users = ServiceRegistry.get("users")
    secret = users.create_api_key(member=users.ensure_owner(email="mallory@example.org")).secret
    with httpx.Client(base_url=f"{alice.address}/api/v1", headers={"Authorization": f"Bearer {secret}"}) as mallory:
        hers = mallory.post("/chatbots", json={"name": "Hers"}).json()["id"]
        assert mallory.get(path).status_code == 404
        assert mallory.get(path.replace(bot["id"], hers)).status_code == 404
    assert httpx.get(f"{alice.address}/api/v1{path}").status_code == 401


# Never in a visitor's payload.


def names_in(value: Any) -> Iterator[str]:
    """Yield every name of every field, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from names_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names_in(inner)


def names_of_the_proof() -> set[str]:
    schema = Proof.model_json_schema()
    shapes = [schema, *schema["$defs"].values()]
    return {name for shape in shapes for name in shape["properties"]} - SHARED | {"trace", "timings_ms", "prompt"}


def everything_visitors_get(alice: Owner, bot: dict[str, Any]) -> list[Any]:
    """Ask in both ways, read on, open a citation, give feedback, ask badly; return every payload."""
    chat = f"{alice.address}/api/v1/chat/{bot['public_id']}"
    heard = visitor.ask(alice.address, bot["public_id"], QUESTION)
    token = {"Authorization": f"Bearer {heard.token}"}
    message = f"{chat}/messages/{heard.done['message_id']}"
    with httpx.Client(headers=token, timeout=60) as client:
        answers = [
            client.post(f"{chat}/messages", json={"message": QUESTION, "conversation_token": heard.token}),
            client.get(f"{chat}/conversation"),
            client.get(f"{message}/citations/1"),
            client.get(f"{message}/citations/9"),
            client.post(f"{message}/feedback", json={"value": "up"}),
            client.post(f"{chat}/messages", json={"message": ""}),
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 404, 200, 400]
    return [[data for _, data in heard.events], *(answer.json() for answer in answers)]


def test_no_visitor_is_told_anything_of_the_proof(alice: Owner, bot: dict[str, Any], model: LLMServer) -> None:
    payloads = everything_visitors_get(alice, bot)
    proof = proof_of_latest(alice, bot)
    forbidden = names_of_the_proof()
    assert forbidden >= {"cosine", "bm25", "steered", "dropped", "rule", "sha256", "stages", "query"}
    without_alarm = {"stopped", "rules", "views"}
    assert forbidden <= set(names_in(proof)) | without_alarm | {"trace", "timings_ms"}  # the owner does get all of it
    for payload in payloads:
        assert not forbidden & set(names_in(payload))
        said = json.dumps(payload)
        for secret in (proof["dropped"][0]["text"], proof["prompt"]["sha256"], llm_server.MODEL, "Descaling"):
            assert secret not in said
