"""Eve leaves word with Alice's bot over the real API; it reaches Alice's own servers, whatever these do meanwhile."""

import email
import logging
from collections.abc import Callable, Iterator
from email.policy import default
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller
from django.conf import LazySettings
from django.db import connection

from apps.conversations.models import Conversation
from apps.observability.tests.test_alerts import SECRET as KEY
from apps.observability.tests.test_alerts import Receiver, receiving
from tests.conftest import Owner
from tests.faults.installation import free_port
from tests.visitor import ask

EVE = {"name": "Eve", "email": "eve@example.org", "message": "Do you repair grinders?"}
CONSENT = "You may answer me by e-mail."
WORDS = ("Eve", "eve@example.org", "grinders")


@pytest.fixture
def webhook(settings: LazySettings) -> Iterator[Receiver]:
    with receiving() as receiver:
        settings.FETCH_ALLOWED_HOSTS = [f"127.0.0.1:{receiver.server_port}"]
        yield receiver


class Mailbox:
    """What Alice's mail server took."""

    def __init__(self) -> None:
        self.letters: list[Any] = []

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802  # the server's name for it
        self.letters.append(email.message_from_bytes(envelope.content, policy=default))
        return "250 taken"


@pytest.fixture
def mailbox(settings: LazySettings) -> Iterator[Mailbox]:
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS = "127.0.0.1", False
    settings.EMAIL_PORT = server.port
    try:
        yield box
    finally:
        server.stop()


def make_bot(alice: Owner, **more: Any) -> dict[str, Any]:
    fields = ["name", "email", "phone", "message"]
    return alice.make_bot(**{"contact_offer": "unanswered", "contact_fields": fields, "consent_text": CONSENT, **more})


def with_webhook(alice: Owner, receiver: Receiver) -> dict[str, Any]:
    return make_bot(alice, contact_webhook_url=receiver.url, contact_webhook_secret=KEY)


def leave_word(alice: Owner, bot: dict[str, Any], *, key: str = "", **body: Any) -> httpx.Response:
    return httpx.post(
        f"{alice.address}/api/v1/chat/{bot['public_id']}/contact",
        json={"fields": EVE, "consent": True, **body},
        headers={"Idempotency-Key": key} if key else {},
        timeout=30,
    )


def contacts(alice: Owner, bot: dict[str, Any]) -> list[dict[str, Any]]:
    return list(alice.api.get(f"/chatbots/{bot['id']}/contacts").json())


def delivery(alice: Owner, bot: dict[str, Any]) -> dict[str, Any]:
    (contact,) = contacts(alice, bot)
    (only,) = contact["messages"][0]["deliveries"]
    return dict(only)


