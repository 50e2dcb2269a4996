"""Turns any exception into RFC 9457 problem+json: what happened, and what to do, with a stable code."""

import http
import json
import logging
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from apps.core.error_handling import DatabaseError, RateLimitError, TacitError

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"


def problem(error: TacitError, *, errors: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Return the problem document of one of our errors; `errors` names the fields that were wrong."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": http.HTTPStatus(error.status).phrase,
        "status": error.status,
        "code": error.code,
        "detail": str(error),
    }
    if errors:
        document["errors"] = list(errors)
    return document


def problem_response(error: TacitError, *, errors: Sequence[dict[str, Any]] = ()) -> HttpResponse:
    """Return the problem document as a response."""
    body = json.dumps(problem(error, errors=errors), ensure_ascii=False)
    response = HttpResponse(body, status=error.status, content_type=CONTENT_TYPE)
    if isinstance(error, RateLimitError):
        response["Retry-After"] = str(error.retry_after)
    return response


def as_tacit_error(error: Exception) -> TacitError:
    """Return `error` if it is one of ours; else record it under an id that tells nothing, and return that."""
    if isinstance(error, TacitError):
        return error
    if isinstance(error, OperationalError | InterfaceError):
        return DatabaseError("The database can't be reached or is too busy. Try again in a moment.")
    incident = uuid.uuid4().hex[:12]
    # The traceback's lines are ours; the exception's own text may hold a visitor's words, so only its type is kept.
    frames = error.__traceback__
    while frames and frames.tb_next:
        frames = frames.tb_next
    place = f"{frames.tb_frame.f_code.co_filename}:{frames.tb_lineno}" if frames else "nowhere"
    logger.error("Unexpected %s at %s, told as %s", type(error).__name__, place, incident)
    return TacitError(f"{TacitError.default_message()} Its number is {incident}.")


def unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer an exception that no handler knew."""
    return problem_response(as_tacit_error(error))
