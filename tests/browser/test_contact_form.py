"""A visitor who wants a person instead: the contact form in a real browser."""

from typing import Any

from playwright.sync_api import Route, expect

from apps.conversations.contact_models import ContactMessage
from tests.browser.accessibility import is_sound
from tests.browser.share_page import SharePage
from tests.browser.visiting import browser, change, context, kept, page
from tests.conftest import Owner
from tests.privacy_construction.conftest import bot

__all__ = ["bot", "browser", "context", "page"]  # fixtures
CONSENT = "I agree that the shop keeps this to answer me."


def test_a_visitor_leaves_word_with_the_keyboard_alone(
    alice: Owner,
    bot: dict[str, Any],
    page: SharePage,
) -> None:
    change(
        alice, bot, contact_offer="unanswered", contact_fields=["name", "email", "message"], consent_text=CONSENT,
        unanswered_message="Call the shop.",
    )  # fmt: skip
    page.page.reload()
    expect(page.page.locator(".bar .contact-open")).to_have_count(0)
    page.ask("Who painted the Mona Lisa?")
    expect(page.turns.first.locator(".next")).to_contain_text("Call the shop.")
    page.page.get_by_role("button", name="Talk to a person").focus()
    page.page.keyboard.press("Enter")
    dialog = page.page.get_by_role("dialog", name="Talk to a person")
    expect(dialog.get_by_label("Name")).to_be_focused()
    expect(dialog.get_by_label("Your message")).to_have_value("I asked: Who painted the Mona Lisa?")
    page.page.keyboard.press("Tab")
    page.page.keyboard.type("not an address")
    page.page.keyboard.press("Enter")
    expect(dialog.get_by_label("E-mail")).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_text("This is no e-mail address")).to_be_visible()
    expect(dialog.get_by_text("Please agree to this first")).to_be_visible()
    is_sound(page.page)
    assert not kept(ContactMessage.objects.exists)

    dialog.get_by_label("E-mail").fill("jo@example.org")
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Space")
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Enter")
    expect(dialog.get_by_role("heading", name="Your message is on its way")).to_be_focused()
    is_sound(page.page)
    page.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    (left,) = kept(lambda: list(ContactMessage.objects.select_related("contact")))
    assert left.contact.email == "jo@example.org"
    assert left.consent_text == CONSENT
    assert page.complaints == []


def test_a_form_is_sent_once_however_often_one_presses(
    alice: Owner,
    bot: dict[str, Any],
    page: SharePage,
) -> None:
    change(alice, bot, contact_offer="always", contact_fields=["email"], consent_text="")
    page.page.reload()
    sent: list[str] = []

    def lose_the_first(route: Route) -> None:
        sent.append(route.request.headers["idempotency-key"])
        if len(sent) > 1:
            route.continue_()
            return
        route.fetch()  # it arrives, and the visitor never hears of it
        route.abort("connectionreset")

    page.page.route("**/contact", lose_the_first)
    page.page.locator(".bar .contact-open").click()
    page.page.get_by_label("E-mail").fill("jo@example.org")
    page.page.get_by_role("button", name="Send the message").dblclick()
    dialog = page.page.get_by_role("dialog")
    expect(dialog.get_by_role("status")).to_contain_text("can’t be reached")
    assert len(sent) == 1
    page.page.get_by_role("button", name="Send the message").click()

    expect(dialog.get_by_role("heading", name="Your message is on its way")).to_be_visible()
    assert len(set(sent)) == 1
    assert kept(ContactMessage.objects.count) == 1
