"""Keeps a circuit in the database, so that what one process has learnt holds for all of them.

A breaker must not fail where the service behind it does well: while the database is away, each process goes by what it
knows itself.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from django.db import Error, connection, transaction
from django.db.models import DateTimeField, Func
from django.db.models.functions import Now

from apps.core.circuit_breaker.circuit import Circuit, CircuitState
from apps.core.circuit_breaker.memory import Result, Transition
from apps.core.models import SharedCircuit

logger = logging.getLogger(__name__)

FRESH_SECONDS = 1.0  # for which a process goes by what it saw last
REST_SECONDS = 10.0  # for which it leaves alone a database that failed
STATEMENT_MS = 1000  # no call waits longer for the state of a circuit

# A thread with a connection of its own: whatever transaction the caller is in, a circuit's change neither waits for it
# nor is rolled back with it.
_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="circuits")


class SharedMemory:
    """Keeps the circuit of one name. All processes go by the database's clock."""

    def __init__(self, name: str) -> None:
        self.latest = Circuit()
        self._name = name
        self._ahead = time.time() - time.monotonic()  # how far the database's clock is ahead of this process's
        self._stale_at = 0.0
        self._away_until = 0.0

    def look(self) -> tuple[Circuit, float]:
        if time.monotonic() >= self._stale_at:
            self._from_database(lambda circuit, _: circuit, lock=False)
        return self.latest, self._now()

    def change(self, transition: Transition) -> tuple[Circuit, Circuit]:
        changed = self._from_database(transition, lock=True)
        if changed is None:
            before, self.latest = self.latest, transition(self.latest, self._now())
            return before, self.latest
        return changed

    def run(self, work: Callable[[], Result]) -> Result:
        return _thread.submit(work).result()

    async def run_async(self, work: Callable[[], Result]) -> Result:
        return await asyncio.wrap_future(_thread.submit(work))

    def _from_database(self, transition: Transition, *, lock: bool) -> tuple[Circuit, Circuit] | None:
        """Read the circuit, and keep what becomes of it; None while the database is away."""
        if time.monotonic() < self._away_until:
            return None
        try:
            before, after = self._transact(transition, lock=lock)
        except Error as error:
            connection.close()  # so that the next try gets a new one
            self._away_until = time.monotonic() + REST_SECONDS
            logger.warning("The state of %s can't be shared at the moment: %s", self._name, type(error).__name__)
            return None
        self.latest = after
        self._stale_at = time.monotonic() + FRESH_SECONDS
        return before, after

    def _transact(self, transition: Transition, *, lock: bool) -> tuple[Circuit, Circuit]:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {STATEMENT_MS}")
            if lock:
                SharedCircuit.objects.bulk_create([SharedCircuit(name=self._name)], ignore_conflicts=True)
            rows = SharedCircuit.objects.select_for_update() if lock else SharedCircuit.objects.all()
            clock = Func(function="clock_timestamp", output_field=DateTimeField())
            row = rows.filter(name=self._name).annotate(now=clock).first()
            if row is None:
                return Circuit(), Circuit()
            self._ahead = row.now.timestamp() - time.monotonic()
            before = circuit_of(row)
            after = transition(before, row.now.timestamp())
            if after is not before:
                keep(self._name, after)
        return before, after

    def _now(self) -> float:
        return time.monotonic() + self._ahead


def circuit_of(row: SharedCircuit) -> Circuit:
    return Circuit(
        state=CircuitState(row.state),
        failures=row.failures,
        refuses_until=row.refuses_until.timestamp() if row.refuses_until else 0.0,
        era=row.era,
        reason=row.reason,
    )


def keep(name: str, circuit: Circuit) -> None:
    until = datetime.fromtimestamp(circuit.refuses_until, UTC) if circuit.refuses_until else None
    SharedCircuit.objects.filter(name=name).update(
        state=circuit.state.value,
        failures=circuit.failures,
        refuses_until=until,
        era=circuit.era,
        reason=circuit.reason,
        updated_at=Now(),
    )


def shared_circuits() -> list[SharedCircuit]:
    """Return every circuit that processes share, as the database has it now."""
    return list(SharedCircuit.objects.order_by("name"))
