"""Alice works through her contacts with the keyboard, on a phone, and tries out where they are sent."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.conf import LazySettings
from playwright.sync_api import Page, expect

from apps.observability.tests.test_alerts import SECRET as KEY
from apps.observability.tests.test_alerts import Receiver, receiving
from tests.browser.accessibility import is_sound
from tests.browser.owners_page import PHONE, owners_page
from tests.conftest import Owner

CONSENT = "You may answer me by e-mail."
SARAH = {"name": "سارة العلي", "email": "sara@example.com", "message": "<img src=x onerror=alert(1)> مرحبا"}


@pytest.fixture
def webhook(settings: LazySettings) -> Iterator[Receiver]:
    with receiving() as receiver:
        settings.FETCH_ALLOWED_HOSTS = [f"127.0.0.1:{receiver.server_port}"]
        yield receiver


@pytest.fixture
def bot(alice: Owner, webhook: Receiver) -> dict[str, Any]:
    made = alice.make_bot(
        contact_offer="always", consent_text=CONSENT, contact_webhook_url=webhook.url, contact_webhook_secret=KEY
    )
    for fields in ({"name": "Eve", "email": "eve@example.org", "message": "One\n\nTwo"}, SARAH):
        sent = httpx.post(
            f"{alice.address}/api/v1/chat/{made['public_id']}/contact", json={"fields": fields, "consent": True}
        )
        assert sent.status_code == 201, sent.text
    return made


@pytest.fixture
def page(alice: Owner, bot: dict[str, Any]) -> Iterator[Page]:
    """Alice's phone, signed in; the browser may complain of nothing."""
    with owners_page(alice, f"dashboard/bots/{bot['id']}/contacts", screen=PHONE) as opened:
        yield opened


def press(page: Page, name: str, key: str = "Enter") -> None:
    """Reach a button as a keyboard does, and press it."""
    page.get_by_role("button", name=name).first.focus()
    page.keyboard.press(key)


def test_alice_marks_takes_back_and_deletes_with_the_keyboard(page: Page) -> None:
    expect(page.locator(".contact")).to_have_count(2)
    press(page, "Mark as done – Eve")
    expect(page.get_by_text("Marked as done.")).to_be_visible()
    expect(page.get_by_role("link", name="Done 1")).to_be_visible()
    press(page, "Undo")
    expect(page.get_by_text("Open again.")).to_be_visible()
    expect(page.get_by_role("link", name="New 2")).to_be_visible()

    eve = page.locator(".contact", has_text="Eve")
    eve.locator("details.asks > summary").focus()
    page.keyboard.press("Enter")
    expect(eve.get_by_text("It can’t be taken back.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(eve.get_by_text("It can’t be taken back.")).to_be_hidden()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The contact is deleted.")).to_be_visible()
    expect(page.locator(".contact")).to_have_count(1)


def test_a_test_says_in_place_what_is_wrong_and_then_that_it_arrived(page: Page, webhook: Receiver) -> None:
    webhook.status = 404
    press(page, "Send a test to the webhook", "Space")
    expect(page.get_by_text("there is nothing at this address")).to_be_visible()
    webhook.status = 200
    press(page, "Send a test to the webhook")
    expect(page.get_by_text("The test arrived.")).to_be_visible()
    assert [got["body"]["type"] for got in webhook.got] == ["contact.test"] * 2
    assert all(got["genuine"] for got in webhook.got)


def test_what_visitors_wrote_stays_text_is_found_and_fits_a_phone(page: Page) -> None:
    expect(page.locator(".contacts img")).to_have_count(0)
    expect(page.get_by_text("<img src=x onerror=alert(1)> مرحبا")).to_be_visible()
    page.get_by_text("Agreed to your consent text").first.click()
    expect(page.get_by_text(CONSENT).first).to_be_visible()
    page.get_by_label("Words").fill("مرحبا")
    page.keyboard.press("Enter")
    expect(page.locator(".contact")).to_have_count(1)
    expect(page.get_by_role("link", name="Download these as CSV")).to_be_visible()

    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        is_sound(page)
