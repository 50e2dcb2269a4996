"""The embedding model's server is away: sources wait and say so, visitors are answered, and it ends by itself."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connection

from apps.core.error_handling import CircuitOpenError
from apps.core.services import ServiceRegistry
from apps.core.tests.embedding_server import EmbeddingServer, embedding_server
from apps.knowledge.tasks import ATTEMPTS
from apps.retrieval import providers
from tests.conftest import Owner
from tests.faults.installation import Installation, free_port, wait_until

OUTAGE = [(503, b"{}")] * 10_000
PAUSE = 1.5  # seconds for which a failing server is left alone in these tests
TOWNS = ("Ashford", "Brill", "Corfe", "Dunster", "Eyam", "Frome")
GUIDE = ("warranty.md", b"# Warranty\n\nThe warranty lasts 24 months from the day of purchase. Keep the receipt.\n")
QUESTION = "How long does the warranty last?"


@pytest.fixture
def server(settings: Any, transactional_db: None) -> Iterator[EmbeddingServer]:
    with embedding_server() as running:
        settings.EMBEDDING_MODEL = f"openai:{running.base_url.split(':')[2]}@64"  # a name that no other test has used
        settings.EMBEDDING_BASE_URL = running.base_url
        settings.CIRCUIT_SECONDS = PAUSE
        ServiceRegistry.reset()
        yield running
    providers._by_spec.clear()


def guides() -> list[tuple[str, bytes]]:
    return [
        (f"{town}.md", f"# {town}\n\nThe depot of {town} has {n + 3} gates.\n".encode()) for n, town in enumerate(TOWNS)
    ]


def come_due() -> None:
    """Let the time pass for which jobs are put off."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")


