"""Who watches over the circuits: a list of all breakers of this process, and who is told when one changes."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from weakref import WeakSet

from apps.core.circuit_breaker.circuit import CircuitState


class Watched(Protocol):
    """What anyone may ask of a breaker."""

    @property
    def name(self) -> str: ...
    @property
    def state(self) -> CircuitState: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class CircuitChange:
    """A breaker went from one state to another; `reason` is a sentence of ours that says what failed last."""

    name: str
    before: CircuitState
    after: CircuitState
    failures: int
    reason: str
    error_code: str  # of what calls raise while it is open
    is_shared: bool = False  # all processes share this circuit; one of them tells

    @property
    def kind(self) -> str:
        """What kind of service it is: what stands before the colon of the name."""
        return self.name.partition(":")[0]


Listener = Callable[[CircuitChange], None]
_breakers: WeakSet[Watched] = WeakSet()
_lock = threading.Lock()
_listeners: list[Listener] = []


def breakers() -> list[Watched]:
    """Return the breakers that this process has made, by name."""
    with _lock:
        return sorted(_breakers, key=lambda breaker: breaker.name)


def watch(breaker: Watched) -> None:
    """Let a breaker be found by `breakers`."""
    with _lock:
        _breakers.add(breaker)


def on_change(listener: Listener) -> None:
    """Call `listener` from now on; it must return at once, on any thread and event loop, and never raise.

    A circuit that many processes share is told of by the one process that changed it.
    """
    if listener not in _listeners:
        _listeners.append(listener)


def stop_watching(listener: Listener) -> None:
    """Call `listener` no longer."""
    if listener in _listeners:
        _listeners.remove(listener)


def tell(change: CircuitChange) -> None:
    """Tell everybody of a change."""
    for listener in tuple(_listeners):
        listener(change)
