"""Share and embed: Alice gives her bot a colour and lets her shop's site show it; Victor may only look."""

import re
from html import unescape
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.test import override_settings

from apps.accounts.models import AuditEntry
from apps.chatbots.models import Chatbot
from apps.dashboard.share_views import twin_of
from apps.dashboard.tests.conftest import Person

SHOP = "https://shop.example"
LOOKS: dict[str, Any] = {
    "accent_colour": "#aa0044",
    "widget_corner": "start",
    "welcome_message": "Ahoy!",
    "suggested_questions": "How much is it?\r\n\r\n  Is it open today?  \r\n",
    "language": "de",
}


def at(bot: Chatbot, path: str = "") -> str:
    return f"/dashboard/bots/{bot.pk}/share{path}"


def test_alice_finds_the_link_the_code_and_the_line_to_paste(alice: Person, bot: Chatbot) -> None:
    page = alice.see(at(bot))
    assert f"http://testserver/c/{bot.public_id}" in page
    line = f'<script src="http://testserver/widget.js" data-bot="{bot.public_id}" defer></script>'
    assert line in unescape(page)
    assert "No site may show it yet." in page


@override_settings(PUBLIC_URL="https://chat.example")
def test_the_link_is_that_of_the_public_address(alice: Person, bot: Chatbot) -> None:
    assert f"https://chat.example/c/{bot.public_id}" in alice.see(at(bot))


def test_who_shares_an_address_of_this_computer_is_told(alice: Person, bot: Chatbot) -> None:
    warning = "works on this computer only"
    assert warning not in alice.see(at(bot))
    with override_settings(PUBLIC_URL="http://localhost:8000"):
        assert warning in alice.see(at(bot))


def test_the_code_is_a_drawing_without_script(alice: Person, bot: Chatbot) -> None:
    response = alice.client.get(at(bot, "/qr.svg"))
    assert response["Content-Type"] == "image/svg+xml"
    drawing = ET.fromstring(response.content)  # noqa: S314  # our own
    assert {part.tag.rpartition("}")[2] for part in drawing.iter()} == {"svg", "g", "path"}
    assert "attachment" in alice.client.get(at(bot, "/qr.svg?download"))["Content-Disposition"]


@pytest.mark.parametrize(
    "typed", [SHOP, "shop.example", " HTTPS://Shop.Example/contact?x=1#there ", "https://shop.example:443/"]
)
def test_an_address_of_any_page_of_a_site_allows_the_site(alice: Person, bot: Chatbot, typed: str) -> None:
    alice.press(at(bot, "/sites/allow"), site=typed)
    bot.refresh_from_db()
    assert bot.allowed_origins == [SHOP]
    alice.press(at(bot, "/sites/allow"), site=typed)
    bot.refresh_from_db()
    assert bot.allowed_origins == [SHOP]


@pytest.mark.parametrize("typed", ["", "javascript:alert(1)", "ftp://shop.example", "https://", "*", "https://a b"])
def test_what_is_no_site_is_told_and_stays_in_the_field(alice: Person, bot: Chatbot, typed: str) -> None:
    page = alice.press(at(bot, "/sites/allow"), status=400, site=typed)
    assert "is no address of a site. Write it like https://www.example.org." in page
    bot.refresh_from_db()
    assert bot.allowed_origins == []


def test_a_removed_site_can_be_taken_back_with_undo(alice: Person, bot: Chatbot) -> None:
    alice.press(at(bot, "/sites/allow"), site=SHOP)
    alice.press(at(bot, "/sites/refuse"), site=SHOP)
    bot.refresh_from_db()
    assert bot.allowed_origins == []
    page = alice.see(at(bot))
    (undo,) = re.findall(r'action="([^"]+/sites/allow\?[^"]+)"', page)
    alice.press(undo)
    bot.refresh_from_db()
    assert bot.allowed_origins == [SHOP]


def test_there_is_room_for_a_hundred_sites_and_the_page_says_so(alice: Person, bot: Chatbot) -> None:
    Chatbot.objects.filter(pk=bot.pk).update(allowed_origins=[f"https://{number}.example" for number in range(100)])
    assert "Keep 100 at most" in alice.press(at(bot, "/sites/allow"), status=400, site=SHOP)


