"""Eve leaves word with Alice's bot: it is kept once, delivered at least once, and what goes wrong is told."""

import smtplib
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from apps.accounts.models import AuditEntry, Organization
from apps.chatbots.models import Chatbot
from apps.conversations import contact_delivery
from apps.conversations.contact_delivery import ATTEMPTS, DELIVER, deliver, pause_after
from apps.conversations.contact_form import checked, form_of
from apps.conversations.contact_models import Contact, ContactDelivery, ContactMessage, ContactState, DeliveryState
from apps.conversations.contacts import MOST_MESSAGES, ContactService
from apps.core.error_handling import (
    AddressRefusedError,
    ConflictError,
    DeliveryDelayedError,
    FetchUnavailableError,
    NotFoundError,
    RateLimitError,
)

pytestmark = pytest.mark.django_db
SERVICE = ContactService()
EVE = {"name": "Eve", "email": "eve@example.org", "message": "Please call me about espresso."}


@pytest.fixture
def bot() -> Chatbot:
    return Chatbot.objects.create(
        organization=Organization.objects.create(name="Alice's shop"),
        name="Handbook",
        contact_offer="always",
        contact_fields=["name", "email", "phone", "message"],
        contact_webhook_url="https://alice.example/contacts",
        contact_webhook_secret="a long random secret",
    )


def leave_word(bot: Chatbot, key: str = "", **fields: str) -> Contact:
    form = form_of(bot)
    assert form is not None
    submission = checked(form, fields or EVE, consent=True)
    return SERVICE.take(chatbot=bot, submission=submission, request_key=key)


def jobs() -> list[dict[str, Any]]:
    return [job.args for job in ProcrastinateJob.objects.filter(task_name=DELIVER).order_by("id")]


def only_delivery() -> ContactDelivery:
    return ContactDelivery.objects.get()


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse(delivery: ContactDelivery) -> None:
        raise error

    monkeypatch.setattr(contact_delivery, "SENDERS", {"webhook": refuse, "email": refuse})


def test_a_contact_comes_with_its_job_or_not_at_all(bot: Chatbot) -> None:
    with transaction.atomic():
        leave_word(bot)
        transaction.set_rollback(True)
    assert (Contact.objects.count(), jobs()) == (0, [])

    leave_word(bot)

    assert jobs() == [{"delivery_id": str(only_delivery().pk), "sending": 1}], "ids, and nothing that Eve wrote"


def test_the_same_person_on_the_same_day_is_one_contact(bot: Chatbot) -> None:
    first = leave_word(bot, email="eve@example.org", message="One")
    again = leave_word(bot, email="EVE@example.org", phone="+44 20 7946 0000", message="Two")

    assert first == again
    contact = Contact.objects.get()
    assert [one.fields["message"] for one in contact.messages.all()] == ["One", "Two"]
    assert ContactDelivery.objects.count() == 2, "each message is delivered"
    assert [one.delivery_key for one in contact.messages.all()] == [str(contact.pk), f"{contact.pk}-2"]


def test_what_somebody_adds_later_is_kept_with_what_they_wrote_and_not_as_the_first_ones(bot: Chatbot) -> None:
    leave_word(bot, email="eve@example.org", message="One")
    leave_word(bot, email="eve@example.org", name="Mallory", phone="+44 20 7946 0000", message="Two")

    contact = Contact.objects.get()
    assert (contact.email, contact.name, contact.phone, contact.phone_key) == ("eve@example.org", "", "", "")
    assert contact.messages.get(number=2).fields["phone"] == "+44 20 7946 0000"


def test_who_gives_a_number_alone_is_known_by_it_but_never_as_somebody_with_an_address(bot: Chatbot) -> None:
    bot.contact_fields = ["phone", "message"]
    bob = leave_word(bot, phone="+44 20 7946 0000", message="One")
    assert leave_word(bot, phone="0044 20 79460000", message="Two") == bob
    bot.contact_fields = ["email", "phone", "message"]
    mallory = leave_word(bot, email="mallory@example.org", phone="+44 20 7946 0000", message="Three")
    carol = leave_word(bot, email="carol@example.org", phone="+44 20 7946 0000", message="Four")
    bot.contact_fields = ["phone", "message"]

    assert leave_word(bot, phone="+44 20 7946 0000", message="Five") == bob
    assert len({bob.pk, mallory.pk, carol.pk}) == 3


def test_the_same_words_twice_are_kept_once(bot: Chatbot) -> None:
    assert leave_word(bot) == leave_word(bot)
    assert (ContactMessage.objects.count(), len(jobs())) == (1, 1)


