"""Background jobs of the answer flow's privacy: the guards of chatbots whose sources have changed."""

import uuid

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from apps.rag.guarding import refresh
from apps.retrieval.guard import QUEUE, REFRESH


@app.task(name=REFRESH, queue=QUEUE, retry=RetryStrategy(max_attempts=5, exponential_wait=4))
def refresh_guard(*, chatbot_id: str) -> None:
    """Make a chatbot's guard anew; one that its passages outran is made by the job that they queued."""
    refresh(uuid.UUID(chatbot_id))
