"""Refuses requests that are larger than anything Tacit is sent, before Django keeps their bodies on the disk."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings

from apps.core.error_handling import RequestTooLargeError
from apps.core.problems import problem_response

MARGIN = 1024 * 1024  # what a form puts around its fields, and more
FILES_AT_ONCE = 10  # of the largest size, in one form
# Here files are taken; the pages send one a request, a form without scripts and the API several.
UPLOADS = re.compile(
    r"/api/v1/chatbots/[^/]+/sources/?|/dashboard/bots/[^/]+/sources/(add|[^/]+/replace)/?", re.ASCII
)  # fmt: skip

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


class BodyLimit:
    """An ASGI application around another: it answers 413 by the length that is told, or when too much has come."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        most = limit_for(scope["path"])
        if told_length(scope) > most:
            await refuse(send)
            return
        counted = Counted(receive, most)
        await self.application(scope, counted, send)
        if counted.beyond:
            await refuse(send)


def limit_for(path: str) -> int:
    """Return how many bytes a request to an address may have."""
    files = FILES_AT_ONCE * settings.MAX_UPLOAD_BYTES if UPLOADS.fullmatch(path) else 0
    return max(files, settings.DATA_UPLOAD_MAX_MEMORY_SIZE) + MARGIN


def told_length(scope: Mapping[str, Any]) -> int:
    told = [value for name, value in scope["headers"] if name.lower() == b"content-length"]
    return max((int(value) for value in told if value.isdigit()), default=0)


class Counted:
    """A `receive` that hangs up when more than `most` bytes have come.

    Django reads the whole body first: it then closes what it has kept, and has answered nothing.
    """

    def __init__(self, receive: Receive, most: int) -> None:
        self.receive, self.left = receive, most

    @property
    def beyond(self) -> bool:
        return self.left < 0

    async def __call__(self) -> Mapping[str, Any]:
        message = await self.receive()
        self.left -= len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.beyond else message


async def refuse(send: Send) -> None:
    response = problem_response(RequestTooLargeError())
    response["Content-Length"] = str(len(response.content))
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.items()]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
