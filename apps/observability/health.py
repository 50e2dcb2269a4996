"""Whether this process lives, and whether it can serve: for who starts, stops and balances it."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any, TypeAlias

import psycopg
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.core.database.threads import in_database
from apps.core.database.visitor import connected
from apps.core.error_handling import TacitError

Check: TypeAlias = Callable[[], Coroutine[Any, Any, str]]

SECONDS_EACH = 3.0
# Anybody may ask, so an answer holds for a moment: asking often costs nothing.
SECONDS_KEPT = 1.0


async def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process lives."""
    return HttpResponse("ok\n", content_type="text/plain")


async def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether questions can be answered, and if not, why; no address, name or password is in the reasons."""
    reasons = await latest.of()
    return JsonResponse({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)


class Readiness:
    """The latest answer, asked for by one request at a time."""

    def __init__(self) -> None:
        self._reasons: list[str] = []
        self._at = 0.0

    async def of(self) -> list[str]:
        if time.monotonic() - self._at > SECONDS_KEPT or not self._at:
            self._reasons = [reason for reason in [await why_not(check) for check in CHECKS] if reason]
            self._at = time.monotonic()
        return self._reasons


async def why_not(check: Check) -> str:
    """Return what a check complains of, "" when all is well."""
    try:
        async with asyncio.timeout(SECONDS_EACH):
            return await check()
    except (TimeoutError, TacitError, Error, psycopg.Error):
        return CHECKS[check]


async def database_answers() -> str:
    await in_database(ask_database)
    return ""


def ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


async def migrations_are_applied() -> str:
    missing = await in_database(missing_migrations)
    return f"{len(missing)} migrations are missing. Run `tacit migrate`." if missing else ""


def missing_migrations() -> set[tuple[str, str]]:
    return last_migrations() - set(MigrationRecorder(connection).applied_migrations())


@cache
def last_migrations() -> set[tuple[str, str]]:
    """Return each app's last migration; reading them takes a while, and they don't change while this runs."""
    return set(MigrationLoader(None).graph.leaf_nodes())


async def visitors_get_in() -> str:
    async with connected() as visitor:
        await visitor.execute("SELECT 1")
    return ""


# Each with what it means when it fails.
CHECKS: dict[Check, str] = {
    database_answers: "The database does not answer. Check that PostgreSQL runs and see `tacit doctor`.",
    migrations_are_applied: "The database's tables can't be checked. See `tacit doctor`.",
    visitors_get_in: "The login for visitors does not get in. Check TACIT_VISITOR_DATABASE_URL and see `tacit doctor`.",
}
latest = Readiness()
