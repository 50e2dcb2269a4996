"""Web pages as sources: fetched, cited with their address, or refused with the reason, in seconds."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.core.tests.loopback_server import Behaviour, LoopbackServer, answer, loopback_server, redirect
from apps.knowledge import tasks
from tests.conftest import Owner

PAGE = (
    "<!doctype html><html lang=en><head><title>Ferry to Bergo</title></head><body><nav><a href=/>Home</a></nav><main>"
    "<h1>Ferry to Bergo</h1><p>The ferry to Bergo takes 35 minutes and carries 40 cars.</p></main></body></html>"
)
QUESTION = "How long does the ferry to Bergo take?"


@pytest.fixture
def site() -> Iterator[LoopbackServer]:
    with loopback_server() as server:
        server.behaviours["/ferry"] = answer(PAGE)
        yield server


@pytest.fixture
def intranet(site: LoopbackServer, settings: Any) -> LoopbackServer:
    """The site, which whoever runs the server allows to be read although it is private."""
    settings.FETCH_ALLOWED_HOSTS = [site.host]
    return site


def add(owner: Owner, bot: dict[str, Any], *urls: str) -> None:
    for url in urls:
        added = owner.api.post(f"/chatbots/{bot['id']}/sources", json={"kind": "url", "url": url})
        assert (added.status_code, added.json()["status"]) == (202, "queued")


def test_a_page_is_fetched_and_cited_with_its_address(
    alice: Owner, work_off: Callable[[], None], intranet: LoopbackServer
) -> None:
    bot = alice.make_bot()
    add(alice, bot, intranet.url("/ferry"))
    work_off()

    answered = alice.ask(bot, QUESTION)

    (citation,) = answered["citations"]
    assert "35 minutes" in citation["quote"]
    assert (citation["url"], citation["title"]) == (intranet.url("/ferry"), "Ferry to Bergo")
    assert "Home" not in answered["text"]
    assert [request.split(" ")[1] for request in intranet.requests] == ["/robots.txt", "/ferry"]


def test_a_page_that_changed_is_read_anew_on_retry(
    alice: Owner, work_off: Callable[[], None], intranet: LoopbackServer
) -> None:
    bot = alice.make_bot()
    add(alice, bot, intranet.url("/ferry"))
    work_off()
    intranet.behaviours["/ferry"] = answer(PAGE.replace("35 minutes", "28 minutes"))
    assert "35 minutes" in alice.ask(bot, QUESTION)["text"]

    add(alice, bot, intranet.url("/ferry"))
    work_off()

    assert len(alice.sources(bot)) == 1
    assert "28 minutes" in alice.ask(bot, QUESTION)["text"]
    assert "35 minutes" not in alice.ask(bot, QUESTION)["text"]


def test_the_same_page_without_the_allowance_is_refused_and_never_asked_for(
    alice: Owner, work_off: Callable[[], None], site: LoopbackServer, settings: Any
) -> None:
    bot = alice.make_bot()
    private = [site.url("/ferry"), site.url("/ferry", host="localhost"), "http://169.254.169.254/latest/meta-data/"]
    add(alice, bot, *private)
    work_off()

    for source in alice.sources(bot):
        assert (source["status"], source["error"]["code"]) == ("failed", "address_refused")
        assert "upload the" in source["error"]["message"]
    assert site.requests == []
    settings.FETCH_ALLOWED_HOSTS = [site.host]
    alice.api.post(f"/chatbots/{bot['id']}/sources/{alice.sources(bot)[0]['id']}/retry")
    work_off()
    assert alice.sources(bot)[0]["status"] == "ready", "or the refusals prove nothing"


def test_pages_that_can_not_be_had_fail_in_seconds_with_the_reason(
    alice: Owner, work_off: Callable[[], None], intranet: LoopbackServer, subtests: pytest.Subtests
) -> None:
    pages: dict[str, tuple[Behaviour, str, str]] = {
        "/huge": (answer(b"word " * 5_000_000), "fetch_too_large", "upload it as a file"),
        "/picture": (answer(b"\x89PNG\r\n\x1a\n", content_type="image/png"), "fetch_not_text", "page or document"),
        "/gone": (answer("gone", status="404 Not Found"), "fetch_failed", "Check the address"),
        "/members": (answer("no", status="403 Forbidden"), "fetch_failed", "Upload it as a file"),
        "/inward": (redirect("http://127.0.0.1:9/secret"), "address_refused", "address without a port|public web"),
        "/circle": (redirect("/circle"), "fetch_failed", "address of the page itself"),
        "/empty": (answer("<html><body></body></html>"), "document_empty", "Upload one that does"),
        "/forbidden": (answer(PAGE), "fetch_forbidden", "robots.txt"),
    }
    intranet.behaviours |= {path: behaviour for path, (behaviour, _, _) in pages.items()}
    intranet.behaviours["/robots.txt"] = answer("User-agent: *\nDisallow: /forbidden\n", content_type="text/plain")
    bot = alice.make_bot()
    begun = time.monotonic()
    add(alice, bot, *(intranet.url(path) for path in pages), intranet.url("/ferry"))
    work_off()

    assert time.monotonic() - begun < 20
    sources = {source["url"]: source for source in alice.sources(bot)}
    assert sources[intranet.url("/ferry")]["status"] == "ready"
    assert "35 minutes" in alice.ask(bot, QUESTION)["text"]
    for path, (_, code, what_to_do) in pages.items():
        with subtests.test(path):
            source = sources[intranet.url(path)]
            assert (source["status"], source["error"]["code"]) == ("failed", code)
            assert any(part in source["error"]["message"] for part in what_to_do.split("|"))
    assert not [request for request in intranet.requests if request.startswith("GET /forbidden")]


def test_a_site_in_trouble_is_waited_for_and_the_owner_is_told(
    alice: Owner, work_off: Callable[[], None], intranet: LoopbackServer
) -> None:
    intranet.behaviours["/ferry"] = answer("overloaded", status="503 Service Unavailable")
    bot = alice.make_bot()
    add(alice, bot, intranet.url("/ferry"))
    work_off()

    (waiting,) = alice.sources(bot)

    assert (waiting["status"], waiting["stage"]) == ("queued", "waiting")
    assert waiting["error"]["code"] == "fetch_unavailable"
    assert "503" in waiting["error"]["message"]
    assert alice.ask(bot, QUESTION)["answered"] is False
    intranet.behaviours["/ferry"] = answer(PAGE)
    alice.api.post(f"/chatbots/{bot['id']}/sources/{waiting['id']}/retry")
    work_off()
    (source,) = alice.sources(bot)
    assert (source["status"], source["error"]) == ("ready", None)
    assert "35 minutes" in alice.ask(bot, QUESTION)["text"]


def test_a_site_that_stays_in_trouble_ends_failed(
    alice: Owner, work_off: Callable[[], None], intranet: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "ATTEMPTS", 3)
    monkeypatch.setattr(tasks, "FIRST_WAIT_SECONDS", 0)
    intranet.behaviours["/busy"] = answer("overloaded", status="503 Service Unavailable")
    bot = alice.make_bot()
    add(alice, bot, intranet.url("/busy"))
    for _ in range(4):
        work_off()

    (source,) = alice.sources(bot)

    assert (source["status"], source["stage"], source["error"]["code"]) == ("failed", "", "fetch_unavailable")
    assert [request.split(" ")[1] for request in intranet.requests].count("/busy") == 3


def test_a_site_that_hangs_is_given_up_in_seconds_while_others_are_read(
    alice: Owner, work_off: Callable[[], None], intranet: LoopbackServer
) -> None:
    intranet.behaviours["/hangs"] = intranet.hang
    bot = alice.make_bot()
    begun = time.monotonic()
    add(alice, bot, intranet.url("/hangs"), intranet.url("/ferry"))
    work_off()

    assert time.monotonic() - begun < 20
    hanging, ferry = alice.sources(bot)
    assert (hanging["status"], hanging["stage"]) == ("queued", "waiting")
    assert hanging["error"]["code"] == "fetch_unavailable"
    assert "try" in hanging["error"]["message"].lower()
    assert ferry["status"] == "ready"
