"""A service that fails when a test says so, and time that passes when a test says so."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from apps.core.circuit_breaker import CircuitBreaker


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Service:
    """Something outside that does well or raises what it is told to; counts how often it is reached."""

    def __init__(self) -> None:
        self.calls = 0
        self.failing: BaseException | None = None

    def ask(self, question: str = "") -> str:
        self.calls += 1
        if self.failing is not None:
            raise self.failing
        return f"answer to {question}"

    async def ask_async(self, question: str = "") -> str:
        await asyncio.sleep(0)
        return self.ask(question)

    async def stream(self, *pieces: str) -> AsyncGenerator[str, None]:
        self.calls += 1
        for piece in pieces:
            yield piece
        if self.failing is not None:
            raise self.failing


def fail(breaker: CircuitBreaker, service: Service, times: int, error: BaseException | None = None) -> None:
    before, service.failing = service.failing, error or TimeoutError()
    for _ in range(times):
        with pytest.raises(type(service.failing)):
            breaker.call(service.ask)
    service.failing = before
