"""Who may show a chatbot: Alice allowed the shop's site; on Mallory's there is nothing to see."""

import gzip
import re
from pathlib import Path

import pytest
from django.test import AsyncClient, Client

from apps.accounts.models import Organization
from apps.chatbots.models import Chatbot
from apps.chatbots.preview import preview_of
from apps.chatbots.services import ChatbotService

pytestmark = pytest.mark.django_db

SHOP, MALLORY = "https://shop.example", "https://mallory.example"
LARGEST = 12 * 1024  # bytes, gzipped, before anybody opens the chat


@pytest.fixture
def chatbot() -> Chatbot:
    organization = Organization.objects.create(name="Ottermere")
    return ChatbotService().create(
        organization=organization,
        name="Boathouse",
        welcome_message="Hello from the lake.",
        accent_colour="#ffd400",
        allowed_origins=[SHOP],
    )


def embedded(client: Client, chatbot: Chatbot, **query: str) -> tuple[str, str]:
    """Return the policy and the HTML of the page in the frame."""
    response = client.get(f"/embed/{chatbot.public_id}", query)
    assert response.status_code == 200
    assert "X-Frame-Options" not in response
    assert not response.cookies
    return response["Content-Security-Policy"], response.content.decode()


def test_the_frame_shows_on_allowed_sites_and_our_own_and_nowhere_else(client: Client, chatbot: Chatbot) -> None:
    policy, _ = embedded(client, chatbot)
    assert f"frame-ancestors 'self' {SHOP}" in policy.split("; ")
    assert "unsafe" not in policy


def test_by_default_no_other_site_shows_it(client: Client, chatbot: Chatbot) -> None:
    ChatbotService().update(chatbot, allowed_origins=[])
    policy, _ = embedded(client, chatbot)
    assert "frame-ancestors 'self'" in policy.split("; ")


def test_the_page_itself_is_never_framed(client: Client, chatbot: Chatbot) -> None:
    response = client.get(f"/c/{chatbot.public_id}")
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "DENY"


def test_the_frame_speaks_to_an_allowed_site_alone(client: Client, chatbot: Chatbot) -> None:
    assert client.get(f"/embed/{chatbot.public_id}", {"parent": SHOP}).context["parent_origin"] == SHOP
    assert client.get(f"/embed/{chatbot.public_id}").context["parent_origin"] == "http://testserver"
    for foreign in (MALLORY, "*", "null", "https://shop.example.mallory.example", "javascript:alert(1)", ""):
        assert client.get(f"/embed/{chatbot.public_id}", {"parent": foreign}).context["parent_origin"] == ""


def test_mallory_cannot_tell_an_unpublished_bot_from_none_in_a_frame(client: Client, chatbot: Chatbot) -> None:
    ChatbotService().update(chatbot, is_published=False)
    for path in ("/embed/{}", "/c/{}/theme.css"):
        unpublished, unknown = client.get(path.format(chatbot.public_id)), client.get(path.format("a" * 16))
        assert unpublished.status_code == unknown.status_code == 404
        assert unpublished.content == unknown.content
        assert unpublished.headers == unknown.headers


@pytest.mark.django_db(transaction=True)
async def test_an_allowed_site_is_told_what_to_draw(async_client: AsyncClient, chatbot: Chatbot) -> None:
    told = await async_client.get(f"/api/v1/chat/{chatbot.public_id}/widget", headers={"origin": SHOP})
    assert told.status_code == 200
    assert told["Access-Control-Allow-Origin"] == SHOP
    assert told.json() == {
        "name": "Boathouse", "language": "en", "direction": "ltr", "corner": "end",
        "accent": "#ffd400", "on_accent": "#000000",
        "texts": {"launcher": "Chat: Boathouse", "close": "Close the chat", "loading": "The chat is loading"},
    }  # fmt: skip


@pytest.mark.parametrize("origin", [MALLORY, "http://shop.example", "https://shop.example:8443", "null"])
@pytest.mark.django_db(transaction=True)
async def test_any_other_site_is_told_nothing(async_client: AsyncClient, chatbot: Chatbot, origin: str) -> None:
    refused = await async_client.get(f"/api/v1/chat/{chatbot.public_id}/widget", headers={"origin": origin})
    assert refused.status_code == 403
    assert "Access-Control-Allow-Origin" not in refused
    assert "Boathouse" not in refused.content.decode()


