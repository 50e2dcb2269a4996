"""Visitors come from where the owner allows and not too fast; Mallory can't pass for somebody else."""

from collections.abc import Iterator

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import Settings

from apps.chatbots.models import Chatbot
from apps.conversations import guard
from apps.conversations.guard import RateLimit, check_origin, check_rate, visitor_address
from apps.core.error_handling import PermissionDeniedError, RateLimitError

SHOP = "https://shop.example"
STRANGER, VISITOR, PROXY = "203.0.113.9", "198.51.100.7", "192.0.2.1"


@pytest.fixture
def chatbot() -> Chatbot:
    return Chatbot(name="Alice's bot", allowed_origins=[SHOP, "http://localhost:3000"])


@pytest.fixture(autouse=True)
def nobody_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "visitor_limit", RateLimit())


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


# How often.


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    monkeypatch.setattr(guard, "time", clock)
    return clock


def test_after_so_many_questions_in_a_minute_the_next_one_has_to_wait(clock: Clock) -> None:
    limit = RateLimit(60)
    for _ in range(3):
        limit.count("visitor", limit=3)
        clock.now += 10
    with pytest.raises(RateLimitError, match="Try again in 30 seconds") as refused:
        limit.count("visitor", limit=3)
    assert refused.value.retry_after == 30
    limit.count("somebody else", limit=3)
    clock.now += 31  # the window slides: the first question has left it, the others have not
    limit.count("visitor", limit=3)
    with pytest.raises(RateLimitError):
        limit.count("visitor", limit=3)


def test_who_keeps_on_trying_does_not_wait_longer_for_it(clock: Clock) -> None:
    limit = RateLimit(60)
    limit.count("visitor", limit=1)
    for _ in range(59):
        clock.now += 1
        with pytest.raises(RateLimitError):
            limit.count("visitor", limit=1)
    clock.now += 2
    limit.count("visitor", limit=1)


def test_mallory_cannot_fill_the_memory_with_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MOST_VISITORS_REMEMBERED", 100)
    limit = RateLimit()
    limit.count("regular", limit=100)
    for number in range(5000):
        limit.count(f"address {number}", limit=3)
        if number % 50 == 0:
            limit.count("regular", limit=200)
    assert len(limit._seen) == 100
    with pytest.raises(RateLimitError):  # who keeps coming is not forgotten in the crowd
        limit.count("regular", limit=100)


def test_each_visitor_of_each_bot_is_counted_apart(rf: RequestFactory, settings: Settings, chatbot: Chatbot) -> None:
    settings.VISITOR_MESSAGES_PER_MINUTE = 2
    other = Chatbot(name="Bob's bot")
    for _ in range(2):
        check_rate(request_from(rf, STRANGER), chatbot)
    for _ in range(2):  # a spoofed address gives her no fresh start
        with pytest.raises(RateLimitError):
            check_rate(request_from(rf, STRANGER, X_Forwarded_For="8.8.8.8"), chatbot)
    check_rate(request_from(rf, STRANGER), other)
    check_rate(request_from(rf, VISITOR), chatbot)


def test_mallory_cannot_come_from_many_addresses_of_one_network(
    rf: RequestFactory, settings: Settings, chatbot: Chatbot
) -> None:
    settings.VISITOR_MESSAGES_PER_MINUTE = 2
    for number in range(2):
        check_rate(request_from(rf, f"2001:db8:1:2::{number:x}"), chatbot)
    with pytest.raises(RateLimitError):
        check_rate(request_from(rf, "2001:db8:1:2:ffff::1"), chatbot)
    check_rate(request_from(rf, "2001:db8:1:3::1"), chatbot)


def test_this_machines_own_requests_are_not_counted(rf: RequestFactory, settings: Settings, chatbot: Chatbot) -> None:
    settings.VISITOR_MESSAGES_PER_MINUTE = 1
    for _ in range(5):
        check_rate(request_from(rf, "127.0.0.1"), chatbot)
    check_rate(request_from(rf, "127.0.0.1", X_Forwarded_For=VISITOR), chatbot)
    with pytest.raises(RateLimitError):  # through a proxy on this machine they are
        check_rate(request_from(rf, "127.0.0.1", X_Forwarded_For=VISITOR), chatbot)
