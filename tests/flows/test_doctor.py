"""`tacit doctor` on a set-up that somebody broke: it names what is wrong and says what to do."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings

from tests.faults.installation import Installation, free_port, wait_until
from tests.llm_server import LLMServer, says


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(data_dir=tmp_path_factory.mktemp("doctor") / "data", models_dir=settings.MODELS_DIR)
    yield made
    made.clear()


def examined(installation: Installation, **changed: Any) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit code and what each check found."""
    kept = {"data_dir": installation.data_dir, "models_dir": installation.models_dir, "settings": installation.settings}
    done = Installation(**{**kept, **changed}).run("doctor", "--json")
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, {one["check"]: one for one in json.loads(done.stdout)["findings"]}


def test_a_sound_set_up_passes_and_every_check_says_what_it_saw(installation: Installation) -> None:
    code, found = examined(installation)
    assert code == 0
    assert [one for one in found.values() if one["state"] == "broken"] == []
    assert "PostgreSQL 18" in found["database"]["message"]
    assert "pgvector" in found["database"]["message"]
    assert "canary" in found["visitors' login"]["message"]
    assert all(one["message"] for one in found.values())
    assert set(found) >= {
        "settings", "database", "migrations", "visitors' login", "clock", "worker", "queue", "sources", "alerts",
        "embedding model", "reader", "language model", "web", "disk", "memory",
    }  # fmt: skip


def test_a_wrong_database_address_is_named_with_its_variable(installation: Installation) -> None:
    wrong = {
        "TACIT_DATABASE_URL": "postgresql://alice:hunter22@127.0.0.1:9/tacit",
        "TACIT_VISITOR_DATABASE_URL": "postgresql://visitor:hunter33@127.0.0.1:9/tacit",
    }
    code, found = examined(installation, settings=wrong)
    assert code == 1
    assert found["database"]["state"] == "broken"
    assert "Check TACIT_DATABASE_URL and that the server runs." in found["database"]["message"]
    assert found["queue"]["message"] == "Not looked at, since the database can't be used. Mend that first."
    assert found["embedding model"]["state"] == "ok", "what needs no database is looked at"
    assert "hunter" not in json.dumps(found)


def test_a_deleted_and_a_damaged_model_file_are_seen_and_made_anew(installation: Installation, tmp_path: Path) -> None:
    _, found = examined(installation, models_dir=tmp_path)
    assert "was missing and has been made anew" in found["embedding model"]["message"]
    (file,) = tmp_path.glob("all-MiniLM*.onnx")
    file.write_bytes(file.read_bytes()[:-100])
    _, found = examined(installation, models_dir=tmp_path)
    assert found["embedding model"]["state"] == "note"
    assert "was damaged and has been made anew" in found["embedding model"]["message"]
    _, found = examined(installation, models_dir=tmp_path)
    assert found["embedding model"]["state"] == "ok"


@pytest.mark.parametrize("variable", ["TACIT_READER_MODEL", "TACIT_RERANKER_MODEL"])
def test_a_reader_without_its_files_is_told_with_where_to_read_on(installation: Installation, variable: str) -> None:
    _, found = examined(installation, settings={variable: "Xenova/ms-marco-MiniLM-L-6-v2"})
    assert found["reader"]["state"] == "note"
    assert "docs/models.md" in found["reader"]["message"]


def test_no_reader_is_a_choice(installation: Installation) -> None:
    chosen = {"TACIT_READER_MODEL": "none", "TACIT_RERANKER_MODEL": "Xenova/ms-marco-MiniLM-L-6-v2"}
    _, found = examined(installation, settings=chosen)
    assert (found["reader"]["state"], found["reader"]["message"]) == ("ok", "none, as configured")


def test_the_built_in_reader_is_used_to_see_that_it_works(installation: Installation) -> None:
    _, found = examined(installation)
    assert found["reader"]["state"] == "ok"
    assert "is ready" in found["reader"]["message"]


def test_a_language_model_is_asked_a_tiny_question(installation: Installation) -> None:
    with LLMServer() as server:
        server.behave(says("ping"))
        chosen = {"TACIT_LLM_BASE_URL": server.base_url, "TACIT_LLM_MODEL": "test-model"}
        code, found = examined(installation, settings=chosen)
        assert (code, found["language model"]["state"]) == (0, "ok")
        assert len(server.requests) == 1
        assert len(server.requests[0].text) < 100
    code, found = examined(installation, settings=chosen)
    assert (code, found["language model"]["state"]) == (1, "broken")
    assert "server" in found["language model"]["message"]


@pytest.mark.parametrize(
    ("changed", "state", "said"),
    [
        ({"TACIT_SECRET_KEY": "short"}, "broken", "TACIT_SECRET_KEY is shorter than 32"),
        ({"TACIT_DEBUG": "1", "TACIT_PUBLIC_URL": "https://ask.example.org"}, "broken", "Take it out"),
        ({"TACIT_DEBUG": "1"}, "note", "TACIT_DEBUG is on"),
        ({"TACIT_PUBLIC_URL": "http://ask.example.org"}, "note", "proxy with TLS"),
        ({"TACIT_SIGN_UP_OPEN": "1"}, "note", "TACIT_EMAIL_HOST"),
    ],
)
def test_choices_that_do_not_go_together_are_named(
    installation: Installation, changed: dict[str, str], state: str, said: str
) -> None:
    code, found = examined(installation, settings=changed)
    assert (found["settings"]["state"], code) == (state, int(state == "broken"))
    assert said in found["settings"]["message"]


def test_a_mail_server_that_is_not_there_is_named(installation: Installation) -> None:
    port = str(free_port())
    chosen = {
        "TACIT_EMAIL_HOST": "127.0.0.1", "TACIT_EMAIL_PORT": port, "TACIT_PUBLIC_URL": "http://127.0.0.1:8000",
    }  # fmt: skip
    code, found = examined(installation, settings=chosen)
    assert (code, found["mail"]["state"]) == (1, "broken")
    assert "TACIT_EMAIL_HOST" in found["mail"]["message"]


@pytest.fixture
def web(installation: Installation) -> Iterator[httpx.Client]:
    """A web process alone, and Alice's client for its API."""
    key = installation.json("key", "create", "--email", "alice@example.org")["key"]
    port = free_port()
    process = installation.start("web", "--port", str(port))
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=20) as api:
        wait_until(lambda: answers(api), 60)
        yield api
    process.terminate()
    process.wait(30)


def test_a_worker_that_was_stopped_is_missed_when_sources_wait(installation: Installation, web: httpx.Client) -> None:
    bot = web.post("/api/v1/chatbots", json={"name": "Handbook"}).json()
    place = f"/api/v1/chatbots/{bot['id']}/sources"
    web.post(place, json={"kind": "text", "text": "Ask Bob.", "title": "A note"})
    code, found = examined(installation)
    assert (code, found["worker"]["state"]) == (1, "broken")
    assert "1 source waits to be read. Start `tacit worker`, or `tacit up`" in found["worker"]["message"]

    worker = installation.start("worker")
    try:
        wait_until(lambda: web.get(place).json()[0]["status"] == "ready", 60)
        assert examined(installation)[1]["worker"]["state"] == "ok"
    finally:
        worker.terminate()
        worker.wait(30)


def answers(api: httpx.Client) -> bool:
    try:
        return api.get("/healthz").status_code == 200
    except httpx.HTTPError:
        return False


def test_without_json_each_line_begins_with_how_it_is(installation: Installation) -> None:
    done = installation.run("doctor")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert all(line.split()[0] in {"ok", "note"} for line in lines), done.stdout
    assert len(lines) >= 15
