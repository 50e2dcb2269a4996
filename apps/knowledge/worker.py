"""Runs the worker: takes jobs from the queue until it is told to stop."""

import asyncio

from django.conf import settings
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params

from apps.core.outbound import AllowedHost
from apps.knowledge.rescue import keep_rescuing
from apps.knowledge.tasks import worker_options


async def run_worker() -> None:
    """Work until SIGINT or SIGTERM; a job under way gets a few seconds, then it is queued again by the next worker."""
    for entry in settings.FETCH_ALLOWED_HOSTS:
        AllowedHost.parse(entry)  # a wrong one is told at start, not at the first page
    connector = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=4)
    with app.replace_connector(connector) as ours:
        async with ours.open_async():
            rescuing = asyncio.create_task(keep_rescuing())
            try:
                await ours.run_worker_async(shutdown_graceful_timeout=5, **worker_options())
            finally:
                rescuing.cancel()
