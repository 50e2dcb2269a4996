"""Background jobs of the ingest flow."""

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from apps.core.circuit_breaker.circuit import LONGEST_PAUSE
from apps.core.error_handling import DatabaseError, ExtractionCrashError, TacitError
from apps.core.error_reports import ErrorReport, ReportKind, report
from apps.core.job_context import observed_job
from apps.core.problems import in_our_words
from apps.knowledge.ingest import fail, ingest_source, wait
from apps.knowledge.models import Source, SourceStatus
from apps.knowledge.queue import INGEST, QUEUE
from apps.knowledge.removal import RemovedSourceService
from apps.knowledge.rescue import HEARTBEAT_SECONDS, STALLED_SECONDS
from apps.knowledge.waiting import FIRST_WAIT_SECONDS, check_model, open_circuit_behind, postpone, tried
from apps.retrieval import large

logger = logging.getLogger(__name__)

ATTEMPTS = 6  # at what a retry may help
# Runs of a source whose workers died, after which it is taken to be what kills them. Reading happens in a process of
# its own, so that is rare; and what dies with a worker is three sources, two of which have done nothing.
MOST_DEATHS = 20
DAYS_FAILED_JOBS_ARE_KEPT = 30
RUN_LOCK = 7264_003  # any number that means the same to all of our workers


class Backoff(BaseRetryStrategy):
    """Retries what a retry helps, after 5, 10, 20, 40 and 80 seconds, and not before a server wants to be asked."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if not is_retryable(exception) or tried(job) + 1 >= most_tries(exception):
            return None
        asked_for = math.ceil(min(getattr(exception, "retry_after", None) or 0, LONGEST_PAUSE))
        return RetryDecision(retry_in={"seconds": max(FIRST_WAIT_SECONDS * 2 ** tried(job), asked_for)})


def is_retryable(exception: BaseException) -> bool:
    return isinstance(exception, TacitError) and exception.retryable


def most_tries(exception: BaseException) -> int:
    """Return how many runs a source has; that our own database is away is never its fault."""
    return MOST_DEATHS if isinstance(exception, DatabaseError) else ATTEMPTS


@app.task(name=INGEST, queue=QUEUE, retry=Backoff(), pass_context=True)
def ingest(context: JobContext, *, source_id: str, earlier: int = 0, waits: int = 0) -> None:
    """Bring one source into the index; what a retry can't help ends as the source's failure, not as the job's.

    `earlier` counts the tries, and `waits` how often it waited, before this job took the place of another one.
    """
    attempt = tried(context.job) + 1
    with database_away():
        if attempt > MOST_DEATHS:
            end_failed(source_id, ExtractionCrashError())
            return
        try:
            with database_away(), one_run(source_id):
                check_model(source_id)
                ingest_source(source_id)
                build_indexes_if_large(source_id)
        except TacitError as error:
            if is_cancelled(source_id):
                return
            if opened := open_circuit_behind(error, source_id):
                postpone(source_id, opened, context.job)
                return
            if error.retryable and attempt < most_tries(error):
                wait(source_id, error)
                raise
            end_failed(source_id, error)
        except Exception as error:  # whatever it is, the owner must see that this source failed, and the next goes on
            logger.error(  # noqa: TRY400  # the traceback could quote the document
                "Ingest of source %s failed unexpectedly: %s", source_id, type(error).__name__
            )
            end_failed(source_id, in_our_words(error), cause=error)
            if context.job.attempts == 0 and logger.isEnabledFor(logging.DEBUG):
                raise


def end_failed(source_id: str, told: TacitError, *, cause: BaseException | None = None) -> None:
    """End a source as failed, and let the failure be recorded with the errors of its organization."""
    if is_cancelled(source_id):
        return
    fail(source_id, told)
    organization_id = Source.objects.filter(pk=source_id).values_list("chatbot__organization_id", flat=True).first()
    report(ErrorReport(kind=ReportKind.SOURCE, code=told.code, error=cause or told, organization_id=organization_id))


def is_cancelled(source_id: str) -> bool:
    """Return whether somebody stopped a source: how a run of it ends after that is nobody's concern."""
    return Source.objects.filter(pk=source_id, status=SourceStatus.CANCELLED).exists()


@contextmanager
def database_away() -> Iterator[None]:
    """Raise DatabaseError, which is tried again, when the database goes away inside the block."""
    try:
        yield
    except (OperationalError, InterfaceError):
        connection.close()  # so that what comes next gets a new one
        # The driver's own words may quote a row, so they are left out.
        raise DatabaseError("The database was away or too busy. Tacit tries again.") from None


@contextmanager
def one_run(source_id: str) -> Iterator[None]:
    """Let one run at a time work on a source, whatever the queue believes: a worker on a laptop that slept isn't dead.

    The lock belongs to the connection, so it goes when the process does.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [RUN_LOCK, source_id])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [RUN_LOCK, source_id])


def build_indexes_if_large(source_id: str) -> None:
    """Give the chatbot indexes of its own when this source has made it large; it serves meanwhile."""
    source = Source.objects.filter(pk=source_id).first()
    if source is not None and large.needs_indexes(source.chatbot_id):
        large.build_indexes(source.chatbot_id)
    if source is not None and large.needs_hint_index(source.chatbot_id):
        large.build_hint_index(source.chatbot_id)


# Procrastinate's worker ends when its heartbeat or listener fails, so that a sound one takes its place, but it watches
# over them no longer than until the first of its side tasks is done, and without a periodic task one is done at once.
@app.periodic(cron="17 3 * * *")
@app.task(name="forget_failed_jobs", queue=QUEUE, queueing_lock="forget_failed_jobs")
async def forget_failed_jobs(timestamp: int) -> None:
    """Delete what the queue keeps of jobs that failed; what the owner was told stands in the sources' rows."""
    await app.job_manager.delete_old_jobs(nb_hours=24 * DAYS_FAILED_JOBS_ARE_KEPT, include_failed=True)


@app.periodic(cron="*/10 * * * *")
@app.task(name="purge_removed_sources", queue=QUEUE, queueing_lock="purge_removed_sources")
def purge_removed_sources(timestamp: int) -> None:
    """Delete for good what was kept of deleted sources."""
    RemovedSourceService().purge_expired()


def worker_options() -> dict[str, Any]:
    """Return how our workers run: reading one document may wait for another's, so three at once keep two cores busy."""
    return {
        "concurrency": 3,
        "update_heartbeat_interval": HEARTBEAT_SECONDS,
        "stalled_worker_timeout": STALLED_SECONDS,
        "delete_jobs": "successful",
        "worker_middleware": [observed_job],
    }
