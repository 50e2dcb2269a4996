"""Background jobs of the index."""

import uuid

from django.db import transaction
from procrastinate.contrib.django import app

from apps.retrieval import index, large, steering


@app.task(name=steering.TASK, queue=steering.QUEUE, retry=3)
def relink(*, chatbot_id: str, source_id: str | None) -> None:
    """Bring weights and links up to date after a change of class, mode or links."""
    with transaction.atomic():
        index.settle(uuid.UUID(chatbot_id))
    steering.relink(uuid.UUID(chatbot_id), uuid.UUID(source_id) if source_id else None)
    if large.needs_hint_index(uuid.UUID(chatbot_id)):
        large.build_hint_index(uuid.UUID(chatbot_id))
