"""What visitors find at a chatbot's address: Alice owns the bot, Mallory looks for what is not hers."""

import gzip
import json
import re
from pathlib import Path

import pytest
from django.test import Client

from apps.accounts.models import Organization
from apps.chatbots.models import Chatbot
from apps.chatbots.services import ChatbotService

pytestmark = pytest.mark.django_db

FOLDER = Path(__file__).parent.parent / "static" / "widget"
INLINE = re.compile(
    r"<script(?![^>]*\b(?:src=|type=\"application/json\"))|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE
)


@pytest.fixture
def chatbot() -> Chatbot:
    organization = Organization.objects.create(name="Ottermere")
    return ChatbotService().create(
        organization=organization,
        name="Boathouse",
        description="Answers about machines.",
        welcome_message="Hello from the lake.",
        instructions="Never mention the nine-second reset.",
        suggested_questions=["How long is the warranty?"],
    )


def page(client: Client, public_id: str) -> str:
    response = client.get(f"/c/{public_id}")
    assert response.status_code == 200
    return response.content.decode()


def test_a_visitor_is_greeted_and_offered_questions(client: Client, chatbot: Chatbot) -> None:
    html = page(client, chatbot.public_id)
    assert "<title>Boathouse</title>" in html
    assert "Hello from the lake." in html
    assert "How long is the warranty?" in html
    assert f'data-api="/api/v1/chat/{chatbot.public_id}"' in html


def test_a_link_to_the_page_previews_with_its_name_and_description(client: Client, chatbot: Chatbot) -> None:
    html = page(client, chatbot.public_id)
    assert '<meta property="og:title" content="Boathouse">' in html
    assert '<meta property="og:description" content="Answers about machines.">' in html


def test_mallory_finds_neither_the_instructions_nor_the_ids_of_the_bot(client: Client, chatbot: Chatbot) -> None:
    html = page(client, chatbot.public_id)
    assert chatbot.instructions not in html
    assert str(chatbot.pk) not in html
    assert str(chatbot.organization_id) not in html


def test_mallory_cannot_tell_an_unpublished_bot_from_none(client: Client, chatbot: Chatbot) -> None:
    assert client.get(f"/c/{chatbot.public_id}").status_code == 200
    ChatbotService().update(chatbot, is_published=False)
    unpublished, unknown = client.get(f"/c/{chatbot.public_id}"), client.get("/c/aaaaaaaaaaaaaaaa")
    assert unpublished.status_code == unknown.status_code == 404
    assert unpublished.content == unknown.content
    assert unpublished.headers == unknown.headers


@pytest.mark.parametrize("public_id", ["%00", "a%00b", "%F0%9F%90%A6", "x" * 5000, "' OR 1=1 --"])
def test_a_nonsense_address_is_a_404_and_nothing_else(client: Client, public_id: str) -> None:
    assert client.get(f"/c/{public_id}").status_code == 404


def test_an_owner_cannot_put_scripts_into_the_page(client: Client, chatbot: Chatbot) -> None:
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    before = page(client, chatbot.public_id)
    assert before.count("<script") == 2  # the page's own, and a block of data
    ChatbotService().update(
        chatbot,
        name=hostile,
        description=hostile,
        welcome_message=hostile,
        suggested_questions=[hostile],
        unanswered_message=hostile,
        contact_offer="always",
        consent_text=hostile,
    )
    html = page(client, chatbot.public_id)
    assert html.count("<script") == 2
    assert "<img" not in html


def test_the_page_obeys_its_own_content_security_policy(client: Client, chatbot: Chatbot) -> None:
    response = client.get(f"/c/{chatbot.public_id}")
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert INLINE.search('<p style="x">')
    assert not INLINE.search(response.content.decode())


def test_the_page_loads_nothing_from_elsewhere_and_stays_small(client: Client, chatbot: Chatbot) -> None:
    ChatbotService().update(chatbot, contact_offer="always")
    html = page(client, chatbot.public_id)
    addresses = re.findall(r'(?:src|href)="([^"#?]+)', html)
    own = [address for address in addresses if address.startswith("/static/widget/")]
    assert len(own) >= 7
    assert [address for address in addresses if address not in own] == [f"/c/{chatbot.public_id}/theme.css"]
    # As it goes over the line; the whole, headers too, is weighed in Chromium (tests/browser/test_visitors_chat.py).
    size = len(gzip.compress(html.encode()))
    for file in FOLDER.iterdir():
        size += len(gzip.compress(file.read_bytes()))
    assert size <= 45_000


def scripts() -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.js")))


def test_every_word_that_the_scripts_say_stands_in_the_page_and_no_other(client: Client, chatbot: Chatbot) -> None:
    html = page(client, chatbot.public_id)
    (block,) = re.findall(r'<script id="texts" type="application/json">(.*?)</script>', html)
    texts = set(json.loads(block))
    literals = set(re.findall(r'"(\w+)"', scripts()))
    said = {text for call in re.findall(r"\bsay\(([^()]*)", scripts()) for text in re.findall(r'"(\w+)"', call)}
    assert "again" in said
    assert said <= texts
    assert texts <= literals


def test_no_script_builds_markup_or_runs_text() -> None:
    dangerous = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\(.on"
    )
    assert dangerous.search("element.innerHTML = text")
    assert not dangerous.search(scripts())


def test_a_message_to_the_page_around_names_whom_it_is_for() -> None:
    sent = re.findall(r"postMessage\(([^)]*)\)", scripts())
    assert sent == ["message, around"]


def form_of_page(client: Client, chatbot: Chatbot) -> str:
    return page(client, chatbot.public_id).partition('<dialog class="sheet" id="contact"')[2].partition("</dialog>")[0]


def test_a_visitor_who_may_talk_to_a_person_finds_the_owner_s_fields_and_words(
    client: Client, chatbot: Chatbot
) -> None:
    assert form_of_page(client, chatbot) == ""
    assert "contact-open" not in page(client, chatbot.public_id)
    ChatbotService().update(
        chatbot, contact_offer="always", contact_fields=["email", "message"], consent_text="I agree & wait."
    )
    form = form_of_page(client, chatbot)
    assert re.findall(r' name="(\w+)"', form) == ["email", "message", "consent"]
    assert "I agree &amp; wait." in form
    assert page(client, chatbot.public_id).count("contact-open") == 2  # in the bar, and for answers


def test_the_form_waits_for_an_answer_that_fails_when_it_is_offered_then_only(client: Client, chatbot: Chatbot) -> None:
    ChatbotService().update(chatbot, contact_offer="unanswered", contact_fields=["email"])
    assert page(client, chatbot.public_id).count("contact-open") == 1


def test_mallory_learns_nothing_of_where_contacts_go(client: Client, chatbot: Chatbot) -> None:
    ChatbotService().update(chatbot, contact_offer="always", contact_email="boss@example.org")
    assert "boss@example.org" not in page(client, chatbot.public_id)


def test_a_page_is_sent_compressed(client: Client, chatbot: Chatbot) -> None:
    response = client.get(f"/c/{chatbot.public_id}", headers={"Accept-Encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip"
    assert b"Boathouse" in gzip.decompress(response.content)
    assert len(response.content) < 6_000
