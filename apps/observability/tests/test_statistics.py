"""Bounds of leak rates, against values that anybody can look up."""

import pytest

from apps.observability.leaktest.statistics import interval, upper_bound


@pytest.mark.parametrize(
    ("leaks", "trials", "lower", "upper"),
    [
        (0, 300, 0.0, 0.012221),  # 1 - .025 ** (1 / 300)
        (0, 10, 0.0, 0.308497),
        (3, 10, 0.066739, 0.652453),
        (5, 100, 0.016431, 0.112835),
        (10, 10, 0.691503, 1.0),
        (1, 1, 0.025, 1.0),
    ],
)
def test_the_interval_is_that_of_clopper_and_pearson(leaks: int, trials: int, lower: float, upper: float) -> None:
    found = interval(leaks, trials)
    assert (found.lower, found.upper) == (pytest.approx(lower, abs=1e-5), pytest.approx(upper, abs=1e-5))


def test_none_of_three_hundred_is_below_one_per_cent_and_not_zero() -> None:
    assert upper_bound(0, 300) == pytest.approx(1 - 0.05 ** (1 / 300), abs=1e-9)
    assert 0.0099 < upper_bound(0, 300) < 0.01


def test_nothing_tried_tells_nothing() -> None:
    assert upper_bound(0, 0) == 1.0
    assert (interval(0, 0).lower, interval(0, 0).upper) == (0.0, 1.0)


def test_many_trials_stay_exact() -> None:
    assert upper_bound(0, 1_000_000) == pytest.approx(2.9957e-6, rel=1e-3)
    assert upper_bound(500, 100_000) == pytest.approx(0.00538, abs=2e-5)
