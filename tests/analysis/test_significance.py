from __future__ import annotations

from itertools import combinations
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_orchestrator.analysis.significance import EXACT, least_probability, mann_whitney, welch

SAMPLES = st.lists(st.integers(0, 4).map(float), min_size=1, max_size=5)


def by_enumeration(one: list[float], other: list[float]) -> float:
    """The definition: of all ways to deal the values out, how many give a rank sum as far from the expected one?"""
    values = one + other
    ranks = [sum(v < value for v in values) + (sum(v == value for v in values) + 1) / 2 for value in values]
    expected = len(one) * (len(values) + 1) / 2
    distance = abs(sum(ranks[: len(one)]) - expected)
    dealt = list(combinations(ranks, len(one)))
    return sum(abs(sum(chosen) - expected) >= distance for chosen in dealt) / len(dealt)


@given(SAMPLES, SAMPLES)
def test_the_rank_test_is_exact_with_ties(one: list[float], other: list[float]) -> None:
    assert mann_whitney(one, other) == pytest.approx(by_enumeration(one, other), abs=1e-12)


def test_the_approximation_meets_the_exact_test_where_they_meet() -> None:
    """At 25 and 25 values it is exact, at 26 and 25 it is not any more; a value in the middle changes little."""
    one, other = [float(n) for n in range(25)], [n + 6.5 for n in range(25)]
    assert len(one) + len(other) == EXACT
    assert mann_whitney([*one, 15.6], other) == pytest.approx(mann_whitney(one, other), rel=0.3)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # scipy 1.x: mannwhitneyu(method="exact"), and "asymptotic" for the last
        ([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 0.007936507936507936),
        (list(range(60)), [n + 15.5 for n in range(80)], 2.937279183229724e-09),
    ],
)
def test_the_rank_test_against_reference_values(one: list[float], other: list[float], expected: float) -> None:
    assert mann_whitney(one, other) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # scipy 1.x: ttest_ind_from_stats(equal_var=False)
        ((10.0, 1.0, 5), (12.0, 2.0, 8), 0.03637986415969805),
        ((5.821475360512652, 1.6788832730594465, 39041), (5.820084438540064, 4.365869241495198, 628), 0.9936399715),
    ],
)
def test_welch_against_reference_values(
    one: tuple[float, float, int], other: tuple[float, float, int], expected: float
) -> None:
    assert welch(one, other) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("size", "of"), [(1, 1), (3, 3), (4, 4), (5, 5), (2, 9)])
def test_the_least_probability_is_that_of_samples_apart(size: int, of: int) -> None:
    apart = mann_whitney([float(n) for n in range(size)], [n + 100.0 for n in range(of)])
    assert least_probability(size, of) == pytest.approx(apart) == min(1.0, 2 / comb(size + of, size))


def test_values_that_are_all_equal_are_no_difference() -> None:
    assert mann_whitney([1.0] * 5, [1.0] * 5) == 1.0
    assert mann_whitney([1.0] * 50, [1.0] * 50) == 1.0
    assert welch((1.0, 0.0, 5), (1.0, 0.0, 5)) == 1.0
    assert welch((1.0, 0.0, 5), (2.0, 0.0, 5)) == 0.0


VALUES = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40)
TOLD = st.tuples(st.floats(-1e100, 1e100), st.floats(0, 1e100), st.integers(2, 10**15))


@settings(max_examples=60)
@given(VALUES, VALUES)
def test_the_rank_test_is_a_probability_and_has_no_sides(one: list[float], other: list[float]) -> None:
    assert 0 <= mann_whitney(one, other) <= 1
    assert mann_whitney(one, other) == pytest.approx(mann_whitney(other, one), rel=1e-9)
    assert mann_whitney(one, one) >= 0.99


@given(TOLD, TOLD)
def test_welch_is_a_probability_and_has_no_sides(
    one: tuple[float, float, int], other: tuple[float, float, int]
) -> None:
    assert 0 <= welch(one, other) <= 1
    assert welch(one, other) == pytest.approx(welch(other, one), rel=1e-6, abs=1e-12)
    assert welch(one, one) == pytest.approx(1.0)
