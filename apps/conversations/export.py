"""Everything of an organization as one ZIP file, made while it is sent: nothing of it stands in memory or on a disk."""

import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Any, TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, QuerySet

from apps.accounts.audit import trail
from apps.accounts.audit_export import csv_lines
from apps.accounts.models import AuditEntry, Member, Organization
from apps.chatbots.models import Chatbot
from apps.chatbots.services import EDITABLE
from apps.conversations.contact_models import Contact
from apps.conversations.models import Conversation, Message
from apps.core.error_handling import NotFoundError
from apps.knowledge import originals
from apps.knowledge.models import Source

PIECE = 256 * 1024  # bytes that are sent at once
BATCH = 200  # rows that are read at once
LONGEST_NAME = 120
UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
SECRET = {"contact_webhook_secret"}
ABOUT_CHATBOTS = (
    "id",
    "public_id",
    *sorted(EDITABLE - SECRET),
    "archived_at",
    "deleted_at",
    "created_at",
    "updated_at",
)
ABOUT_SOURCES = (
    "id", "chatbot_id", "kind", "disclosure", "title", "file_name", "url", "content_hash", "size", "status",
    "error_code", "error_message", "revision", "document_count", "passage_count", "created_at", "updated_at",
)  # fmt: skip
ABOUT_MESSAGES = ("id", "author", "text", "answered", "complete", "feedback", "feedback_comment", "created_at")
ABOUT_CITATIONS = ("n", "title", "url", "page", "quote")
ABOUT_CONTACTS = ("id", "chatbot_id", "name", "email", "phone", "company", "state", "created_at", "last_message_at")
ABOUT_CONTACT_MESSAGES = ("number", "fields", "consent_text", "consented_at", "conversation_id", "created_at")
README = """Everything that {name} has in Tacit.

organization.json    the organization
members.jsonl        who belongs to it, and as what
chatbots.jsonl       the chatbots with their settings; a webhook's secret is left out
sources.jsonl        the sources
originals/           their files as they were added, if you asked for them: by the ids of chatbot and source
conversations.jsonl  what was asked and answered, with citations and what visitors thought of it
contacts.jsonl       who left word, with the words and the consent
audit.csv            who did what

In a .jsonl file, each line is one JSON object. Times are UTC.
"""
Row = TypeVar("Row", bound=Model)


class Outlet:
    """Takes what a ZIP file is written into, and gives it on."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def write(self, data: bytes, /) -> int:
        self._pieces.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        taken, self._pieces, self.size = b"".join(self._pieces), [], 0
        return taken


def archive(organization: Organization, *, with_originals: bool = False) -> Iterator[bytes]:
    """Yield the ZIP file piece by piece; each step reads from the database by itself, so it may change threads."""
    outlet = Outlet()
    files = ((name, (line.encode() for line in lines)) for name, lines in contents(organization))
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, parts in chain(files, original_files(organization) if with_originals else ()):
            with zipped.open(name, "w", force_zip64=True) as file:
                for part in parts:
                    file.write(part)
                    if outlet.size >= PIECE:
                        yield outlet.take()
    yield outlet.take()


def original_files(organization: Organization) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Yield the originals of sources, one after another; of a source that has just gone, there is none."""
    for source in in_batches(Source.objects.filter(chatbot__organization=organization)):
        parts = originals.pieces(source)
        with suppress(NotFoundError):
            first = next(parts, None)
            if first is not None:
                yield f"originals/{source.chatbot_id}/{source.pk}/{safe_name(source.file_name)}", chain([first], parts)


def safe_name(file_name: str) -> str:
    """Return the last part of a file's name, so that no program writes it elsewhere or refuses it."""
    return UNSAFE.sub("_", file_name.rsplit("/", 1)[-1]).strip(" .")[:LONGEST_NAME] or "original"


def contents(organization: Organization) -> Iterator[tuple[str, Iterable[str]]]:
    """Yield the files by their names, each as its lines."""
    of_ours = {"chatbot__organization": organization}
    members = Member.objects.filter(organization=organization).select_related("user")
    conversations = Conversation.objects.filter(**of_ours, leak_test=None, is_trial=False)
    contacts = Contact.objects.filter(**of_ours).prefetch_related("messages")
    yield "README.txt", [README.format(name=organization.name)]
    yield "organization.json", [as_line(told(organization, ("id", "name", "created_at")))]
    yield "members.jsonl", (as_line(about_member(one)) for one in in_batches(members))
    yield (
        "chatbots.jsonl",
        (as_line(told(one, ABOUT_CHATBOTS)) for one in in_batches(Chatbot.objects.filter(organization=organization))),
    )
    yield (
        "sources.jsonl",
        (as_line(told(one, ABOUT_SOURCES)) for one in in_batches(Source.objects.filter(**of_ours))),
    )
    yield (
        "conversations.jsonl",
        (as_line(about_conversation(one)) for one in in_batches(with_messages(conversations))),
    )
    yield "contacts.jsonl", (as_line(about_contact(one)) for one in in_batches(contacts))
    yield "audit.csv", csv_lines(audit_entries(organization))


def in_batches(rows: QuerySet[Row]) -> Iterator[Row]:
    """Yield rows in the order of their ids, some at a time."""
    batch = list(rows.order_by("pk")[:BATCH])
    while batch:
        yield from batch
        batch = list(rows.filter(pk__gt=batch[-1].pk).order_by("pk")[:BATCH])


def audit_entries(organization: Organization) -> Iterator[AuditEntry]:
    """Yield the audit trail, the latest first."""
    batch = list(trail(organization.pk)[:BATCH])
    while batch:
        yield from batch
        batch = list(trail(organization.pk, before=batch[-1].pk)[:BATCH])


def with_messages(conversations: QuerySet[Conversation]) -> QuerySet[Conversation]:
    return conversations.prefetch_related("messages__citations")


def about_member(member: Member) -> dict[str, Any]:
    return {"email": member.user.email, "role": member.role, "created_at": member.created_at}


def about_conversation(conversation: Conversation) -> dict[str, Any]:
    said = sorted(conversation.messages.all(), key=lambda one: (one.created_at, one.author != "visitor"))
    return {
        **told(conversation, ("id", "chatbot_id", "created_at", "last_message_at")),
        "messages": [about_message(message) for message in said],
    }


def about_message(message: Message) -> dict[str, Any]:
    citations = [told(citation, ABOUT_CITATIONS) for citation in message.citations.all()]
    return {**told(message, ABOUT_MESSAGES), "citations": citations}


def about_contact(contact: Contact) -> dict[str, Any]:
    messages = [told(message, ABOUT_CONTACT_MESSAGES) for message in contact.messages.all()]
    return {**told(contact, ABOUT_CONTACTS), "messages": messages}


def told(row: Model, fields: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in fields}


def as_line(document: dict[str, Any]) -> str:
    return json.dumps(document, cls=DjangoJSONEncoder, ensure_ascii=False) + "\n"
