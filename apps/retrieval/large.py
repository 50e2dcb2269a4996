"""Indexes of a large chatbot's own: an HNSW graph over its vectors and an inverted index over its terms.

Up to `LARGE` passages an exact scan is fast enough. Beyond, the chatbot gets two partial indexes that hold nothing but
its own citable passages, so neither other chatbots nor learn-only passages have a part in what they find. Steering
hints, when there are many, get an HNSW graph of their own.
"""

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.utils import CursorWrapper

from apps.retrieval.models import EmbeddingSpace, IndexStatistics, SteeringHint

logger = logging.getLogger(__name__)

LARGE = 3_000
BUILD_LOCK = 7264_002  # one build at a time: each takes both cores and the maintenance memory


def needs_indexes(chatbot_id: uuid.UUID) -> bool:
    """Return whether a chatbot has grown large since it was last looked at."""
    return IndexStatistics.objects.filter(pk=chatbot_id, passages__gte=LARGE, indexed=False).exists()


@contextmanager
def alone() -> Iterator[None]:
    """Let one build run at a time. Whoever waits must not hold a snapshot, which a concurrent build would wait for."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [BUILD_LOCK])
            if cursor.fetchone() == (True,):
                break
            time.sleep(1)
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [BUILD_LOCK])


def build_indexes(chatbot_id: uuid.UUID) -> None:
    """Build a chatbot's indexes while it serves, then let its search use them. Must run outside a transaction."""
    space = IndexStatistics.objects.select_related("space").get(pk=chatbot_id).space
    with alone(), connection.cursor() as cursor:
        build(cursor, "vectors", chatbot_id, space, on=f"citable_passage USING hnsw {vectors_of(space)}")
        build(cursor, "terms", chatbot_id, space, on="citable_passage USING gin (term_ids)")
        cursor.execute("ANALYZE citable_passage")
    IndexStatistics.objects.filter(pk=chatbot_id).update(indexed=True)
    logger.info("Chatbot %s has indexes of its own now", chatbot_id)


def needs_hint_index(chatbot_id: uuid.UUID) -> bool:
    """Return whether a chatbot has many steering hints and no graph over them."""
    if SteeringHint.objects.filter(chatbot_id=chatbot_id)[LARGE : LARGE + 1].count() == 0:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indisvalid AND relname LIKE %s",
            [f"large_hints_{chatbot_id.hex}_%"],
        )
        return cursor.fetchone() is None


def build_hint_index(chatbot_id: uuid.UUID) -> None:
    """Build the graph over a chatbot's steering hints while it serves. Must run outside a transaction."""
    space = IndexStatistics.objects.select_related("space").get(pk=chatbot_id).space
    with alone(), connection.cursor() as cursor:
        build(cursor, "hints", chatbot_id, space, on=f"steering_hint USING hnsw {vectors_of(space)}")
        cursor.execute("ANALYZE steering_hint")
    logger.info("Chatbot %s has an index of its hints now", chatbot_id)


def vectors_of(space: EmbeddingSpace) -> str:
    return f"((embedding::halfvec({space.dimensions})) halfvec_cosine_ops)"


def build(cursor: CursorWrapper, name: str, chatbot_id: uuid.UUID, space: EmbeddingSpace, *, on: str) -> None:
    """Build one partial index; what a build that was cut off left behind is invalid and in the way."""
    index = f"large_{name}_{chatbot_id.hex}_{space.pk}"
    cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")
    cursor.execute(
        f"CREATE INDEX CONCURRENTLY {index} ON {on} WHERE chatbot_id = '{chatbot_id}' AND space_id = {space.pk}"
    )
