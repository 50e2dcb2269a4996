"""Which of a chatbot's contacts an owner looks for, and each contact as the list shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from apps.chatbots.models import Chatbot
from apps.conversations.contact_models import (
    Channel,
    Contact,
    ContactDelivery,
    ContactMessage,
    ContactState,
    DeliveryState,
)
from apps.conversations.contacts import contacts

SHOWN = {"": "All", ContactState.NEW.value: "New", ContactState.DONE.value: "Done", "undelivered": "Not delivered"}
CONTACTS_PER_PAGE = 20
MARKS = {
    DeliveryState.PENDING: "tag",
    DeliveryState.DELIVERED: "tag good",
    DeliveryState.FAILED: "tag warn",
    DeliveryState.DEAD: "tag bad",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactFilter:
    """What is looked for: every one of the words stands in one of the contact's fields."""

    show: str = ""
    text: str = field(default="", repr=False)

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "ContactFilter":
        """Return what an address asks for; what can't be meant is left out."""
        show = asked.get("show", "")
        return cls(
            show=show if show in SHOWN else "", text=" ".join(asked.get("text", "").replace("\x00", "").split())[:200]
        )

    @property
    def address(self) -> str:
        """The part of an address that asks for this."""
        return urlencode({name: value for name, value in (("show", self.show), ("text", self.text)) if value})

    def contacts(self, chatbot: Chatbot) -> QuerySet[Contact]:
        service = contacts()
        found: QuerySet[Contact] = service.of(chatbot, search=self.text, state=self.show)
        return service.undelivered(found) if self.show == "undelivered" else found

    def page(self, chatbot: Chatbot, number: str | None) -> Page[Contact]:
        return Paginator(self.contacts(chatbot), CONTACTS_PER_PAGE).get_page(number)

    def choices(self, chatbot: Chatbot) -> list[dict[str, Any]]:
        """Return what can be shown, how many that are, and which it is now; nothing undelivered is no choice."""
        offered = [(name, replace(self, show=show)) for show, name in SHOWN.items()]
        counted = [(name, one, one.contacts(chatbot).count()) for name, one in offered]
        return [
            {"name": name, "address": one.address, "count": count, "is_shown": one == self}
            for name, one, count in counted
            if count or one.show != "undelivered" or one == self
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """A way by which contacts reach their owner, and what keeps it from working."""

    channel: Channel
    label: str
    address: str = field(repr=False)
    problem: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedDelivery:
    delivery: ContactDelivery
    css_class: str

    @property
    def can_be_sent(self) -> bool:
        return self.delivery.state in {DeliveryState.DEAD, DeliveryState.FAILED}


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedMessage:
    """A message as the list shows it; `corrections` are fields that say something else than the contact's own."""

    message: ContactMessage
    text: str = field(repr=False)
    corrections: Sequence[tuple[str, str]] = field(repr=False)
    deliveries: Sequence[ListedDelivery] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedContact:
    contact: Contact
    title: str = field(repr=False)
    messages: Sequence[ListedMessage] = ()


def listed(contact: Contact) -> ListedContact:
    return ListedContact(
        contact=contact,
        title=contact.name or contact.email or contact.phone,
        messages=[listed_message(contact, message) for message in contact.messages.all()],
    )


def listed_message(contact: Contact, message: ContactMessage) -> ListedMessage:
    names = {"name": "Name", "email": "E-mail", "phone": "Phone", "company": "Company"}
    written: dict[str, str] = message.fields
    return ListedMessage(
        message=message,
        text=written.get("message", ""),
        corrections=[
            (label, written[name])
            for name, label in names.items()
            if written.get(name, "") not in {"", getattr(contact, name)}
        ],
        deliveries=[
            ListedDelivery(delivery=one, css_class=MARKS[DeliveryState(one.state)]) for one in message.deliveries.all()
        ],
    )


def ways_of(chatbot: Chatbot) -> list[Way]:
    """Return the ways that the owner set up."""
    no_mail = "" if settings.EMAIL_HOST else (
        "This server has no mail server, so nothing is mailed. Whoever runs it can set TACIT_EMAIL_HOST."
    )  # fmt: skip
    ways = [
        Way(channel=Channel.WEBHOOK, label="Webhook", address=chatbot.contact_webhook_url),
        Way(channel=Channel.EMAIL, label="E-mail", address=chatbot.contact_email, problem=no_mail),
    ]
    return [way for way in ways if way.address]
