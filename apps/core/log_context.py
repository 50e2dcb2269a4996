"""Which request or job a log line belongs to: an id for each, in every line that is written on its behalf."""

import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse

from apps.core.monitoring import track_metric

Answer = Callable[[HttpRequest], Awaitable[HttpResponse]]

SANE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")  # a proxy's or a tracer's; anything else could draw in a log
request_id: ContextVar[str] = ContextVar("request_id", default="")
job_id: ContextVar[str] = ContextVar("job_id", default="")


@contextmanager
def working_on(job: str) -> Iterator[None]:
    """Let every line that the block logs name this job."""
    before = job_id.set(job)
    try:
        yield
    finally:
        job_id.reset(before)


class NamesRequestAndJob(logging.Filter):
    """Puts the ids of request and job on every record, "" where there is none."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id, record.job_id = request_id.get(), job_id.get()
        return True


class RequestIdMiddleware:
    """Gives every request an id, that of its X-Request-ID header where that is a sane one, and counts its status.

    The id is echoed to owners; what visitors get back is an allow-list, and an id is not on it.
    """

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.headers.get("X-Request-ID", "")
        before = request_id.set(sent if SANE_ID.fullmatch(sent) else secrets.token_hex(8))
        response = await self.get_response(request)
        track_metric("tacit_http_requests_total", 1, {"status": f"s{response.status_code // 100}xx"})
        if request.path.startswith("/api/v1/") and not request.path.startswith("/api/v1/chat/"):
            response.headers["X-Request-ID"] = request_id.get()
        if not response.streaming:  # a stream goes on after this, in the same task, which ends with the request
            request_id.reset(before)
        return response
