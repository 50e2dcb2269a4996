"""Steering: each learn-only passage is linked to the citable passage that answers the same questions.

What stays for the visitor side is a hint: the learn-only passage's vector and where it leads. A chatbot set to `sealed`
has no hints at all, which a trigger in the database sees to.
"""

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued
from psycopg import Cursor

from apps.chatbots.models import Chatbot, LearnOnlyUse
from apps.core.error_handling import NotFoundError
from apps.retrieval.models import IndexStatistics, RemovedSteeringLink, SteeringHint

# Below this cosine two passages don't answer the same questions. On the sets of benchmarks/steering.py up to .4 costs
# nothing, and spares owners links that make no sense.
LEAST_ALIKE = 0.4
AT_ONCE = 2000  # vectors multiplied with all others in one go
QUEUE = "ingest"
TASK = "relink"

Vectors = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """What steers: "visitors asking about this (learn-only) are led to that (citable)". For the owner alone."""

    id: uuid.UUID
    weight: float
    learn_only_passage_id: uuid.UUID
    learn_only_source_id: uuid.UUID
    learn_only_title: str = field(repr=False)
    learn_only_text: str = field(repr=False)
    citable_passage_id: uuid.UUID
    citable_source_id: uuid.UUID
    citable_title: str = field(repr=False)
    citable_text: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """Passages of one class: their ids and their vectors, one a row."""

    ids: Sequence[uuid.UUID]
    vectors: Vectors = field(repr=False)


# What each learn-only passage leads to has to be looked for anew when it leads nowhere; the others keep what they have
# unless a passage that has just become citable is closer.
UNLINKED = """
SELECT id, embedding FROM learn_only_passage AS note WHERE chatbot_id = %s AND space_id = %s
AND NOT EXISTS (SELECT 1 FROM steering_hint WHERE learn_only_passage_id = note.id)
"""
LINKED = """
SELECT note.id, note.embedding, hint.weight FROM learn_only_passage AS note
JOIN steering_hint AS hint ON hint.learn_only_passage_id = note.id WHERE note.chatbot_id = %s AND note.space_id = %s
"""
CITABLE = "SELECT id, embedding FROM citable_passage WHERE chatbot_id = %s AND space_id = %s"
OF_SOURCE = " AND source_id = %s"
LINKS = """
SELECT hint.id, hint.weight, note.id, note.source_id, note.title, note.text,
       answer.id, answer.source_id, answer.title, answer.text
FROM steering_hint AS hint JOIN learn_only_passage AS note ON note.id = hint.learn_only_passage_id
JOIN citable_passage AS answer ON answer.id = hint.citable_passage_id
WHERE hint.chatbot_id = %(chatbot)s AND (%(link)s::uuid IS NULL OR hint.id = %(link)s)
ORDER BY note.title, note.source_id, note.position, note.id LIMIT %(most)s OFFSET %(first)s
"""


def defer_relink(chatbot_id: uuid.UUID, source_id: uuid.UUID | None = None) -> None:
    """Queue `relink`, in the caller's transaction; one that waits already will do."""
    job = app.configure_task(TASK, queue=QUEUE, lock=f"relink:{chatbot_id}", queueing_lock=f"{chatbot_id}:{source_id}")
    try:
        with transaction.atomic():
            job.defer(chatbot_id=str(chatbot_id), source_id=str(source_id) if source_id else None)
    except AlreadyEnqueued:
        return


