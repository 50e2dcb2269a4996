"""Log lines: they name request and job, can be read by a program, and never quote anybody."""

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from contextvars import Context

import pytest
from django.http import HttpRequest, HttpResponse

from apps.core.log_context import NamesRequestAndJob, RequestIdMiddleware, job_id, request_id, working_on
from apps.core.log_formats import JsonLines, TextLines
from apps.core.log_redaction import NoSecretsInPaths

SECRET = "the discount floor is 17 percent"


def quote() -> None:
    """Fail with somebody's words in the exception, as drivers and parsers do."""
    try:
        int(SECRET)
    except ValueError as error:
        raise RuntimeError(SECRET) from error


def record(message: str = "Something %s", *args: object, **extra: object) -> logging.LogRecord:
    """A record as a logger makes it, through the filters that settings put on every handler."""
    try:
        quote()
    except RuntimeError:
        made = logging.LogRecord("apps.rag", logging.ERROR, __file__, 1, message, args or ("failed",), sys.exc_info())
    made.__dict__.update(extra)
    for one in (NoSecretsInPaths(), NamesRequestAndJob()):
        assert one.filter(made)
    return made


@pytest.mark.parametrize("formatter", [TextLines(), JsonLines()])
def test_an_exception_is_told_by_type_and_place_and_not_in_its_words(formatter: logging.Formatter) -> None:
    line = formatter.format(record())
    assert "Something failed" in line
    assert "RuntimeError" in line
    assert "ValueError" in line, "what it came from"
    assert "test_log_formats.py" in line
    assert SECRET not in line


def test_a_json_line_is_one_object_with_request_and_job_and_nothing_unforeseen() -> None:
    token = request_id.set("req-12345678")
    try:
        with working_on("42"):
            line = JsonLines().format(record(body=SECRET, request=object()))
    finally:
        request_id.reset(token)
    told = json.loads(line)
    assert "\n" not in line
    assert told.pop("timestamp").endswith("+00:00")
    assert told.pop("exc_info").startswith("RuntimeError\n")
    assert told == {
        "level": "ERROR", "logger": "apps.rag", "message": "Something failed",
        "request_id": "req-12345678", "job_id": "42",
    }  # fmt: skip


def test_a_text_line_names_request_and_job_where_there_are_any() -> None:
    nowhere = Context().run(lambda: TextLines().format(record()))
    assert " ERROR apps.rag: Something failed" in nowhere
    with working_on("42"):
        assert "job 42]: Something failed" in TextLines().format(record())
    assert job_id.get() == ""


@pytest.mark.parametrize("formatter", [TextLines(), JsonLines()])
def test_a_one_time_link_stays_out_of_both_formats(formatter: logging.Formatter) -> None:
    assert "abcdef" not in formatter.format(record("Not Found: %s", "/sign-in/abcdef"))


async def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request_id.get())


async def asked(path: str, sent: str | None = None, view: Callable[..., object] = answer) -> HttpResponse:
    request = HttpRequest()
    request.path = path
    if sent is not None:
        request.META["HTTP_X_REQUEST_ID"] = sent
    return await RequestIdMiddleware(view)(request)  # type: ignore[arg-type]


async def test_a_sane_id_is_taken_and_given_back_to_an_owner() -> None:
    response = await asked("/api/v1/chatbots", "trace-0123456789abcdef")
    assert response.headers["X-Request-ID"] == response.content.decode() == "trace-0123456789abcdef"


@pytest.mark.parametrize("sent", ["", "short", "x" * 65, 'a"b\nforged line', "Who is the secret supplier"])
async def test_any_other_id_is_replaced_by_one_of_ours(sent: str) -> None:
    response = await asked("/api/v1/chatbots", sent)
    assert response.headers["X-Request-ID"] == response.content.decode() != sent
    assert len(response.content) == 16


@pytest.mark.parametrize("path", ["/api/v1/chat/abc/messages", "/c/abc", "/widget.js"])
async def test_visitors_get_no_header_that_is_not_theirs(path: str) -> None:
    response = await asked(path, "trace-0123456789abcdef")
    assert "X-Request-ID" not in response.headers
    assert response.content == b"trace-0123456789abcdef", "the log has it all the same"


async def test_two_requests_at_once_keep_their_ids_apart() -> None:
    async def slow(request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(0.01)
        return await answer(request)

    both = await asyncio.gather(
        asyncio.create_task(asked("/", "first-request-1", slow)),
        asyncio.create_task(asked("/", "second-request-2", slow)),
    )
    assert [one.content for one in both] == [b"first-request-1", b"second-request-2"]
