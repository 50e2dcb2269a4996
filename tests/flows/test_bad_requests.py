"""What people send by mistake or on purpose: told in problem+json, at once, with what to do; nothing is lost."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.conftest import Owner

CHAT = "/api/v1/chat"


@pytest.fixture
def bot(alice: Owner) -> dict[str, Any]:
    return alice.make_bot()


def told(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Assert that a refusal is problem+json with a sentence for people, and return it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    problem = dict(response.json())
    assert problem["code"] == code
    assert problem["status"] == status
    assert len(problem["detail"]) > 20
    assert "Traceback" not in response.text
    return problem


@pytest.mark.parametrize("message", ["", "   \n ", "x" * 4001, "x" * 100_000, "\x00\x01\x02\x03binary\x05"])
def test_a_question_that_is_none_is_refused(alice: Owner, bot: dict[str, Any], message: str) -> None:
    asked = httpx.post(f"{alice.address}{CHAT}/{bot['public_id']}/messages", json={"message": message})
    told(asked, 400, "invalid_message")


@pytest.mark.parametrize(
    "body", [b"", b"not json", b'{"message": ', b"\xff\xfe\x00", b'{"message": 5}', b'{"message": null}', b"[]", b"{}"]
)
def test_a_body_of_the_wrong_shape_is_refused(alice: Owner, bot: dict[str, Any], body: bytes) -> None:
    asked = httpx.post(
        f"{alice.address}{CHAT}/{bot['public_id']}/messages", content=body, headers={"Content-Type": "application/json"}
    )
    told(asked, 400, "invalid_request")


def test_unknown_and_unpublished_bots_are_the_same_to_visitors(alice: Owner, bot: dict[str, Any]) -> None:
    assert alice.ask(bot, "Hello?")
    alice.api.patch(f"/chatbots/{bot['id']}", json={"is_published": False})
    unpublished = httpx.post(f"{alice.address}{CHAT}/{bot['public_id']}/messages", json={"message": "Hello?"})
    unknown = httpx.post(f"{alice.address}{CHAT}/nosuchbotatall00/messages", json={"message": "Hello?"})

    told(unknown, 404, "not_found")
    assert unknown.content == unpublished.content
    pages = [httpx.get(f"{alice.address}/c/{public_id}") for public_id in (bot["public_id"], "nosuchbotatall00")]
    assert [page.status_code for page in pages] == [404, 404]


def test_an_unknown_conversation_is_refused(alice: Owner, bot: dict[str, Any]) -> None:
    asked = httpx.post(
        f"{alice.address}{CHAT}/{bot['public_id']}/messages",
        json={"message": "Hello?", "conversation_token": "made-up"},
        headers={"Accept": "text/event-stream"},
    )
    told(asked, 404, "not_found")


def test_another_bots_conversation_is_refused(alice: Owner, bot: dict[str, Any]) -> None:
    token = alice.ask(bot, "Hello?")["conversation_token"]
    assert alice.ask(bot, "Hello again?", token)["conversation_token"] == token
    other = alice.make_bot("Other")
    asked = httpx.post(
        f"{alice.address}{CHAT}/{other['public_id']}/messages", json={"message": "Hello?", "conversation_token": token}
    )
    told(asked, 404, "not_found")


@pytest.mark.parametrize("key", [None, "", "Bearer", "Bearer wrong", "Basic YWxpY2U6cGFzcw=="])
def test_mallory_without_a_key_gets_nothing(alice: Owner, key: str | None) -> None:
    headers = {} if key is None else {"Authorization": key}
    told(httpx.get(f"{alice.address}/api/v1/chatbots", headers=headers), 401, "not_authenticated")


def test_ids_that_are_none_and_ids_of_nothing_are_not_found(alice: Owner, bot: dict[str, Any]) -> None:
    for path in ("/chatbots/1", "/chatbots/5f0c7f9e-0000-4000-8000-000000000000", f"/chatbots/{bot['id']}/sources/x"):
        told(alice.api.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("payload", "status", "code"),
    [
        ({}, 400, "invalid_request"),
        ({"name": ""}, 400, "invalid_request"),
        ({"name": "x" * 300}, 400, "invalid_request"),
        ({"name": "A", "learn_only_use": "whatever"}, 400, "invalid_request"),
        ({"name": "A", "allowed_origins": ["not an origin"]}, 400, "invalid_request"),
        ({"name": "Handbook"}, 409, "conflict"),
    ],
)
def test_a_chatbot_that_can_not_be_made(
    alice: Owner, bot: dict[str, Any], payload: dict[str, Any], status: int, code: str
) -> None:
    told(alice.api.post("/chatbots", json=payload), status, code)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"kind": "url"},
        {"kind": "url", "url": "ftp://example.org/x"},
        {"kind": "text", "text": "  "},
        {"kind": "film", "url": "https://example.org"},
        {"kind": "text", "text": "x", "disclosure": "secret"},
    ],
)
def test_a_source_that_can_not_be_made(alice: Owner, bot: dict[str, Any], payload: dict[str, Any]) -> None:
    told(alice.api.post(f"/chatbots/{bot['id']}/sources", json=payload), 400, "invalid_request")
    assert alice.sources(bot) == []


def test_feedback_is_kept_and_only_by_who_asked(alice: Owner, bot: dict[str, Any]) -> None:
    answer = alice.ask(bot, "Hello?")
    path = f"{alice.address}{CHAT}/{bot['public_id']}/messages/{answer['message_id']}/feedback"
    visitor = {"Authorization": f"Bearer {answer['conversation_token']}"}
    stranger = {"Authorization": f"Bearer {alice.ask(bot, 'Hi?')['conversation_token']}"}

    assert httpx.post(path, json={"value": "down", "comment": "no"}, headers=visitor).json() == {"value": "down"}
    told(httpx.post(path, json={"value": "up"}, headers=stranger), 404, "not_found")
    told(httpx.post(path, json={"value": "up"}), 401, "not_authenticated")
    told(httpx.post(path, json={"value": "sideways"}, headers=visitor), 400, "invalid_request")
    (conversation,) = [
        one
        for one in alice.api.get(f"/chatbots/{bot['id']}/conversations").json()
        if one["id"]
        and len(alice.api.get(f"/chatbots/{bot['id']}/conversations/{one['id']}").json()["messages"]) == 2
        and alice.api.get(f"/chatbots/{bot['id']}/conversations/{one['id']}").json()["messages"][1]["feedback"]
    ]
    kept = alice.api.get(f"/chatbots/{bot['id']}/conversations/{conversation['id']}").json()["messages"][1]
    assert (kept["feedback"], kept["feedback_comment"]) == ("down", "no")


def test_a_page_of_a_strange_site_is_refused(alice: Owner, bot: dict[str, Any]) -> None:
    def ask(origin: str) -> httpx.Response:
        return httpx.post(
            f"{alice.address}{CHAT}/{bot['public_id']}/messages", json={"message": "Hello?"}, headers={"Origin": origin}
        )

    told(ask("https://elsewhere.example"), 403, "not_allowed")
    alice.api.patch(f"/chatbots/{bot['id']}", json={"allowed_origins": ["https://elsewhere.example"]})
    allowed = ask("https://elsewhere.example")
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://elsewhere.example"
    assert ask(alice.address).status_code == 200


def test_too_many_questions_from_one_address_are_slowed_down(alice: Owner, bot: dict[str, Any], settings: Any) -> None:
    settings.VISITOR_MESSAGES_PER_MINUTE = 3
    path = f"{alice.address}{CHAT}/{bot['public_id']}/messages"
    stranger = {"X-Forwarded-For": "203.0.113.9"}
    for _ in range(3):
        assert httpx.post(path, json={"message": "Hello?"}, headers=stranger).status_code == 200

    refused = httpx.post(path, json={"message": "Hello?"}, headers=stranger)

    told(refused, 429, "too_many_requests")
    assert int(refused.headers["retry-after"]) > 0
    assert httpx.post(path, json={"message": "Hello?"}, headers={"X-Forwarded-For": "203.0.113.10"}).status_code == 200


def test_the_api_page_loads_nothing_from_elsewhere(alice: Owner) -> None:
    page = httpx.get(f"{alice.address}/api/v1/docs")
    assert page.status_code == 200
    assert "/api/v1/openapi.json" in page.text or "openapi.json" in page.text
    assert "https://" not in page.text.replace("https://www.w3.org", "")
    for path in [part.split('"')[0] for part in page.text.split('="')[1:] if part.startswith("/static/")]:
        assert httpx.get(f"{alice.address}{path}").status_code == 200


def test_a_browser_on_an_allowed_site_may_ask_and_reads_errors_too(alice: Owner, bot: dict[str, Any]) -> None:
    site = "https://shop.example"
    path = f"{alice.address}{CHAT}/{bot['public_id']}/messages"
    before = httpx.options(path, headers={"Origin": site, "Access-Control-Request-Method": "POST"})
    assert "access-control-allow-origin" not in before.headers
    alice.api.patch(f"/chatbots/{bot['id']}", json={"allowed_origins": [site]})

    preflight = httpx.options(path, headers={"Origin": site, "Access-Control-Request-Method": "POST"})
    refused = httpx.post(path, json={"message": ""}, headers={"Origin": site})

    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == site
    assert "Authorization" in preflight.headers["access-control-allow-headers"]
    told(refused, 400, "invalid_message")
    assert refused.headers["access-control-allow-origin"] == site


def test_a_body_beyond_all_measure_is_refused_as_too_large(alice: Owner, bot: dict[str, Any]) -> None:
    huge = b'{"message": "' + b"x" * 6_000_000 + b'"}'
    asked = httpx.post(
        f"{alice.address}{CHAT}/{bot['public_id']}/messages", content=huge, headers={"Content-Type": "application/json"}
    )
    told(asked, 413, "request_too_large")


def test_what_a_comment_holds_beside_text_is_left_out(alice: Owner, bot: dict[str, Any]) -> None:
    answer = alice.ask(bot, "Hello?")
    path = f"{alice.address}{CHAT}/{bot['public_id']}/messages/{answer['message_id']}/feedback"
    visitor = {"Authorization": f"Bearer {answer['conversation_token']}"}
    assert httpx.post(path, json={"value": "up", "comment": "Go\x00od"}, headers=visitor).status_code == 200
    (talk,) = alice.api.get(f"/chatbots/{bot['id']}/conversations").json()
    kept = alice.api.get(f"/chatbots/{bot['id']}/conversations/{talk['id']}").json()["messages"][1]
    assert kept["feedback_comment"] == "Good"


def test_characters_that_can_not_be_stored_are_refused(alice: Owner, bot: dict[str, Any]) -> None:
    source = {"kind": "url", "url": "http://a\x00b/"}
    told(alice.api.post(f"/chatbots/{bot['id']}/sources", json=source), 400, "invalid_request")


def test_a_method_that_is_none_is_told_like_every_error(alice: Owner, bot: dict[str, Any]) -> None:
    told(httpx.put(f"{alice.address}{CHAT}/{bot['public_id']}/messages", json={}), 405, "method_not_allowed")


def test_an_address_that_is_no_web_address_never_reaches_a_visitor(
    alice: Owner, bot: dict[str, Any], work_off: Callable[[], None]
) -> None:
    line = '{"id": "1", "title": "Hours", "text": "We open at nine every day.", "url": "%s"}'
    alice.upload(bot, ("good.jsonl", (line % "https://shop.example/hours").encode()))
    work_off()
    assert alice.ask(bot, "When do you open?")["citations"][0]["url"] == "https://shop.example/hours"
    other = alice.make_bot("Other")
    alice.upload(other, ("bad.jsonl", (line % "javascript:alert(14)").encode()))
    work_off()

    answer = alice.ask(other, "When do you open?")

    assert [citation["url"] for citation in answer["citations"]] == [""]


def test_the_title_that_an_owner_gives_is_the_one_that_visitors_see(
    alice: Owner, bot: dict[str, Any], work_off: Callable[[], None]
) -> None:
    (source,) = alice.upload(bot, ("x1-final.txt", b"We open at nine every day."))
    work_off()
    alice.api.patch(f"/chatbots/{bot['id']}/sources/{source['id']}", json={"title": "Opening hours"})

    assert alice.ask(bot, "When do you open?")["citations"][0]["title"] == "Opening hours"


def pieces(size: int) -> Iterator[bytes]:
    """Yield a body piece by piece: then no length of it is told."""
    yield from (b"x" * 65_536 for _ in range(size // 65_536))


def test_a_body_that_does_not_tell_its_length_is_refused_when_too_much_came(alice: Owner, bot: dict[str, Any]) -> None:
    for address in (f"{CHAT}/{bot['public_id']}/messages", "/accounts/login/"):
        asked = httpx.post(f"{alice.address}{address}", content=pieces(12 * 1024 * 1024), timeout=30)
        told(asked, 413, "request_too_large")
    assert alice.ask(bot, "Hello?"), "and the server goes on"
