"""Processes die at any time, and nobody lends a hand: every source ends, none lost, none doubled, and bots answer."""

import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.core.error_handling import DamagedDocumentError
from tests.faults.depots import FILES, RECOVERY_SECONDS, Site
from tests.faults.installation import Installation, Running, free_port, wait_until


@pytest.mark.parametrize("victim", ["worker", "web", "postgres", "supervisor"])
def test_after_a_kill_every_source_is_there_once(site: Site, undisturbed: tuple[Any, Any], victim: str) -> None:
    bot = site.make_bot(f"Without {victim}")
    site.upload(bot, FILES[:20])
    wait_until(lambda: site.is_half_written(bot), 60)

    site.running.kill(victim)
    begun = time.monotonic()
    if victim == "supervisor":
        wait_until(lambda: not site.installation.processes(), 20)  # nothing goes on without it
        site.running = Running.start(site.installation, site.running.port)
    site.upload(bot, FILES[20:])
    wait_until(lambda: site.has_ended(bot), RECOVERY_SECONDS)

    print(f"{victim}: all is well after {time.monotonic() - begun:.1f} s")
    assert site.content(bot) == undisturbed
    wait_until(lambda: site.answers(bot), 10)
    assert site.running.process.poll() is None
    for words in ("is late", "keep aisle", "How many gates"):
        assert words not in site.running.said, "no log may hold what documents and visitors say"


def test_a_terminal_that_is_closed_leaves_nothing_that_the_next_command_does_not_mend(
    site: Site, undisturbed: tuple[Any, Any], tmp_path: Path
) -> None:
    site.running.stop()
    for name, content in FILES:
        (tmp_path / name).write_bytes(content)
    installation = site.installation
    bot = installation.json("bot", "create", "From the terminal")
    with installation.start("ingest", bot["name"], str(tmp_path)) as command:
        wait_until(lambda: installation.postgres() is not None, 20)
        wait_until(lambda: site.is_half_written(bot), 60)
        command.kill()
    wait_until(lambda: not installation.processes(), 20)
    again = installation.run("ingest", bot["name"], str(tmp_path))

    assert again.returncode == 1
    assert [line for line in again.stdout.splitlines() if not line.startswith("ready ")] == [
        f"failed  torn.pdf: {DamagedDocumentError.default_message()}"
    ]
    site.running = Running.start(installation, site.running.port)
    site.running.wait_until_it_serves()
    assert site.content(bot) == undisturbed


def test_two_servers_on_one_data_folder_share_it(tmp_path: Path) -> None:
    installation = Installation(data_dir=tmp_path / "data", models_dir=settings.MODELS_DIR)
    first, second = (Running.start(installation, free_port()) for _ in range(2))  # at once, and for the first time
    try:
        first.wait_until_it_serves()
        second.wait_until_it_serves()
        key = installation.json("key", "create", "--email", "alice@example.org")["key"]
        here, there = (Site(installation=installation, running=running, key=key) for running in (first, second))
        bot = here.make_bot("Shared")
        here.upload(bot, FILES[:10])
        there.upload(bot, FILES[10:])
        wait_until(lambda: there.has_ended(bot), 60)
        assert there.content(bot) == here.content(bot)
        assert here.answers(bot)

        first.stop()

        assert there.answers(bot), "the one that goes must not take the database along"
        second.stop()
        assert installation.processes() == []
    finally:
        installation.clear()
        first.process.wait()
        second.process.wait()
