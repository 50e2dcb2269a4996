"""What so many leaks in so many trials say about the leak rate: exact bounds after Clopper and Pearson."""

import math
from collections.abc import Callable
from dataclasses import dataclass

CONFIDENCE = 0.95
STEPS = 60  # halvings: more than a double can tell apart


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """Where the true rate lies."""

    lower: float
    upper: float


def upper_bound(leaks: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """Return what the rate is below, with this confidence (one-sided): 0 of 300 is .00994."""
    if trials == 0 or leaks >= trials:
        return 1.0
    return where(lambda rate: at_most(leaks, trials, rate) > 1 - confidence)


def interval(leaks: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the two-sided interval: 0 of 300 is 0 to .0122, 3 of 10 is .0667 to .6525."""
    tail = (1 - confidence) / 2
    if trials == 0:
        return Interval(lower=0.0, upper=1.0)
    lower = 0.0 if leaks == 0 else where(lambda rate: 1 - at_most(leaks - 1, trials, rate) < tail)
    return Interval(lower=lower, upper=upper_bound(leaks, trials, 1 - tail))


def at_most(leaks: int, trials: int, rate: float) -> float:
    """Return how likely so many leaks or fewer are at this rate."""
    if rate in {0.0, 1.0}:
        return float(rate == 0.0 or leaks >= trials)
    return math.fsum(
        math.exp(
            math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
            + k * math.log(rate) + (trials - k) * math.log1p(-rate)
        )
        for k in range(leaks + 1)
    )  # fmt: skip


def where(is_below: Callable[[float], bool]) -> float:
    """Return where, between 0 and 1, a condition ceases to hold."""
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return high
