"""A service fails, is left alone, and is asked again: nobody waits for it in between, and nobody has to lend a hand."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Iterator

import pytest

from apps.core.circuit_breaker import CircuitBreaker, CircuitChange, CircuitState, breakers, on_change, stop_watching
from apps.core.circuit_breaker.circuit import LONGEST_PAUSE
from apps.core.error_handling import (
    CircuitOpenError,
    FetchError,
    ProviderBusyError,
    ProviderError,
    ProviderUnavailableError,
    SiteCircuitOpenError,
    TacitError,
)
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


@pytest.fixture
def changes() -> Iterator[list[CircuitChange]]:
    told: list[CircuitChange] = []
    on_change(told.append)
    yield told
    stop_watching(told.append)


# The states.


def test_after_three_failures_in_a_row_the_service_is_left_alone(breaker: CircuitBreaker, service: Service) -> None:
    fail(breaker, service, 2)
    assert breaker.state is CircuitState.CLOSED
    fail(breaker, service, 1)
    assert (breaker.state, breaker.failures) == (CircuitState.OPEN, 3)

    with pytest.raises(CircuitOpenError):
        breaker.call(service.ask)

    assert service.calls == 3


def test_a_success_in_between_starts_the_count_anew(breaker: CircuitBreaker, service: Service) -> None:
    fail(breaker, service, 2)
    assert breaker.call(service.ask, "how?") == "answer to how?"
    assert breaker.failures == 0
    fail(breaker, service, 2)
    assert breaker.state is CircuitState.CLOSED


def test_when_the_pause_is_over_one_good_call_closes_the_circuit(
    breaker: CircuitBreaker, service: Service, clock: Clock
) -> None:
    fail(breaker, service, 3)
    clock.now += 59.9
    with pytest.raises(CircuitOpenError):
        breaker.call(service.ask)
    clock.now += 0.1

    assert breaker.call(service.ask, "there?") == "answer to there?"

    assert (breaker.state, breaker.failures) == (CircuitState.CLOSED, 0)


def test_a_probe_that_fails_opens_it_for_as_long_again(breaker: CircuitBreaker, service: Service, clock: Clock) -> None:
    fail(breaker, service, 3)
    clock.now += 60
    fail(breaker, service, 1)
    assert breaker.state is CircuitState.OPEN
    clock.now += 59
    with pytest.raises(CircuitOpenError) as refused:
        breaker.call(service.ask)
    assert refused.value.retry_after == 1
    assert service.calls == 4


def test_an_error_that_is_not_the_services_changes_nothing(
    breaker: CircuitBreaker, service: Service, clock: Clock
) -> None:
    fail(breaker, service, 5, ValueError())
    assert (breaker.state, breaker.failures) == (CircuitState.CLOSED, 0)
    fail(breaker, service, 2)
    fail(breaker, service, 1, ValueError())
    assert breaker.failures == 2
    fail(breaker, service, 1)
    clock.now += 60
    fail(breaker, service, 1, ValueError())  # as a probe it told nothing, so the next call is the probe
    assert breaker.state is CircuitState.HALF_OPEN
    breaker.call(service.ask)
    assert breaker.state is CircuitState.CLOSED


def test_a_probe_that_never_comes_back_is_given_up_for_lost(
    breaker: CircuitBreaker, service: Service, clock: Clock
) -> None:
    fail(breaker, service, 3)
    clock.now += 60
    with breaker:  # the probe is under way
        with pytest.raises(CircuitOpenError):
            breaker.call(service.ask)
        clock.now += 60
        assert breaker.call(service.ask, "again")  # a second probe
        assert breaker.state is CircuitState.CLOSED
    assert breaker.state is CircuitState.CLOSED, "what the lost one brings home no longer counts"


# What an open circuit says.


def test_it_says_what_failed_and_when_it_tries_again(clock: Clock, service: Service) -> None:
    breaker = CircuitBreaker(2, 60, ProviderUnavailableError, clock=clock)
    fail(breaker, service, 2, ProviderUnavailableError("The model's server was too slow and was given up."))
    clock.now += 12.5

    with pytest.raises(CircuitOpenError) as refused:
        breaker.call(service.ask)

    error: TacitError = refused.value
    assert str(error) == "The model's server was too slow and was given up. The next try is in 48 s."
    assert (error.code, error.status, error.retryable) == ("circuit_open", 503, True)
    assert refused.value.retry_after == 48
    assert isinstance(error, ProviderError)


def test_words_of_a_foreign_error_are_not_repeated(breaker: CircuitBreaker, service: Service) -> None:
    fail(breaker, service, 3, TimeoutError("while asking about Gwendolyn Marsh"))
    with pytest.raises(CircuitOpenError) as refused:
        breaker.call(service.ask)
    assert "Gwendolyn" not in str(refused.value)


def test_a_site_says_so_as_an_error_of_fetching(clock: Clock, service: Service) -> None:
    breaker = CircuitBreaker(1, 60, TimeoutError, clock=clock, open_error=SiteCircuitOpenError)
    fail(breaker, service, 1)
    with pytest.raises(FetchError) as refused:
        breaker.call(service.ask)
    assert (refused.value.code, refused.value.retryable) == ("site_circuit_open", True)


def test_a_server_that_says_when_to_come_back_is_left_alone_until_then(clock: Clock, service: Service) -> None:
    breaker = CircuitBreaker(3, 60, ProviderUnavailableError, clock=clock)
    fail(breaker, service, 1, ProviderBusyError(retry_after=7))
    assert breaker.state is CircuitState.OPEN
    clock.now += 6.9
    with pytest.raises(CircuitOpenError):
        breaker.call(service.ask)
    clock.now += 0.1
    assert breaker.call(service.ask)


def test_a_server_that_asks_for_a_year_is_tried_again_after_a_quarter_of_an_hour(
    clock: Clock, service: Service
) -> None:
    breaker = CircuitBreaker(3, 60, ProviderUnavailableError, clock=clock)
    fail(breaker, service, 1, ProviderBusyError(retry_after=365 * 86_400))
    clock.now += LONGEST_PAUSE
    assert breaker.call(service.ask)


def test_the_open_circuit_of_another_breaker_further_in_is_no_failure(clock: Clock, service: Service) -> None:
    inner = CircuitBreaker(1, 60, ProviderUnavailableError, clock=clock)
    outer = CircuitBreaker(1, 60, ProviderUnavailableError, clock=clock)
    fail(inner, service, 1, ProviderUnavailableError())
    with pytest.raises(CircuitOpenError):
        outer.call(inner.call, service.ask)
    assert outer.state is CircuitState.CLOSED


def test_whether_it_would_refuse_can_be_asked_without_a_try(
    breaker: CircuitBreaker, service: Service, clock: Clock
) -> None:
    breaker.check()
    fail(breaker, service, 3)
    with pytest.raises(CircuitOpenError):
        breaker.check()
    clock.now += 60
    breaker.check()
    assert breaker.state is CircuitState.OPEN
    assert service.calls == 3


# Whoever watches.


def test_changes_are_told_and_the_state_can_be_read(
    breaker: CircuitBreaker, service: Service, clock: Clock, changes: list[CircuitChange]
) -> None:
    fail(breaker, service, 3)
    clock.now += 60
    breaker.call(service.ask)

    assert [(change.before.value, change.after.value) for change in changes if change.name == "service"] == [
        ("closed", "open"), ("open", "half_open"), ("half_open", "closed"),
    ]  # fmt: skip
    assert (changes[0].failures, changes[0].error_code) == (3, "circuit_open")
    assert breaker in breakers()
    assert repr(breaker) == "CircuitBreaker(name='service', state='closed')"


# Regressions: what the system before this one broke at.


def test_regression_a_breaker_given_a_tuple_of_exceptions(clock: Clock, service: Service) -> None:
    """`isinstance` takes a tuple, a list comparison does not: each class of the tuple counts, and no other."""
    for error in (KeyError(), OSError(), BrokenPipeError()):
        given = CircuitBreaker(
            failure_threshold=3, recovery_timeout=60, expected_exception=(KeyError, OSError), clock=clock
        )
        fail(given, service, 3, error)
        assert given.state is CircuitState.OPEN
    other = CircuitBreaker(failure_threshold=3, recovery_timeout=60, expected_exception=(KeyError, OSError))
    fail(other, service, 5, ValueError())
    assert other.state is CircuitState.CLOSED


def test_regression_a_breaker_can_decorate(clock: Clock) -> None:
    """`@breaker` works on every kind of function, keeps what it is and says, and gives its result."""
    breaker = CircuitBreaker(failure_threshold=2, recovery_timeout=60, expected_exception=TimeoutError, clock=clock)

    @breaker
    def plain(a: int, *, b: int) -> int:
        """Add."""
        if b < 0:
            raise TimeoutError
        return a + b

    @breaker
    async def awaited(a: int, *, b: int) -> int:
        """Add, later."""
        return plain(a, b=b)

    @breaker
    async def streamed(n: int) -> AsyncGenerator[int, None]:
        """Count."""
        for one in range(n):
            yield one

    class Asker:
        @breaker
        async def ask(self, a: int) -> int:
            return await awaited(a, b=1)

    async def all_of_them() -> None:
        assert plain(1, b=2) == 3
        assert await awaited(1, b=2) == 3
        assert [one async for one in streamed(3)] == [0, 1, 2]
        assert await Asker().ask(4) == 5

    asyncio.run(all_of_them())
    assert (plain.__name__, plain.__doc__) == ("plain", "Add.")
    assert inspect.iscoroutinefunction(awaited)
    assert inspect.isasyncgenfunction(streamed)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            plain(1, b=-1)
    with pytest.raises(CircuitOpenError):
        asyncio.run(all_of_them())
