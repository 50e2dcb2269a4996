"""Indexes of a large chatbot's own: an HNSW graph over its vectors and an inverted index over its terms.

Up to `LARGE` passages an exact scan is fast enough. Beyond, the chatbot gets two partial indexes that hold nothing but
its own citable passages, so neither other chatbots nor learn-only passages have a part in what they find.
"""

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from apps.retrieval.models import IndexStatistics

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
    statistics = IndexStatistics.objects.select_related("space").get(pk=chatbot_id)
    space = statistics.space
    vectors = f"(embedding::halfvec({space.dimensions})) halfvec_cosine_ops"
    only = f"WHERE chatbot_id = '{chatbot_id}' AND space_id = {space.pk}"
    with alone(), connection.cursor() as cursor:
        for name, method in (("vectors", f"hnsw ({vectors})"), ("terms", "gin (term_ids)")):
            index = f"large_{name}_{chatbot_id.hex}_{space.pk}"
            # What a build that was cut off left behind is invalid and in the way.
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")
            cursor.execute(f"CREATE INDEX CONCURRENTLY {index} ON citable_passage USING {method} {only}")
        cursor.execute("ANALYZE citable_passage")
    IndexStatistics.objects.filter(pk=chatbot_id).update(indexed=True)
    logger.info("Chatbot %s has indexes of its own now", chatbot_id)
