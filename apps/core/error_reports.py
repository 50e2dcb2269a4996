"""Passes on what went wrong to whoever listens; core doesn't know who that is."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class ReportKind(StrEnum):
    """What it is that went wrong."""

    UNHANDLED = "unhandled"  # an exception that nobody expected
    SOURCE = "source"  # a source that ended failed
    BREAKER = "breaker"  # an outside service that is given up for a while


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorReport:
    """One thing that went wrong. The exception's own text may quote content: who listens must not keep it."""

    kind: ReportKind
    code: str
    error: BaseException | None = field(default=None, repr=False)
    subject: str = ""  # what it happened to, where that is no content: a breaker's name
    organization_id: uuid.UUID | None = None


Listener = Callable[[ErrorReport], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Let `listener` be told from now on. It must return at once, on any thread and event loop, and never raise."""
    if listener not in _listeners:
        _listeners.append(listener)


def stop_listening(listener: Listener) -> None:
    if listener in _listeners:
        _listeners.remove(listener)


def report(one: ErrorReport) -> None:
    """Tell who listens."""
    for listener in tuple(_listeners):
        listener(one)
