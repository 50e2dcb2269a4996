"""What every job of a worker runs in: an id in the log, its time and its outcome in the metrics."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from procrastinate import JobContext
from procrastinate.worker import Worker

from apps.core.error_handling import TacitError
from apps.core.log_context import working_on
from apps.core.monitoring import track_metric


async def observed_job(run: Callable[[], Awaitable[Any]], context: JobContext, worker: Worker) -> Any:
    """Run a job (a middleware of the worker, see `worker_options` in `apps.knowledge.tasks`)."""
    task = context.job.task_name
    outcome, begun = "failed", time.perf_counter()
    with working_on(str(context.job.id)):
        try:
            result = await run()
            outcome = "done"
            return result
        except TacitError as error:
            outcome = "retried" if error.retryable else "failed"
            track_metric("tacit_failures_total", 1, {"flow": "job", "code": error.code})
            raise
        finally:
            track_metric("tacit_jobs_total", 1, {"task": task, "outcome": outcome})
            track_metric("tacit_job_seconds", time.perf_counter() - begun, {"task": task})
