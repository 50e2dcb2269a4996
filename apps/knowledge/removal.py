"""Deleting a source with a way back: it is gone at once for everybody, and can be added again as it was for an hour."""

import uuid
from datetime import datetime, timedelta
from typing import cast

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.chatbots.models import Chatbot
from apps.core.error_handling import NotFoundError
from apps.core.services import ServiceRegistry
from apps.knowledge.models import FilePiece, RemovedSource, Source, SourceKind
from apps.knowledge.queue import drop_waiting_jobs, queue
from apps.knowledge.services import forget_documents, lock, lock_all_of

KEPT_FOR = timedelta(hours=1)
KEPT_FIELDS = (
    "chatbot_id", "kind", "disclosure", "title", "file_name", "url", "content_hash", "size", "both_accepted",
    "revision", "added_by_id", "created_at",
)  # fmt: skip


class RemovedSourceService:
    """Sources that were deleted a moment ago."""

    def of(self, chatbot: Chatbot) -> QuerySet[RemovedSource]:
        """Return what can still be restored, the latest first."""
        return RemovedSource.objects.filter(chatbot=chatbot, removed_at__gt=oldest_kept()).order_by("-removed_at", "pk")

    def get(self, *, chatbot: Chatbot, source_id: uuid.UUID) -> RemovedSource:
        """Return a removed source of the chatbot. Raises NotFoundError."""
        removed = self.of(chatbot).filter(pk=source_id).first()
        if removed is None:
            raise NotFoundError("This can't be restored any more. Add it again.")
        return removed

    @transaction.atomic
    def remove(self, source: Source) -> RemovedSource:
        """Delete a source with its documents and passages, and keep its original for an hour."""
        lock_all_of(source)
        source.refresh_from_db()
        audit.record(Action.SOURCE_DELETED, source, disclosure=source.disclosure, restorable=True)
        removed = RemovedSource(pk=source.pk, **{name: getattr(source, name) for name in KEPT_FIELDS})
        removed.save(force_insert=True)
        FilePiece.objects.filter(source=source, revision=source.revision).update(source=None, removed=removed)
        drop_waiting_jobs(source)
        forget_documents(source)
        source.delete()
        return removed

    @transaction.atomic
    def restore(self, removed: RemovedSource) -> Source:
        """Add a source again as it was, to be read anew; the same content that is there again stays the only one."""
        lock(removed.chatbot)
        removed = self.get(chatbot=removed.chatbot, source_id=removed.pk)
        audit.record(Action.SOURCE_RESTORED, removed, disclosure=removed.disclosure)
        source = same_as(removed)
        if source is None:
            source = Source(pk=removed.pk, **{name: getattr(removed, name) for name in KEPT_FIELDS})
            source.revision += 1  # a run that still works on what was deleted must not take this for its own
            source.save(force_insert=True)
            removed.pieces.all().update(source=source, removed=None, revision=source.revision)
            queue(source)
        removed.delete()
        return source

    @transaction.atomic
    def purge(self, removed: RemovedSource) -> None:
        """Delete what is kept of a removed source, for good."""
        audit.record(Action.SOURCE_PURGED, removed)
        removed.delete()

    def purge_expired(self) -> int:
        """Delete everything that can't be restored any more. Return how many sources that was."""
        expired = RemovedSource.objects.filter(removed_at__lte=oldest_kept())
        return expired.delete()[1].get("knowledge.RemovedSource", 0)


def oldest_kept() -> datetime:
    return timezone.now() - KEPT_FOR


def same_as(removed: RemovedSource) -> Source | None:
    """Return a source that was added meanwhile and holds the same."""
    sources = Source.objects.filter(chatbot_id=removed.chatbot_id)
    if removed.kind == SourceKind.URL:
        return sources.filter(kind=SourceKind.URL, url=removed.url).first()
    return sources.filter(content_hash=removed.content_hash).exclude(kind=SourceKind.URL).first()


def removed_sources() -> RemovedSourceService:
    """Return the service of sources in the trash."""
    return cast("RemovedSourceService", ServiceRegistry.get("removed_sources"))
