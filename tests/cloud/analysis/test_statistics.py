"""The methods beside figures that their sources print, and what must hold of them for any data."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.analysis.statistics import (
    binomial_tail,
    drift,
    far_above,
    hypergeometric_tail,
    median,
    poisson_interval,
    poisson_tail,
    quantile,
    reached,
    surviving,
    wilson,
)

COUNTS = st.integers(0, 60)


def test_what_textbooks_print() -> None:
    assert median([3, 1, 2, 10]) == 2.5
    assert quantile([0, 10, 20, 30, 40], 0.9) == 36
    assert wilson(10, 20) == pytest.approx((0.2993, 0.7007), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    assert binomial_tail(8, 10, 0.5) == pytest.approx(56 / 1024)
    assert hypergeometric_tail(4, 4, 4, 8) == pytest.approx(1 / 70), "the lady who tasted tea"
    assert hypergeometric_tail(3, 4, 4, 8) == pytest.approx(17 / 70)
    assert poisson_tail(3, 1.0) == pytest.approx(0.0803, abs=1e-4)
    assert poisson_interval(10) == pytest.approx((4.79, 18.39), abs=0.02)
    assert poisson_interval(0)[0] == 0


def test_one_who_still_waits_counts_for_as_long_as_they_waited() -> None:
    freireich = [6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]  # of 6-MP, 1963
    assert surviving(*freireich, 0.5) == 23
    assert surviving([1, 2, 3], [], 0.5) == 2
    assert surviving([1], [9, 9, 9], 0.5) is None
    assert surviving([], [], 0.5) is None


def test_a_level_that_grows_is_forecast_with_an_interval_and_one_that_does_not_has_no_day() -> None:
    steady = drift([2.0, 2.0, 2.0, 2.0])
    assert (steady.mean, steady.low, steady.high) == (2, 2, 2)
    assert reached(10, steady) == (5, 5, 5)
    rough = drift([1.0, 2.0, 3.0, 1.0, 2.0, 3.0])
    assert rough.high - rough.mean == pytest.approx(2.571 * math.sqrt(0.8 / 6), rel=0.002), "Student's t of 5: 2.571"
    assert reached(10, drift([-1.0, -2.0, -1.5])) == (None, None, None)
    assert reached(0, steady) == (0, 0, 0)
    likely, soon, late = reached(10, drift([5.0, -4.0, 2.0, 1.0]))
    assert (likely, late) == (10, None)
    assert soon is not None
    assert soon < 10
    with pytest.raises(ValueError, match="too few"):
        drift([1.0, 2.0])


@given(COUNTS, COUNTS, st.floats(0.01, 0.99))
def test_tails_are_chances_that_fall_as_more_is_seen(hits: int, more: int, share: float) -> None:
    n = hits + more
    low, high = wilson(hits, n)
    assert 0 <= low <= high <= 1
    if n:
        assert low - 1e-12 <= hits / n <= high + 1e-12
    assert 0 <= binomial_tail(hits + 1, n, share) <= binomial_tail(hits, n, share) + 1e-9
    assert 0 <= poisson_tail(hits + 1, 20 * share) <= poisson_tail(hits, 20 * share) + 1e-9 <= 1 + 2e-9
    assert binomial_tail(0, n, share) == 1


@given(COUNTS, COUNTS, st.integers(0, 60))
def test_two_who_meet_by_chance_meet_some_number_of_times(first: int, second: int, more: int) -> None:
    n = max(first, second) + more
    assert hypergeometric_tail(0, first, second, n) == pytest.approx(1)
    assert hypergeometric_tail(min(first, second) + 1, first, second, n) == 0


@given(st.lists(st.floats(0.1, 1e5), min_size=1, max_size=40), st.floats(2, 9))
def test_nothing_usual_is_far_above(values: list[float], spread: float) -> None:
    assert far_above(values, spread) >= median(values) * 0.999 or len(values) % 2 == 0
    scaled = [value * 60 for value in values]
    assert far_above(scaled, spread) == pytest.approx(60 * far_above(values, spread)), "in hours as in minutes"


def test_one_wild_value_moves_the_limit_of_the_others_hardly() -> None:
    usual = [1.0, 1.2, 0.8, 1.1, 0.9, 1.3, 0.7]
    assert far_above([*usual, 10_000.0], 4) < 3 * far_above(usual, 4)
    assert far_above([*usual, 10_000.0], 4) < 10_000.0
