"""Alice reads who left word, marks, deletes and sends again; Victor looks on, and Mallory finds nothing."""

import csv
import io
from typing import Any

import pytest
from django.core import mail

from apps.accounts.models import AuditEntry
from apps.chatbots.models import Chatbot
from apps.conversations.contact_form import checked, form_of
from apps.conversations.contact_models import Contact, ContactDelivery, DeliveryState
from apps.conversations.contacts import ContactService
from apps.dashboard.tests.conftest import Person

EVE = {
    "name": "=HYPERLINK(1)",
    "email": "eve@example.org",
    "phone": "+44 20 7946 0000",
    "message": "<b>Hi</b>\n-1+1;=2",
}


@pytest.fixture
def shop(bot: Chatbot) -> Chatbot:
    bot.contact_offer, bot.contact_fields = "always", ["name", "email", "phone", "message"]
    bot.contact_webhook_url, bot.contact_webhook_secret = "https://127.0.0.1:9/hook", "a long random secret"
    bot.contact_email = "alice@example.org"
    bot.save()
    return bot


def leave_word(bot: Chatbot, **fields: str) -> Contact:
    form = form_of(bot)
    assert form is not None
    return ContactService().take(chatbot=bot, submission=checked(form, fields or EVE, consent=True))


def place(bot: Chatbot, *more: object) -> str:
    return "/".join(["/dashboard/bots", str(bot.pk), "contacts", *map(str, more)])


def test_a_contact_is_shown_with_all_that_is_known_and_runs_nothing(alice: Person, shop: Chatbot) -> None:
    shop.consent_text = "You may call me."
    shop.save()
    leave_word(shop)

    page = alice.see(place(shop))

    assert "=HYPERLINK(1)" in page
    assert "mailto:eve@example.org" in page
    assert "tel:+442079460000" in page
    assert "&lt;b&gt;Hi&lt;/b&gt;" in page
    assert "<b>Hi</b>" not in page
    assert "You may call me." in page
    assert page.count("Under way") == 1
    assert "no mail server" in page
    assert AuditEntry.objects.filter(action="contacts.opened").exists()


def test_an_address_writes_to_itself_alone(alice: Person, shop: Chatbot) -> None:
    leave_word(shop, email="a+b?bcc=spy%40evil&subject=x@example.org")
    page = alice.see(place(shop))
    assert 'href="mailto:a+b%3Fbcc%3Dspy%2540evil%26subject%3Dx@example.org"' in page


def test_a_bot_without_a_form_says_what_to_do(alice: Person, bot: Chatbot) -> None:
    page = alice.see(place(bot))
    assert "The contact form is off" in page
    assert "Nobody has left word yet" in page


def test_a_contact_is_marked_and_that_is_taken_back(alice: Person, shop: Chatbot) -> None:
    contact = leave_word(shop)
    assert "?show=new" in alice.press(place(shop, contact.pk, "mark", "done"), show="new")
    assert Contact.objects.get().state == "done"
    page = alice.see(place(shop))
    assert place(shop, contact.pk, "mark", "new") in page, "the toast undoes it"
    assert "Nothing new" in alice.see(place(shop) + "?show=new")
    alice.press(place(shop, contact.pk, "mark", "new"))
    assert Contact.objects.get().state == "new"


def test_a_dead_letter_is_told_found_and_sent_again(alice: Person, shop: Chatbot) -> None:
    contact = leave_word(shop)
    assert "Not delivered" not in alice.see(place(shop))
    dead = ContactDelivery.objects.get(channel="webhook")
    ContactDelivery.objects.filter(pk=dead.pk).update(state="dead", attempts=9, last_error="alice.example was away.")

    page = alice.see(place(shop) + "?show=undelivered")
    assert "alice.example was away." in page
    assert "Send again" in page
    alice.press(place(shop, contact.pk, "deliveries", dead.pk, "retry"))

    dead.refresh_from_db()
    assert (dead.state, dead.round) == (DeliveryState.PENDING, 2)
    assert "It is being sent again." in alice.see(place(shop))


