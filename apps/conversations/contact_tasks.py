"""The background job that delivers contacts."""

import math
import uuid

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from apps.conversations.contact_delivery import DELIVER, FIRST_PAUSE_SECONDS, PRIORITY, QUEUE, deliver


class WhenDue(BaseRetryStrategy):
    """Tries again when the delivery says, and soon after anything unforeseen: the delivery counts, and ends it."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        pause = getattr(exception, "retry_after", None) or FIRST_PAUSE_SECONDS
        return RetryDecision(retry_in={"seconds": math.ceil(pause)})


@app.task(name=DELIVER, queue=QUEUE, retry=WhenDue(), priority=PRIORITY)
def deliver_contact(*, delivery_id: str, sending: int) -> None:
    """Try a delivery once; who left word, and what, is known by the row alone."""
    deliver(uuid.UUID(delivery_id), sending)
