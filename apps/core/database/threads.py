"""Runs database work of the async flow in a few threads that give their connection back at once.

A stream may stay open for minutes; it must hold no connection meanwhile.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connections

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="database")


async def in_database(work: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """Run `work` in one of the threads and return its result."""
    return await asyncio.wrap_future(in_background(work, *args, **kwargs))


def in_background(
    work: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Future[Result]:
    """Have `work` run in one of the threads without waiting for it; the process doesn't end before it is done."""

    def run() -> Result:
        close_old_connections()
        try:
            return work(*args, **kwargs)
        finally:
            connections.close_all()

    # With the context of who calls, so that a log line there names the request too.
    return _threads.submit(copy_context().run, run)
