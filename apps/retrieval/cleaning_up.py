"""Takes away what a deleted chatbot leaves in the database beside rows."""

import uuid

from django.db import connection


def drop_indexes(chatbot_id: uuid.UUID) -> None:
    """Drop a chatbot's own indexes (when it is deleted, or its embedding space is left)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE %s", [f"large_%_{chatbot_id.hex}_%"])
        for (index,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX IF EXISTS {index}")
