"""What becomes of a chatbot after it was made: copied, put away, taken out again, and deleted for good in the end.

Archived or deleted, a chatbot is offline: `is_published` is what visitors' requests and open streams are checked
against, so it is gone for them with the next word. What it was before comes back with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Protocol, cast
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.accounts.models import Organization
from apps.chatbots.models import Chatbot
from apps.chatbots.services import EDITABLE, chatbots, save
from apps.core.error_handling import ConflictError, NotFoundError
from apps.core.services import ServiceRegistry

KEPT_DELETED = timedelta(days=7)
NOT_COPIED = {"name", "is_published"}
LONGEST_NAME = 200


class SourceCopies(Protocol):
    """What duplicating asks of whoever keeps the sources: a layer above, which this one doesn't know."""

    def copy(self, source_bot: Chatbot, target: Chatbot) -> int:
        """Copy every source and return how many."""


class ChatbotLifecycle:
    """Chatbots as they come and go; each change is in the audit trail."""

    @transaction.atomic
    def duplicate(self, chatbot: Chatbot, *, name: str = "", with_sources: bool = False) -> Chatbot:
        """Make another chatbot with the same settings, and `with_sources` the same sources; it begins offline.

        Without a name it gets one that is free. Raises ConflictError when the name is taken.
        """
        wanted = name.strip() or free_name(chatbot.organization, f"{chatbot.name[: LONGEST_NAME - 8]} (copy)")
        settings = {setting: getattr(chatbot, setting) for setting in EDITABLE - NOT_COPIED}
        made = chatbots().create(organization=chatbot.organization, name=wanted, is_published=False, **settings)
        copied = source_copies().copy(chatbot, made) if with_sources else 0
        audit.record(Action.CHATBOT_DUPLICATED, made, of=chatbot.name, sources=copied)
        return made

    def archive(self, chatbot: Chatbot) -> Chatbot:
        """Put a chatbot away: offline, out of the list, with everything kept."""
        with changing(chatbot):
            if chatbot.archived_at is None:
                chatbot.was_published, chatbot.is_published = chatbot.is_published, False
                chatbot.archived_at = timezone.now()
                audit.record(Action.CHATBOT_ARCHIVED, chatbot)
        return chatbot

    def unarchive(self, chatbot: Chatbot) -> Chatbot:
        """Take a chatbot out of the archive; it is online again if it was."""
        with changing(chatbot):
            if chatbot.archived_at is not None:
                chatbot.is_published, chatbot.archived_at = chatbot.was_published, None
                audit.record(Action.CHATBOT_UNARCHIVED, chatbot, published=chatbot.is_published)
        return chatbot

    def remove(self, chatbot: Chatbot) -> Chatbot:
        """Delete a chatbot so that it can be taken back for some days; until then it is gone for everybody."""
        with changing(chatbot):
            if chatbot.archived_at is None:
                chatbot.was_published, chatbot.is_published = chatbot.is_published, False
            chatbot.deleted_at = timezone.now()
            audit.record(Action.CHATBOT_REMOVED, chatbot, days=KEPT_DELETED.days)
        return chatbot

    def restore(self, chatbot: Chatbot) -> Chatbot:
        """Take back the deletion of a chatbot; when its name is taken meanwhile, it gets another one."""
        with changing(chatbot, deleted=True):
            chatbot.deleted_at = None
            chatbot.name = free_name(chatbot.organization, chatbot.name)
            chatbot.is_published = chatbot.was_published and chatbot.archived_at is None
            audit.record(Action.CHATBOT_RESTORED, chatbot, published=chatbot.is_published)
        return chatbot

    def removed(self, organization: Organization) -> QuerySet[Chatbot]:
        """Return the chatbots whose deletion can still be taken back, the latest first."""
        gone = Chatbot.objects.filter(organization=organization, deleted_at__isnull=False)
        return gone.order_by("-deleted_at")

    def get_removed(self, *, organization: Organization, chatbot_id: UUID) -> Chatbot:
        """Return a deleted chatbot of the organization. Raises NotFoundError when it is gone for good."""
        chatbot = self.removed(organization).filter(pk=chatbot_id).first()
        if chatbot is None:
            raise NotFoundError("This chatbot is gone for good. It can’t be taken back any more.")
        return chatbot

    def purge(self, now: datetime) -> int:
        """Delete for good what was deleted long enough ago; return how many."""
        due = Chatbot.objects.filter(deleted_at__lt=now - KEPT_DELETED).order_by("deleted_at")
        ids = list(due.values_list("pk", flat=True))
        return sum(self.purge_one(chatbot_id, now) for chatbot_id in ids)

    @transaction.atomic
    def purge_one(self, chatbot_id: UUID, now: datetime) -> bool:
        """Delete one for good, unless it was taken back meanwhile."""
        due = Chatbot.objects.select_for_update().filter(pk=chatbot_id, deleted_at__lt=now - KEPT_DELETED)
        chatbot = due.first()
        if chatbot is not None:
            chatbots().delete(chatbot)
        return chatbot is not None


@contextmanager
def changing(chatbot: Chatbot, *, deleted: bool = False) -> Iterator[None]:
    """Hold the chatbot's row as it is now, and save what the block changes. Raises NotFoundError when it is gone."""
    with transaction.atomic():
        rows = Chatbot.objects.select_for_update(of=("self",)).filter(pk=chatbot.pk, deleted_at__isnull=not deleted)
        if not rows.exists():
            raise NotFoundError("This chatbot is not there any more. Somebody may have deleted or restored it.")
        chatbot.refresh_from_db(from_queryset=rows)
        yield
        save(chatbot, only=["name", "is_published", "was_published", "archived_at", "deleted_at"])


def free_name(organization: Organization, name: str) -> str:
    """Return the name, with a number behind it when it is taken. Raises ConflictError when all are."""
    taken = set(Chatbot.objects.filter(organization=organization, deleted_at=None).values_list("name", flat=True))
    numbered = (f"{name[: LONGEST_NAME - 6]} {number}" for number in range(2, 1000))
    for candidate in (name, *numbered):
        if candidate not in taken:
            return candidate
    raise ConflictError(f"There are too many chatbots called {name!r}. Rename some of them.")


def lifecycle() -> ChatbotLifecycle:
    """Return the service that copies, archives and deletes chatbots."""
    return cast("ChatbotLifecycle", ServiceRegistry.get("lifecycle"))


def source_copies() -> SourceCopies:
    """Return what copies sources."""
    return cast("SourceCopies", ServiceRegistry.get("source_copies"))
