"""The disk fills up: people are told so, and when there is room again everything goes on by itself."""

import os
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings

from tests.faults.depots import FILES, RECOVERY_SECONDS, Site
from tests.faults.installation import Installation, Running, free_port, wait_until

DISK_MB = 400
LEFT_MB = 4
MOST_FILES = 20
KIND_WORDS = {"storage_full", "database_unusable"}


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small disk of its own."""
    place = tmp_path_factory.mktemp("disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "tmpfs", str(place)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if mounted.returncode != 0:
        pytest.skip(f"needs the right to mount a small disk: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture(scope="module")
def site(disk: Path) -> Iterator[Site]:
    installation = Installation(data_dir=disk / "data", models_dir=settings.MODELS_DIR)
    running = Running.start(installation, free_port())
    try:
        running.wait_until_it_serves()
        key = installation.json("key", "create", "--email", "alice@example.org")["key"]
        yield Site(installation=installation, running=running, key=key)
    finally:
        running.stop()
        installation.clear()


def fill(disk: Path) -> Path:
    """Take up all room on the disk but a little."""
    ballast = disk / "ballast"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - LEFT_MB * 2**20)
    return ballast


def big(number: int) -> tuple[str, bytes]:
    """Return a megabyte that can't be packed, and that no reader makes anything of."""
    return f"big-{number}.bin", random.Random(number).randbytes(2**20)  # noqa: S311  # for bytes


def test_a_full_disk_is_told_and_ends_by_itself_when_there_is_room(
    site: Site, undisturbed: tuple[Any, Any], disk: Path
) -> None:
    served, later = site.make_bot("Served before"), site.make_bot("Read later")
    site.upload(served, FILES)
    wait_until(lambda: site.has_ended(served), 60)
    ballast = fill(disk)
    regrets = [refusal for n in range(MOST_FILES) if (refusal := told(site, later, n))]
    asked = [ask(site, served) for _ in range(5)]
    print(f"uploads on a full disk: {regrets[:3]}; questions: {asked}")
    assert regrets, "the disk was never full"
    assert set(regrets) <= KIND_WORDS
    assert set(asked) <= {"right", *KIND_WORDS}

    ballast.unlink()
    begun = time.monotonic()
    wait_until(lambda: site.answers(served), RECOVERY_SECONDS)
    for source in site.request("GET", f"/chatbots/{later['id']}/sources").json():
        site.request("DELETE", f"/chatbots/{later['id']}/sources/{source['id']}")
    site.upload(later, FILES)
    wait_until(lambda: site.has_ended(later), 2 * RECOVERY_SECONDS)

    print(f"room again: all is well after {time.monotonic() - begun:.1f} s")
    assert site.content(later) == undisturbed
    assert site.content(served) == undisturbed
    assert site.running.process.poll() is None


def told(site: Site, bot: dict[str, Any], number: int) -> str:
    """Send a big file, and return the code of what stops it, if anything does."""
    name, content = big(number)
    reply = site.request("POST", f"/chatbots/{bot['id']}/sources", files=[("files", (name, content))])
    if reply.status_code == 202:
        return ""
    assert reply.json()["detail"]
    return str(reply.json()["code"])


def ask(site: Site, bot: dict[str, Any]) -> str:
    address = f"{site.running.address}/api/v1/chat/{bot['public_id']}/messages"
    reply = httpx.post(address, json={"message": "How many gates has the depot of Corfe?"}, timeout=30)
    return "right" if reply.status_code == 200 and "5 gates" in reply.json()["text"] else str(reply.json().get("code"))
