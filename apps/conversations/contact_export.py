"""Contacts as a table that any spreadsheet opens, and that runs nothing there."""

from collections.abc import Iterable, Iterator

from apps.conversations.contact_models import Contact, ContactMessage
from apps.core.csv_lines import line

COLUMNS = (
    "contact", "number", "at", "state", "name", "email", "phone", "company", "message", "consented_at", "consent_text",
    "conversation",
)  # fmt: skip
WITH_UMLAUTS = "\ufeff"  # without this mark a widespread spreadsheet takes UTF-8 for something else


def csv_lines(contacts: Iterable[Contact]) -> Iterator[str]:
    """Yield a line for each message of each contact."""
    yield WITH_UMLAUTS + line(COLUMNS)
    for contact in contacts:
        for message in contact.messages.all():
            yield line(cells(contact, message))


def cells(contact: Contact, message: ContactMessage) -> tuple[str, ...]:
    fields = message.fields
    return (
        str(contact.pk), str(message.number), message.created_at.isoformat(), contact.state,
        *(fields.get(name, "") for name in ("name", "email", "phone", "company", "message")),
        message.consented_at.isoformat() if message.consented_at else "", message.consent_text,
        str(message.conversation_id or ""),
    )  # fmt: skip
