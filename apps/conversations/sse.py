"""Server-sent events: how a public payload becomes bytes on an open stream."""

from collections.abc import AsyncIterator

from django.http import StreamingHttpResponse
from pydantic import BaseModel


def event(name: str, payload: BaseModel) -> str:
    """Return one event; JSON holds no raw line break, so one data line is enough."""
    return f"event: {name}\ndata: {payload.model_dump_json()}\n\n"


def event_stream(events: AsyncIterator[str]) -> StreamingHttpResponse:
    """Return a response that sends events as they come and that no proxy keeps or buffers."""
    response = StreamingHttpResponse(events, content_type="text/event-stream; charset=utf-8")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response
