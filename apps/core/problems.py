"""Turns any exception into what is told of it: problem+json, a source's failure or a line on a terminal."""

import http
import json
import logging
import uuid
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.core.error_handling import DatabaseError, RateLimitError, TacitError
from apps.core.error_reports import ErrorReport, ReportKind, report
from apps.core.foreign_errors import translated
from apps.core.monitoring import track_metric

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"


def problem(error: TacitError, *, errors: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Return the problem document of one of our errors; `errors` names the fields that were wrong."""
    track_metric("tacit_failures_total", 1, {"flow": "api", "code": error.code})
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


def as_tacit_error(error: BaseException) -> TacitError:
    """Return `error` if it is one of ours; else report it, and return what is told of it in our words.

    What nobody foresaw is told under a number that tells nothing; the same number stands in the log.
    """
    if isinstance(error, TacitError):
        return error
    told = in_our_words(error)
    report(ErrorReport(kind=ReportKind.UNHANDLED, code=told.code, error=error))
    return told


def in_our_words(error: BaseException) -> TacitError:
    """Return what is told of somebody else's exception; of its own text, which may hold a visitor's words, nothing."""
    told = translated(error)
    if isinstance(told, DatabaseError):
        return DatabaseError("The database can't be reached or is too busy. Try again in a moment.")
    if told is not None and type(told) is not TacitError:
        return told
    number = uuid.uuid4().hex[:12]
    logger.error("Unexpected %s at %s, told as %s", type(error).__name__, place_of(error), number)
    return TacitError(f"{TacitError.default_message()} Its number is {number}.")


def place_of(error: BaseException) -> str:
    """Return the file and line that raised an exception."""
    frames = error.__traceback__
    while frames and frames.tb_next:
        frames = frames.tb_next
    return f"{frames.tb_frame.f_code.co_filename}:{frames.tb_lineno}" if frames else "nowhere"


def unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer an exception that no handler knew."""
    return problem_response(as_tacit_error(error))


def terminal_line(error: BaseException) -> str:
    """Return what a terminal shows of an exception: one line, and nothing that could draw on it."""
    told = str(as_tacit_error(error))
    return "tacit: " + "".join(sign if sign.isprintable() else " " for sign in told)
