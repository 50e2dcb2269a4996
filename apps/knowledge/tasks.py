"""Background jobs of the ingest flow."""

import logging
from typing import Any

from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from apps.core.error_handling import TacitError
from apps.knowledge.ingest import fail, ingest_source, wait
from apps.knowledge.models import Source
from apps.knowledge.queue import INGEST, QUEUE
from apps.retrieval import large

logger = logging.getLogger(__name__)

ATTEMPTS = 6
FIRST_WAIT_SECONDS = 5


class Backoff(BaseRetryStrategy):
    """Retries what a retry helps, after 5, 10, 20, 40 and 80 seconds."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if not is_retryable(exception) or job.attempts + 1 >= ATTEMPTS:
            return None
        return RetryDecision(retry_in={"seconds": FIRST_WAIT_SECONDS * 2**job.attempts})


def is_retryable(exception: BaseException) -> bool:
    return isinstance(exception, TacitError) and exception.retryable


@app.task(name=INGEST, queue=QUEUE, retry=Backoff(), pass_context=True)
def ingest(context: JobContext, *, source_id: str) -> None:
    """Bring one source into the index; what a retry can't help ends as the source's failure, not as the job's."""
    attempt = context.job.attempts + 1
    try:
        ingest_source(source_id)
        build_indexes_if_large(source_id)
    except TacitError as error:
        if error.retryable and attempt < ATTEMPTS:
            wait(source_id, error)
            raise
        fail(source_id, error)
    except Exception as error:  # whatever it is, the owner must see that this source failed, and the next one goes on
        logger.error(  # noqa: TRY400  # the traceback could quote the document
            "Ingest of source %s failed unexpectedly: %s", source_id, type(error).__name__
        )
        fail(source_id, TacitError())
        if context.job.attempts == 0 and logger.isEnabledFor(logging.DEBUG):
            raise


def build_indexes_if_large(source_id: str) -> None:
    """Give the chatbot indexes of its own when this source has made it large; it serves meanwhile."""
    source = Source.objects.filter(pk=source_id).first()
    if source is not None and large.needs_indexes(source.chatbot_id):
        large.build_indexes(source.chatbot_id)


@app.periodic(cron="*/1 * * * *")
@app.task(name="rescue", queue=QUEUE, queueing_lock="rescue")
async def rescue(timestamp: int) -> None:
    """Queue again the jobs whose worker died."""
    await requeue_stalled()


async def requeue_stalled(seconds: float = 20) -> int:
    """Queue again every job whose worker has given no sign of life for `seconds`; return how many."""
    manager = app.job_manager
    stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=seconds))
    for job in stalled:
        await manager.retry_job(job)
    return len(stalled)


def worker_options() -> dict[str, Any]:
    """Return how our workers run: reading one document may wait for another's, so three at once keep two cores busy."""
    return {
        "concurrency": 3,
        "update_heartbeat_interval": 5,
        "stalled_worker_timeout": 20,
        "delete_jobs": "successful",
    }
