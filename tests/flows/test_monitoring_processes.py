"""Web and worker are two processes: their numbers are one, their logs can be read, and an alert comes of them."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from tests.faults.installation import Installation, Running, wait_until
from tests.flows.otlp_collector import Collector, collecting

MANUAL = "# Wren espresso machine\n\nThe warranty of the Wren lasts twenty-four months.\n"
TORN = b"%PDF-1.7 torn"
CONTENT = ("wren", "espresso", "twenty-four", "handbook", "manual.md", "torn.pdf")
RULES = [
    {
        "name": "a_source_failed", "metric": "tacit_ingest_sources_total", "kind": "rate", "level": "critical",
        "labels": {"outcome": "failed"}, "above": 0, "window_seconds": 3600, "message": "A source failed. Look.",
    }
]  # fmt: skip


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as started:
        yield started


@pytest.fixture(scope="module")
def running(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A whole `tacit up` that logs all it can, as JSON, and sends what it traces and counts to a collector."""
    installation = Installation(
        data_dir=tmp_path_factory.mktemp("monitoring") / "data",
        models_dir=settings.MODELS_DIR,
        settings={
            "TACIT_LOG_FORMAT": "json", "TACIT_LOG_LEVEL": "INFO", "TACIT_ALERT_RULES": json.dumps(RULES),
            "TACIT_OTLP_ENDPOINT": collector.address, "OTEL_METRIC_EXPORT_INTERVAL": "2000",
        },
    )  # fmt: skip
    with installation.up() as started:
        yield started
    installation.clear()


@pytest.fixture(scope="module")
def folder(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("docs")
    (made / "manual.md").write_text(MANUAL)
    (made / "torn.pdf").write_bytes(TORN)
    running.installation.json("bot", "create", "Handbook")
    assert running.installation.run("ingest", "Handbook", str(made)).returncode == 1, "one of the two is torn"
    return made


def number(running: Running, series: str) -> float:
    told = httpx.get(f"{running.address}/metrics", timeout=20).text
    found = re.search(rf"^{re.escape(series)} (\S+)$", told, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_what_the_worker_counted_stands_in_the_web_process(running: Running, folder: Path) -> None:
    worker = running.part("worker")
    assert worker is not None
    wait_until(lambda: number(running, 'tacit_ingest_sources_total{outcome="ready"}') == 1, 30)
    assert number(running, 'tacit_ingest_sources_total{outcome="failed"}') == 1
    assert number(running, 'tacit_jobs_total{outcome="done",task="ingest"}') == 2
    assert number(running, 'tacit_ingest_stage_seconds_count{stage="embed"}') == 1
    assert number(running, "tacit_workers") == 1
    assert number(running, 'tacit_sources{status="ready"}') == 1
    assert number(running, 'tacit_process_memory_bytes{process="worker"}') > 50e6

    running.kill("worker")
    wait_until(lambda: running.part("worker") not in {None, worker}, 30)
    wait_until(lambda: number(running, 'tacit_process_memory_bytes{process="worker"}') > 0, 30)
    assert number(running, 'tacit_ingest_sources_total{outcome="ready"}') == 1, "a killed worker takes nothing away"


def test_ready_and_alive_are_told(running: Running) -> None:
    assert httpx.get(f"{running.address}/healthz").text == "ok\n"
    assert httpx.get(f"{running.address}/readyz").json() == {"ready": True, "reasons": []}


def test_a_collector_gets_traces_and_metrics_of_both_processes_and_no_content(
    running: Running, folder: Path, collector: Collector
) -> None:
    (bot,) = [one for one in running.installation.json("bot", "list") if one["name"] == "Handbook"]
    asked = httpx.post(
        f"{running.address}/api/v1/chat/{bot['public_id']}/messages",
        json={"message": "How long is the warranty of the Wren?"}, headers={"Accept": "application/json"}, timeout=60,
    )  # fmt: skip
    assert "twenty-four" in asked.text
    wait_until(lambda: {"invoke_agent", "search", "generate"} <= set(collector.spans()), 60)
    assert collector.spans()["invoke_agent"]["gen_ai.agent.id"] == bot["id"]
    wait_until(lambda: {"tacit-web", "tacit-worker"} <= set(collector.metrics()), 60)
    sent = b"".join(body for _, body in collector.got).lower()
    assert [word for word in CONTENT if word.encode() in sent] == []


def test_the_worker_looks_for_alerts_and_the_owner_sees_them(running: Running, folder: Path) -> None:
    key = running.installation.json("key", "create", "--email", "alice@example.org")["key"]
    with httpx.Client(base_url=running.address, headers={"Authorization": f"Bearer {key}"}, timeout=20) as api:
        wait_until(lambda: api.get("/api/v1/alerts").json() != [], 200)
        (alert,) = api.get("/api/v1/alerts").json()
    assert (alert["rule"], alert["level"], alert["message"]) == (
        "a_source_failed",
        "critical",
        "A source failed. Look.",
    )
    _, found = examined(running)
    assert "a_source_failed" in found["alerts"]


def examined(running: Running) -> tuple[int, dict[str, str]]:
    done = running.installation.run("doctor", "--json")
    return done.returncode, {one["check"]: one["message"] for one in json.loads(done.stdout)["findings"]}


def test_every_log_line_is_json_names_its_job_and_says_no_content(running: Running, folder: Path) -> None:
    time.sleep(1)
    lines = [line for line in running.said.splitlines() if line.startswith("{")]
    told = [json.loads(line) for line in lines]
    assert told, running.said
    assert all({"timestamp", "level", "logger", "message"} <= set(one) for one in told)
    assert any(one["message"].startswith("Alert a_source_failed") and one.get("job_id") for one in told)
    said = running.said.lower()
    assert [word for word in CONTENT if word in said] == []