def test_another_day_another_bot_and_another_person_are_other_contacts(bot: Chatbot) -> None:
    yesterday = leave_word(bot)
    Contact.objects.update(created_at=timezone.now() - timedelta(hours=25))
    other_bot = Chatbot.objects.create(organization=bot.organization, name="Other", contact_offer="always")

    found = {yesterday.pk, leave_word(bot).pk, leave_word(other_bot).pk, leave_word(bot, email="bob@example.org").pk}

    assert len(found) == 4


def test_a_request_that_is_repeated_is_one_and_its_key_stands_for_nothing_else(bot: Chatbot) -> None:
    first = leave_word(bot, key="k1")
    Contact.objects.update(created_at=timezone.now() - timedelta(days=3))

    assert leave_word(bot, key="k1") == first
    with pytest.raises(ConflictError):
        leave_word(bot, key="k1", email="mallory@example.org")
    other_bot = Chatbot.objects.create(organization=bot.organization, name="Other", contact_offer="always")
    assert leave_word(other_bot, key="k1") != first


def test_who_writes_again_is_new_again_and_nobody_writes_without_end(bot: Chatbot) -> None:
    contact = leave_word(bot)
    SERVICE.mark(contact, state=ContactState.DONE)
    for number in range(1, MOST_MESSAGES):
        leave_word(bot, email=EVE["email"], message=f"And {number}")
    contact.refresh_from_db()
    assert contact.state == ContactState.NEW

    with pytest.raises(RateLimitError):
        leave_word(bot, email=EVE["email"], message="And on")


def test_the_consent_is_kept_as_it_was_given(bot: Chatbot) -> None:
    Chatbot.objects.update(consent_text="You may call me.")
    bot.refresh_from_db()
    leave_word(bot)
    Chatbot.objects.update(consent_text="You may sell my number.")

    message = ContactMessage.objects.get()

    assert message.consent_text == "You may call me."
    assert message.consented_at is not None


