"""The worker dies at each stage of ingest, and fifty times at random: every source is there once at the end."""

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.faults.conftest import INJECTED
from tests.faults.depots import FILES, RECOVERY_SECONDS, Site
from tests.faults.installation import Installation, Running, free_port, wait_until

# Functions of the ingest flow; the last but two are called in the midst of a transaction.
STAGES = (
    "claim",
    "extract",
    "cut",
    "embed",
    "write",
    "index.write",
    "both_classes.settle",
    "steering.relink",
    "finish",
)
KILLS = 50
OF_WORK = (0.0, 1.5)  # seconds between a worker's first sign of life and its death
SECONDS_OF_A_START = 30
NEWEST = "SELECT coalesce(max(id), 0) FROM procrastinate_workers"


@pytest.fixture(scope="module")
def site_settings(orders: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(INJECTED), "TACIT_TEST_ORDERS": str(orders), "TACIT_TEST_STAGES": " ".join(STAGES)}


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Site]:
    """A server whose workers the test starts itself, since the supervisor gives one that keeps dying long rests."""
    installation = Installation(data_dir=tmp_path / "data", models_dir=settings.MODELS_DIR, settings={})
    running = Running.start(installation, free_port(), "web")
    try:
        running.wait_until_it_serves()
        key = installation.json("key", "create", "--email", "alice@example.org")["key"]
        yield Site(installation=installation, running=running, key=key)
    finally:
        installation.clear()
        running.process.wait()


@pytest.mark.parametrize("stage", STAGES)
def test_a_worker_that_dies_at_this_stage_loses_and_doubles_nothing(
    site: Site, undisturbed: tuple[Any, Any], orders: Path, stage: str
) -> None:
    bot = site.make_bot(f"Dies at {stage}")
    worker = site.running.part("worker")
    (orders / "die-at").write_text(stage)
    site.upload(bot, FILES)

    wait_until(lambda: not (orders / "die-at").exists(), 60)
    begun = time.monotonic()
    wait_until(lambda: site.has_ended(bot), RECOVERY_SECONDS)

    print(f"{stage}: all is well after {time.monotonic() - begun:.1f} s")
    assert worker is not None
    assert not worker.is_running()
    assert site.content(bot) == undisturbed


def test_fifty_deaths_at_random_moments_lose_and_double_nothing(mortal: Site, undisturbed: tuple[Any, Any]) -> None:
    bot = mortal.make_bot("Fifty deaths")
    moments, waiting = random.Random(50), list(FILES)  # noqa: S311  # for moments
    for kill in range(KILLS):
        if kill % 5 == 0 and waiting:
            mortal.upload(bot, waiting[:5])
            del waiting[:5]
        kill_soon(mortal.installation, after=moments.uniform(*OF_WORK))
    last = mortal.installation.start("worker")
    begun = time.monotonic()
    try:
        wait_until(lambda: mortal.has_ended(bot), RECOVERY_SECONDS)
    finally:
        last.kill()
        last.wait()

    print(f"{KILLS} kills: all is well after {time.monotonic() - begun:.1f} s")
    assert not waiting
    assert mortal.content(bot) == undisturbed
    assert mortal.answers(bot)


def kill_soon(installation: Installation, *, after: float) -> None:
    """Start a worker, and kill it so many seconds after it has come to work."""
    ((newest,),) = installation.query(NEWEST)
    worker = installation.start("worker")
    wait_until(lambda: installation.query(NEWEST) > [(newest,)], SECONDS_OF_A_START)
    time.sleep(after)
    assert worker.poll() is None
    worker.kill()
    worker.wait()
