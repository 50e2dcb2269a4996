"""Database work of the async flow runs in threads that hold no connection afterwards."""

import asyncio
import threading
import time

import pytest
from django.contrib.auth.models import Group
from django.db import connection, connections

from apps.core.database.threads import in_database
from apps.core.error_handling import NotFoundError

# Another thread is another connection, which sees only what is committed.
pytestmark = pytest.mark.django_db(transaction=True)


def here() -> tuple[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0], threading.current_thread().name


def living(*pids: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)", [list(pids)])
        return int(cursor.fetchone()[0])


def are_gone(*pids: int) -> bool:
    """Wait a moment: PostgreSQL ends a process a little after its connection was closed."""
    end = time.monotonic() + 5
    while living(*pids) and time.monotonic() < end:
        time.sleep(0.01)
    return living(*pids) == 0


def test_what_was_written_in_a_thread_is_there_and_its_connection_is_not() -> None:
    def add(name: str, *, number: int) -> int:
        Group.objects.create(name=f"{name} {number}")
        return here()[0]

    backend = asyncio.run(in_database(add, "Alice", number=1))
    assert Group.objects.get().name == "Alice 1"
    assert backend != here()[0]
    assert living(here()[0]) == 1
    assert are_gone(backend)


def test_the_connection_is_given_back_when_the_work_fails() -> None:
    seen: list[int] = []

    def fail() -> None:
        seen.append(here()[0])
        raise NotFoundError

    with pytest.raises(NotFoundError):
        asyncio.run(in_database(fail))
    assert are_gone(*seen)


def test_a_hundred_visitors_at_once_take_a_few_threads_and_leave_no_connection() -> None:
    async def everybody() -> list[tuple[int, str]]:
        return await asyncio.gather(*(in_database(here) for _ in range(100)))

    found = asyncio.run(everybody())
    assert len({name for _, name in found}) <= 8
    assert are_gone(*(pid for pid, _ in found))


def test_the_event_loop_goes_on_while_the_database_works() -> None:
    def slow() -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.3)")

    async def both() -> int:
        beats = 0
        work = asyncio.ensure_future(in_database(slow))
        while not work.done():
            await asyncio.sleep(0.01)
            beats += 1
        await work
        return beats

    assert asyncio.run(both()) >= 5
