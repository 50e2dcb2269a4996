"""Alice's privacy page in a real browser: by keyboard alone, under its strict policy, and it moves by itself."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Page, expect

from apps.observability.models import LeakTestRun
from tests.browser.owners_page import PHONE, owners_page
from tests.conftest import Owner

NOTES = b"# Margins\n\nThe internal margin of the Wren is 37 per cent.\n"
RETURNS = b"# Returns\n\nYou can return a machine within thirty days, with the receipt.\n"


@pytest.fixture
def bot(alice: Owner, work_off: Callable[[], None]) -> dict[str, Any]:
    made = alice.make_bot()
    alice.upload(made, ("returns.md", RETURNS))
    alice.upload(made, ("margins.md", NOTES), disclosure="learn_only")
    work_off()
    return made


@pytest.fixture
def page(alice: Owner, bot: dict[str, Any]) -> Iterator[Page]:
    """Alice's browser, signed in, on a phone's screen; the browser may complain of nothing."""
    with owners_page(alice, screen=PHONE) as opened:
        opened.get_by_role("link", name="Privacy of Handbook").click()
        yield opened


def as_the_worker_would(**facts: Any) -> None:
    """Note how far the leak test is, in a thread: the browser's own has an event loop, which Django refuses."""

    def note() -> None:
        LeakTestRun.objects.update(**facts)
        connections.close_all()

    with ThreadPoolExecutor(1) as worker:
        worker.submit(note).result()


def test_alice_flips_a_source_by_keyboard_is_told_what_it_means_and_takes_it_back(page: Page) -> None:
    switch = page.get_by_role("group", name="Who may read margins.md")
    switch.get_by_role("button", name="Citable").focus()
    page.keyboard.press("Enter")
    told = page.get_by_role("status").filter(has_text="Now citable")
    expect(told).to_be_focused()
    expect(switch.get_by_role("button", name="Citable")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Now learn-only")).to_be_focused()
    expect(switch.get_by_role("button", name="Learn-only")).to_have_attribute("aria-pressed", "true")


def test_the_leak_test_tells_how_far_it_is_without_being_asked(page: Page) -> None:
    page.get_by_role("button", name="Test with the worst model there is").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    as_the_worker_would(status="running", progress=42, trials=17)
    expect(page.get_by_text("Under way: 42 %")).to_be_visible(timeout=10_000)
    as_the_worker_would(status="done", progress=100, trials=300, bound=0.0099)
    expect(page.get_by_text("0 of 300 attacks leaked")).to_be_visible(timeout=10_000)


def test_every_page_fits_a_phone(page: Page, alice: Owner, bot: dict[str, Any]) -> None:
    alice.ask(bot, "Within how many days can I return a machine?")
    (talk,) = alice.api.get(f"/chatbots/{bot['id']}/conversations").json()
    for path in ("privacy", "links", "conversations", f"conversations/{talk['id']}"):
        page.goto(f"{alice.address}/dashboard/bots/{bot['id']}/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