def let_time_pass() -> None:
    """Make due what waits for its next attempt."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")


def test_who_gets_no_answer_leaves_word_and_alice_s_server_gets_it_signed(
    alice: Owner, work_off: Callable[[], None], webhook: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bot = with_webhook(alice, webhook)
    heard = ask(alice.address, bot["public_id"], "Do you repair grinders?")
    assert heard.done["offer_contact"] is True

    sent = leave_word(
        alice, bot, conversation_token=heard.token, message_id=heard.done["message_id"], consent_text=CONSENT
    )
    assert (sent.status_code, sent.json()) == (201, {"received": True})
    work_off()

    (contact,) = contacts(alice, bot)
    (got,) = webhook.got
    assert got["genuine"]
    assert got["headers"]["Idempotency-Key"] == got["headers"]["webhook-id"] == contact["id"]
    assert (got["body"]["type"], got["body"]["data"]["fields"]) == ("contact.created", EVE)
    assert got["body"]["data"]["consent"]["text"] == CONSENT
    conversation = alice.api.get(f"/chatbots/{bot['id']}/conversations").json()[0]["id"]
    assert got["body"]["data"]["conversation_id"] == contact["messages"][0]["conversation_id"] == conversation
    assert delivery(alice, bot)["state"] == "delivered"
    assert [word for word in WORDS if word in caplog.text] == []


def test_a_server_that_fails_gets_the_same_again_until_it_takes_it(
    alice: Owner, work_off: Callable[[], None], webhook: Receiver
) -> None:
    bot = with_webhook(alice, webhook)
    webhook.status = 500
    leave_word(alice, bot)
    work_off()
    work_off()
    assert len(webhook.got) == 1, "not before it is due"
    assert (delivery(alice, bot)["state"], delivery(alice, bot)["attempts"]) == ("failed", 1)
    assert "status 500" in delivery(alice, bot)["last_error"]
    let_time_pass()
    work_off()
    webhook.status = 200
    let_time_pass()
    work_off()

    assert delivery(alice, bot)["state"] == "delivered"
    assert len(webhook.got) == 3
    assert len({got["headers"]["Idempotency-Key"] for got in webhook.got}) == 1
    assert len({str(got["body"]) for got in webhook.got}) == 1
    assert all(got["genuine"] for got in webhook.got)


def test_a_dead_letter_is_told_and_can_be_sent_again(
    alice: Owner, work_off: Callable[[], None], webhook: Receiver
) -> None:
    bot = with_webhook(alice, webhook)
    webhook.status = 503
    leave_word(alice, bot)
    for _ in range(9):
        work_off()
        let_time_pass()
    dead = delivery(alice, bot)
    assert (dead["state"], dead["attempts"], len(webhook.got)) == ("dead", 9, 9)
    work_off()
    assert len(webhook.got) == 9

    webhook.status = 200
    (contact,) = contacts(alice, bot)
    again = alice.api.post(f"/chatbots/{bot['id']}/contacts/{contact['id']}/deliveries/{dead['id']}/retry")
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    work_off()

    assert delivery(alice, bot)["state"] == "delivered"
    assert len({got["headers"]["Idempotency-Key"] for got in webhook.got}) == 1


def test_an_address_inside_the_network_is_not_posted_to(
    alice: Owner, work_off: Callable[[], None], webhook: Receiver, settings: LazySettings
) -> None:
    bot = with_webhook(alice, webhook)
    settings.FETCH_ALLOWED_HOSTS = []
    leave_word(alice, bot)
    work_off()

    assert webhook.got == []
    assert delivery(alice, bot)["state"] == "dead"
    assert "not on the public web" in delivery(alice, bot)["last_error"]


def test_a_contact_is_mailed_by_a_real_mail_server(
    alice: Owner, work_off: Callable[[], None], mailbox: Mailbox
) -> None:
    bot = make_bot(alice, contact_email="alice@example.org")
    leave_word(alice, bot)
    work_off()

    (letter,) = mailbox.letters
    assert (letter["To"], letter["Reply-To"]) == ("alice@example.org", "eve@example.org")
    assert EVE["message"] in letter.get_content()
    assert delivery(alice, bot)["state"] == "delivered"


def test_the_same_sending_is_one_and_more_words_are_added(
    alice: Owner, work_off: Callable[[], None], webhook: Receiver
) -> None:
    bot = with_webhook(alice, webhook)
    sent = [leave_word(alice, bot, key="one").status_code for _ in range(3)]
    assert sent == [201, 201, 201]
    assert leave_word(alice, bot, key="one", fields={**EVE, "message": "Else"}).status_code == 409
    leave_word(alice, bot, fields={"email": "EVE@example.org", "message": "And scales?"})
    work_off()

    (contact,) = contacts(alice, bot)
    assert [message["fields"]["message"] for message in contact["messages"]] == [EVE["message"], "And scales?"]
    keys = {got["headers"]["Idempotency-Key"]: got["body"]["type"] for got in webhook.got}
    assert keys == {contact["id"]: "contact.created", f"{contact['id']}-2": "contact.message_added"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"fields": {}}, {"email"}),
        ({"fields": {"email": "eve"}}, {"email"}),
        ({"fields": {**EVE, "company": "Eve Ltd"}}, {"company"}),
        ({"fields": {**EVE, "message": "x" * 4001}}, {"message"}),
        ({"fields": EVE, "consent": False}, {"consent"}),
        ({"fields": EVE, "consent_text": "You may do anything."}, {"consent"}),
        ({"fields": {"email": 7}}, {"fields.email"}),
    ],
)
def test_what_can_not_be_taken_is_told_field_by_field(alice: Owner, body: dict[str, Any], fields: set[str]) -> None:
    bot = make_bot(alice)
    assert leave_word(alice, bot).status_code == 201, "or this test proves nothing"

    refused = leave_word(alice, bot, **body)

    assert refused.status_code == 400
    assert refused.headers["content-type"] == "application/problem+json"
    assert {one["field"] for one in refused.json()["errors"]} == fields
    assert all(one["reason"] for one in refused.json()["errors"])
    assert len(contacts(alice, bot)) == 1


def test_a_bot_without_a_form_is_as_unknown_as_one_that_does_not_exist(alice: Owner) -> None:
    closed, nowhere = make_bot(alice, contact_offer="never"), {"public_id": "nosuchbotatall"}
    offline = make_bot(alice, name="Offline", is_published=False)

    answers = {(one.status_code, one.content) for one in (leave_word(alice, bot) for bot in (closed, nowhere, offline))}

    assert len(answers) == 1
    assert answers.pop()[0] == 404


def test_only_allowed_sites_and_patient_people_leave_word(alice: Owner) -> None:
    bot = make_bot(alice, allowed_origins=["https://shop.example"])
    address = f"{alice.address}/api/v1/chat/{bot['public_id']}/contact"
    body = {"fields": EVE, "consent": True}
    allowed, other = {"Origin": "https://shop.example"}, {"Origin": "https://evil.example"}

    assert httpx.post(address, json=body, headers=allowed).status_code == 201
    assert httpx.post(address, json=body, headers=other).status_code == 403
    preflight = httpx.options(address, headers={**allowed, "Access-Control-Request-Headers": "idempotency-key"})
    assert "Idempotency-Key" in preflight.headers["access-control-allow-headers"]
    stranger = {"X-Forwarded-For": "203.0.113.50"}
    sent = [httpx.post(address, json=body, headers=stranger) for _ in range(6)]
    assert sent[0].status_code == 201
    assert sent[-1].status_code == 429
    assert int(sent[-1].headers["retry-after"]) > 0


def test_the_form_is_offered_with_the_answers_that_the_owner_chose(alice: Owner, work_off: Callable[[], None]) -> None:
    bot = make_bot(alice)
    alice.upload(bot, ("manual.md", b"# Warranty\n\nThe warranty lasts 24 months from the day of purchase.\n"))
    work_off()
    offers = {
        question: (answer["answered"], answer["offer_contact"])
        for question in ("How long is the warranty?", "Who won the world cup of 1954?", "Can I talk to a human?")
        for answer in [alice.ask(bot, question)]
    }
    assert offers["How long is the warranty?"] == (True, False)
    assert offers["Who won the world cup of 1954?"] == (False, True)
    assert offers["Can I talk to a human?"][1] is True
    never = make_bot(alice, name="Never", contact_offer="never")
    assert alice.ask(never, "Can I talk to a human?")["offer_contact"] is False


def test_an_answer_that_is_read_on_offers_the_form_like_the_answer_did(alice: Owner) -> None:
    bot = make_bot(alice)
    answer = alice.ask(bot, "Can I talk to a human?")
    read = httpx.get(
        f"{alice.address}/api/v1/chat/{bot['public_id']}/messages/{answer['message_id']}/stream",
        headers={"Authorization": f"Bearer {answer['conversation_token']}"},
    ).json()
    assert read["offer_contact"] is answer["offer_contact"] is True


def test_a_contact_belongs_to_its_owner_alone_and_goes_when_she_deletes_it(alice: Owner) -> None:
    bot = make_bot(alice)
    leave_word(alice, bot)
    (contact,) = contacts(alice, bot)
    path = f"/chatbots/{bot['id']}/contacts/{contact['id']}"
    key = alice.users.create_api_key(member=alice.users.ensure_owner(email="mallory@example.org")).secret
    mallory = {"Authorization": f"Bearer {key}"}

    assert alice.api.get(path).json() == contact
    assert alice.api.get(path, headers=mallory).status_code == 404
    assert alice.api.delete(path, headers=mallory).status_code == 404
    assert alice.api.patch(path, json={"state": "done"}).json()["state"] == "done"
    assert [one["id"] for one in alice.api.get(f"/chatbots/{bot['id']}/contacts?q=eve&state=done").json()] == [
        contact["id"]
    ]
    assert alice.api.get(f"/chatbots/{bot['id']}/contacts?q=nobody").json() == []
    assert alice.api.delete(path).status_code == 204
    assert contacts(alice, bot) == []


def test_a_conversation_that_is_deleted_leaves_the_contact(alice: Owner) -> None:
    bot = make_bot(alice)
    said = alice.ask(bot, "Do you repair grinders?")
    leave_word(alice, bot, conversation_token=said["conversation_token"])
    leave_word(alice, bot, conversation_token="nobody's", fields={"email": "bob@example.org"})
    assert [one["messages"][0]["conversation_id"] is None for one in contacts(alice, bot)] == [True, False]

    Conversation.objects.all().delete()

    assert {one["email"] for one in contacts(alice, bot)} == {"eve@example.org", "bob@example.org"}
