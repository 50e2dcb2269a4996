"""Where what a chatbot's answers may not hold is kept: made in the worker, read with the owner's login, never stale.

The database counts every change of a chatbot's passages (migration 0003). A guard that was made from an earlier count,
or by an earlier way of making it, isn't handed out; whoever needs one then has to do without learn-only text.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import F
from numpy.typing import NDArray
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued

from apps.retrieval.models import CitablePassage, LearnOnlyGuard, LearnOnlyPassage, Passage, PrivacyAlarm

QUEUE = "privacy"
REFRESH = "refresh_guard"
AFTER_INGEST = -10  # priority: while sources are being read, a guard would be out of date again at once
READ_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredGuard:
    """Sorted fingerprints and terms, and the count of changes that they were made from."""

    version: int
    runs: NDArray[np.uint64] = field(repr=False)
    shifts: NDArray[np.uint64] = field(repr=False)
    terms: dict[str, list[str]] = field(repr=False)


def defer_refresh(chatbot_id: uuid.UUID) -> None:
    """Have a chatbot's guard made anew, once the transaction at hand is committed; a second wish changes nothing."""
    queue = app.with_connector(DjangoConnector())  # the one of this transaction, in a worker too
    job = queue.configure_task(
        REFRESH,
        queue=QUEUE,
        lock=f"guard:{chatbot_id}",
        queueing_lock=f"guard:{chatbot_id}",
        priority=AFTER_INGEST,
    )
    try:
        with transaction.atomic():
            job.defer(chatbot_id=str(chatbot_id))
    except AlreadyEnqueued:
        return


def wanted_version(chatbot_id: uuid.UUID) -> int:
    """Return how often a chatbot's passages have changed; 0 for one that never had any."""
    return LearnOnlyGuard.objects.filter(pk=chatbot_id).values_list("wanted", flat=True).first() or 0


def passages_of(chatbot_id: uuid.UUID, *, citable: bool) -> Iterator[Passage]:
    """Yield a chatbot's passages of one class without their vectors."""
    model: type[Passage] = CitablePassage if citable else LearnOnlyPassage
    columns = ("title", "url", "external_id", "heading_path", "language", "text")
    yield from model._default_manager.filter(chatbot_id=chatbot_id).only(*columns).iterator(chunk_size=READ_AT_ONCE)


def keep(chatbot_id: uuid.UUID, guard: StoredGuard, *, made_by: int) -> bool:
    """Keep a guard, unless one of a later count is there. Return whether it is up to date."""
    LearnOnlyGuard.objects.filter(pk=chatbot_id, made_from__lte=guard.version).update(
        made_from=guard.version,
        format=made_by,
        runs=guard.runs.tobytes(),
        shifts=guard.shifts.tobytes(),
        terms=guard.terms,
    )
    return current_version(chatbot_id, made_by=made_by) is not None


def current_version(chatbot_id: uuid.UUID, *, made_by: int) -> int | None:
    """Return the count that a chatbot's guard was made from, or None when it is out of date."""
    current = LearnOnlyGuard.objects.filter(pk=chatbot_id, made_from=F("wanted"), format=made_by)
    return current.values_list("made_from", flat=True).first()


def load(chatbot_id: uuid.UUID, *, made_by: int) -> StoredGuard | None:
    """Return a chatbot's guard, or None when it is out of date."""
    row = LearnOnlyGuard.objects.filter(pk=chatbot_id, made_from=F("wanted"), format=made_by).first()
    if row is None:
        return None
    return StoredGuard(
        version=row.made_from,
        runs=np.frombuffer(bytes(row.runs), np.uint64),
        shifts=np.frombuffer(bytes(row.shifts), np.uint64),
        terms=row.terms,
    )


def raise_alarm(
    *, chatbot_id: uuid.UUID, message_id: uuid.UUID | None, mode: str, stopped: bool, hits: Sequence[dict[str, Any]]
) -> PrivacyAlarm:
    """Keep for the owner that the gate found something: rules, hashes, views and positions, no text."""
    return PrivacyAlarm.objects.create(
        chatbot_id=chatbot_id, message_id=message_id, mode=mode, stopped=stopped, hits=list(hits)
    )
