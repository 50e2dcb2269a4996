"""Server-sent events: how a public payload becomes bytes on an open stream."""

import json
from collections.abc import AsyncIterator

from django.http import StreamingHttpResponse
from pydantic import BaseModel

from apps.core.error_handling import TacitError
from apps.core.problems import problem

SILENCE = ": still here\n\n"  # a comment, which readers skip


def event(name: str, payload: BaseModel, number: int) -> str:
    """Return one event; JSON holds no raw line break, so one data line is enough."""
    return f"event: {name}\ndata: {payload.model_dump_json()}\nid: {number}\n\n"


def failure(error: TacitError) -> str:
    """Return the event that ends a stream whose answer did not become whole."""
    return f"event: error\ndata: {json.dumps(problem(error))}\n\n"


def event_stream(events: AsyncIterator[str]) -> StreamingHttpResponse:
    """Return a response that sends events as they come and that no proxy keeps or buffers."""
    response = StreamingHttpResponse(events, content_type="text/event-stream; charset=utf-8")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response
