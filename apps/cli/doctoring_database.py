"""What `tacit doctor` asks the database: itself, its logins, its clock, the queue and who works it off."""

import time
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.cli.doctoring_notes import Note
from apps.cli.readiness import bring_up_to_date, postgres
from apps.core.database.requirements import check_database
from apps.core.error_handling import ConflictError, DatabaseError
from apps.knowledge.models import Source, SourceStatus
from apps.observability.models import Alert, ProcessNumbers
from apps.rag.privacy_service import privacy

SLOWEST_CLOCK, WORST_CLOCK = 5, 60  # seconds that clocks may be apart
ALIVE_SECONDS = 15
LATE_SECONDS = 900
WEB_LIVES = (
    "SELECT count(*) FROM observability_processnumbers WHERE kind = 'web' AND updated_at > now() - interval '90 s'"
)
HEARTBEAT = "SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers"
WAITING = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()"
STALLED = """
SELECT count(*) FROM procrastinate_jobs AS jobs LEFT JOIN procrastinate_workers AS workers ON workers.id = worker_id
WHERE status = 'doing' AND (last_heartbeat IS NULL OR last_heartbeat < now() - interval '60 seconds')
"""
LATE = """
SELECT count(*) FROM procrastinate_jobs JOIN LATERAL (
    SELECT max(at) AS at FROM procrastinate_events WHERE job_id = procrastinate_jobs.id
) AS queued ON true
WHERE status = 'todo' AND coalesce(scheduled_at, queued.at) < now() - %s * interval '1 second'
"""
FAILED = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'"


def one(query: str, parameters: list[Any] | None = None) -> Any:
    """Return the one value that a query gives."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        row = cursor.fetchone()
    return row[0] if row else None


def reachable() -> str:
    if settings.EMBEDDED_DATABASE:
        postgres.start()
    check_database(settings.DATABASES["default"], settings.VISITOR_DATABASE)
    version = one("SELECT current_setting('server_version')")
    vector = one("SELECT coalesce(installed_version, default_version) FROM pg_available_extensions WHERE name='vector'")
    whose = "embedded" if settings.EMBEDDED_DATABASE else "of TACIT_DATABASE_URL"
    return f"PostgreSQL {version} with pgvector {vector}, {whose}"


def migrations() -> str:
    """Bring the tables up to date, as every command does."""
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if missing:
        bring_up_to_date()
        return f"{missing} were missing and have been applied"
    return "all are applied"


def visitors() -> str:
    privacy().verify()
    return "the visitors' login gets in, and sees neither learn-only passages, documents and files nor a planted canary"


def clock() -> str:
    """Compare the clocks: sign-in links, signed webhooks and schedules stand on them."""
    begun = time.time()
    theirs = float(one("SELECT extract(epoch FROM clock_timestamp())"))
    apart = abs(theirs - (begun + time.time()) / 2)
    told = f"This machine's clock and the database's are {apart:.1f} seconds apart."
    if apart > WORST_CLOCK:
        raise DatabaseError(f"{told} Set both by NTP: jobs run at wrong times, and sign-in links end too early.")
    if apart > SLOWEST_CLOCK:
        raise Note(f"{told} Set both by NTP.")
    return f"{apart:.1f} seconds from the database's"


def worker() -> str:
    since = one(HEARTBEAT)
    if since is not None and since < ALIVE_SECONDS:
        return f"the last sign of life came {float(since):.0f} seconds ago"
    ago = "" if since is None else f" (the last sign of life came {float(since):,.0f} seconds ago)"
    what_to_do = "Start `tacit worker`, or `tacit up`, which starts one."
    number = sources_wait()
    if number or one(WEB_LIVES):
        wait = f"{number} sources wait" if number != 1 else "1 source waits"
        raise ConflictError(f"No worker runs{ago}, and {wait} to be read. {what_to_do}")
    raise Note(f"No worker runs now. Before sources are added on the page or by the API: {what_to_do}")


def sources_wait() -> int:
    return Source.objects.filter(status__in=[SourceStatus.QUEUED, SourceStatus.RUNNING]).count()


def queue() -> str:
    if stalled := one(STALLED):
        raise Note(f"{stalled} jobs lost their worker. The next worker that runs takes them up again.")
    if late := one(LATE, [LATE_SECONDS]):
        raise Note(
            f"{late} jobs have been due for more than {LATE_SECONDS // 60} minutes. Start another `tacit worker`."
        )
    if failed := one(FAILED):
        raise Note(f"{failed} jobs failed and are kept for 30 days. `tacit errors` tells what went wrong.")
    waiting = one(WAITING)
    return f"{waiting} jobs wait, none for long" if waiting else "nothing waits"


def sources() -> str:
    failed = Source.objects.filter(status=SourceStatus.FAILED)
    if number := failed.count():
        codes = ", ".join(sorted(set(failed.values_list("error_code", flat=True))))
        raise Note(f"{number} could not be read ({codes}). Their rows on the owner's page say what to do about each.")
    return f"{Source.objects.filter(status=SourceStatus.READY).count()} ready, none failed"


def alerts() -> str:
    on = list(Alert.objects.filter(cleared_at=None).order_by("first_seen_at"))
    if on:
        raise Note(" ".join(f"{alert.rule}: {alert.message}" for alert in on))
    if not ProcessNumbers.objects.exists():
        return "none; nothing has run here yet that could raise one"
    return "none"
