"""Secrets that stand in paths never reach a log line."""

import logging
from typing import Any

from django.conf import settings

from apps.core.log_redaction import NoSecretsInPaths


def logged(message: str, *args: object) -> str:
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, message, args, None)
    NoSecretsInPaths().filter(record)
    return record.getMessage()


def test_a_one_time_links_token_is_left_out() -> None:
    assert logged("Forbidden (%s): %s", "no cookie", "/sign-in/abc-DEF_123") == "Forbidden (no cookie): /sign-in/…"
    assert (
        logged("Not Found: %s", "/accounts/password/reset/key/1-xyz/") == "Not Found: /accounts/password/reset/key/…/"
    )
    assert logged("Not Found: %s", "/c/public") == "Not Found: /c/public"


def test_every_handler_takes_them_out() -> None:
    handlers: Any = settings.LOGGING["handlers"]
    assert all("no_secrets" in handler["filters"] for handler in handlers.values())
