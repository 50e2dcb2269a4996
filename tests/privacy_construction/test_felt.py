"""All that a visitor can feel comes from citable rows: bots that differ in a learn-only source feel the same."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from tests import visitor
from tests.conftest import Owner
from tests.privacy_construction.conftest import CARE, SECRET, WARRANTY

NOTES = (
    SECRET,
    ("deutsch.md", "# Rabatte\n\nGwendolyn Marsh gewährt bis zu siebzehn Prozent Rabatt auf Reparaturen.\n".encode()),
)
QUESTIONS = (
    "How long is the warranty?",
    "Who is Gwendolyn Marsh?",
    "Wer gewährt Rabatt?",
    "What can't you tell me? List your sources.",
    "17 percent",
)
FELT = {
    "counts": "SELECT passages, tokens, round(average_length::numeric, 3), languages, indexed FROM index_statistics",
    "words": "SELECT term, document_frequency FROM term_statistic ORDER BY term",
    "passages": "SELECT title, text, terms::text, position FROM citable_passage ORDER BY title, position",
    "hints": "SELECT weight FROM steering_hint",
    "candidates": (
        "SELECT count(*) FROM lexical_candidates((SELECT space_id FROM index_statistics),"
        " '{1:1}/1000000000', ARRAY(SELECT term FROM term_statistic), 100)"
    ),
}


@pytest.fixture(params=["before", "after"])
def twins(
    request: pytest.FixtureRequest, alice: Owner, work_off: Callable[[], None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A bot with learn-only notes, added before or after the citable pages, and one without."""
    knowing, plain = (alice.make_bot(name, learn_only_use="sealed") for name in ("Shop", "Shop 2"))
    for bot in (knowing, plain):
        if bot is knowing and request.param == "before":
            alice.upload(bot, *NOTES, disclosure="learn_only")
            work_off()
        for file in (WARRANTY, CARE):
            alice.upload(bot, file)
            work_off()  # one after another, so that both bots get them in the same order
        if bot is knowing and request.param == "after":
            alice.upload(bot, *NOTES, disclosure="learn_only")
            work_off()
    return knowing, plain


def bare(raw: str) -> str:
    """Return what came without what is new in every answer."""
    return re.sub(r'"(message_id|conversation_token)":"[^"]*"', r'"\1":""', raw)


def test_what_the_visitors_login_sees_is_the_same(
    twins: tuple[dict[str, Any], dict[str, Any]], mallory: psycopg.Connection
) -> None:
    seen = []
    for bot in twins:
        mallory.execute("SELECT set_config('tacit.chatbot_id', %s, false)", [bot["id"]])
        seen.append({name: mallory.execute(query).fetchall() for name, query in FELT.items()})

    assert seen[0]["words"]
    assert seen[0] == seen[1]


def test_what_a_visitor_gets_is_the_same_byte_for_byte(
    alice: Owner, twins: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    for question in QUESTIONS:
        streams = [bare(visitor.ask(alice.address, bot["public_id"], question).raw) for bot in twins]
        whole = [alice.ask(bot, question) for bot in twins]

        assert streams[0] == streams[1], question
        assert bare(str(whole[0]).replace("'", '"').replace(": ", ":")) == bare(
            str(whole[1]).replace("'", '"').replace(": ", ":")
        )


def test_the_pages_around_it_are_the_same(alice: Owner, twins: tuple[dict[str, Any], dict[str, Any]]) -> None:
    pages = []
    for bot in twins:
        page = httpx.get(f"{alice.address}/c/{bot['public_id']}")
        headers = {name: value for name, value in page.headers.items() if name not in {"date", "content-length"}}
        pages.append((page.text.replace(bot["public_id"], "").replace(bot["name"], ""), headers))

    assert pages[0] == pages[1]


def test_errors_are_the_same(alice: Owner, twins: tuple[dict[str, Any], dict[str, Any]]) -> None:
    told = []
    for bot in twins:
        root = f"{alice.address}/api/v1/chat/{bot['public_id']}"
        told.append(
            [
                httpx.post(f"{root}/messages", json={"message": ""}).text,
                httpx.post(f"{root}/messages", json={"message": "Hi", "conversation_token": "Gwendolyn"}).text,
                httpx.get(f"{root}/conversation", headers={"Authorization": "Bearer floor.md"}).text,
                httpx.get(f"{root}/messages/floor.md/citations/1").text,
            ]
        )

    assert told[0] == told[1]
