"""A circuit breaker that opens is a number that a rule watches."""

from collections.abc import Iterator

import pytest

from apps.core.alert_rules import DEFAULT_RULES
from apps.core.circuit_breaker import CircuitBreaker
from apps.core.error_handling import TacitError
from apps.core.monitoring import metrics_collector
from apps.observability.metrics import gauge

STATE = gauge("tacit_breaker_state", breaker="a-test")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    metrics_collector.forget()
    yield
    metrics_collector.forget()


async def test_a_breaker_that_opens_is_counted_and_watched() -> None:
    breaker = CircuitBreaker(failure_threshold=2, recovery_timeout=60, expected_exception=(OSError,), name="a-test")

    async def fail() -> None:
        raise OSError

    for _ in range(2):
        with pytest.raises(OSError, match=r"^$"):
            await breaker.call(fail)
    assert metrics_collector.samples()[STATE] == 2
    with pytest.raises(TacitError):
        await breaker.call(fail)
    (rule,) = [rule for rule in DEFAULT_RULES if rule.metric == STATE[0]]
    assert rule.exceeds(metrics_collector.samples()[STATE])
