"""Every error of Tacit tells a person what happened and what to do, and a program which one it was."""

import http
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.core import error_handling
from apps.core.error_handling import ProviderBusyError, RateLimitError, SettingsError, TacitError, ValidationError


def tree(branch: type[TacitError] = TacitError) -> Iterator[type[TacitError]]:
    yield branch
    for child in branch.__subclasses__():
        yield from tree(child)


OURS = [error for error in tree() if error.__module__ == error_handling.__name__]


@pytest.mark.parametrize("error", OURS)
def test_an_error_says_what_happened_and_what_to_do(error: type[TacitError]) -> None:
    told = str(error())
    assert told == error.default_message()
    assert "\n" not in told
    assert "  " not in told
    assert len(re.findall(r"[.;](?: |$)|; ", told)) >= 2, "one sentence for what happened, one for what to do"
    assert told[0].isupper()
    assert told.endswith(".")


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [error.code for error in OURS]
    assert len(codes) > 30
    assert len(set(codes)) == len(codes)
    assert all("code" in vars(error) for error in OURS)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


@pytest.mark.parametrize("error", OURS)
def test_an_error_has_a_status_that_http_knows(error: type[TacitError]) -> None:
    assert 400 <= http.HTTPStatus(error.status) < 600


def test_the_drawing_at_the_top_shows_every_error_in_its_branch() -> None:
    drawing = error_handling.__doc__ or ""
    missing = [error.__name__ for error in OURS if not re.search(rf"\b{error.__name__}\b", drawing)]
    assert missing == []
    branches = [line for line in drawing.splitlines() if line.startswith(("├── ", "└── "))]
    assert [line.split()[1] for line in branches] == [error.__name__ for error in TacitError.__subclasses__()]


def test_a_message_of_its_own_takes_the_place_of_the_usual_one() -> None:
    assert str(SettingsError("TACIT_X is missing.")) == "TACIT_X is missing."
    assert issubclass(SettingsError, ValidationError)
    assert RateLimitError(retry_after=7).retry_after == 7
    assert ProviderBusyError("busy", retry_after=1.5).retry_after == 1.5


def test_a_retry_is_promised_only_where_one_can_help() -> None:
    retryable = {error.code for error in OURS if error.retryable}
    assert retryable == {
        "too_many_requests", "daily_limit_reached", "too_many_open_answers", "fetch_unavailable",
        "site_circuit_open", "provider_unavailable", "provider_busy", "circuit_open", "database_unusable",
        "storage_full", "answer_broken_off", "mail_failed", "delivery_delayed",
    }  # fmt: skip


def test_no_code_of_the_product_raises_a_bare_exception() -> None:
    root = Path(error_handling.__file__).parents[2]
    files = [*(root / "apps").rglob("*.py"), *(root / "config").rglob("*.py")]
    sources = [path for path in files if "tests" not in path.parts]
    assert len(sources) > 100
    bare = [
        f"{path.relative_to(root)}: {line.strip()}"
        for path in sources
        for line in path.read_text().splitlines()
        if re.search(r"\braise (Exception|RuntimeError|BaseException)\b", line)
    ]
    assert bare == []
