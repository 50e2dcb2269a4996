"""Limits are the installation's: two web processes count together, a restart forgets nothing, a kill frees places."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings

from apps.conversations.limits_counting import HELD_SECONDS
from tests import llm_server
from tests.faults.installation import Installation, Running, free_port, wait_until
from tests.llm_server import LLMServer

MANUAL = "# Warranty\n\nThe warranty lasts 24 months from the day of purchase. Keep the receipt.\n"
QUESTION = "How long is the warranty?"
PER_MINUTE = 6


@pytest.fixture(scope="module")
def model() -> Iterator[LLMServer]:
    with LLMServer() as server:
        server.behave(llm_server.stalls("The warranty lasts 24 months"))
        yield server


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, model: LLMServer) -> Iterator[Running]:
    installation = Installation(
        data_dir=tmp_path_factory.mktemp("limits") / "data",
        models_dir=settings.MODELS_DIR,
        settings={
            "TACIT_VISITOR_MESSAGES_PER_MINUTE": str(PER_MINUTE),
            "TACIT_VISITOR_OPEN_STREAMS": "1",
            "TACIT_LLM_BASE_URL": model.base_url,
            "TACIT_LLM_MODEL": llm_server.MODEL,
        },
    )
    with installation.up() as started:
        yield started
    installation.clear()


@pytest.fixture(scope="module")
def second(running: Running) -> Iterator[str]:
    """Another web process on the same database."""
    port = free_port()
    process = running.installation.start("web", "--port", str(port))
    address = f"http://127.0.0.1:{port}"
    wait_until(lambda: is_there(address), 60)
    yield address
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()


@pytest.fixture(scope="module")
def bot(running: Running, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    made = dict(running.installation.json("bot", "create", "Handbook"))
    manual: Path = tmp_path_factory.mktemp("docs") / "manual.md"
    manual.write_text(MANUAL)
    assert running.installation.run("ingest", "Handbook", str(manual)).returncode == 0
    return made


def is_there(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def ask(address: str, bot: dict[str, Any], visitor: str, message: str = "Hello?") -> httpx.Response:
    return httpx.post(
        f"{address}/api/v1/chat/{bot['public_id']}/messages",
        json={"message": message},
        headers={"X-Forwarded-For": visitor},
        timeout=30,
    )


def test_two_processes_count_together_and_one_that_was_killed_has_forgotten_nothing(
    running: Running, second: str, bot: dict[str, Any]
) -> None:
    begun = time.monotonic()
    for number in range(PER_MINUTE):
        answered = ask((running.address, second)[number % 2], bot, "203.0.113.1")
        assert answered.status_code == 200, answered.text
        wait_until(lambda: open_answers(running) == 0, 5)
    for address in (running.address, second):
        refused = ask(address, bot, "203.0.113.1")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert int(refused.headers["retry-after"]) <= 60
    assert ask(second, bot, "203.0.113.2").status_code == 200

    running.kill("web")
    wait_until(lambda: is_there(running.address), 40)
    again = ask(running.address, bot, "203.0.113.1")
    if time.monotonic() - begun < 55:
        assert again.status_code == 429, "a restart is no fresh start"


def open_answers(running: Running) -> int:
    statement = "SELECT count(*) FROM open_answer WHERE held_until > now()"
    return int(running.installation.query(statement)[0][0])


def test_what_a_killed_process_had_open_is_counted_no_more(
    running: Running, second: str, bot: dict[str, Any], model: LLMServer
) -> None:
    address = f"{running.address}/api/v1/chat/{bot['public_id']}/messages"
    headers = {"X-Forwarded-For": "203.0.113.3", "Accept": "text/event-stream"}
    with httpx.stream("POST", address, json={"message": QUESTION}, headers=headers, timeout=30) as stream:
        lines = stream.iter_lines()  # held on to, or the connection is closed
        next(lines)
        refused = ask(second, bot, "203.0.113.3")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_open_answers")
        assert open_answers(running) == 1
        killed = time.monotonic()
        running.kill("web")

    assert ask(second, bot, "203.0.113.3").status_code == 429, "nobody gave the place back, or this proves nothing"
    wait_until(lambda: ask(second, bot, "203.0.113.3").status_code == 200, HELD_SECONDS + 5)
    assert time.monotonic() - killed <= HELD_SECONDS + 5
