"""Background jobs of chatbots: what was deleted goes for good when nobody took it back."""

import logging
from datetime import UTC, datetime

from procrastinate.contrib.django import app

from apps.chatbots.lifecycle import lifecycle

QUEUE = "ingest"  # which every worker works off
NAME = "purge_deleted_chatbots"
logger = logging.getLogger(__name__)


@app.periodic(cron="29 * * * *")
@app.task(name=NAME, queue=QUEUE, queueing_lock=NAME)
def purge_deleted_chatbots(timestamp: int) -> None:
    """Look once an hour for chatbots that were deleted long enough ago."""
    purged = lifecycle().purge(datetime.fromtimestamp(timestamp, UTC))
    if purged:
        logger.info("Deleted %d chatbots for good", purged)
