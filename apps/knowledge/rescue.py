"""Finds what a crash left behind, jobs whose worker died and sources that no job sees to, and queues it again.

So it does with jobs that a wrong clock has set for a day when nobody waits for them any more.
"""

import asyncio
import contextlib
import logging
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import ConnectorException

from apps.core.circuit_breaker.circuit import LONGEST_PAUSE
from apps.knowledge.models import Source, SourceStatus
from apps.knowledge.queue import INGEST, queue

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 3
STALLED_SECONDS = 12  # without a sign of life; one that lives all the same does no harm, see `tasks.one_run`
LOOK_SECONDS = 5
DEATHS_AT_ONCE = 3  # of its workers, after which a job is taken up again at once
FIRST_PAUSE, LONGEST_REST = 5.0, 30.0  # seconds, after the next ones
LONGEST_DELAY = 2 * LONGEST_PAUSE  # no try is ever set for later than half of this


async def keep_rescuing() -> None:
    """Rescue until cancelled. It runs beside the queue, not in it: there it would wait behind a thousand documents."""
    while True:
        try:
            await requeue_stalled()
            await sync_to_async(requeue_forgotten, thread_sensitive=False)()
            await sync_to_async(bring_forward, thread_sensitive=False)()
        except (ConnectorException, OperationalError, InterfaceError) as error:
            logger.warning("The queue can't be looked after at the moment: %s", type(error).__name__)
        await asyncio.sleep(LOOK_SECONDS)


async def requeue_stalled() -> None:
    """Queue again every job whose worker gives no sign of life."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        with contextlib.suppress(ConnectorException):  # another worker was faster
            await app.job_manager.retry_job(job, retry_at=timezone.now() + pause_after(job.attempts))


def pause_after(deaths: int) -> timedelta:
    """Return how long a job rests whose workers died, so that one that kills them leaves the others in peace.

    The first few times it is the worker that is to blame as a rule, or another job in it.
    """
    if deaths < DEATHS_AT_ONCE:
        return timedelta()
    return timedelta(seconds=min(FIRST_PAUSE * 2 ** (deaths - DEATHS_AT_ONCE), LONGEST_REST))


def requeue_forgotten() -> None:
    """Queue again every source that waits or runs without a job, whatever became of that."""
    jobs = ProcrastinateJob.objects.filter(
        lock=Concat(Value("source:"), Cast(OuterRef("pk"), CharField())), status__in=["todo", "doing"]
    )
    unfinished = Source.objects.filter(status__in=[SourceStatus.QUEUED, SourceStatus.RUNNING])
    try:
        with transaction.atomic():
            for source in unfinished.exclude(Exists(jobs)).select_for_update(skip_locked=True):
                queue(source)
    finally:
        connection.close()


def bring_forward() -> None:
    """Let begin now what was set for later than any try ever is: a clock was wrong, which has been put right since."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_jobs SET scheduled_at = now()"
                " WHERE task_name = %s AND status = 'todo' AND scheduled_at > now() + make_interval(secs => %s)",
                [INGEST, LONGEST_DELAY],
            )
    finally:
        connection.close()
