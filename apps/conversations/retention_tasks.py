"""The background job that deletes conversations which their owner keeps for some days only."""

import logging
from datetime import UTC, datetime

from procrastinate.contrib.django import app

from apps.conversations.retention import retention

QUEUE = "ingest"  # which every worker works off
NAME = "forget_old_conversations"
logger = logging.getLogger(__name__)


@app.periodic(cron="41 * * * *")
@app.task(name=NAME, queue=QUEUE, queueing_lock=NAME)
def forget_old_conversations(timestamp: int) -> None:
    """Look once an hour."""
    if gone := retention().forget(datetime.fromtimestamp(timestamp, UTC)):
        logger.info("Deleted %d conversations that were kept long enough", gone)
