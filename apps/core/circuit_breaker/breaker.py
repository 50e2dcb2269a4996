"""The breaker: goes round calls, decorated functions, streams and blocks."""

import functools
import inspect
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import aclosing, closing
from contextvars import ContextVar
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, cast

from apps.core.circuit_breaker.calls import Call
from apps.core.circuit_breaker.circuit import CircuitState, Rules
from apps.core.circuit_breaker.gate import Gate, OpenError
from apps.core.circuit_breaker.memory import LocalMemory, Memory
from apps.core.circuit_breaker.watching import watch
from apps.core.error_handling import CircuitOpenError, SiteCircuitOpenError
from apps.core.services import load

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

SHARED_MEMORY = "apps.core.circuit_breaker.shared.SharedMemory"  # loaded when it is asked for: it needs the tables

# The blocks that this task or thread is in, and the era in which each was entered.
_entered: ContextVar[tuple[tuple["CircuitBreaker", int], ...]] = ContextVar("entered", default=())


class CircuitBreaker:
    """Goes round one outside service. Calls run side by side; only the probe of an open circuit goes alone.

    What is not of `expected_exception` says nothing about the service and changes nothing. An error that carries
    `retry_after` (seconds) opens the circuit at once for as long. While it is open, `open_error` is raised, with the
    seconds until the next try. With `shared`, all processes share the circuit of that `name`, through the database.
    """

    def __init__(
        self,
        failure_threshold: int = 3,
        recovery_timeout: float = 60.0,
        expected_exception: type[BaseException] | tuple[type[BaseException], ...] = Exception,
        name: str = "outside service",
        *,
        shared: bool = False,
        open_error: type[OpenError] = CircuitOpenError,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._expected = expected_exception
        self._memory: Memory = load(SHARED_MEMORY)(name) if shared else LocalMemory(clock)
        self._gate = Gate(
            name=name,
            rules=Rules(failure_threshold=max(1, failure_threshold), recovery_timeout=recovery_timeout),
            memory=self._memory,
            counts=self._counts,
            open_error=open_error,
            is_shared=shared,
        )
        watch(self)

    def __repr__(self) -> str:
        return f"CircuitBreaker(name={self.name!r}, state={self.state.value!r})"

    @property
    def state(self) -> CircuitState:
        """The state as this process saw it last. An open circuit stays so until somebody tries, however late."""
        return self._memory.latest.state

    @property
    def failures(self) -> int:
        """How many calls have failed in a row."""
        return self._memory.latest.failures

    def check(self) -> None:
        """Raise the open circuit's error if a call would be turned away now; nothing is tried."""
        self._gate.check()

    def call(self, function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        """Call a function; of a coroutine function or an async generator return what is to be awaited or read."""
        return self(function)(*args, **kwargs)

    def __call__(self, function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        """Return the function with this breaker round it (a decorator)."""
        anything = cast(Callable[..., Any], function)
        if inspect.isasyncgenfunction(anything):
            wrapped = self._round_stream(anything)
        elif inspect.iscoroutinefunction(anything):
            wrapped = self._round_coroutine(anything)
        else:
            wrapped = self._round_function(anything)
        return cast(Callable[Arguments, Result], functools.wraps(anything)(wrapped))

    def __enter__(self) -> Self:
        self._push(self._gate.enter())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gate.leave(self._pop(), error)

    async def __aenter__(self) -> Self:
        self._push(await self._gate.enter_async())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._gate.leave_async(self._pop(), error)

    def _counts(self, error: BaseException) -> bool:
        """Return whether an error is the service's; that of an open circuit further in is not."""
        return isinstance(error, self._expected) and not isinstance(error, CircuitOpenError | SiteCircuitOpenError)

    def _round_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **kwargs: Any) -> Any:
            era = self._gate.enter()
            with Call(self._gate, era) as call:
                result: Any = function(*args, **kwargs)
                rest = self._rest(result)
                call.goes_on = rest is not None
            return rest(era, result) if rest is not None else result

        return called

    def _rest(self, result: object) -> Callable[[int, Any], Any] | None:
        """Return what goes round the rest where a plain function hands on what is still to be read or awaited."""
        if inspect.isasyncgen(result):
            return self._read
        if inspect.isgenerator(result):
            return self._read_plain
        return self._awaited if inspect.isawaitable(result) else None

    def _round_coroutine(self, function: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
        async def called(*args: Any, **kwargs: Any) -> Any:
            return await self._awaited(await self._gate.enter_async(), function(*args, **kwargs))

        return called

    def _round_stream(self, function: Callable[..., AsyncGenerator[Any, None]]) -> Callable[..., Any]:
        async def called(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
            era = await self._gate.enter_async()
            async with aclosing(self._read(era, function(*args, **kwargs))) as items:
                async for item in items:
                    yield item

        return called

    async def _awaited(self, era: int, work: Awaitable[Any]) -> Any:
        async with Call(self._gate, era):
            return await work

    async def _read(self, era: int, stream: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
        async with Call(self._gate, era) as call, aclosing(stream):
            async for item in stream:
                call.begun = True
                yield item

    def _read_plain(self, era: int, stream: Generator[Any, None, None]) -> Generator[Any, None, None]:
        with Call(self._gate, era) as call, closing(stream):
            for item in stream:
                call.begun = True
                yield item

    def _push(self, era: int) -> None:
        _entered.set((*_entered.get(), (self, era)))

    def _pop(self) -> int:
        """Return the era in which this task entered its latest block."""
        blocks = _entered.get()
        place = next((n for n in range(len(blocks) - 1, -1, -1) if blocks[n][0] is self), None)
        if place is None:  # a generator that is finished by another task than the one that began it
            return self._memory.latest.era
        _entered.set(blocks[:place] + blocks[place + 1 :])
        return blocks[place][1]