def test_a_delivery_that_fails_is_tried_later_and_later_and_then_given_up(
    bot: Chatbot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    leave_word(bot)
    failing(monkeypatch, FetchUnavailableError("alice.example answered with status 500."))
    pauses = []
    for _ in range(ATTEMPTS - 1):
        with pytest.raises(DeliveryDelayedError) as raised:
            deliver(only_delivery().pk, 1)
        pauses.append(raised.value.retry_after)
        assert only_delivery().state == DeliveryState.FAILED
        assert only_delivery().next_try_at is not None
    assert pauses == [10, 30, 90, 270, 810, 2430, 7290, 21600]

    deliver(only_delivery().pk, 1)

    dead = only_delivery()
    assert (dead.state, dead.attempts, dead.next_try_at) == (DeliveryState.DEAD, ATTEMPTS, None)
    assert dead.last_error == "alice.example answered with status 500."
    assert "espresso" not in caplog.text
    assert "Eve" not in caplog.text


def test_a_server_that_names_a_time_is_not_asked_before(bot: Chatbot) -> None:
    assert pause_after(1, FetchUnavailableError("busy", retry_after=120)) == 120
    assert pause_after(1, FetchUnavailableError("busy", retry_after=10**9)) == 21600


def test_an_address_that_is_refused_is_given_up_at_once(bot: Chatbot, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_word(bot)
    failing(monkeypatch, AddressRefusedError("Not there."))
    deliver(only_delivery().pk, 1)
    assert (only_delivery().state, only_delivery().attempts) == (DeliveryState.DEAD, 1)


def test_attempts_that_ended_with_their_worker_end_the_delivery_too(bot: Chatbot) -> None:
    leave_word(bot)
    ContactDelivery.objects.update(attempts=ATTEMPTS)
    deliver(only_delivery().pk, 1)
    assert only_delivery().state == DeliveryState.DEAD
    assert "Send it again" in only_delivery().last_error


def test_what_is_sent_again_begins_anew_and_the_old_job_does_nothing(
    bot: Chatbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = leave_word(bot)
    ContactDelivery.objects.update(state=DeliveryState.DEAD, attempts=ATTEMPTS, last_error="Gone.")
    sent: list[uuid.UUID] = []
    monkeypatch.setattr(contact_delivery, "SENDERS", {"webhook": lambda one: sent.append(one.pk)})

    SERVICE.send_again(contact, delivery_id=only_delivery().pk)

    assert (only_delivery().state, only_delivery().attempts) == (DeliveryState.PENDING, 0)
    assert jobs()[-1] == {"delivery_id": str(only_delivery().pk), "sending": 2}
    deliver(only_delivery().pk, 1)
    assert sent == []
    deliver(only_delivery().pk, 2)
    deliver(only_delivery().pk, 2)
    assert sent == [only_delivery().pk], "once it has arrived it is not sent anew"
    assert (only_delivery().state, only_delivery().last_error) == (DeliveryState.DELIVERED, "")
    with pytest.raises(ConflictError):
        SERVICE.send_again(contact, delivery_id=only_delivery().pk)
    with pytest.raises(NotFoundError):
        SERVICE.send_again(contact, delivery_id=uuid.uuid4())


def test_a_contact_is_mailed_so_that_one_can_reply(bot: Chatbot, settings: Any) -> None:
    settings.EMAIL_HOST, settings.DEFAULT_FROM_EMAIL = "localhost", "Tacit <tacit@shop.example>"
    bot.contact_webhook_url, bot.contact_email, bot.name = "", "alice@example.org", "Hand\nbook"
    bot.consent_text = "You may call me."
    bot.save()
    contact = leave_word(bot)

    deliver(only_delivery().pk, 1)

    assert only_delivery().state == DeliveryState.DELIVERED
    (letter,) = mail.outbox
    assert (letter.to, letter.reply_to) == (["alice@example.org"], ["eve@example.org"])
    assert letter.subject == "Contact from Hand book"
    assert "Name: Eve\nE-mail: eve@example.org" in letter.body
    assert EVE["message"] in letter.body
    assert "You may call me." in letter.body
    assert letter.extra_headers["Message-ID"] == f"<{contact.pk}@shop.example>"


def test_without_a_mail_server_the_owner_is_told_so(bot: Chatbot, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    bot.contact_webhook_url, bot.contact_email = "", "alice@example.org"
    bot.save()
    leave_word(bot)
    assert jobs() == [], "the page says that nothing is mailed"
    ContactDelivery.objects.create(message=ContactMessage.objects.get(), channel="email")  # from when there was one
    deliver(only_delivery().pk, 1)
    assert only_delivery().state == DeliveryState.DEAD
    assert "TACIT_EMAIL_HOST" in only_delivery().last_error
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (ConnectionRefusedError(), "can't be reached"),
        (TimeoutError(), "can't be reached"),
        (smtplib.SMTPAuthenticationError(535, b"no"), "TACIT_EMAIL_USER"),
        (smtplib.SMTPRecipientsRefused({"alice@example.org": (550, b"no such user")}), "e-mail address"),
        (smtplib.SMTPSenderRefused(550, b"no", "tacit@localhost"), "TACIT_EMAIL_FROM"),
    ],
)
def test_a_mail_server_that_does_not_take_it_is_asked_again(
    bot: Chatbot, settings: Any, monkeypatch: pytest.MonkeyPatch, raised: Exception, told: str
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise raised

    settings.EMAIL_HOST = "localhost"
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    bot.contact_webhook_url, bot.contact_email = "", "alice@example.org"
    bot.save()
    leave_word(bot)
    with pytest.raises(DeliveryDelayedError):
        deliver(only_delivery().pk, 1)
    assert told in only_delivery().last_error


def test_a_webhook_that_was_taken_out_meanwhile_is_told(bot: Chatbot) -> None:
    leave_word(bot)
    Chatbot.objects.update(contact_webhook_url="")
    deliver(only_delivery().pk, 1)
    assert only_delivery().state == DeliveryState.DEAD
    assert "No webhook is set" in only_delivery().last_error


def test_without_an_address_a_contact_is_kept_and_nothing_is_queued(bot: Chatbot) -> None:
    bot.contact_webhook_url = ""
    bot.save()
    leave_word(bot)
    assert (Contact.objects.count(), jobs()) == (1, [])


def test_what_is_looked_for_is_found_in_every_field_and_message(bot: Chatbot) -> None:
    eve = leave_word(bot)
    leave_word(bot, email="bob@example.org", name="Bob", message="50% off?")

    def found(**asked: str) -> set[str]:
        return {contact.name for contact in SERVICE.of(bot, **asked)}

    assert found() == {"Eve", "Bob"}
    assert found(search="ESPRESSO please") == {"Eve"}
    assert found(search="bob@") == {"Bob"}
    assert found(search="50%") == {"Bob"}
    assert found(search="tea") == set()
    SERVICE.mark(eve, state=ContactState.DONE)
    assert found(state="done") == {"Eve"}
    assert found(state="new") == {"Bob"}
    assert found(search="\x00") == {"Eve", "Bob"}


def test_what_is_deleted_is_gone_and_the_trail_says_so_without_a_word_of_it(bot: Chatbot) -> None:
    contact = leave_word(bot)
    SERVICE.mark(contact, state=ContactState.DONE)
    SERVICE.mark(contact, state=ContactState.DONE)
    SERVICE.delete(contact)

    assert (ContactMessage.objects.count(), ContactDelivery.objects.count()) == (0, 0)
    trail = [(entry.action, entry.object_name) for entry in AuditEntry.objects.order_by("pk")]
    assert trail == [("contact.marked", ""), ("contact.deleted", "")]
