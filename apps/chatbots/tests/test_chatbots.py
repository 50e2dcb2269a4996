"""Alice's chatbots: hers by name, found by who may, and for anybody else as if they did not exist."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Organization
from apps.accounts.services import UserService
from apps.chatbots.models import Chatbot, new_public_id
from apps.chatbots.services import EDITABLE, ChatbotService, find_chatbot, normal_origin, published_chatbot
from apps.core.error_handling import ConflictError, NotFoundError, ValidationError

pytestmark = pytest.mark.django_db


@pytest.fixture
def chatbots() -> ChatbotService:
    return ChatbotService()


@pytest.fixture
def alices() -> Organization:
    return Organization.objects.create(name="Alice's shop")


@pytest.fixture
def mallorys() -> Organization:
    return Organization.objects.create(name="Mallory's shop")


# Settings.


def test_alice_makes_a_bot_with_settings(chatbots: ChatbotService, alices: Organization) -> None:
    made = chatbots.create(
        organization=alices, name=" Handbook ", welcome_message=" Hello! ", allowed_origins=["https://Shop.example/"]
    )
    kept = Chatbot.objects.get()
    assert (kept.name, kept.welcome_message, kept.allowed_origins) == ("Handbook", "Hello!", ["https://shop.example"])
    assert (kept.learn_only_use, kept.is_published) == ("steer", True)
    assert len(kept.public_id) == 16
    assert kept.public_id.isalnum()
    assert kept == made


def test_what_visitors_know_a_bot_by_cannot_be_guessed() -> None:
    ids = {new_public_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert len({public_id[:4] for public_id in ids}) > 900


def test_a_name_is_given_once_in_an_organization(
    chatbots: ChatbotService, alices: Organization, mallorys: Organization
) -> None:
    chatbots.create(organization=alices, name="Handbook")
    other = chatbots.create(organization=alices, name="Shop")
    chatbots.create(organization=mallorys, name="Handbook")  # another business may use it
    for attempt in (
        lambda: chatbots.create(organization=alices, name="Handbook "),
        lambda: chatbots.update(other, name="Handbook"),
    ):
        with pytest.raises(ConflictError, match=r"named 'Handbook' exists already\. Choose another"):
            attempt()
    assert Chatbot.objects.get(pk=other.pk).name == "Shop"
    assert chatbots.of(alices).count() == 2


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"name": ""}, "needs a name"),
        ({"name": " \n"}, "needs a name"),
        ({"name": "x" * 201}, "1 to 200 characters"),
        ({"name": "a\x00b"}, "no text"),
        ({"instructions": "a\x00b"}, "no text"),
        ({"language": "x" * 11}, "too long"),
        ({"suggested_questions": ["x" * 301]}, "too long"),
        ({"public_id": "mine"}, "no setting public_id"),
        ({"organization_id": 1}, "no setting organization_id"),
        ({"allowed_origins": ["shop.example"]}, "no origin"),
    ],
)
def test_settings_that_cannot_be_are_told(
    chatbots: ChatbotService, alices: Organization, settings: dict[str, Any], told: str
) -> None:
    chatbot = chatbots.create(organization=alices, name="Handbook")
    assert chatbots.update(chatbot, description="fine").description == "fine"
    with pytest.raises(ValidationError, match=told):
        chatbots.update(chatbot, **settings)
    kept = Chatbot.objects.get()
    assert (kept.name, kept.public_id) == ("Handbook", chatbot.public_id)


def test_every_setting_that_can_be_changed_is_one_of_the_bot() -> None:
    assert {field.name for field in Chatbot._meta.concrete_fields} >= EDITABLE


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        (" HTTPS://Shop.Example/ ", "https://shop.example"),
        ("https://shop.example:443/page?x=1#y", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://shop.example:443", "http://shop.example:443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://my_host:8080", "http://my_host:8080"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080"),
        ("http://192.0.2.1", "http://192.0.2.1"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(written: str, origin: str) -> None:
    assert normal_origin(written) == origin
    assert normal_origin(origin) == origin


@pytest.mark.parametrize(
    "written",
    [
        "", "shop.example", "//shop.example", "ftp://shop.example", "https://", "https:///page", "javascript:alert(1)",
        "null", "*", "https://*", "https://*.example", "https://alice:pw@shop.example", "https://@shop.example",
        "https://shop.example:port", "https://shop.example:99999", "https://[::1", "https://a..b", "https://a b",
        f"https://{'x' * 64}.example",
    ],
)  # fmt: skip
def test_what_is_no_origin_is_refused(written: str) -> None:
    with pytest.raises(ValidationError, match=r"is no origin\. Write it like https://www\.example\.org"):
        normal_origin(written)


# Finding.


def test_a_bot_is_found_by_name_id_and_public_id(chatbots: ChatbotService, alices: Organization) -> None:
    made = chatbots.create(organization=alices, name="Handbook")
    chatbots.create(organization=alices, name="Shop")
    for reference in ("Handbook", "handbook", str(made.pk), made.pk.hex, made.public_id):
        assert find_chatbot(reference) == made
    with pytest.raises(NotFoundError, match=r"no chatbot 'Hand'\. `tacit bot list` shows"):
        find_chatbot("Hand")
    with pytest.raises(NotFoundError):
        find_chatbot(str(uuid.uuid4()))


def test_the_exact_name_comes_before_one_that_only_sounds_like_it(
    chatbots: ChatbotService, alices: Organization
) -> None:
    exact, _ = (chatbots.create(organization=alices, name=name) for name in ("Handbook", "HANDBOOK"))
    assert find_chatbot("Handbook") == exact
    with pytest.raises(ConflictError, match=r"More than one chatbot is called 'handbook'\. Give its id"):
        find_chatbot("handbook")


def test_two_businesses_with_one_name_are_told_apart_by_id(
    chatbots: ChatbotService, alices: Organization, mallorys: Organization
) -> None:
    made = [chatbots.create(organization=one, name="Handbook") for one in (alices, mallorys)]
    with pytest.raises(ConflictError):
        find_chatbot("Handbook")
    assert [find_chatbot(str(one.pk)) for one in made] == made


def test_mallory_cannot_name_her_bot_so_that_alices_id_leads_to_it(
    chatbots: ChatbotService, alices: Organization, mallorys: Organization
) -> None:
    alices_bot = chatbots.create(organization=alices, name="Handbook")
    assert find_chatbot(alices_bot.public_id) == alices_bot
    chatbots.create(organization=mallorys, name=alices_bot.public_id)
    with pytest.raises(ConflictError):  # the command asks which one is meant
        find_chatbot(alices_bot.public_id)
    assert published_chatbot(alices_bot.public_id) == alices_bot


def test_an_unpublished_bot_is_to_visitors_as_one_that_never_was(
    chatbots: ChatbotService, alices: Organization
) -> None:
    chatbot = chatbots.create(organization=alices, name="Handbook")
    assert published_chatbot(chatbot.public_id) == chatbot
    chatbots.update(chatbot, is_published=False)
    told = set()
    for public_id in (chatbot.public_id, new_public_id(), str(chatbot.pk), "Handbook", "", "a\x00b", "'; --"):
        with pytest.raises(NotFoundError) as refused:
            published_chatbot(public_id)
        told.add(str(refused.value))
    assert told == {"There is no chatbot at this address."}


# Over the API.


class Caller:
    """Somebody with a key."""

    def __init__(self, email: str) -> None:
        users = UserService()
        self.member = users.ensure_owner(email=email)
        self.secret = users.create_api_key(member=self.member).secret
        self.client = Client()

    def call(self, method: str, path: str, body: object = None) -> Any:
        return self.client.generic(
            method,
            f"/api/v1{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.secret}"},
        )


@pytest.fixture
def alice() -> Caller:
    return Caller("alice@example.org")


@pytest.fixture
def mallory(alice: Caller) -> Caller:
    return Caller("mallory@example.org")


def test_alice_makes_lists_changes_and_deletes_a_bot(alice: Caller) -> None:
    made = alice.call("POST", "/chatbots", {"name": "Handbook", "allowed_origins": ["https://Shop.example:443/"]})
    assert made.status_code == 201
    bot = made.json()
    assert bot["share_path"] == f"/c/{bot['public_id']}"
    assert bot["allowed_origins"] == ["https://shop.example"]
    changed = alice.call("PATCH", f"/chatbots/{bot['id']}", {"description": "All about us", "name": None})
    assert changed.json() == {**bot, "description": "All about us", "updated_at": changed.json()["updated_at"]}
    assert [one["id"] for one in alice.call("GET", "/chatbots").json()] == [bot["id"]]
    assert alice.call("POST", "/chatbots", {"name": "Handbook"}).json()["code"] == "conflict"
    assert alice.call("DELETE", f"/chatbots/{bot['id']}").status_code == 204
    assert alice.call("GET", f"/chatbots/{bot['id']}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 201},
        {"name": "a\x00b"},
        {"name": 7},
        {"name": "x", "learn_only_use": "open"},
        {"name": "x", "allowed_origins": ["nonsense"]},
        {"name": "x", "allowed_origins": [f"https://{'x.' * 200}example"]},
        {"name": "x", "suggested_questions": "why?"},
        [],
        "name",
    ],
)
def test_a_body_that_is_wrong_is_a_problem_that_says_so(alice: Caller, body: object) -> None:
    assert alice.call("POST", "/chatbots", {"name": "right"}).status_code == 201
    response = alice.call("POST", "/chatbots", body)
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["code"] == "invalid_request"


BOT = "/chatbots/{}"
EVERYWHERE = [
    ("GET", BOT, None),
    ("PATCH", BOT, {"name": "Mine"}),
    ("DELETE", BOT, None),
    ("GET", f"{BOT}/sources", None),
    ("POST", f"{BOT}/sources", {"kind": "text", "text": "poison", "title": "x"}),
    ("GET", f"{BOT}/conversations", None),
]


@pytest.mark.parametrize(("method", "path", "body"), EVERYWHERE)
def test_alices_bot_does_not_exist_for_mallory(
    alice: Caller, mallory: Caller, method: str, path: str, body: object
) -> None:
    bot = alice.call("POST", "/chatbots", {"name": "Handbook"}).json()["id"]
    assert mallory.call("GET", "/chatbots").json() == []
    hers = mallory.call(method, path.format(bot), body)
    nobodys = mallory.call(method, path.format(uuid.uuid4()), body)
    assert hers.status_code == 404
    assert hers.content == nobodys.content
    assert alice.call("GET", f"/chatbots/{bot}").json()["name"] == "Handbook"
    assert alice.call(method, path.format(bot), body).status_code < 300


@pytest.mark.django_db(transaction=True)  # the API looks it up over another connection
@pytest.mark.parametrize("path", ["/c/{}", "/api/v1/chat/{}/conversation"])
def test_visitors_cannot_tell_an_unpublished_bot_from_none(alice: Caller, path: str) -> None:
    bot = alice.call("POST", "/chatbots", {"name": "Handbook"}).json()
    open_to_all = Client().get(path.format(bot["public_id"]))
    alice.call("PATCH", f"/chatbots/{bot['id']}", {"is_published": False})
    hidden = Client().get(path.format(bot["public_id"]))
    nobodys = Client().get(path.format("x" * len(bot["public_id"])))
    strange = Client().get(path.format("a%00b"))
    assert open_to_all.status_code != 404
    assert hidden.status_code == nobodys.status_code == strange.status_code == 404
    assert hidden.content == nobodys.content == strange.content
