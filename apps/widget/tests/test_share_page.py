"""What visitors find at a chatbot's address: Alice owns the bot, Mallory looks for what is not hers."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from apps.accounts.models import Organization
from apps.chatbots.models import Chatbot
from apps.chatbots.services import ChatbotService

pytestmark = pytest.mark.django_db

INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)


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
    assert before.count("<script") == 1
    ChatbotService().update(
        chatbot, name=hostile, description=hostile, welcome_message=hostile, suggested_questions=[hostile]
    )
    html = page(client, chatbot.public_id)
    assert html.count("<script") == 1
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
    html = page(client, chatbot.public_id)
    addresses = re.findall(r'(?:src|href)="([^"#]+)"', html)
    assert addresses
    assert all(address.startswith("/static/widget/") for address in addresses)
    size = len(html.encode())
    for address in addresses:
        path = finders.find(address.removeprefix("/static/"))
        assert isinstance(path, str), f"{address} is not there"
        size += Path(path).stat().st_size
    assert size <= 60_000


def test_every_word_that_the_script_says_stands_in_the_page(client: Client, chatbot: Chatbot) -> None:
    html = page(client, chatbot.public_id)
    path = finders.find("widget/share_page.js")
    assert isinstance(path, str)
    script = Path(path).read_text(encoding="utf-8")
    spoken = re.findall(r"(?:say|abort)\(([^()]*)", script) + re.findall(r"const kind = (.*);", script)
    said = {word for call in spoken for word in re.findall(r'"(\w+)"', call)}
    assert said == set(re.findall(r'data-word="(\w+)"', html))