@pytest.mark.django_db(transaction=True)
async def test_the_button_speaks_the_bots_language_else_the_pages(async_client: AsyncClient, chatbot: Chatbot) -> None:
    path = f"/api/v1/chat/{chatbot.public_id}/widget"
    visitor = {"accept-language": "fr-CH, fr;q=0.9, en;q=0.8"}
    assert (await async_client.get(path, headers=visitor)).json()["language"] == "fr"
    assert (await async_client.get(path, {"lang": "pt-BR"}, headers=visitor)).json()["language"] == "pt"
    await Chatbot.objects.aupdate(language="ar", widget_corner="start")
    told = (await async_client.get(path, {"lang": "pt-BR"}, headers=visitor)).json()
    assert (told["language"], told["direction"], told["corner"]) == ("ar", "rtl", "start")


def test_the_script_is_small_the_same_for_all_and_kept_until_it_changes(client: Client, chatbot: Chatbot) -> None:
    script = client.get("/widget.js")
    assert script["Content-Type"] == "text/javascript; charset=utf-8"
    assert len(gzip.compress(script.content)) <= LARGEST
    assert "max-age" in script["Cache-Control"]
    assert not script.cookies
    assert chatbot.public_id not in script.content.decode()
    assert client.get("/widget.js", headers={"if-none-match": script["ETag"]}).status_code == 304
    packed = client.get("/widget.js", headers={"accept-encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == script.content


def test_the_script_needs_nothing_that_a_strict_policy_forbids() -> None:
    script = (Path(__file__).parents[1] / "widget.js").read_text(encoding="utf-8")
    assert "adoptedStyleSheets" in script
    for forbidden in (r"innerHTML", r"\beval\(", r"new Function", r"document\.write", r"insertAdjacentHTML",
                      r'"style"', r"\.style\b", r"\bwindow\.\w+ ?=", r"globalThis"):  # fmt: skip
        assert not re.search(forbidden, script), forbidden


def test_colours_come_as_a_stylesheet(client: Client, chatbot: Chatbot) -> None:
    _, page = embedded(client, chatbot)
    (address,) = re.findall(r'href="(/c/[^"]+theme\.css[^"]*)"', page)
    sheet = client.get(address)
    assert sheet["Content-Type"] == "text/css; charset=utf-8"
    assert "--bubble: #ffd400;" in sheet.content.decode()
    assert "--on-bubble: #000000;" in sheet.content.decode()
    for nonsense in ("red", "0f5a57;}", "xyz", "fff"):
        assert client.get(f"/c/{chatbot.public_id}/theme.css", {"colour": nonsense}).status_code == 404


def test_a_preview_shows_what_is_not_saved_and_only_of_its_own_bot(client: Client, chatbot: Chatbot) -> None:
    preview = preview_of(chatbot, welcome_message="Ahoy!", accent_colour="#112233", name="Pirates")
    _, page = embedded(client, chatbot, preview=preview)
    assert "Ahoy!" in page
    assert "colour=112233" in page
    assert "Pirates" not in page
    other = ChatbotService().create(organization=chatbot.organization, name="Other")
    for wrong in (preview_of(other, welcome_message="Ahoy!"), preview[:-1], "Ahoy!"):
        assert "Ahoy!" not in embedded(client, chatbot, preview=wrong)[1]
    assert "Hello from the lake." in embedded(client, chatbot)[1]


def test_a_preview_shows_nothing_that_could_not_be_saved(client: Client, chatbot: Chatbot) -> None:
    many = [f"Question {number}?" for number in range(21)]
    preview = preview_of(chatbot, welcome_message="Ahoy!", suggested_questions=many)
    _, page = embedded(client, chatbot, preview=preview)
    assert "Ahoy!" in page
    assert "Question 1?" not in page
    _, page = embedded(client, chatbot, preview=preview_of(chatbot, suggested_questions=many[:20]))
    assert "Question 1?" in page


def test_the_page_speaks_nine_languages_and_runs_from_right_to_left(client: Client, chatbot: Chatbot) -> None:
    ChatbotService().update(chatbot, language="ar")
    response = client.get(f"/c/{chatbot.public_id}")
    assert response.context["direction"] == "rtl"
    assert '<html lang="ar" dir="rtl"' in response.content.decode()
