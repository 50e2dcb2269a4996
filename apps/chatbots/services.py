"""Writes about chatbots, and how they are found by who asks."""

import re
import uuid
from collections.abc import Collection, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any, cast
from urllib.parse import urlsplit

from django.db import DataError, IntegrityError, transaction
from django.db.models import Q, QuerySet

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.accounts.models import Organization
from apps.chatbots.models import Chatbot
from apps.chatbots.setting_rules import mistakes
from apps.core.error_handling import ConflictError, NotFoundError, ValidationError
from apps.core.services import ServiceRegistry

EDITABLE = {
    "name", "description", "welcome_message", "instructions", "language", "learn_only_use",
    "allowed_origins", "suggested_questions", "is_published", "tone", "unanswered_message",
    "accent_colour", "widget_corner",
    "visitor_messages_per_minute", "visitor_messages_per_day", "messages_per_day", "longest_message", "open_streams",
    "monthly_cost", "monthly_tokens",
    "contact_offer", "contact_fields", "consent_text", "contact_email", "contact_webhook_url", "contact_webhook_secret",
}  # fmt: skip
# Of these, the ones that may be left open; `None` is a value for them.
NULLABLE = {field.name for field in Chatbot._meta.concrete_fields if field.null} & EDITABLE


# The same words for a bot that is unknown, unpublished, or taken offline while it answers.
NO_SUCH_CHATBOT = "There is no chatbot at this address."
ARCHIVED_IS_OFFLINE = "This chatbot is archived, and so offline. Take it out of the archive first."
USUAL_PORTS = {"http": 80, "https": 443}  # which browsers leave out
HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")


class ChatbotService:
    """Chatbots of one organization; another organization's does not exist for it."""

    def of(self, organization: Organization) -> QuerySet[Chatbot]:
        return Chatbot.objects.filter(organization=organization, deleted_at=None).order_by("created_at")

    def get(self, *, organization: Organization, chatbot_id: uuid.UUID) -> Chatbot:
        """Return a chatbot of the organization. Raises NotFoundError."""
        chatbot = self.of(organization).filter(pk=chatbot_id).first()
        if chatbot is None:
            raise NotFoundError("There is no chatbot with that id in your organization.")
        return chatbot

    @transaction.atomic
    def create(self, *, organization: Organization, name: str, **settings: Any) -> Chatbot:
        """Make a chatbot. Raises ConflictError when the name is taken, ValidationError for settings it can't have."""
        chatbot = Chatbot(organization=organization, name=name)
        apply(chatbot, {"name": name, **settings})
        save(chatbot)
        audit.record(Action.CHATBOT_CREATED, chatbot, learn_only_use=chatbot.learn_only_use)
        return chatbot

    @transaction.atomic
    def update(self, chatbot: Chatbot, **changes: Any) -> Chatbot:
        """Change settings of a chatbot; raises as `create` does, and NotFoundError when it was deleted meanwhile."""
        there = Chatbot.objects.select_for_update().filter(pk=chatbot.pk, deleted_at=None)
        before = there.values(*EDITABLE, "archived_at").first()
        if before is None:
            raise NotFoundError("There is no chatbot with that id in your organization.")
        for name, value in before.items():  # somebody else may have saved another section of the page meanwhile
            setattr(chatbot, name, value)
        apply(chatbot, changes)
        if chatbot.is_published and chatbot.archived_at:
            raise ConflictError(ARCHIVED_IS_OFFLINE)
        save(chatbot, only=changes)
        record_changes(chatbot, before)
        return chatbot

    @transaction.atomic
    def delete(self, chatbot: Chatbot) -> None:
        """Delete a chatbot with everything that belongs to it, in one transaction."""
        audit.record(Action.CHATBOT_DELETED, chatbot)
        chatbot.delete()


