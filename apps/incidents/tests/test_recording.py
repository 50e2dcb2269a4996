"""What goes wrong is recorded once per kind of error, without what it was about, and never in anybody's way."""

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from django.db import Error, connection, transaction
from pytest_django import DjangoDbBlocker

from apps.core.circuit_breaker import CircuitBreaker, on_change, stop_watching
from apps.core.error_handling import ProviderUnavailableError, TacitError
from apps.core.error_reports import ErrorReport, ReportKind, listen, report, stop_listening
from apps.core.problems import as_tacit_error
from apps.core.services import ServiceRegistry
from apps.incidents import recording
from apps.incidents.models import ErrorOccurrence
from apps.incidents.recording import MOST_WAITING, Recorder, ReportingHandler
from apps.incidents.services import ErrorService

SECRET = "the margin on the RX-200 is 43 %"
LONG = 3600.0


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """One that listens, and writes when it is told to."""
    one = Recorder(seconds_between_writes=LONG)
    listen(one.note)
    yield one
    stop_listening(one.note)


def fail(said: str = SECRET) -> ErrorReport:
    """Return the report of an exception that came up in this function."""
    try:
        int(said)
    except ValueError as error:
        return ErrorReport(kind=ReportKind.UNHANDLED, code="internal_error", error=error)
    raise AssertionError


@pytest.mark.django_db
def test_an_error_that_comes_up_often_is_one_row_with_its_count(recorder: Recorder) -> None:
    for _ in range(3):
        report(fail())
    recorder.flush()
    report(fail("another text"))
    recorder.flush()

    (row,) = ErrorOccurrence.objects.all()

    assert row.count == 4
    assert row.first_seen < row.last_seen
    assert (row.kind, row.error_type, row.code) == ("unhandled", "ValueError", "internal_error")
    assert row.frames[-1].startswith("apps/incidents/tests/test_recording.py:")
    assert row.frames[-1].endswith(" in fail")


