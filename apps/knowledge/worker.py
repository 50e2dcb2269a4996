"""Runs the worker: takes jobs from the queue until it is told to stop."""

from procrastinate.contrib.django import app

from apps.knowledge.tasks import requeue_stalled, worker_options


async def run_worker() -> None:
    """Work until SIGINT or SIGTERM; a job under way gets a few seconds, then it is queued again by the next worker."""
    async with app.replace_connector(app.connector.get_worker_connector()).open_async():  # type: ignore[attr-defined]
        await requeue_stalled()
        await app.run_worker_async(shutdown_graceful_timeout=5, **worker_options())