def passages(bot: dict[str, Any]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM citable_passage WHERE chatbot_id = %s ORDER BY text", [bot["id"]])
        return [text for (text,) in cursor.fetchall()]


def trace(alice: Owner, bot: dict[str, Any]) -> dict[str, Any]:
    conversations = f"/chatbots/{bot['id']}/conversations"
    latest = alice.api.get(conversations).json()[0]
    return dict(alice.api.get(f"{conversations}/{latest['id']}").json()["messages"][-1]["trace"])


def test_sources_wait_as_long_as_it_takes_and_end_ready_with_nothing_doubled(
    alice: Owner, work_off: Callable[[], None], server: EmbeddingServer
) -> None:
    bot = alice.make_bot()
    server.planned = list(OUTAGE)
    alice.upload(bot, *guides())
    work_off()

    waiting = alice.sources(bot)
    assert {(one["status"], one["stage"]) for one in waiting} == {("queued", "waiting")}
    told = [one["error"] for one in waiting if one["error"]["code"] == CircuitOpenError.code]
    assert told, "the ones that came after the third failure"
    assert all("The next try is in" in one["message"] for one in told)
    assert passages(bot) == []

    reached, begun = len(server.requests), time.monotonic()
    while time.monotonic() - begun < PAUSE / 2:
        come_due()
        work_off()
    if time.monotonic() - begun < PAUSE:
        assert len(server.requests) == reached, "nobody asks it while it is left alone"

    for _ in range(ATTEMPTS + 2):  # more pauses and failed probes than a source has tries
        time.sleep(PAUSE)
        come_due()
        work_off()
    assert {(one["status"], one["stage"]) for one in alice.sources(bot)} == {("queued", "waiting")}
    assert len(server.requests) > reached, "it is tried again now and then"

    server.planned.clear()
    time.sleep(PAUSE)
    for _ in range(3):  # the first source is the probe, and the others may come too early
        come_due()
        work_off()

    ready = alice.sources(bot)
    assert {(one["status"], one["stage"], one["error"]) for one in map(hashable, ready)} == {("ready", "", None)}
    assert len(passages(bot)) == len(TOWNS) == len(set(passages(bot)))
    assert [one["passage_count"] for one in ready] == [1] * len(TOWNS)
    assert "6 gates" in alice.ask(bot, "How many gates has the depot of Dunster?")["text"]


def hashable(source: dict[str, Any]) -> dict[str, Any]:
    return {**source, "error": source["error"] and source["error"]["code"]}


def test_an_owner_who_reads_a_waiting_source_again_has_one_job_for_it(
    alice: Owner, work_off: Callable[[], None], server: EmbeddingServer
) -> None:
    bot = alice.make_bot()
    server.planned = list(OUTAGE)
    sources = alice.upload(bot, *guides()[:4])
    work_off()
    alice.api.post(f"/chatbots/{bot['id']}/sources/{sources[0]['id']}/retry")
    work_off()
    with connection.cursor() as cursor:
        cursor.execute("SELECT lock, count(*) FROM procrastinate_jobs WHERE status = 'todo' GROUP BY lock")
        jobs = dict(cursor.fetchall())
    assert {jobs[f"source:{source['id']}"] for source in sources} == {1}


def test_visitors_are_answered_by_words_alone_and_the_owner_sees_it(
    alice: Owner, work_off: Callable[[], None], server: EmbeddingServer
) -> None:
    bot = alice.make_bot()
    alice.upload(bot, GUIDE, *guides())
    work_off()
    assert "24 months" in alice.ask(bot, QUESTION)["text"]
    assert trace(alice, bot)["search_fallback"] is None

    server.planned = list(OUTAGE)
    codes = []
    for _ in range(4):
        begun = time.monotonic()
        answer = alice.ask(bot, QUESTION)
        assert time.monotonic() - begun < 6, "two seconds where nothing else runs"
        assert "24 months" in answer["citations"][0]["quote"]
        codes.append(trace(alice, bot)["search_fallback"])

    assert codes[0] == "provider_busy"
    assert codes[-1] == "circuit_open"
    reached = len(server.requests)
    assert alice.ask(bot, QUESTION)["answered"] is True
    assert alice.ask(bot, "What does a zeppelin cost?")["answered"] is False
    assert len(server.requests) == reached

    server.planned.clear()
    time.sleep(PAUSE)
    assert "24 months" in alice.ask(bot, QUESTION)["text"]
    assert trace(alice, bot)["search_fallback"] is None


def test_a_wrong_key_is_told_and_not_tried_over_and_over(
    alice: Owner, work_off: Callable[[], None], server: EmbeddingServer
) -> None:
    server.planned = [(401, b"{}")] * 10_000
    bot = alice.make_bot()
    alice.upload(bot, *guides())
    work_off()

    told = [one["error"]["code"] for one in alice.sources(bot)]

    assert len(server.requests) <= 4, "two work at once, so one more than the third may be under way"
    assert set(told) == {"provider_rejected", "circuit_open"}
    assert all("Check the key" in one["error"]["message"] for one in alice.sources(bot)), "those that wait say why"


def test_in_real_processes_tacit_starts_without_it_and_reads_when_it_comes(tmp_path: Path) -> None:
    port = free_port()
    installation = Installation(
        data_dir=tmp_path / "data",
        models_dir=tmp_path / "models",
        settings={
            "TACIT_EMBEDDING_MODEL": "openai:test@64",
            "TACIT_EMBEDDING_BASE_URL": f"http://127.0.0.1:{port}/v1",
            "TACIT_CIRCUIT_SECONDS": "2",
        },
    )
    try:
        with installation.up() as running:
            key = installation.json("key", "create", "--email", "alice@example.org")["key"]
            with httpx.Client(
                base_url=f"{running.address}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=30
            ) as api:
                bot = api.post("/chatbots", json={"name": "Handbook"}).json()
                alice = Owner(api=api, address=running.address)
                alice.upload(bot, *guides())
                wait_until(lambda: {one["stage"] for one in alice.sources(bot)} == {"waiting"}, 40)
                wait_until(lambda: "circuit_open" in {one["error"]["code"] for one in alice.sources(bot)}, 20)

                with embedding_server(port):
                    wait_until(lambda: {one["status"] for one in alice.sources(bot)} == {"ready"}, 90)

                assert [one["passage_count"] for one in alice.sources(bot)] == [1] * len(TOWNS)
                # And it is gone again: nobody waits for it.
                for _ in range(4):
                    assert "6 gates" in alice.ask(bot, "How many gates has the depot of Dunster?")["text"]
    finally:
        installation.clear()
