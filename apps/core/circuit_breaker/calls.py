"""One call that was let through: its end is noted, however it comes."""

import asyncio
from types import TracebackType
from typing import Self

from apps.core.circuit_breaker.gate import Gate

LEFT = (GeneratorExit, asyncio.CancelledError)  # the one who asked went away; the service has done nothing wrong


class Call:
    """A block round the work of one call, sync or async.

    Who sets `begun` has had something from the service; leaving after that is no failure, and no silence either. With
    `goes_on` only a failure is noted here, for the rest of the work is in another block.
    """

    def __init__(self, gate: Gate, era: int) -> None:
        self.begun = False
        self.goes_on = False
        self._gate = gate
        self._era = era

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None or not self.goes_on:
            self._gate.leave(self._era, self._told_by(error))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._gate.leave_async(self._era, self._told_by(error))

    def _told_by(self, error: BaseException | None) -> BaseException | None:
        return None if self.begun and isinstance(error, LEFT) else error
