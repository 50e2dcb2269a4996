"""Records what goes wrong in a running process: once per kind of error, without content, and never in anybody's way."""

import atexit
import logging
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import Error as DatabaseTrouble
from django.db import connection
from django.utils import timezone

from apps.core.circuit_breaker import CircuitChange, CircuitState, on_change
from apps.core.error_handling import TacitError
from apps.core.error_reports import ErrorReport, ReportKind, listen, report
from apps.core.foreign_errors import translated
from apps.core.problems import as_tacit_error
from apps.incidents.documents import known_incidents
from apps.incidents.models import ErrorOccurrence
from apps.incidents.tracebacks import Trace, fingerprint, trace_of

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_WRITES = 5.0
LONGER = 12  # so many times that, after a write that failed
MOST_WAITING = 200  # kinds of errors that wait to be written; what comes on top is not recorded
PARTS_OF_UP = {"web", "worker"}

UPSERT = f"""
INSERT INTO {ErrorOccurrence._meta.db_table} AS seen
    (id, organization_id, fingerprint, kind, error_type, code, subject, frames, process, count, first_seen, last_seen,
     incident)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (fingerprint, organization_id) DO UPDATE SET
    count = seen.count + EXCLUDED.count, last_seen = GREATEST(seen.last_seen, EXCLUDED.last_seen),
    frames = EXCLUDED.frames, process = EXCLUDED.process, incident = EXCLUDED.incident
"""  # noqa: S608  # our own table's name


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """An error that was seen, waiting to be written. Its message is compared with documented ones, and not kept."""

    report: ErrorReport = field(repr=False)
    trace: Trace
    first: datetime
    last: datetime
    count: int = 1

    @property
    def fingerprint(self) -> str:
        what = self.trace.error_type or f"{self.report.code} {self.report.subject}"
        return fingerprint(what, self.trace.frames)

    @property
    def text(self) -> str:
        return self.trace.text or f"{self.report.code} {self.report.subject}"


class Recorder:
    """Gathers sightings and writes them a few seconds later, all at once and from a thread of its own.

    Who reports an error waits for nothing, may be in a broken transaction or on an event loop, and meets no second
    error: what goes wrong here is told to the log and to nobody else.
    """

    def __init__(self, seconds_between_writes: float = SECONDS_BETWEEN_WRITES) -> None:
        self._pause = seconds_between_writes
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, UUID | None], Sighting] = {}
        self._timer: threading.Timer | None = None

    def note(self, told: ErrorReport) -> None:
        """Take up a report; the same exception twice counts once."""
        if told.error is not None and not is_new(told.error):
            return
        trace = trace_of(told.error) if told.error is not None else Trace(error_type="", message="", frames=())
        now = timezone.now()
        sighting = Sighting(report=replace(told, error=None), trace=trace, first=now, last=now)
        with self._lock:
            self._add(sighting)
            self._start_timer(self._pause)

    def flush(self) -> None:
        """Write what waits; what can't be written now waits on."""
        with self._lock:
            taken, self._waiting, self._timer = list(self._waiting.values()), {}, None
        if not taken:
            return
        try:
            write(taken)
        except DatabaseTrouble as error:  # the database may be the very thing that is broken
            logger.warning("Errors can't be recorded at the moment: %s", type(error).__name__)
            with self._lock:
                for sighting in taken:
                    self._add(sighting)
                self._start_timer(LONGER * self._pause)

    def _add(self, sighting: Sighting) -> None:
        key = (sighting.fingerprint, sighting.report.organization_id)
        known = self._waiting.get(key)
        if known is not None:
            sighting = replace(
                sighting, count=known.count + sighting.count, first=min(known.first, sighting.first),
                last=max(known.last, sighting.last),
            )  # fmt: skip
        elif len(self._waiting) >= MOST_WAITING:
            return
        self._waiting[key] = sighting

    def _start_timer(self, seconds: float) -> None:
        if self._timer is not None:
            return
        timer = threading.Timer(seconds, self._flush_in_thread)
        timer.daemon = True
        try:
            timer.start()
        except RuntimeError:  # the process is ending; what waits is written by `atexit`
            return
        self._timer = timer

    def _flush_in_thread(self) -> None:
        try:
            self.flush()
        finally:
            connection.close()


def is_new(error: BaseException) -> bool:
    """Return whether this very exception was not reported before: it may be logged on its way up too."""
    seen = error.__dict__.setdefault("_recorded_by_tacit", False)
    error.__dict__["_recorded_by_tacit"] = True
    return not seen


def write(sightings: list[Sighting]) -> None:
    rows = [row_of(sighting) for sighting in sightings]
    with connection.cursor() as cursor:
        cursor.executemany(UPSERT, rows)


def row_of(sighting: Sighting) -> Sequence[Any]:
    told, trace = sighting.report, sighting.trace
    return (
        uuid4(), told.organization_id, sighting.fingerprint, told.kind.value, trace.error_type[:200], told.code[:60],
        told.subject[:100], [str(frame)[:300] for frame in trace.frames], process_name(), sighting.count,
        sighting.first, sighting.last, documented(sighting.fingerprint, sighting.text),
    )  # fmt: skip


def documented(fingerprint: str, text: str) -> int | None:
    """Return the number of the documented incident that an error is, if it is one."""
    return next((one.number for one in known_incidents() if one.recognises(fingerprint=fingerprint, text=text)), None)


def process_name() -> str:
    """Return which of our processes this is."""
    return next((part for part in sys.argv[1:2] if part in PARTS_OF_UP), "command")


class ReportingHandler(logging.Handler):
    """Reports every exception that some library logs as an error: requests, jobs, tasks that nobody waited for."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is None or record.name == __name__:
            return
        ours = error if isinstance(error, TacitError) else translated(error) or TacitError()
        report(ErrorReport(kind=ReportKind.UNHANDLED, code=ours.code, error=error))


def breaker_opened(change: CircuitChange) -> None:
    """Report a breaker that opens; not every try that finds it must stay open."""
    if change.before is CircuitState.CLOSED and change.after is CircuitState.OPEN:
        kind_of_service, _, _ = change.name.partition(":")  # what follows may be a site that one owner added
        report(ErrorReport(kind=ReportKind.BREAKER, code=change.error_code, subject=kind_of_service))


def thread_ended(failure: threading.ExceptHookArgs) -> None:
    """Tell and report what ended a thread, without its traceback, which may quote content."""
    if failure.exc_value is not None and not isinstance(failure.exc_value, SystemExit):
        as_tacit_error(failure.exc_value)


recorder = Recorder()


def start() -> None:
    """Record from now on, in this process."""
    listen(recorder.note)
    on_change(breaker_opened)
    logging.getLogger().addHandler(ReportingHandler(level=logging.ERROR))
    threading.excepthook = thread_ended
    atexit.register(recorder.flush)
