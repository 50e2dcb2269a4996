"""Visitors come from where the owner allows; Mallory can't pass for somebody else."""

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import Settings

from apps.chatbots.models import Chatbot
from apps.conversations.guard import check_origin
from apps.core.client_address import visitor_address
from apps.core.error_handling import PermissionDeniedError

SHOP = "https://shop.example"
STRANGER, VISITOR, PROXY = "203.0.113.9", "198.51.100.7", "192.0.2.1"


@pytest.fixture
def chatbot() -> Chatbot:
    return Chatbot(name="Alice's bot", allowed_origins=[SHOP, "http://localhost:3000"])


def request_from(rf: RequestFactory, address: str = STRANGER, **headers: str) -> HttpRequest:
    return rf.post("/", REMOTE_ADDR=address, headers={name.replace("_", "-"): text for name, text in headers.items()})


# Where from.


@pytest.mark.parametrize("origin", [SHOP, "HTTPS://Shop.Example", "http://localhost:3000"])
def test_a_page_that_the_owner_allowed_may_ask(rf: RequestFactory, chatbot: Chatbot, origin: str) -> None:
    assert check_origin(request_from(rf, Origin=origin), chatbot) == origin.lower()


@pytest.mark.parametrize(
    "origin",
    [
        "https://mallory.example",
        "http://shop.example",  # another scheme
        "https://shop.example:8443",  # another port
        "https://shop.example.mallory.example",
        "https://mallory.example/https://shop.example",
        "https://xshop.example",
        "null",
        "https://[::1",
        "file://",
    ],
)
def test_mallorys_page_may_not(rf: RequestFactory, chatbot: Chatbot, origin: str) -> None:
    assert check_origin(request_from(rf, Origin=SHOP), chatbot)
    with pytest.raises(PermissionDeniedError, match="Its owner can allow the site"):
        check_origin(request_from(rf, Origin=origin), chatbot)


def test_our_own_pages_and_programs_need_no_permission(rf: RequestFactory) -> None:
    closed = Chatbot(name="Closed")
    assert check_origin(request_from(rf), closed) == ""
    assert check_origin(request_from(rf, Origin="http://bot.example:8000", Host="bot.example:8000"), closed) == ""
    with pytest.raises(PermissionDeniedError):
        check_origin(request_from(rf, Origin="http://bot.example:9000", Host="bot.example:8000"), closed)


# Who.


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (STRANGER, "", STRANGER),
        (STRANGER, VISITOR, STRANGER),  # a stranger's word is not believed
        (STRANGER, f"127.0.0.1, {PROXY}", STRANGER),
        ("127.0.0.1", VISITOR, VISITOR),  # a proxy beside us is
        ("::1", VISITOR, VISITOR),
        ("::ffff:127.0.0.1", VISITOR, VISITOR),
        ("", VISITOR, VISITOR),  # a proxy on a socket
        ("127.0.0.1", f"1.1.1.1, {VISITOR}", VISITOR),  # what the visitor sent stands left of what the proxy saw
        ("127.0.0.1", f"127.0.0.1, {VISITOR}", VISITOR),
        (PROXY, f"1.1.1.1, {VISITOR}", VISITOR),
        ("127.0.0.1", f"1.1.1.1, {VISITOR}, {PROXY}", VISITOR),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "garbage", "garbage"),
        ("127.0.0.1", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_the_address_is_the_last_one_that_is_no_proxy_of_ours(
    rf: RequestFactory, settings: Settings, peer: str, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = [PROXY]
    assert visitor_address(request_from(rf, peer, X_Forwarded_For=forwarded)) == address
