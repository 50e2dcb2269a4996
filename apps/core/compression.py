"""Sends static text files compressed to whoever can read that: a slow line carries a third of the bytes."""

import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from asgiref.sync import markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.cache import patch_vary_headers

LEVEL = 9  # once for each version of a file
MOST_FILES = 100  # remembered; there are fewer
SMALLEST, LARGEST = 300, 2_000_000  # bytes
TEXTS = ("text/", "image/svg", "application/json", "application/javascript")
Answer = Callable[[HttpRequest], Awaitable[HttpResponse | StreamingHttpResponse]]


class CompressedFilesMiddleware:
    """Stands before what serves static files; what it doesn't compress passes as it is, pages and streams too."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self._made: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        response = await self.get_response(request)
        if not request.path.startswith(settings.STATIC_URL) or not is_compressible(response):
            return response
        patch_vary_headers(response, ["Accept-Encoding"])
        accepted = "gzip" in request.headers.get("Accept-Encoding", "")
        if not accepted or request.method != "GET":
            return response
        return await self._compressed(request.path, response)

    async def _compressed(
        self, path: str, response: HttpResponse | StreamingHttpResponse
    ) -> HttpResponse | StreamingHttpResponse:
        key = (path, response.headers.get("ETag", "") + response.headers.get("Last-Modified", ""))
        if key not in self._made:
            self._made[key] = gzip.compress(await content_of(response), LEVEL, mtime=0)
        self._made.move_to_end(key)
        while len(self._made) > MOST_FILES:
            self._made.popitem(last=False)
        smaller = HttpResponse(self._made[key], headers=dict(response.items()))
        response.close()
        smaller["Content-Encoding"] = "gzip"
        smaller["Content-Length"] = str(len(self._made[key]))
        if etag := smaller.headers.get("ETag", ""):
            smaller["ETag"] = etag if etag.startswith("W/") else f"W/{etag}"
        return smaller


def is_compressible(response: HttpResponse | StreamingHttpResponse) -> bool:
    length = int(response.headers.get("Content-Length", 0))
    return (
        response.status_code == 200
        and SMALLEST <= length <= LARGEST
        and not response.has_header("Content-Encoding")
        and response.headers.get("Content-Type", "").startswith(TEXTS)
    )


async def content_of(response: HttpResponse | StreamingHttpResponse) -> bytes:
    if isinstance(response, HttpResponse):
        return bytes(response.content)
    return b"".join([part async for part in response])
