"""Bounds how much a model's server may send, so that one line without an end can't fill the memory."""

from collections.abc import AsyncIterator

import httpx2

LARGEST_RESPONSE = 8 * 1024 * 1024  # bytes; a thousand-token answer takes about 300 kB as server-sent events


class BoundedStream(httpx2.AsyncByteStream):
    """Passes a response's bytes on and raises ReadError when there are too many."""

    def __init__(self, stream: httpx2.AsyncByteStream, limit: int) -> None:
        self._stream = stream
        self._left = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            self._left -= len(part)
            if self._left < 0:
                raise httpx2.ReadError("The response is too large.")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


async def bound_response(response: httpx2.Response) -> None:
    """Bound a response (an httpx event hook)."""
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = BoundedStream(response.stream, LARGEST_RESPONSE)
