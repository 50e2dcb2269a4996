"""Writes about chatbots, and how they are found by who asks."""

import uuid
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from apps.accounts.models import Organization
from apps.chatbots.models import Chatbot
from apps.core.error_handling import ConflictError, NotFoundError, ValidationError

EDITABLE = {
    "name", "description", "welcome_message", "instructions", "language", "learn_only_use",
    "allowed_origins", "suggested_questions", "is_published",
}  # fmt: skip


class ChatbotService:
    """Chatbots of one organization; another organization's does not exist for it."""

    def of(self, organization: Organization) -> QuerySet[Chatbot]:
        return Chatbot.objects.filter(organization=organization).order_by("created_at")

    def get(self, *, organization: Organization, chatbot_id: uuid.UUID) -> Chatbot:
        """Return a chatbot of the organization. Raises NotFoundError."""
        chatbot = self.of(organization).filter(pk=chatbot_id).first()
        if chatbot is None:
            raise NotFoundError("There is no chatbot with that id in your organization.")
        return chatbot

    def create(self, *, organization: Organization, name: str, **settings: Any) -> Chatbot:
        """Make a chatbot. Raises ConflictError when the name is taken, ValidationError for settings it can't have."""
        chatbot = Chatbot(organization=organization, name=name)
        return self._apply(chatbot, {"name": name, **settings})

    def update(self, chatbot: Chatbot, **changes: Any) -> Chatbot:
        """Change settings of a chatbot; raises as `create` does."""
        return self._apply(chatbot, changes)

    def delete(self, chatbot: Chatbot) -> None:
        """Delete a chatbot with everything that belongs to it, in one transaction."""
        with transaction.atomic():
            chatbot.delete()

    def _apply(self, chatbot: Chatbot, changes: dict[str, Any]) -> Chatbot:
        if unknown := set(changes) - EDITABLE:
            raise ValidationError(f"A chatbot has no setting {', '.join(sorted(unknown))}.")
        for name, value in changes.items():
            setattr(chatbot, name, value.strip() if isinstance(value, str) else value)
        if not chatbot.name:
            raise ValidationError("A chatbot needs a name. Send one of 1 to 200 characters.")
        chatbot.allowed_origins = [normal_origin(origin) for origin in chatbot.allowed_origins]
        try:
            with transaction.atomic():
                chatbot.save()
        except IntegrityError:
            raise ConflictError(f"A chatbot named {chatbot.name!r} exists already. Choose another name.") from None
        return chatbot


def normal_origin(text: str) -> str:
    """Return scheme, host and port of an address, as browsers send it. Raises ValidationError."""
    parts = urlsplit(text.strip().lower())
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.username:
        raise ValidationError(f"{text!r} is no origin. Write it like https://www.example.org, without a path.")
    return f"{parts.scheme}://{parts.netloc}"


def find_chatbot(reference: str) -> Chatbot:
    """Return the chatbot with that name, id or public id, of any organization (for the command line).

    Raises NotFoundError, and ConflictError when two organizations have a bot of that name.
    """
    matching = Q(name=reference) | Q(public_id=reference)
    with suppress(ValueError):  # no id, so a name
        matching |= Q(pk=uuid.UUID(reference))
    found = list(Chatbot.objects.filter(matching)[:2]) or list(Chatbot.objects.filter(name__iexact=reference)[:2])
    if not found:
        raise NotFoundError(f"There is no chatbot {reference!r}. `tacit bot list` shows the ones there are.")
    if len(found) > 1:
        raise ConflictError(f"More than one chatbot is called {reference!r}. Give its id; `tacit bot list` shows it.")
    return found[0]


def published_chatbot(public_id: str) -> Chatbot:
    """Return a chatbot as visitors find it. An unpublished one and none at all are the same to them."""
    chatbot = Chatbot.objects.filter(public_id=public_id, is_published=True).first()
    if chatbot is None:
        raise NotFoundError("There is no chatbot at this address.")
    return chatbot
