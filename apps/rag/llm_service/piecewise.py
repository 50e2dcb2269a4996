"""Hands on an answer chunk by chunk, also where a server does not stream and sends it whole."""

import json
from collections.abc import AsyncGenerator

from openai import AsyncStream


def is_whole(stream: AsyncStream[object]) -> bool:
    """Tell whether a server that was asked for a stream answers in one piece."""
    return "json" in stream.response.headers.get("content-type", "")


async def chunks_of(stream: AsyncStream[object]) -> AsyncGenerator[object, None]:
    """Yield the chunks of a stream; an answer in one piece is one chunk."""
    if is_whole(stream):
        yield json.loads(await stream.response.aread())
        return
    # Not by `async for`, which would leave a generator of the library's own behind.
    while (chunk := await anext(stream, None)) is not None:
        yield chunk