def relink_if_needed(chatbot_id: uuid.UUID) -> None:
    """Queue `relink` when the chatbot has learn-only passages and no hints: it was sealed until now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM learn_only_passage WHERE chatbot_id = %(chatbot)s)"
            " AND NOT EXISTS (SELECT 1 FROM steering_hint WHERE chatbot_id = %(chatbot)s)",
            {"chatbot": chatbot_id},
        )
        needed = cursor.fetchone() == (True,)
    if needed:
        defer_relink(chatbot_id)


@transaction.atomic
def relink(chatbot_id: uuid.UUID, source_id: uuid.UUID | None = None) -> int:
    """Link the learn-only passages that lead nowhere, and the others to a source's passages where these are closer.

    Return how many links were made. Nothing happens in a chatbot that is `sealed`.
    """
    Chatbot.objects.select_for_update(no_key=True).filter(pk=chatbot_id).first()
    statistics = IndexStatistics.objects.filter(pk=chatbot_id).select_related("space").first()
    sealed = Chatbot.objects.filter(pk=chatbot_id, learn_only_use=LearnOnlyUse.SEALED).exists()
    if statistics is None or sealed:
        return 0
    space = statistics.space
    removed = set(RemovedSteeringLink.objects.filter(chatbot_id=chatbot_id).values_list("link_hash", flat=True))
    found = list(better(chatbot_id, space.pk, source_id))
    hints = [
        SteeringHint(
            chatbot_id=chatbot_id, space=space, learn_only_passage_id=note, citable_passage_id=answer,
            weight=alike, embedding=HalfVector(vector),
        )
        for note, answer, alike, vector in found
    ]  # fmt: skip
    if removed:
        hints = [hint for hint in hints if link_hash(hint) not in removed]
    SteeringHint.objects.filter(learn_only_passage_id__in=[hint.learn_only_passage_id for hint in hints]).delete()
    SteeringHint.objects.bulk_create(hints, batch_size=500)
    return len(hints)


def better(
    chatbot_id: uuid.UUID, space_id: int, source_id: uuid.UUID | None
) -> Iterator[tuple[uuid.UUID, uuid.UUID, float, Vectors]]:
    """Yield each learn-only passage with the citable one it should lead to, their cosine, and its vector."""
    here = [chatbot_id, space_id]
    unlinked, _ = read(UNLINKED, here)
    if unlinked.ids:
        answers, _ = read(CITABLE, here)
        for place, (answer, alike) in enumerate(nearest(unlinked, answers)):
            if answer is not None and alike >= LEAST_ALIKE:
                yield unlinked.ids[place], answer, alike, unlinked.vectors[place]
    if source_id is None:
        return
    new, _ = read(CITABLE + OF_SOURCE, [*here, source_id])
    if new.ids:
        linked, alike_so_far = read(LINKED, here)
        for place, (answer, alike) in enumerate(nearest(linked, new)):
            if answer is not None and alike > alike_so_far[place]:
                yield linked.ids[place], answer, alike, linked.vectors[place]


def read(statement: str, parameters: Iterable[object]) -> tuple[Side, list[float]]:
    """Return passages with normalised vectors, and the further column that the statement has, if any."""
    register_vector(connection.connection)
    with Cursor(connection.connection) as cursor:  # Django's own are client-side ones, which know no binary results
        rows = cursor.execute(statement, list(parameters), binary=True).fetchall()
    vectors = np.array([row[1].to_numpy() for row in rows], dtype=np.float32) if rows else np.empty((0, 0), np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True) if rows else 1
    return Side(ids=[row[0] for row in rows], vectors=vectors / np.maximum(lengths, 1e-9)), [
        row[2] for row in rows if len(row) > 2
    ]


def nearest(notes: Side, answers: Side) -> Iterator[tuple[uuid.UUID | None, float]]:
    """Yield for each note the answer of the highest cosine, and the cosine."""
    if not answers.ids:
        yield from ((None, 0.0) for _ in notes.ids)
        return
    for first in range(0, len(notes.ids), AT_ONCE):
        alike = notes.vectors[first : first + AT_ONCE] @ answers.vectors.T
        for row, place in enumerate(alike.argmax(axis=1)):
            yield answers.ids[place], float(alike[row, place])


def links_of(
    chatbot_id: uuid.UUID, *, link_id: uuid.UUID | None = None, first: int = 0, most: int | None = None
) -> list[Link]:
    """Return a chatbot's links, by learn-only document: all, one alone, or `most` of them from the `first` on."""
    with connection.cursor() as cursor:
        cursor.execute(LINKS, {"chatbot": chatbot_id, "link": link_id, "first": first, "most": most})
        return [
            Link(
                id=row[0], weight=row[1], learn_only_passage_id=row[2], learn_only_source_id=row[3],
                learn_only_title=row[4], learn_only_text=row[5], citable_passage_id=row[6], citable_source_id=row[7],
                citable_title=row[8], citable_text=row[9],
            )
            for row in cursor.fetchall()
        ]  # fmt: skip


@transaction.atomic
def remove_link(chatbot_id: uuid.UUID, link_id: uuid.UUID) -> None:
    """Remove a link for good: the same two texts are not linked again. Raises NotFoundError."""
    hint = SteeringHint.objects.select_for_update().filter(chatbot_id=chatbot_id, pk=link_id).first()
    if hint is None:
        raise NotFoundError("This chatbot has no link with that id.")
    RemovedSteeringLink.objects.get_or_create(chatbot_id=chatbot_id, link_hash=link_hash(hint))
    hint.delete()


def copy_removals(source_bot_id: uuid.UUID, target_id: uuid.UUID) -> None:
    """Let no link come up in a chatbot that its owner has removed in the one whose texts it gets."""
    removed = RemovedSteeringLink.objects.filter(chatbot_id=source_bot_id).values_list("link_hash", flat=True)
    copies = [RemovedSteeringLink(chatbot_id=target_id, link_hash=link) for link in removed]
    RemovedSteeringLink.objects.bulk_create(copies, batch_size=500, ignore_conflicts=True)


@transaction.atomic
def restore_links(chatbot_id: uuid.UUID) -> None:
    """Forget which links were removed, and link anew."""
    RemovedSteeringLink.objects.filter(chatbot_id=chatbot_id).delete()
    defer_relink(chatbot_id)


def link_hash(hint: SteeringHint) -> str:
    """Return what a link is known by when its passages have been made anew: a hash of both texts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT note.text, answer.text FROM learn_only_passage AS note, citable_passage AS answer"
            " WHERE note.id = %s AND answer.id = %s",
            [hint.learn_only_passage_id, hint.citable_passage_id],
        )
        texts: Sequence[str] = cursor.fetchone() or ("", "")
    return hashlib.sha256("\x00".join(texts).encode()).hexdigest()
