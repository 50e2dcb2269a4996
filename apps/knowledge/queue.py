"""Queues the jobs of the ingest flow, by the names that a worker knows them by."""

from typing import cast

from procrastinate.contrib.django import app

from apps.knowledge.models import Source

QUEUE = "ingest"
INGEST = "ingest"


def queue(source: Source) -> None:
    """Commit a job together with the source it works on; jobs of one source never run side by side."""
    app.configure_task(INGEST, queue=QUEUE, lock=lock_of(source)).defer(source_id=str(source.pk))


def drop_waiting_jobs(source: Source) -> None:
    """Take a source's jobs that no worker has taken up out of the queue."""
    for waiting in app.job_manager.list_jobs(lock=lock_of(source), status="todo"):
        app.job_manager.cancel_job_by_id(cast(int, waiting.id), delete_job=True)


def lock_of(source: Source) -> str:
    return f"source:{source.pk}"
