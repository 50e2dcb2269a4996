"""A real installation for each file of fault tests, and what a run without any fault leaves in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.faults.depots import FILES, LINES, Site
from tests.faults.installation import Installation, Running, free_port, wait_until

INJECTED = Path(__file__).parent / "injected"


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a test leaves orders for the processes that are under its influence (injected/sitecustomize.py)."""
    return tmp_path_factory.mktemp("orders")


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    """What the server is told by its environment; files of tests have their own."""
    return {}


@pytest.fixture(scope="module")
def site(site_settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Alice's server."""
    installation = Installation(
        data_dir=tmp_path_factory.mktemp("faults") / "data",
        models_dir=settings.MODELS_DIR,
        settings=site_settings,
    )
    running = Running.start(installation, free_port())
    try:
        running.wait_until_it_serves()
        key = installation.json("key", "create", "--email", "alice@example.org")["key"]
        yield (site := Site(installation=installation, running=running, key=key))
        site.running.stop()
        assert installation.processes() == []
    finally:
        installation.clear()
        running.process.wait()


@pytest.fixture(scope="module")
def undisturbed(site: Site) -> tuple[Any, Any]:
    """What a run without any fault leaves in the tables."""
    bot = site.make_bot("Undisturbed")
    site.upload(bot, FILES)
    wait_until(lambda: site.has_ended(bot), 120)
    content, statistics = site.content(bot)
    assert [row[0] for row in content if row[1] != "ready"] == ["torn.pdf"]
    assert sum(row[3] for row in content) == len(FILES) - 2 + LINES
    assert site.answers(bot)
    return content, statistics
