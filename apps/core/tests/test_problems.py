"""Whoever calls the API gets problem+json: what happened and what to do, and nothing of the inside."""

import json
import logging

import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.test import RequestFactory

from apps.core.error_handling import (
    ConflictError,
    NotFoundError,
    ProviderBusyError,
    RateLimitError,
    TacitError,
    ValidationError,
)
from apps.core.problems import as_tacit_error, problem, problem_response, unexpected

SECRET = "the margin on the RX-200 is 43 %"


def body(response: HttpResponse) -> dict[str, object]:
    parsed: dict[str, object] = json.loads(response.content)
    return parsed


def test_a_problem_has_the_five_members_and_a_code() -> None:
    response = problem_response(NotFoundError("There is no chatbot “Übersicht”. Check the id."))
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert body(response) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "code": "not_found",
        "detail": "There is no chatbot “Übersicht”. Check the id.",
    }


def test_wrong_fields_are_named() -> None:
    wrong = [{"field": "name", "reason": "too long"}]
    assert problem(ValidationError(), errors=wrong)["errors"] == wrong
    assert "errors" not in problem(ValidationError())


def test_who_asks_too_fast_is_told_when_to_come_back() -> None:
    assert problem_response(RateLimitError(retry_after=17))["Retry-After"] == "17"
    assert "Retry-After" not in problem_response(ConflictError())


def test_our_own_errors_stay_as_they_are() -> None:
    error = ProviderBusyError()
    assert as_tacit_error(error) is error


def test_an_unexpected_error_tells_neither_the_caller_nor_the_log_what_it_held(
    caplog: pytest.LogCaptureFixture, rf: RequestFactory
) -> None:
    with pytest.raises(ValueError, match=SECRET) as raised:  # there is something to give away
        int(SECRET)
    with caplog.at_level(logging.DEBUG):
        response = unexpected(rf.get("/"), raised.value)
    assert response.status_code == 500
    told = str(body(response)["detail"])
    assert SECRET not in response.content.decode()
    assert SECRET not in caplog.text
    number = told.rsplit(" ", 1)[1].rstrip(".")
    assert told.startswith(TacitError.default_message())
    assert number in caplog.text
    assert f"ValueError at {__file__}:" in caplog.text


def test_two_unexpected_errors_have_two_numbers() -> None:
    assert str(as_tacit_error(KeyError("a"))) != str(as_tacit_error(KeyError("a")))


@pytest.mark.parametrize("error", [OperationalError(SECRET), InterfaceError(SECRET)])
def test_a_database_that_is_away_is_told_as_such_and_worth_another_try(error: Exception) -> None:
    told = as_tacit_error(error)
    assert (told.status, told.code, told.retryable) == (503, "database_unusable", True)
    assert SECRET not in str(told)