def apply(chatbot: Chatbot, changes: Mapping[str, Any]) -> None:
    """Give a chatbot settings, all or none. Raises ValidationError, which says by field what is wrong."""
    if unknown := set(changes) - EDITABLE:
        raise ValidationError(f"A chatbot has no setting {', '.join(sorted(unknown))}.")
    wanted = {name: getattr(chatbot, name) for name in EDITABLE} | {name: as_kept(changes[name]) for name in changes}
    wrong = mistakes(wanted, changes)
    try:
        wanted["allowed_origins"] = [normal_origin(origin) for origin in wanted["allowed_origins"]]
    except ValidationError as error:
        wrong["allowed_origins"] = str(error)
    if wrong:
        raise ValidationError(" ".join(wrong.values()), fields=wrong)
    for name in changes:
        setattr(chatbot, name, wanted[name])


def as_kept(value: Any) -> Any:
    """Return a setting as it is kept: without white space round it, amounts to the cent."""
    if isinstance(value, Decimal) and value.is_finite():
        return round(value, 2)
    return value.strip() if isinstance(value, str) else value


def save(chatbot: Chatbot, *, only: Collection[str] | None = None) -> None:
    """Write a chatbot down, or `only` some of its settings. Raises ConflictError when its name is taken."""
    try:
        with transaction.atomic():
            chatbot.save(update_fields=None if only is None else [*only, "updated_at"])
    except IntegrityError:
        raise ConflictError(f"A chatbot named {chatbot.name!r} exists already. Choose another name.") from None
    except DataError:
        raise ValidationError("A setting is too long or holds characters that are no text. Shorten it.") from None


def record_changes(chatbot: Chatbot, before: dict[str, Any]) -> None:
    """Record what is not as it was `before`: what visitors may reach and learn apart, the other settings by name."""
    changed = {name for name, value in before.items() if getattr(chatbot, name) != value}
    if "is_published" in changed:
        audit.record(Action.CHATBOT_PUBLISHED if chatbot.is_published else Action.CHATBOT_UNPUBLISHED, chatbot)
    if "learn_only_use" in changed:
        modes = {"before": before["learn_only_use"], "after": chatbot.learn_only_use}
        audit.record(Action.LEARN_ONLY_USE_CHANGED, chatbot, **modes)
    if others := changed - {"is_published", "learn_only_use"}:
        audit.record(Action.CHATBOT_CHANGED, chatbot, settings=sorted(others))


def normal_origin(text: str) -> str:
    """Return scheme, host and port of an address, as browsers send it. Raises ValidationError."""
    try:
        parts = urlsplit(text.strip().lower())
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
        usual_port = USUAL_PORTS[parts.scheme]
    except (ValueError, KeyError):
        host = ""
    if not HOST.fullmatch(host) or len(host) > 253 or parts.username is not None:
        raise ValidationError(f"{text!r} is no origin. Write it like https://www.example.org, without a path.")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port not in {None, usual_port} else "")


def find_chatbot(reference: str) -> Chatbot:
    """Return the chatbot with that name, id or public id, of any organization (for the command line).

    Raises NotFoundError, and ConflictError when two organizations have a bot of that name.
    """
    matching = Q(name=reference) | Q(public_id=reference)
    with suppress(ValueError):  # no id, so a name
        matching |= Q(pk=uuid.UUID(reference))
    chatbots = Chatbot.objects.filter(deleted_at=None)
    found = list(chatbots.filter(matching)[:2]) or list(chatbots.filter(name__iexact=reference)[:2])
    if not found:
        raise NotFoundError(f"There is no chatbot {reference!r}. `tacit bot list` shows the ones there are.")
    if len(found) > 1:
        raise ConflictError(f"More than one chatbot is called {reference!r}. Give its id; `tacit bot list` shows it.")
    return found[0]


def published_chatbot(public_id: str) -> Chatbot:
    """Return a chatbot as visitors find it. An unpublished one and none at all are the same to them."""
    chatbots = Chatbot.objects.filter(public_id=public_id, is_published=True)
    chatbot = chatbots.first() if public_id.isalnum() else None  # PostgreSQL refuses some of what an address may hold
    if chatbot is None:
        raise NotFoundError(NO_SUCH_CHATBOT)
    return chatbot


def chatbots() -> ChatbotService:
    """Return the service of chatbots and their settings."""
    return cast("ChatbotService", ServiceRegistry.get("chatbots"))
