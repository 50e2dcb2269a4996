"""Leaves a failing outside service alone for a while, so that nobody waits for it and it can recover.

    breaker = CircuitBreaker(failure_threshold=3, recovery_timeout=60, expected_exception=(TimeoutError, OSError))
    await breaker.call(fetch, url)

After so many failures in a row the circuit opens: calls end at once in CircuitOpenError. When the time is over, one
call tries; by how that goes the circuit closes or stays open for as long again.
"""

from apps.core.circuit_breaker.breaker import CircuitBreaker
from apps.core.circuit_breaker.circuit import CircuitState
from apps.core.circuit_breaker.watching import CircuitChange, breakers, on_change, stop_watching

__all__ = ["CircuitBreaker", "CircuitChange", "CircuitState", "breakers", "on_change", "stop_watching"]