def test_what_is_deleted_is_gone_and_a_second_press_harms_nothing(bob: Person, shop: Chatbot) -> None:
    contact = leave_word(shop)
    bob.press(place(shop, contact.pk, "delete"))
    bob.press(place(shop, contact.pk, "delete"))
    assert not Contact.objects.exists()
    assert "The contact is deleted." in bob.see(place(shop))


def test_the_csv_opens_anywhere_and_runs_nowhere(alice: Person, shop: Chatbot) -> None:
    leave_word(shop)
    leave_word(shop, email="bob@example.org", name="Bob", message="Ünïcode")

    text = alice.see(f"/dashboard/bots/{shop.pk}/contacts.csv")

    assert text.startswith("\ufeff")
    read = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert [row["name"] for row in read] == ["Bob", "'=HYPERLINK(1)"]
    assert read[1]["phone"] == "'+44 20 7946 0000"
    assert read[1]["message"] == "<b>Hi</b>\n'-1+1;'=2"
    assert read[0]["message"] == "Ünïcode"
    assert [row["email"] for row in csv.DictReader(
        io.StringIO(alice.see(f"/dashboard/bots/{shop.pk}/contacts.csv?text=bob").removeprefix("\ufeff"), newline="")
    )] == ["bob@example.org"]  # fmt: skip
    assert AuditEntry.objects.filter(action="contacts.exported").count() == 2


def test_a_test_says_what_is_wrong(alice: Person, shop: Chatbot, settings: Any) -> None:
    alice.press(place(shop, "test", "webhook"))
    assert "not on the public web" in alice.see(place(shop))
    assert "not on the public web" not in alice.see(place(shop)), "it is told once"
    shown = alice.client.post(place(shop, "test", "email"), headers={"HX-Request": "true"})
    assert "no mail server is set" in shown.content.decode()
    settings.EMAIL_HOST = "localhost"
    shown = alice.client.post(place(shop, "test", "email"), headers={"HX-Request": "true"})
    assert "on its way" in shown.content.decode()
    alice.press(place(shop, "test", "pigeon"))


def test_victor_reads_and_changes_nothing_and_mallory_finds_nothing(
    victor: Person, mallory: Person, shop: Chatbot
) -> None:
    contact = leave_word(shop)
    delivery = ContactDelivery.objects.first()
    assert delivery is not None
    page = victor.see(place(shop))
    assert "eve@example.org" in page
    assert "Mark as done" not in page
    assert "Send a test" not in page
    for path in ("mark/done", "delete", f"deliveries/{delivery.pk}/retry"):
        victor.press(place(shop, contact.pk, path), 403)
        mallory.press(place(shop, contact.pk, path), 404)
    victor.press(place(shop, "test", "webhook"), 403)
    mallory.see(place(shop), 404)
    mallory.see(f"/dashboard/bots/{shop.pk}/contacts.csv", 404)
    assert Contact.objects.get().state == "new"


def test_what_can_not_be_meant_is_left_out(alice: Person, shop: Chatbot) -> None:
    contact = leave_word(shop)
    alice.see(place(shop) + "?show=everything&text=%00&page=x")
    alice.press(place(shop, contact.pk, "mark", "gone"))
    assert Contact.objects.get().state == "new"


def test_mallory_sends_a_strangers_mailbox_no_more_than_twenty_tests(
    alice: Person, mallory: Person, shop: Chatbot, settings: Any
) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    hers = Chatbot.objects.get(organization=mallory.member.organization)
    Chatbot.objects.filter(pk=hers.pk).update(contact_email="stranger@example.org")
    for _ in range(25):
        shown = mallory.client.post(place(hers, "test", "email"), headers={"HX-Request": "true"})
    assert [one.to for one in mail.outbox] == [["stranger@example.org"]] * 20
    assert "as many as it may. Try again tomorrow." in shown.content.decode()
    shown = alice.client.post(place(shop, "test", "email"), headers={"HX-Request": "true"})
    assert "on its way" in shown.content.decode(), "another organization has tests of its own"