@pytest.mark.django_db
def test_nothing_of_what_it_was_about_is_kept(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    sent = fail()
    assert SECRET in str(sent.error)  # there is something to give away
    report(sent)
    assert SECRET not in repr(sent)
    assert SECRET not in repr(recorder._waiting)
    recorder.flush()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(seen)::text FROM incidents_erroroccurrence AS seen")
        ((row,),) = cursor.fetchall()
    assert "ValueError" in row
    assert SECRET not in row + caplog.text


@pytest.mark.django_db
def test_what_nobody_expected_in_a_request_is_recorded(recorder: Recorder) -> None:
    told = as_tacit_error(ZeroDivisionError(SECRET))
    recorder.flush()
    assert ErrorOccurrence.objects.get().error_type == "ZeroDivisionError"
    assert type(told) is TacitError


@pytest.mark.django_db
def test_an_error_that_we_expect_is_not(recorder: Recorder) -> None:
    as_tacit_error(ProviderUnavailableError())
    recorder.flush()
    assert not ErrorOccurrence.objects.exists()


@pytest.mark.django_db
def test_the_same_exception_on_its_way_up_counts_once(recorder: Recorder) -> None:
    logger, handler = logging.getLogger("some.library"), ReportingHandler(level=logging.ERROR)
    logger.addHandler(handler)
    error = fail().error
    assert error is not None
    logger.error("It failed", exc_info=error)
    as_tacit_error(error)
    logger.error("A line without an exception")
    logger.warning("No error", exc_info=fail().error)
    logger.removeHandler(handler)
    recorder.flush()
    assert [row.count for row in ErrorOccurrence.objects.all()] == [1]


@pytest.mark.django_db
def test_a_breaker_that_opens_is_recorded_and_one_that_stays_open_is_not(recorder: Recorder) -> None:
    now = [0.0]
    on_change(recording.breaker_opened)
    breaker = CircuitBreaker(
        failure_threshold=2, recovery_timeout=60, expected_exception=ProviderUnavailableError, name="site:shop.example",
        clock=lambda: now[0],
    )  # fmt: skip

    def down() -> None:
        raise ProviderUnavailableError

    for _ in range(2):
        with pytest.raises(ProviderUnavailableError):
            breaker.call(down)
    now[0] += 61
    with pytest.raises(ProviderUnavailableError):
        breaker.call(down)  # the single try
    stop_watching(recording.breaker_opened)
    recorder.flush()

    (row,) = ErrorOccurrence.objects.all()

    assert (row.kind, row.code, row.subject, row.count) == ("breaker", "circuit_open", "site", 1)


@pytest.mark.django_db
def test_an_error_met_before_comes_with_its_mend(recorder: Recorder) -> None:
    missing = ImportError(
        "cannot import name 'ChatService' from 'apps.core.services' (/srv/tacit/apps/core/services.py)"
    )
    report(ErrorReport(kind=ReportKind.UNHANDLED, code="internal_error", error=missing))
    recorder.flush()
    (seen,) = ServiceRegistry.get("errors").seen_by_all()
    assert seen.incident is not None
    assert seen.incident.number == 1
    assert "ServiceRegistry" in seen.incident.resolution


@pytest.mark.django_db(transaction=True)
def test_it_is_written_from_a_broken_transaction_and_from_an_event_loop() -> None:
    recorder = Recorder(seconds_between_writes=0.05)

    async def on_the_loop() -> None:
        recorder.note(fail("b"))

    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")
    except Error as error:
        recorder.note(ErrorReport(kind=ReportKind.UNHANDLED, code="internal_error", error=error))
    asyncio.run(on_the_loop())
    deadline = time.monotonic() + 10
    while ErrorOccurrence.objects.count() < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert {row.error_type for row in ErrorOccurrence.objects.all()} == {
        "django.db.utils.ProgrammingError",
        "ValueError",
    }


def test_a_database_that_is_away_costs_nothing_and_nothing_is_lost(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker, django_db_setup: None
) -> None:
    report(fail())
    with django_db_blocker.unblock(), monkeypatch.context() as context:
        context.setitem(connection.settings_dict, "NAME", "no_such_database")
        connection.close()
        recorder.flush()  # raises nothing
        connection.close()
    assert [sighting.count for sighting in recorder._waiting.values()] == [1]
    report(fail())
    assert [sighting.count for sighting in recorder._waiting.values()] == [2]


@pytest.mark.django_db
def test_what_ends_a_thread_is_recorded_and_not_printed(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(threading, "excepthook", recording.thread_ended)
    for work in (lambda: int(SECRET), lambda: sys.exit(0)):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    recorder.flush()
    assert [row.error_type for row in ErrorOccurrence.objects.all()] == ["ValueError"]
    assert SECRET not in "".join(capfd.readouterr())


@pytest.mark.django_db
def test_a_flood_of_different_errors_is_bounded(recorder: Recorder) -> None:
    for number in range(MOST_WAITING + 50):
        report(ErrorReport(kind=ReportKind.BREAKER, code="circuit_open", subject=f"service-{number}"))
    recorder.flush()
    assert ErrorOccurrence.objects.count() == MOST_WAITING


def test_taking_up_an_error_is_cheap() -> None:
    recorder = Recorder(seconds_between_writes=LONG)
    reports = [fail() for _ in range(500)]
    begun = time.perf_counter()
    for one in reports:
        recorder.note(one)
    assert (time.perf_counter() - begun) / len(reports) < 0.02, "nothing is written meanwhile"
    assert sum(isinstance(thread, threading.Timer) for thread in threading.enumerate()) <= 20


@pytest.mark.django_db
def test_an_owner_sees_her_own_and_the_servers_and_nobody_elses(recorder: Recorder) -> None:
    users = ServiceRegistry.get("users")
    alice = users.ensure_owner(email="alice@example.org")
    mallory = users.ensure_owner(email="mallory@example.org")
    for member in (alice, mallory):
        report(
            ErrorReport(
                kind=ReportKind.SOURCE, code="document_empty", organization_id=member.organization_id, subject=""
            )
        )
    report(ErrorReport(kind=ReportKind.BREAKER, code="circuit_open", subject="llm"))
    recorder.flush()
    service = ErrorService()
    assert len(service.seen_by_all()) == 3
    hers = service.seen_by(organization_id=alice.organization_id, is_owner=True)
    assert sorted(one.code for one in hers) == ["circuit_open", "document_empty"]
    bobs = service.seen_by(organization_id=alice.organization_id, is_owner=False)
    assert [one.code for one in bobs] == ["document_empty"]
    assert hers[0].told.endswith(".")
