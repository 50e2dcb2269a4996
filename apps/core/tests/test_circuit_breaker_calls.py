"""Every way to put a breaker round something, one call at a time and fifty at once."""

import asyncio
import functools
import threading
from collections.abc import AsyncGenerator

import pytest

from apps.core.circuit_breaker import CircuitBreaker, CircuitState
from apps.core.error_handling import CircuitOpenError
from apps.core.tests.failing_service import Clock, Service, fail


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(
        failure_threshold=3,
        recovery_timeout=60,
        expected_exception=(TimeoutError, ConnectionError),
        name="service",
        clock=clock,
    )


# Every way to use it.


def test_a_block_counts_like_a_call(breaker: CircuitBreaker, clock: Clock) -> None:
    for _ in range(3):
        with pytest.raises(TimeoutError), breaker:
            raise TimeoutError
    with pytest.raises(CircuitOpenError), breaker:
        pytest.fail("the block is not entered")
    clock.now += 60
    with breaker:
        assert breaker.state is CircuitState.HALF_OPEN
    assert breaker.state is CircuitState.CLOSED


async def test_an_async_block_counts_like_a_call(breaker: CircuitBreaker) -> None:
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with breaker:
                raise TimeoutError
    with pytest.raises(CircuitOpenError):
        async with breaker:
            pytest.fail("the block is not entered")


async def test_blocks_of_many_tasks_do_not_mix(breaker: CircuitBreaker) -> None:
    async def work(fails: bool) -> None:
        async with breaker:
            await asyncio.sleep(0.01)
            if fails:
                raise TimeoutError

    ended = await asyncio.gather(*(work(n % 2 == 0) for n in range(40)), return_exceptions=True)
    assert sum(isinstance(one, TimeoutError) for one in ended) == 20
    assert breaker.state is CircuitState.CLOSED, "every other one did well"


async def test_whatever_is_callable_can_be_called(breaker: CircuitBreaker, service: Service) -> None:
    class Callable:
        async def __call__(self) -> str:
            return await service.ask_async("object")

    assert breaker.call(service.ask, question="plain") == "answer to plain"
    assert await breaker.call(service.ask_async, "async") == "answer to async"
    assert await breaker.call(functools.partial(service.ask_async, "partial")) == "answer to partial"
    assert await breaker.call(lambda: service.ask_async("lambda")) == "answer to lambda"
    assert await breaker.call(Callable()) == "answer to object"
    assert [one async for one in breaker.call(service.stream, "a", "b")] == ["a", "b"]
    assert [one async for one in breaker.call(lambda: service.stream("c"))] == ["c"]
    assert list(breaker.call(lambda: (one for one in "de"))) == ["d", "e"]
    service.failing = TimeoutError()
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await breaker.call(lambda: service.ask_async("lambda"))
    with pytest.raises(CircuitOpenError):
        await breaker.call(service.ask_async)


async def test_a_stream_that_breaks_counts(breaker: CircuitBreaker, service: Service) -> None:
    service.failing = ConnectionError()
    for _ in range(3):
        stream = breaker.call(service.stream, "half ", "an")
        assert [await anext(stream), await anext(stream)] == ["half ", "an"], "what came before the break is heard"
        with pytest.raises(ConnectionError):
            await anext(stream)
    assert breaker.state is CircuitState.OPEN
    with pytest.raises(CircuitOpenError):
        await anext(breaker.call(service.stream, "no more"))
    assert service.calls == 3


async def test_a_stream_that_its_reader_leaves_does_not_count(
    breaker: CircuitBreaker, service: Service, clock: Clock
) -> None:
    closed = []

    async def answer() -> AsyncGenerator[str, None]:
        try:
            while True:
                yield "on and on "
        finally:
            closed.append(True)

    for _ in range(5):
        stream = breaker.call(answer)
        await anext(stream)
        await stream.aclose()
    assert (breaker.state, breaker.failures) == (CircuitState.CLOSED, 0)
    assert len(closed) == 5, "the service is told at once"
    fail(breaker, service, 3)
    clock.now += 60
    stream = breaker.call(answer)
    await anext(stream)
    await stream.aclose()
    assert breaker.state is CircuitState.CLOSED, "the probe was answered"


async def test_a_call_that_is_cancelled_tells_nothing(breaker: CircuitBreaker, service: Service, clock: Clock) -> None:
    async def wait() -> None:
        await asyncio.sleep(60)

    for _ in range(5):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(breaker.call(wait), 0.01)
    assert breaker.failures == 0
    fail(breaker, service, 3)
    clock.now += 60
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(breaker.call(wait), 0.01)
    assert breaker.state is CircuitState.HALF_OPEN
    assert await breaker.call(service.ask_async, "next") == "answer to next", "the next call is the probe"


# Many at once.


async def test_calls_run_side_by_side(breaker: CircuitBreaker) -> None:
    running = most = 0

    async def work() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1

    await asyncio.gather(*(breaker.call(work) for _ in range(50)))
    assert most == 50


async def test_of_fifty_calls_at_once_one_is_the_probe(breaker: CircuitBreaker, service: Service, clock: Clock) -> None:
    fail(breaker, service, 3)
    clock.now += 60

    async def slowly() -> str:
        await asyncio.sleep(0.02)
        return service.ask("probe")

    ended = await asyncio.gather(*(breaker.call(slowly) for _ in range(50)), return_exceptions=True)

    assert [one for one in ended if isinstance(one, str)] == ["answer to probe"]
    assert sum(isinstance(one, CircuitOpenError) for one in ended) == 49
    assert breaker.state is CircuitState.CLOSED


def test_of_fifty_threads_one_is_the_probe(breaker: CircuitBreaker, service: Service, clock: Clock) -> None:
    fail(breaker, service, 3)
    clock.now += 60
    ready, ended = threading.Barrier(50), []

    def slowly() -> str:
        threading.Event().wait(0.05)
        return service.ask()

    def run() -> None:
        ready.wait()
        try:
            ended.append(breaker.call(slowly))
        except CircuitOpenError:
            ended.append("refused")

    threads = [threading.Thread(target=run) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ended.count("refused") == 49
    assert service.calls == 4


async def test_failures_that_come_home_late_do_not_lengthen_the_pause(
    breaker: CircuitBreaker, service: Service, clock: Clock
) -> None:
    async def late(seconds: float) -> None:
        await asyncio.sleep(seconds)
        raise TimeoutError

    stragglers = [asyncio.ensure_future(breaker.call(late, 0.02)) for _ in range(20)]
    await asyncio.sleep(0)
    fail(breaker, service, 3)
    clock.now += 30
    await asyncio.gather(*stragglers, return_exceptions=True)
    clock.now += 30
    assert breaker.call(service.ask), "the pause was counted from the failure that opened the circuit"
