"""Where a circuit is kept: in this process, or (see `shared`) in the database for all of them."""

import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from apps.core.circuit_breaker.circuit import Circuit

Result = TypeVar("Result")
Transition = Callable[[Circuit, float], Circuit]


class Memory(Protocol):
    """Keeps one circuit. `look` and `change` are called inside `run` or `run_async`, where they may block."""

    def look(self) -> tuple[Circuit, float]:
        """Return the circuit and the time by its clock."""

    def change(self, transition: Transition) -> tuple[Circuit, Circuit]:
        """Put what `transition` makes of circuit and time in the circuit's place, alone; return both."""

    @property
    def latest(self) -> Circuit:
        """The circuit as this process saw it last; never blocks."""

    def run(self, work: Callable[[], Result]) -> Result:
        """Do something with the circuit."""

    async def run_async(self, work: Callable[[], Result]) -> Result:
        """Do something with the circuit while the event loop goes on."""


class LocalMemory:
    """Keeps a circuit in this process. The clock must not jump, so it is none that tells the time of day."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.latest = Circuit()

    def look(self) -> tuple[Circuit, float]:
        return self.latest, self._clock()

    def change(self, transition: Transition) -> tuple[Circuit, Circuit]:
        with self._lock:
            before = self.latest
            self.latest = transition(before, self._clock())
            return before, self.latest

    def run(self, work: Callable[[], Result]) -> Result:
        return work()

    async def run_async(self, work: Callable[[], Result]) -> Result:
        return work()
