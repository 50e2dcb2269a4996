"""All that a visitor can get, field by field and header by header, against one list.

The list is written out here once more, apart from the schemas, so that a field which is added there has to be added
here too: by somebody who thinks of what it tells.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from apps.chatbots.models import Chatbot
from apps.conversations.models import Message
from apps.knowledge.models import Document, Source
from apps.retrieval.models import CitablePassage, LearnOnlyPassage
from config.api import api
from tests import visitor
from tests.conftest import Owner
from tests.privacy_construction.conftest import QUESTION, SECRET_WORDS, source_named

CITATION = {"n", "title", "url", "page", "quote"}
ANSWER = {"message_id", "conversation_token", "text", "html", "citations", "citations.n", "citations.title",
          "citations.url", "citations.page", "citations.quote", "answered", "offer_contact"}  # fmt: skip
SPOKEN_FIELDS = {"message_id", "role", "text", "html", "citations", "answered", "complete", "feedback"}
SPOKEN = {f"messages.{field}" for field in SPOKEN_FIELDS}
DONE = {"message_id", "html", "citations", "answered", "offer_contact"} | {f"citations.{field}" for field in CITATION}
PUBLIC = {
    ("POST", "/api/v1/chat/{public_id}/messages"): ANSWER,
    ("GET", "/api/v1/chat/{public_id}/conversation"): {"messages"} | SPOKEN
    | {f"messages.citations.{field}" for field in CITATION},
    ("GET", "/api/v1/chat/{public_id}/messages/{message_id}/citations/{n}"): CITATION | {"heading", "passage"},
    ("GET", "/api/v1/chat/{public_id}/messages/{message_id}/stream"): DONE,
    ("POST", "/api/v1/chat/{public_id}/messages/{message_id}/stop"): SPOKEN_FIELDS
    | {f"citations.{field}" for field in CITATION},
    ("POST", "/api/v1/chat/{public_id}/messages/{message_id}/feedback"): {"value"},
    ("POST", "/api/v1/chat/{public_id}/contact"): {"received"},
    ("GET", "/api/v1/chat/{public_id}/widget"): {"name", "language", "direction", "corner", "accent", "on_accent",
    "texts", "texts.launcher", "texts.close", "texts.loading"},
}  # fmt: skip
EVENTS = {
    "start": {"conversation_token", "message_id"},
    "delta": {"text"},
    "citation": CITATION,
    "done": DONE,
    "error": {"type", "title", "status", "code", "detail"},
}
PROBLEM = {"type", "title", "status", "code", "detail", "errors", "errors.field", "errors.reason"}
HEADERS = {
    "date", "content-type", "content-length", "transfer-encoding", "connection", "cache-control", "vary", "allow",
    "retry-after", "x-frame-options", "x-content-type-options", "referrer-policy", "cross-origin-opener-policy",
    "x-accel-buffering", "access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers",
    "access-control-max-age", "content-security-policy", "permissions-policy", "content-encoding",
}  # fmt: skip
# What a browser without a key or a session may open at all: nothing else answers with more than a refusal.
OPEN_PAGES = {
    "api/v1/openapi.json", "api/v1/docs", "c/<str:public_id>", "sign-in/<str:token>", "widget.js", "healthz", "readyz",
    "c/<str:public_id>/theme.css", "embed/<str:public_id>",
}  # fmt: skip
STRANGER = {"X-Forwarded-For": "203.0.113.7"}  # this machine's own programs may ask more


def fields_of(value: Any, prefix: str = "") -> set[str]:
    """Return the paths of all fields in a JSON value; lists count as what is in them."""
    if isinstance(value, list):
        return set().union(*(fields_of(one, prefix) for one in value))
    if not isinstance(value, dict):
        return set()
    inner = (fields_of(one, f"{prefix}{name}.") for name, one in value.items())
    return {f"{prefix}{name}" for name in value}.union(*inner)


def fields_in(schema: dict[str, Any], components: dict[str, Any], prefix: str = "") -> set[str]:
    """Return the paths of all fields that a JSON schema allows."""
    if "$ref" in schema:
        return fields_in(components[schema["$ref"].rsplit("/", 1)[1]], components, prefix)
    found: set[str] = set()
    for part in (*schema.get("anyOf", ()), *schema.get("allOf", ()), *schema.get("oneOf", ())):
        found |= fields_in(part, components, prefix)
    if "items" in schema:
        found |= fields_in(schema["items"], components, prefix)
    for name, inner in schema.get("properties", {}).items():
        found |= {f"{prefix}{name}"} | fields_in(inner, components, f"{prefix}{name}.")
    return found


def is_clean(response: httpx.Response) -> None:
    """Assert that a response says nothing in its headers that is not on the list, and that nobody keeps it."""
    assert {name.lower() for name in response.headers} <= HEADERS, response.headers
    assert "no-store" in response.headers["cache-control"]
    assert not any(word in (response.text + str(response.headers)).casefold() for word in SECRET_WORDS)


class Mallory:
    """Who talks to one bot and looks at every byte."""

    def __init__(self, owner: Owner, bot: dict[str, Any]) -> None:
        self.bot = bot
        self.web = httpx.Client(base_url=owner.address, timeout=60)
        self.root = f"/api/v1/chat/{bot['public_id']}"

    def request(self, method: str, path: str, **how: Any) -> httpx.Response:
        response = self.web.request(method, self.root + path, **how)
        is_clean(response)
        return response

    def ask(self, question: str = QUESTION, token: str | None = None) -> httpx.Response:
        return self.request("POST", "/messages", json={"message": question, "conversation_token": token})


@pytest.fixture
def mallory_asks(alice: Owner, bot: dict[str, Any]) -> Iterator[Mallory]:
    attacker = Mallory(alice, bot)
    with attacker.web:
        yield attacker


def test_the_api_s_description_opens_no_more_to_visitors_than_the_list() -> None:
    schema = api.get_openapi_schema()
    components = schema["components"]["schemas"]
    described = {
        (method.upper(), path): fields_in(
            (operation["responses"].get(200) or operation["responses"][201])["content"]["application/json"]["schema"],
            components,
        )
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
        if not operation.get("security")
    }

    assert described == PUBLIC


def test_every_visitor_endpoint_gives_the_listed_fields_and_no_others(
    mallory_asks: Mallory, alice: Owner, bot: dict[str, Any]
) -> None:
    alice.api.patch(f"/chatbots/{bot['id']}", json={"contact_offer": "always"})
    answer = mallory_asks.ask()
    said = answer.json()
    token = {"Authorization": f"Bearer {said['conversation_token']}"}
    at = f"/messages/{said['message_id']}"
    got = {
        ("POST", "/api/v1/chat/{public_id}/messages"): answer,
        ("GET", "/api/v1/chat/{public_id}/conversation"): mallory_asks.request("GET", "/conversation", headers=token),
        ("GET", "/api/v1/chat/{public_id}/messages/{message_id}/citations/{n}"): mallory_asks.request(
            "GET", f"{at}/citations/1", headers=token
        ),
        ("GET", "/api/v1/chat/{public_id}/messages/{message_id}/stream"): mallory_asks.request(
            "GET", f"{at}/stream", headers=token
        ),
        ("POST", "/api/v1/chat/{public_id}/messages/{message_id}/stop"): mallory_asks.request(
            "POST", f"{at}/stop", headers=token
        ),
        ("POST", "/api/v1/chat/{public_id}/messages/{message_id}/feedback"): mallory_asks.request(
            "POST", f"{at}/feedback", headers=token, json={"value": "up", "comment": "Thanks"}
        ),
        ("POST", "/api/v1/chat/{public_id}/contact"): mallory_asks.request(
            "POST", "/contact", json={"fields": {"email": "mallory@example.org"}, "consent": True}
        ),
        ("GET", "/api/v1/chat/{public_id}/widget"): mallory_asks.request("GET", "/widget"),
    }
    assert got.keys() == PUBLIC.keys()
    assert {response.status_code for response in got.values()} == {200, 201}
    assert {name: fields_of(response.json()) for name, response in got.items()} == PUBLIC


def test_every_event_of_a_stream_has_the_listed_fields_and_no_others(alice: Owner, bot: dict[str, Any]) -> None:
    with httpx.stream(
        "POST",
        f"{alice.address}/api/v1/chat/{bot['public_id']}/messages",
        json={"message": QUESTION},
        headers={"Accept": "text/event-stream"},
    ) as response:
        response.read()
        is_clean(response)
    blocks = [block for block in response.text.split("\n\n") if block]
    seen = {name: fields_of(data) for name, data in map(visitor.parsed, blocks)}

    assert all(set(re.findall(r"^(\w+):", block, re.MULTILINE)) == {"event", "data", "id"} for block in blocks)
    assert seen == {name: fields for name, fields in EVENTS.items() if name != "error"}


WRONG: dict[str, Callable[[Mallory], httpx.Response]] = {
    "no question": lambda m: m.ask(""),
    "not JSON": lambda m: m.request("POST", "/messages", content=b"{", headers={"Content-Type": "application/json"}),
    "another field": lambda m: m.request("POST", "/messages", json={"message": QUESTION, "n": 8, "logprobs": True}),
    "no field": lambda m: m.request("POST", "/messages", json={}),
    "wrong types": lambda m: m.request("POST", "/messages", json={"message": ["x"], "conversation_token": 7}),
    "NUL": lambda m: m.ask("a\x00b"),
    "too long": lambda m: m.ask("a" * 5000),
    "too large": lambda m: m.request("POST", "/messages", content=b" " * 6_000_000),
    "an unknown token": lambda m: m.ask(token="nobody's"),
    "no token": lambda m: m.request("GET", "/conversation"),
    "a wrong token": lambda m: m.request("GET", "/conversation", headers={"Authorization": "Bearer wrong"}),
    "a wrong scheme": lambda m: m.request("GET", "/conversation", headers={"Authorization": "Basic YTpi"}),
    "an unknown answer": lambda m: m.request("GET", f"/messages/{uuid.uuid4()}/citations/1"),
    "an unknown answer's stream": lambda m: m.request("GET", f"/messages/{uuid.uuid4()}/stream"),
    "an unknown answer to stop": lambda m: m.request("POST", f"/messages/{uuid.uuid4()}/stop"),
    "no id": lambda m: m.request("GET", "/messages/1/citations/1"),
    "a wrong method": lambda m: m.request("DELETE", "/messages"),
    "OPTIONS": lambda m: m.request("OPTIONS", "/messages"),
    "HEAD": lambda m: m.request("HEAD", "/conversation"),
    "TRACE": lambda m: m.request("TRACE", "/conversation"),
    "another site": lambda m: m.request("POST", "/messages", json={}, headers={"Origin": "https://evil.example"}),
    "a preflight": lambda m: m.request("OPTIONS", "/messages", headers={"Origin": "https://evil.example"}),
    "another path": lambda m: m.request("GET", "/sources"),
    "debugging": lambda m: m.request("GET", "/conversation?debug=1&trace=1&explain=1", headers={"X-Debug": "1"}),
}


def test_every_error_is_a_problem_of_the_listed_fields(mallory_asks: Mallory) -> None:
    for name, provoke in WRONG.items():
        response = provoke(mallory_asks)
        if response.status_code == 200 and name == "another field":
            assert fields_of(response.json()) == ANSWER
        elif response.content:
            assert response.headers["content-type"] == "application/problem+json", name
            assert fields_of(response.json()) <= PROBLEM, name
            assert "Traceback" not in response.text
        assert response.status_code == 200 or 204 <= response.status_code < 500, name


def test_what_exists_and_is_closed_looks_like_what_does_not_exist(
    mallory_asks: Mallory, alice: Owner, bot: dict[str, Any]
) -> None:
    said = mallory_asks.ask().json()
    token = {"Authorization": f"Bearer {said['conversation_token']}"}
    secret, source = LearnOnlyPassage.objects.get(), Source.objects.get(file_name="floor.md")
    ids = [secret.pk, secret.document_id, source.pk, CitablePassage.objects.first().pk, Document.objects.first().pk,  # type: ignore[union-attr]
           Chatbot.objects.get().pk, uuid.uuid4()]  # fmt: skip
    for path in (
        "/messages/{id}/citations/1",
        "/messages/{id}/stream",
        "/sources/{id}",
        "/documents/{id}",
        "/passages/{id}",
        "/sources/{id}/original",
    ):
        answers = {
            (response.status_code, response.content)
            for one in ids
            for response in [mallory_asks.request("GET", path.replace("{id}", str(one)), headers=token)]
        }
        assert len(answers) == 1, path
    thanked = {
        mallory_asks.request("POST", f"/messages/{one}/feedback", headers=token, json={"value": "up"}).content
        for one in ids
    }
    assert len(thanked) == 1


def test_another_bot_s_visitor_finds_nothing_of_this_one(
    mallory_asks: Mallory, alice: Owner, bot: dict[str, Any]
) -> None:
    said = mallory_asks.ask().json()
    other = alice.make_bot("Other")
    token = {"Authorization": f"Bearer {said['conversation_token']}"}
    root = f"{alice.address}/api/v1/chat/{other['public_id']}"
    mine = httpx.get(f"{root}/conversation", headers=token)
    nobodys = httpx.get(f"{root}/conversation", headers={"Authorization": "Bearer nobodys"})

    assert (mine.status_code, mine.content) == (404, nobodys.content)


def patterns(resolver: URLResolver | Any, prefix: str = "") -> Iterator[str]:
    for one in resolver.url_patterns:
        if isinstance(one, URLPattern):
            yield prefix + str(one.pattern)
        else:
            yield from patterns(one, prefix + str(one.pattern))


def address_of(pattern: str, bot: dict[str, Any]) -> str:
    """Return an address of the pattern that leads to something that is there, as far as one can be named."""
    path = re.sub(r"<[^:>]*:?chatbot_id>", bot["id"], pattern)
    path = re.sub(r"<(?:\w+:)?source_id>", str(Source.objects.get(file_name="floor.md").pk), path)
    path = re.sub(r"<(?:\w+:)?public_id>", bot["public_id"], path)
    path = re.sub(r"<(?:\w+:)?message_id>", str(Message.objects.filter(author="bot").first().pk), path)  # type: ignore[union-attr]
    path = re.sub(r"<int:\w+>", "1", path)
    return "/" + re.sub(r"<[^>]+>", str(uuid.uuid4()), path)


def test_every_other_address_of_the_product_refuses_who_has_no_key(
    mallory_asks: Mallory, alice: Owner, bot: dict[str, Any]
) -> None:
    """Walks the URL patterns: an address that is new and open has to be put on the list of the open ones."""
    mallory_asks.ask()
    opened = set()
    for pattern in patterns(get_resolver()):
        if pattern.startswith(("accounts/", "api/v1/chat/")) or "(?P" in pattern:
            continue
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            body: dict[str, str] | None = {} if method != "GET" else None
            response = mallory_asks.web.request(method, address_of(pattern, bot), json=body, headers=STRANGER)
            assert not any(word in response.text.casefold() for word in SECRET_WORDS), pattern
            if response.status_code < 300:
                opened.add(pattern)

    assert opened <= OPEN_PAGES


def test_the_share_page_tells_of_a_bot_only_what_its_owner_wrote_for_visitors(
    mallory_asks: Mallory, alice: Owner, bot: dict[str, Any]
) -> None:
    page = mallory_asks.web.get(f"/c/{bot['public_id']}")
    is_clean(page)
    inner = [bot["id"], source_named(alice, bot, "warranty.md")["id"], "steer", "learn", "organization", "instructions"]

    assert page.status_code == 200
    assert not [word for word in inner if word in page.text]


def test_ids_that_visitors_see_tell_no_count_and_no_time(mallory_asks: Mallory) -> None:
    ids = [uuid.UUID(mallory_asks.ask().json()["message_id"]) for _ in range(3)]

    assert {one.version for one in ids} == {4}
