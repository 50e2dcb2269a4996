"""The main job: a document goes in, a question is asked, a cited answer comes out, over the real interfaces."""

from collections.abc import Callable

import httpx

from tests.conftest import Owner
from tests.visitor import ask

MANUAL = b"""# Wren espresso machine

## Warranty

The warranty lasts 24 months from the day of purchase. Keep the receipt.

## Descaling

Descale the machine every two months with citric acid. Rinse twice with fresh water.

## Technical data

| Model | Power | Weight |
|---|---|---|
| Wren | 1350 W | 7.2 kg |
| Wren Duo | 1900 W | 11.5 kg |
"""


def test_a_visitor_gets_the_answer_with_its_proof(alice: Owner, work_off: Callable[[], None]) -> None:
    bot = alice.make_bot()
    (source,) = alice.upload(bot, ("manual.md", MANUAL))
    assert source["status"] == "queued"
    work_off()
    (source,) = alice.sources(bot)
    assert (source["status"], source["error"], source["progress"]) == ("ready", None, 100)

    answer = alice.ask(bot, "How long is the warranty?")

    assert answer["answered"] is True
    assert "24 months" in answer["text"]
    assert answer["citations"], "an answer without a citation is no answer"
    assert "24 months" in answer["citations"][0]["quote"]
    assert answer["citations"][0]["title"]
    assert '<sup class="citation" data-n="1">' in answer["html"]


def test_the_stream_tells_the_same_and_can_be_read_on_after_a_refresh(
    alice: Owner, work_off: Callable[[], None]
) -> None:
    bot = alice.make_bot()
    alice.upload(bot, ("manual.md", MANUAL))
    work_off()

    heard = ask(alice.address, bot["public_id"], "How much does the Wren Duo weigh?")

    names = [name for name, _ in heard.events]
    assert names[0] == "start"
    assert names[-1] == "done"
    assert "11.5 kg" in heard.text
    assert [citation["n"] for citation in heard.of("citation")] == [
        citation["n"] for citation in heard.done["citations"]
    ]
    again = httpx.get(
        f"{alice.address}/api/v1/chat/{bot['public_id']}/conversation",
        headers={"Authorization": f"Bearer {heard.token}"},
    ).json()
    assert [message["role"] for message in again["messages"]] == ["visitor", "bot"]
    assert again["messages"][1]["text"] == heard.text
    citation = heard.of("citation")[0]
    passage = httpx.get(
        f"{alice.address}/api/v1/chat/{bot['public_id']}/messages/{heard.done['message_id']}/citations/{citation['n']}",
        headers={"Authorization": f"Bearer {heard.token}"},
    ).json()
    assert citation["quote"] in passage["passage"]


def test_what_nothing_supports_is_not_answered(alice: Owner, work_off: Callable[[], None]) -> None:
    bot = alice.make_bot()
    alice.upload(bot, ("manual.md", MANUAL))
    work_off()
    assert alice.ask(bot, "How long is the warranty?")["answered"] is True

    answer = alice.ask(bot, "Who won the football world cup in 1954?")

    assert (answer["answered"], answer["citations"]) == (False, [])


def test_an_empty_bot_knows_nothing_and_says_so(alice: Owner) -> None:
    answer = alice.ask(alice.make_bot(), "How long is the warranty?")

    assert (answer["answered"], answer["citations"]) == (False, [])


def test_a_changed_file_replaces_the_old_answer(alice: Owner, work_off: Callable[[], None]) -> None:
    bot = alice.make_bot()
    (first,) = alice.upload(bot, ("manual.md", MANUAL))
    work_off()
    (second,) = alice.upload(bot, ("manual.md", MANUAL.replace(b"24 months", b"36 months")))
    assert "24 months" in alice.ask(bot, "How long is the warranty?")["text"], (
        "the old one serves until the new is read"
    )
    work_off()

    assert first["id"] == second["id"]
    assert len(alice.sources(bot)) == 1
    answer = alice.ask(bot, "How long is the warranty?")
    assert "36 months" in answer["text"]
    assert "24 months" not in answer["text"]


def test_the_same_file_twice_is_recognised(alice: Owner, work_off: Callable[[], None]) -> None:
    bot = alice.make_bot()
    first, second = alice.upload(bot, ("manual.md", MANUAL), ("copy of manual.md", MANUAL))
    work_off()

    assert first["id"] == second["id"]
    (source,) = alice.sources(bot)
    assert source["status"] == "ready"


def test_learn_only_text_never_reaches_a_visitor(alice: Owner, work_off: Callable[[], None]) -> None:
    secret = b"# Discounts\n\nThe internal discount floor is 17 percent. Ask Gwendolyn Marsh before going lower.\n"
    bot = alice.make_bot()
    other = alice.make_bot("Open book")
    alice.upload(bot, ("manual.md", MANUAL))
    alice.upload(bot, ("pricing.md", secret), disclosure="learn_only")
    alice.upload(other, ("pricing.md", secret))
    work_off()
    assert {source["status"] for source in alice.sources(bot)} == {"ready"}
    assert "17 percent" in alice.ask(other, "What is the internal discount floor?")["text"], (
        "or this test proves nothing"
    )

    heard = ask(alice.address, bot["public_id"], "What is the internal discount floor?")

    for word in ("17 percent", "Gwendolyn", "pricing", "discount floor is"):
        assert word not in heard.raw
    hits = alice.api.post(f"/chatbots/{bot['id']}/search", json={"query": "discount floor", "k": 50}).json()["hits"]
    assert not [hit for hit in hits if "Gwendolyn" in hit["text"]]


def test_a_flip_to_learn_only_holds_for_the_next_question(alice: Owner, work_off: Callable[[], None]) -> None:
    bot = alice.make_bot()
    (source,) = alice.upload(bot, ("manual.md", MANUAL))
    work_off()
    before = alice.ask(bot, "How long is the warranty?")
    assert before["answered"]

    alice.api.patch(f"/chatbots/{bot['id']}/sources/{source['id']}", json={"disclosure": "learn_only"})

    assert alice.ask(bot, "How long is the warranty?")["answered"] is False
    again = httpx.get(
        f"{alice.address}/api/v1/chat/{bot['public_id']}/conversation",
        headers={"Authorization": f"Bearer {before['conversation_token']}"},
    )
    assert "24 months" not in again.text, "what was said before is withdrawn too"

    alice.api.patch(f"/chatbots/{bot['id']}/sources/{source['id']}", json={"disclosure": "citable"})

    assert "24 months" in alice.ask(bot, "How long is the warranty?")["text"]


def test_a_deleted_source_is_gone_at_once(alice: Owner, work_off: Callable[[], None]) -> None:
    bot = alice.make_bot()
    (source,) = alice.upload(bot, ("manual.md", MANUAL))
    work_off()
    assert alice.ask(bot, "How long is the warranty?")["answered"]

    assert alice.api.delete(f"/chatbots/{bot['id']}/sources/{source['id']}").status_code == 204

    assert alice.ask(bot, "How long is the warranty?")["answered"] is False
    assert alice.api.get(f"/chatbots/{bot['id']}/sources/{source['id']}/original").status_code == 404