def test_the_twin_with_www_is_offered_since_browsers_take_it_for_another_site(alice: Person, bot: Chatbot) -> None:
    alice.press(at(bot, "/sites/allow"), site=SHOP)
    assert "Allow https://www.shop.example too" in alice.see(at(bot))
    assert twin_of("https://www.shop.example", []) == SHOP
    assert twin_of("https://shop.example:8443", []) == "https://www.shop.example:8443"
    for alone in ("http://localhost:8000", "http://127.0.0.1:8000", "https://en.shop.example", "http://intranet"):
        assert twin_of(alone, []) == ""
    assert twin_of(SHOP, ["https://www.shop.example"]) == ""


def test_looks_are_saved_and_recorded(alice: Person, bot: Chatbot) -> None:
    alice.press(at(bot, "/save"), **LOOKS)
    bot.refresh_from_db()
    assert (bot.accent_colour, bot.widget_corner, bot.language) == ("#aa0044", "start", "de")
    assert bot.suggested_questions == ["How much is it?", "Is it open today?"]
    entry = AuditEntry.objects.filter(action="chatbot.changed").latest("pk")
    assert "accent_colour" in entry.details["settings"]
    assert "Saved" in alice.see(at(bot))


def test_what_cannot_be_saved_stays_in_the_form_with_the_reason(alice: Person, bot: Chatbot) -> None:
    page = alice.press(at(bot, "/save"), status=400, **{**LOOKS, "accent_colour": "crimson"})
    assert "is no colour" in page
    assert "Ahoy!" in page
    bot.refresh_from_db()
    assert bot.welcome_message != "Ahoy!"


def test_the_preview_shows_what_is_not_saved(alice: Person, bot: Chatbot) -> None:
    piece = alice.press(at(bot, "/preview"), status=200, **LOOKS)
    (address,) = re.findall(r'src="([^"]+)"', piece)
    site = alice.client.get(address)
    (token,) = re.findall(r'data-preview="([^"]+)"', site.content.decode())
    frame = alice.client.get(f"/embed/{bot.public_id}", {"preview": token}).content.decode()
    assert "Ahoy!" in frame
    assert "colour=aa0044" in frame
    bot.refresh_from_db()
    assert bot.welcome_message == ""


def test_our_own_pages_may_show_the_example_in_a_frame_and_nobody_else(alice: Person, bot: Chatbot) -> None:
    site = alice.client.get(at(bot, "/site"))
    assert "frame-ancestors 'self'" in site["Content-Security-Policy"]
    assert site["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'none'" in alice.client.get(at(bot))["Content-Security-Policy"]


@pytest.mark.parametrize("colour", ["#ffffff", "#ffd400", "#0f5a57"])
def test_what_a_colour_means_for_reading_is_told(alice: Person, bot: Chatbot, colour: str) -> None:
    piece = alice.press(at(bot, "/preview"), status=200, **{**LOOKS, "accent_colour": colour})
    (said,) = re.findall(r"has a contrast of ([\d.]+) : 1", piece)
    assert float(said) >= 4.5


def test_victor_looks_and_changes_nothing(alice: Person, victor: Person, bot: Chatbot) -> None:
    alice.press(at(bot, "/sites/allow"), site=SHOP)
    page = victor.see(at(bot))
    assert SHOP in page
    assert "/sites/refuse" not in page
    for path, fields in (("/save", LOOKS), ("/sites/allow", {"site": SHOP}), ("/sites/refuse", {"site": SHOP})):
        victor.press(at(bot, path), status=403, **fields)


def test_for_mallory_there_is_no_such_page(mallory: Person, bot: Chatbot) -> None:
    for path in ("", "/site", "/qr.svg"):
        mallory.see(at(bot, path), status=404)
    mallory.press(at(bot, "/sites/allow"), status=404, site="https://mallory.example")


def test_who_shares_a_bot_that_is_offline_is_told(alice: Person, bot: Chatbot) -> None:
    assert "This chatbot is offline" not in alice.see(at(bot))
    Chatbot.objects.update(is_published=False)
    assert "This chatbot is offline" in alice.see(at(bot))
