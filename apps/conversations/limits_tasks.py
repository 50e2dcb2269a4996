"""Background jobs of limits and budgets: counts of earlier days are forgotten, and what a crash left open is booked."""

import logging
from datetime import UTC, datetime

from procrastinate.contrib.django import app

from apps.chatbots.budget_service import budget
from apps.conversations.limits_counting import forget_old

QUEUE = "ingest"  # which every worker works off
NAME = "forget_visitor_counts"
BOOK = "book_lapsed_usage"
logger = logging.getLogger(__name__)


@app.periodic(cron="7 * * * *")
@app.task(name=NAME, queue=QUEUE, queueing_lock=NAME)
def forget_visitor_counts(timestamp: int) -> None:
    """Look once an hour for counts that no limit needs any more."""
    logger.info("Forgot %d counts of visitors", forget_old(datetime.fromtimestamp(timestamp, UTC)))


@app.periodic(cron="*/10 * * * *")
@app.task(name=BOOK, queue=QUEUE, queueing_lock=BOOK)
def book_lapsed_usage(timestamp: int) -> None:
    """Look every ten minutes for calls of a model whose process never told how they ended."""
    if booked := budget().book_lapsed():
        logger.warning("Booked %d calls of a model by their estimate, since their processes are gone", booked)
