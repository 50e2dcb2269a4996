"""Alice reads, downloads, stops, deletes and restores sources on the pages and by the API, and visitors feel it."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.test import Client

from apps.accounts.audit import Action
from apps.accounts.models import AuditEntry
from tests.conftest import Owner

RETURNS = b"# Returns\n\nYou can return a machine within thirty days, with the receipt.\n"
PAGE = b"<!doctype html><title>Offer</title><script>document.title='ran'</script><p>The Wren costs 740 euros.</p>"
LINES = b'{"id": "a", "title": "First", "text": "Alpha."}\n{"id": "b", "title": "Second", "text": "Beta."}\n'


@pytest.fixture
def bot(alice: Owner) -> dict[str, Any]:
    return alice.make_bot()


@pytest.fixture
def signed_in(alice: Owner) -> Client:
    client = Client()
    client.force_login(alice.users.ensure_owner(email="alice@example.org").user)
    return client


def added(alice: Owner, bot: dict[str, Any], work_off: Callable[[], None], *file: Any, **how: Any) -> dict[str, Any]:
    (source,) = alice.upload(bot, *file, **how)
    work_off()
    return source


def place(bot: dict[str, Any], source: dict[str, Any] | None = None) -> str:
    return f"/dashboard/bots/{bot['id']}/sources" + (f"/{source['id']}" if source else "")


def act(client: Client, bot: dict[str, Any], source: dict[str, Any], do: str) -> None:
    assert client.post(f"{place(bot)}/act", {"source": source["id"], "do": do}).status_code == 302


@pytest.mark.parametrize("disclosure", ["citable", "learn_only"])
def test_alice_reads_what_was_read_beside_its_passages_and_that_is_recorded(
    alice: Owner, bot: dict[str, Any], signed_in: Client, work_off: Callable[[], None], disclosure: str
) -> None:
    source = added(alice, bot, work_off, ("returns.md", RETURNS), disclosure=disclosure)
    page = signed_in.get(place(bot, source)).content.decode()
    assert page.count("You can return a machine within thirty days") == 2, "as text and as a passage"
    entry = AuditEntry.objects.filter(object_id=source["id"], action=Action.SOURCE_OPENED).get()
    assert (entry.actor_label, entry.details) == (
        "alice@example.org", {"what": "documents", "offset": 0, "limit": 1},
    )  # fmt: skip


def test_the_documents_of_a_bulk_import_are_leafed_through_and_found(
    alice: Owner, bot: dict[str, Any], signed_in: Client, work_off: Callable[[], None]
) -> None:
    where = place(bot, added(alice, bot, work_off, ("notes.jsonl", LINES)))
    assert "Document 1 of 2" in signed_in.get(where).content.decode()
    assert "Beta." in signed_in.get(f"{where}?document=2").content.decode()
    found = signed_in.get(f"{where}?q=second").content.decode()
    assert "Beta." in found
    assert "Alpha." not in found
    assert "No document has this title" in signed_in.get(f"{where}?q=third").content.decode()


def test_an_original_is_saved_by_the_browser_and_never_run(
    alice: Owner, bot: dict[str, Any], signed_in: Client, work_off: Callable[[], None]
) -> None:
    source = added(alice, bot, work_off, ("offer.html", PAGE))
    cookies = {settings.SESSION_COOKIE_NAME: signed_in.cookies[settings.SESSION_COOKIE_NAME].value}
    got = httpx.get(f"{alice.address}{place(bot, source)}/original", cookies=cookies)
    assert (got.status_code, got.content) == (200, PAGE)
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''offer.html"
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"] == "sandbox"
    refused = httpx.get(f"{alice.address}{place(bot, source)}/original")
    assert "/accounts/login/" in refused.headers["location"]


def test_what_alice_deletes_on_the_page_no_visitor_is_told_until_she_restores_it(
    alice: Owner, bot: dict[str, Any], signed_in: Client, work_off: Callable[[], None]
) -> None:
    source = added(alice, bot, work_off, ("returns.md", RETURNS))
    question = "Within how many days can I return a machine?"
    before = alice.ask(bot, question)
    assert "thirty days" in before["text"]

    act(signed_in, bot, source, "remove")
    assert "thirty" not in alice.ask(bot, question)["text"]
    history = httpx.get(
        f"{alice.address}/api/v1/chat/{bot['public_id']}/conversation",
        headers={"Authorization": f"Bearer {before['conversation_token']}"},
    )
    assert "thirty" not in history.text
    assert alice.sources(bot) == []
    assert alice.api.get(f"/chatbots/{bot['id']}/sources/{source['id']}").status_code == 404

    act(signed_in, bot, source, "restore")
    work_off()
    assert "thirty days" in alice.ask(bot, question)["text"]
    assert [one["id"] for one in alice.sources(bot)] == [source["id"]]


def test_alice_stops_a_source_by_the_api(alice: Owner, bot: dict[str, Any], work_off: Callable[[], None]) -> None:
    (source,) = alice.upload(bot, ("returns.md", RETURNS))
    stopped = alice.api.post(f"/chatbots/{bot['id']}/sources/{source['id']}/cancel")
    assert (stopped.status_code, stopped.json()["status"]) == (200, "cancelled")
    work_off()
    assert alice.sources(bot)[0]["status"] == "cancelled"
    alice.api.post(f"/chatbots/{bot['id']}/sources/{source['id']}/retry")
    work_off()
    assert alice.sources(bot)[0]["status"] == "ready"
