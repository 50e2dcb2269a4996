"""What tests of a visitor in a real browser share: Chromium, a page, and looks into the database and at every rule."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.share_page import SharePage, chromium
from tests.conftest import Owner

Result = TypeVar("Result")
PATIENCE = 20_000
SETTLED = """() => Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().endTime !== Infinity).map((one) => one.finished))
    .then(() => {}, () => {})"""
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


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


def is_sound(page: Page) -> None:
    """Assert that the page as it stands breaks no rule of axe-core; what fades in is looked at once it is there."""
    page.evaluate(SETTLED)
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
