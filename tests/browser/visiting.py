"""What tests of a visitor in a real browser share: Chromium, a page, and looks into the database and at every rule."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from django.db import connections
from playwright.sync_api import Browser, BrowserContext

from tests.browser.share_page import SharePage, chromium
from tests.conftest import Owner

Result = TypeVar("Result")
PATIENCE = 20_000


@pytest.fixture
def browser(alice: Owner, bot: dict[str, Any]) -> Iterator[Browser]:
    """Chromium, open only while nothing else of the test needs the thread's event loop."""
    with chromium() as found:
        yield found


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    found = browser.new_context(viewport={"width": 1100, "height": 800})
    yield found
    found.close()


@pytest.fixture
def page(alice: Owner, bot: dict[str, Any], context: BrowserContext) -> SharePage:
    return SharePage.open(context.new_page(), f"{alice.address}/c/{bot['public_id']}")


def kept(look: Callable[[], Result]) -> Result:
    """Look something up in the database; Playwright's loop runs in this thread, so it is done in another."""

    def work() -> Result:
        try:
            return look()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(work).result()


def change(owner: Owner, bot: dict[str, Any], **settings: Any) -> None:
    changed = owner.api.patch(f"/chatbots/{bot['id']}", json=settings)
    assert changed.status_code == 200, changed.text
