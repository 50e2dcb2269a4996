"""What one process has learnt about a service holds for all of them, through the database and not against it."""

import asyncio
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction

from apps.core.circuit_breaker import CircuitBreaker, CircuitState
from apps.core.circuit_breaker.shared import shared_circuits
from apps.core.database.requirements import connection_string
from apps.core.error_handling import CircuitOpenError, ProviderUnavailableError
from apps.core.models import SharedCircuit
from apps.core.tests.circuit_process import PAUSE

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[3]
PROGRAM = "apps.core.tests.circuit_process"


class Process:
    """Another process with a breaker round the same service."""

    def __init__(self, name: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", PROGRAM, str(connection.settings_dict["NAME"]), name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def send(self, word: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def heard(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def does(self, word: str) -> str:
        self.send(word)
        return self.heard()

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        assert self._process.returncode == 0


@pytest.fixture
def name() -> str:
    return f"service:{uuid.uuid4().hex[:8]}"


@pytest.fixture
def two(name: str) -> Iterator[tuple[Process, Process]]:
    with ExitStack() as stack:
        both = [stack.enter_context(Process(name)) for _ in range(2)]
        assert [process.heard() for process in both] == ["ready", "ready"]
        yield both[0], both[1]


def fail(breaker: CircuitBreaker, times: int) -> None:
    def failing() -> None:
        raise TimeoutError

    for _ in range(times):
        with pytest.raises(TimeoutError):
            breaker.call(failing)


def test_two_processes_learn_from_each_other_and_probe_once(two: tuple[Process, Process], name: str) -> None:
    one, other = two
    assert [one.does("fail"), other.does("fail"), one.does("fail")] == ["failed"] * 3
    begun = time.monotonic()
    assert one.does("call") == "refused", "the third failure, of whichever process, opened it"
    time.sleep(1.1)  # for so long a process goes by what it saw last
    assert other.does("call") == "refused"
    row = SharedCircuit.objects.get(name=name)
    assert (row.state, row.failures) == ("open", 3)

    time.sleep(max(0.0, PAUSE - (time.monotonic() - begun)))
    one.send("slowly")
    other.send("slowly")

    assert sorted([one.heard(), other.heard()]) == ["done", "refused"]
    time.sleep(1.1)
    assert [one.does("call"), other.does("call")] == ["done", "done"]
    assert SharedCircuit.objects.get(name=name).state == "closed"


def test_a_new_process_knows_at_once_what_the_others_know(name: str) -> None:
    fail(CircuitBreaker(3, 60, TimeoutError, name=name, shared=True), 3)
    with pytest.raises(CircuitOpenError):
        CircuitBreaker(3, 60, TimeoutError, name=name, shared=True).call(lambda: "never")
    (circuit,) = [one for one in shared_circuits() if one.name == name]
    assert circuit.state == "open"


def test_a_change_of_state_outlives_the_transaction_that_it_happened_in(name: str) -> None:
    breaker = CircuitBreaker(1, 60, TimeoutError, name=name, shared=True)
    with transaction.atomic():
        SharedCircuit.objects.create(name="made meanwhile")
        fail(breaker, 1)
        transaction.set_rollback(True)
    assert not SharedCircuit.objects.filter(name="made meanwhile").exists()
    assert SharedCircuit.objects.get(name=name).state == "open"


async def test_fifty_calls_at_once_in_an_event_loop_have_one_probe(name: str) -> None:
    breaker = CircuitBreaker(3, 0.2, TimeoutError, name=name, shared=True)
    reached = 0

    async def ask(fails: bool = False) -> None:
        nonlocal reached
        reached += 1
        await asyncio.sleep(0.1)
        if fails:
            raise TimeoutError

    await asyncio.gather(*(breaker.call(ask, True) for _ in range(3)), return_exceptions=True)
    assert breaker.state is CircuitState.OPEN
    await asyncio.sleep(0.25)
    reached = 0
    ended = await asyncio.gather(*(breaker.call(ask) for _ in range(50)), return_exceptions=True)
    assert reached == 1
    assert sum(isinstance(one, CircuitOpenError) for one in ended) == 49
    assert breaker.state is CircuitState.CLOSED


def test_while_the_database_is_away_each_process_goes_by_what_it_knows(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    breaker = CircuitBreaker(3, 60, (TimeoutError, ProviderUnavailableError), name=name, shared=True)
    fail(breaker, 1)
    with psycopg.connect(connection_string(connection.settings_dict)) as holder:
        holder.execute("LOCK TABLE shared_circuit IN ACCESS EXCLUSIVE MODE")
        begun = time.monotonic()
        fail(breaker, 2)
        assert breaker.state is CircuitState.OPEN
        with pytest.raises(CircuitOpenError):
            breaker.call(lambda: "never")
        assert time.monotonic() - begun < 5, "nobody waits long for the state of a circuit"
    assert "can't be shared at the moment" in caplog.text


def test_visitors_can_not_read_it() -> None:
    with (
        psycopg.connect(connection_string(settings.VISITOR_DATABASE)) as mallory,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        mallory.execute("SELECT * FROM shared_circuit")
