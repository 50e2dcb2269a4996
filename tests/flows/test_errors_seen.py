"""What goes wrong is seen: by the owner over the API, and by who runs the server with `tacit errors`."""

import json
import subprocess
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django.conf import settings

from apps.core.database.embedded import EmbeddedPostgres
from apps.core.database.urls import embedded_url
from apps.core.error_reports import listen, stop_listening
from apps.core.services import ServiceRegistry
from apps.incidents.recording import Recorder
from apps.knowledge import tasks
from tests.conftest import Owner
from tests.faults.installation import ROOT, TACIT, Installation

SECRET = "the margin on the RX-200 is 43 %"


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """Records as a running process does, but writes when the test says so."""
    one = Recorder(seconds_between_writes=3600)
    listen(one.note)
    yield one
    stop_listening(one.note)


def seen(owner: Owner) -> list[dict[str, Any]]:
    answer = owner.api.get("/errors")
    assert answer.status_code == 200, answer.text
    return list(answer.json())


def test_alice_sees_that_a_source_failed_and_mallory_does_not(
    alice: Owner, work_off: Callable[[], None], recorder: Recorder
) -> None:
    bot = alice.make_bot()
    assert seen(alice) == []
    alice.upload(bot, ("broken.pdf", b"%PDF-1.7\n" + SECRET.encode()), ("empty.txt", b"  \n"))
    alice.upload(bot, ("empty-too.txt", b"\n\n"))
    work_off()
    recorder.flush()
    mallory = ServiceRegistry.get("users").ensure_owner(email="mallory@example.org")
    key = ServiceRegistry.get("users").create_api_key(member=mallory).secret

    hers = {one["code"]: one for one in seen(alice)}

    assert set(hers) == {"document_damaged", "document_empty"}
    assert hers["document_empty"]["count"] == 2
    assert hers["document_empty"]["kind"] == "source"
    assert "no text" in hers["document_empty"]["told"]
    assert SECRET not in json.dumps(hers)
    assert "broken.pdf" not in json.dumps(hers)
    theirs = httpx.get(f"{alice.address}/api/v1/errors", headers={"Authorization": f"Bearer {key}"})
    assert (theirs.status_code, theirs.json()) == (200, [])


def test_a_source_that_fails_as_nobody_expected_tells_alice_a_number(
    alice: Owner, work_off: Callable[[], None], recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = alice.make_bot()
    monkeypatch.setattr(tasks, "ingest_source", int)  # a mistake of ours, in the middle of the flow
    alice.upload(bot, ("note.txt", b"We open at nine every day."))
    work_off()
    recorder.flush()
    (source,) = alice.sources(bot)
    (error,) = seen(alice)
    assert source["error"]["code"] == "internal_error"
    assert "Its number is" in source["error"]["message"]
    assert (error["kind"], error["error_type"], error["count"]) == ("source", "ValueError", 1)
    assert error["frames"][-1].startswith("apps/knowledge/tasks.py:")


def test_a_request_that_fails_as_nobody_expected_is_recorded_for_the_server(alice: Owner, recorder: Recorder) -> None:
    class Broken:
        def seen_by(self, **_: object) -> None:
            raise ImportError(
                "cannot import name 'PrivacyService' from 'apps.core.services' (/x/apps/core/services.py)"
            )

    with ServiceRegistry.override("errors", Broken()):
        failed = alice.api.get("/errors")
    recorder.flush()
    assert failed.status_code == 500
    assert "PrivacyService" not in failed.text
    (error,) = seen(alice)
    assert (error["kind"], error["error_type"]) == ("unhandled", "ImportError")
    assert error["incident"]["number"] == 1
    assert "ServiceRegistry" in error["incident"]["resolution"]


def test_nobody_sees_errors_without_a_key(alice: Owner) -> None:
    assert httpx.get(f"{alice.address}/api/v1/errors").status_code == 401


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    made = Installation(data_dir=tmp_path_factory.mktemp("errors") / "data", models_dir=settings.MODELS_DIR)
    made.json("bot", "create", "Handbook")
    return made


def rename(installation: Installation, table: str, name: str) -> None:
    """Rename a table, which is what a migration that went wrong may leave behind."""
    server = EmbeddedPostgres(installation.data_dir)
    server.start()
    try:
        with psycopg.connect(embedded_url(installation.data_dir, user="tacit")) as connection:
            connection.execute(f"ALTER TABLE {table} RENAME TO {name}")
    finally:
        server.release()


def test_a_command_that_fails_as_nobody_expected_says_so_in_a_line_and_is_recorded(
    installation: Installation, tmp_path: Path
) -> None:
    rename(installation, "accounts_apikey", "elsewhere")
    failed = installation.run("key", "list")
    rename(installation, "elsewhere", "accounts_apikey")

    (recorded,) = installation.json("errors")

    assert failed.returncode == 1
    assert len(failed.stderr.splitlines()) <= 2  # one is the log's
    assert failed.stderr.splitlines()[-1].startswith("tacit: Something went wrong in Tacit.")
    assert "Traceback" not in failed.stderr
    assert (recorded["error_type"], recorded["count"]) == ("django.db.utils.ProgrammingError", 1)
    assert recorded["process"] == "command"
    assert any(frame.startswith("apps/cli/people.py:") for frame in recorded["frames"])
    shown = installation.run("errors").stdout
    assert shown.startswith(recorded["fingerprint"])
    assert installation.json("errors", "show", recorded["fingerprint"])["count"] == 1
    made = installation.json("errors", "new", "--recorded", recorded["fingerprint"], "--folder", str(tmp_path))
    assert recorded["fingerprint"] in Path(made["file"]).read_text()


def test_from_a_traceback_to_a_document_that_is_asked_to_be_finished(
    installation: Installation, tmp_path: Path
) -> None:
    try:
        ServiceRegistry.get("no_such_service")
    except Exception:  # noqa: BLE001  # whatever it is
        printed = traceback.format_exc()
    made = subprocess.run(
        [*TACIT, "errors", "new", "--folder", str(tmp_path), "--json"],
        cwd=ROOT, env=installation.environment, input=printed, capture_output=True, text=True, check=True,
    )  # fmt: skip
    file = Path(json.loads(made.stdout)["file"])
    checked = installation.run("errors", "check", "--folder", str(tmp_path), "--json")

    assert "apps/core/services.py:" in file.read_text()
    assert checked.returncode == 1
    assert len(json.loads(checked.stdout)["complaints"]) == 5
    nothing = installation.run("errors", "new", "--folder", str(tmp_path))
    assert nothing.returncode == 1
    assert "no traceback on standard input" in nothing.stderr


def test_the_knowledge_base_is_checked_shown_and_searched(installation: Installation) -> None:
    assert installation.json("errors", "check")["complaints"] == []
    shown = installation.json("errors", "show", "9")
    assert shown["title"] == "The result of an embedding has no vector"
    assert shown["root_cause"]
    assert "## Root cause" in installation.run("errors", "show", "0009").stdout
    found = installation.json("errors", "search", "cannot import name 'ChatService' from 'apps.services'")
    assert found["incidents"][0]["number"] == 1
    assert len(found["incidents"]) == 3
    lines = installation.run("errors", "search", "CircuitBreaker object is not callable", "-k", "1").stdout
    assert lines.startswith("0010")
    unknown = installation.run("errors", "show", "9999")
    assert unknown.returncode == 1
    assert "There is no incident 9999" in unknown.stderr
