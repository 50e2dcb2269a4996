"""Alice puts her chatbot on her shop's site: she allows the site, pastes the line, and the button is there."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.owners_page import owners_page
from tests.browser.site import Site, serving
from tests.conftest import Owner

RETURNS = b"# Returns\n\nYou can return a machine within thirty days, with the receipt.\n"


@pytest.fixture
def site(address: str) -> Iterator[Site]:
    with serving(address) as shop:
        yield shop


@pytest.fixture
def page(alice: Owner, site: Site, work_off: Callable[[], None]) -> Iterator[Page]:
    """Alice's browser at "Share and embed" of her bot; it may complain of nothing."""
    bot: dict[str, Any] = alice.make_bot("Shop")
    alice.upload(bot, ("returns.md", RETURNS))
    work_off()
    with owners_page(alice, f"dashboard/bots/{bot['id']}/share") as opened:
        yield opened


def test_from_the_list_of_sites_and_the_line_to_an_answer_on_the_shops_site(page: Page, site: Site) -> None:
    page.get_by_label("Address of a site").fill(f"{site.origin}/some/page?x=1")
    page.keyboard.press("Enter")
    expect(page.locator(".sites li", has_text=site.origin)).to_be_visible()
    site.line = page.locator("#snippet").inner_text()

    shop = page.context.browser.new_page(reduced_motion="reduce")  # type: ignore[union-attr]
    shop.goto(site.origin)
    shop.get_by_role("button", name="Chat: Shop").click()
    chat = shop.get_by_role("dialog", name="Shop").frame_locator("iframe")
    expect(chat.get_by_label("Your question")).to_be_focused()
    shop.keyboard.type("Within how many days can I return a machine?")
    shop.keyboard.press("Enter")
    expect(chat.locator(".turn .prose")).to_contain_text("thirty days", timeout=20_000)

    page.get_by_role("button", name=f"Remove {site.origin}").click()
    expect(page.get_by_text("No site may show it yet.")).to_be_visible()
    with shop.expect_console_message(lambda message: "Share and embed" in message.text):
        shop.reload()
    expect(shop.get_by_role("button", name="Chat: Shop")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".sites li", has_text=site.origin)).to_be_visible()
    shop.reload()
    expect(shop.get_by_role("button", name="Chat: Shop")).to_be_visible()


def test_the_preview_shows_what_is_typed_and_a_refresh_shows_what_was_saved(page: Page) -> None:
    example = page.frame_locator("#preview-frame")
    chat = example.get_by_role("dialog").frame_locator("iframe")
    expect(chat.locator(".hello")).to_have_text("What would you like to know?")

    page.get_by_label("Greeting").fill("Ahoy!")
    page.get_by_label("Colour as text").fill("#FD0")
    page.get_by_label("Left").check()
    expect(chat.locator(".hello")).to_have_text("Ahoy!")
    expect(example.locator(".launcher")).to_have_css("background-color", "rgb(255, 221, 0)")
    expect(page.get_by_text("Black on your colour has a contrast of")).to_be_visible()
    assert page.evaluate("document.activeElement.tagName") != "IFRAME"

    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Visitors see it from now on.")).to_be_visible()
    expect(page.get_by_label("Colour as text")).to_have_value("#ffdd00")
    expect(chat.locator(".hello")).to_have_text("Ahoy!")
