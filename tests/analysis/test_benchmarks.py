from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_orchestrator.analysis.benchmarks import LARGEST_CHANGE, RARE, benchmark_changes
from ci_orchestrator.analysis.significance import least_probability
from ci_orchestrator.results.benchmark import Benchmark, Better
from ci_orchestrator.results.findings import BenchmarkChange, Shift

ONE = Benchmark(name="b", unit="ns", value=100.0)
STEADY = (99.0, 100.0, 101.0, 100.5, 99.5, 100.2)


def raw(values: tuple[float, ...], better: Better = Better.SMALLER) -> Benchmark:
    return replace(
        ONE, value=sorted(values)[len(values) // 2], values=values, samples=len(values), better=better, unit="u"
    )


def told(value: float, spread: float = 2.0, samples: int = 30) -> Benchmark:
    return replace(ONE, value=value, spread=spread, samples=samples)


def change(now: Benchmark, base: Benchmark, least: float = 0.05) -> BenchmarkChange:
    (only,) = benchmark_changes([now], [base], least=least)
    return only


def moved(by: float) -> tuple[float, ...]:
    return tuple(value * by for value in STEADY)


@pytest.mark.parametrize(
    ("now", "base", "shift", "why"),
    [
        (raw(moved(1.2)), raw(STEADY), Shift.WORSE, "Mann-Whitney U test of 6 and 6 values: p = 0.0022, no accident"),
        (raw(moved(0.8)), raw(STEADY), Shift.BETTER, "no accident"),
        (raw(moved(1.2), Better.BIGGER), raw(STEADY, Better.BIGGER), Shift.BETTER, "no accident"),
        (raw(moved(1.03)), raw(STEADY), Shift.SAME, "p = 0.0022, but the change is below 5 %"),
        (raw(STEADY), raw(STEADY), Shift.SAME, "no difference is proven"),
        (raw((90, 150, 95, 99, 160, 170)), raw((100, 95, 160, 90, 110, 99)), Shift.UNCERTAIN, "it may be an accident"),
        (raw((200.0, 201.0, 202.0)), raw(STEADY), Shift.UNCERTAIN, "3 and 6 measurements: too few for a test"),
        (told(120), told(100), Shift.WORSE, "Welch's t-test of 30 and 30 samples: p < 0.0001, no accident"),
        (told(80), told(100), Shift.BETTER, "no accident"),
        (told(103), told(100), Shift.SAME, "but the change is below 5 %"),
        (told(120, 90), told(100, 90), Shift.UNCERTAIN, "may be an accident"),
        (told(101, 90), told(100, 90), Shift.SAME, "no difference is proven"),
        (told(300, samples=2), told(100), Shift.UNCERTAIN, "2 and 30 measurements: too few"),
        (replace(ONE, value=900.0), ONE, Shift.UNCERTAIN, "no test: the tool tells neither"),
        (replace(ONE, value=100.1), ONE, Shift.UNCERTAIN, "no test: the tool tells neither"),
        (ONE, ONE, Shift.SAME, "the same value"),
        (told(900.0), ONE, Shift.UNCERTAIN, "no test"),
        (raw(moved(2)), replace(raw(STEADY), values=()), Shift.UNCERTAIN, "no test"),
    ],
)
def test_a_change_counts_when_it_is_large_and_no_accident(
    now: Benchmark, base: Benchmark, shift: Shift, why: str
) -> None:
    found = change(now, base)
    assert found.shift is shift
    assert why in found.why


def test_the_least_change_is_the_callers() -> None:
    assert change(raw(moved(1.2)), raw(STEADY), least=0.25).shift is Shift.SAME
    assert change(raw(moved(1.02)), raw(STEADY), least=0.01).shift is Shift.WORSE


def test_counts_that_never_vary_can_be_tested_when_repeated() -> None:
    """`go test -benchmem -count 5`: 0 allocations became 3."""
    zero, three = (replace(ONE, value=value, samples=1, values=(value,)) for value in (0.0, 3.0))
    assert benchmark_changes([three] * 5, [zero] * 5)[0].shift is Shift.WORSE
    assert benchmark_changes([three] * 5, [zero] * 5)[0].worse == 1.0
    assert benchmark_changes([three], [zero])[0].shift is Shift.UNCERTAIN
    assert benchmark_changes([zero], [zero])[0].shift is Shift.SAME


@pytest.mark.parametrize(
    ("value", "values"),
    [
        pytest.param(90.0, moved(1.2), id="the ranks went the other way"),
        pytest.param(130.0, moved(1.02), id="the medians are next to each other"),
    ],
)
def test_a_change_that_only_outliers_made_is_uncertain(value: float, values: tuple[float, ...]) -> None:
    found = change(replace(raw(values), value=value), replace(raw(STEADY), value=100.0))
    assert found.shift is Shift.UNCERTAIN
    assert "outliers made the change" in found.why


def test_only_what_both_builds_have_is_compared_by_group_name_and_unit() -> None:
    others = [replace(ONE, group="g"), replace(ONE, unit="B"), replace(ONE, name="c"), replace(ONE, name="a")]
    found = benchmark_changes([*others, replace(ONE, name="new")], [replace(ONE, name="gone"), *others[::-1]])
    assert [(one.group, one.name, one.unit) for one in found] == [
        ("", "a", "ns"),
        ("", "b", "B"),
        ("", "c", "ns"),
        ("g", "b", "ns"),
    ]


def test_relative_to_next_to_nothing_is_bounded() -> None:
    assert change(replace(ONE, value=1e99), replace(ONE, value=1e-300)).worse == LARGEST_CHANGE
    assert change(replace(ONE, value=-5.0), replace(ONE, value=0.0)).worse == -1.0


SOME = st.lists(st.integers(1, 12).map(float), min_size=1, max_size=12).map(tuple)


@settings(max_examples=60)
@given(SOME, SOME, st.sampled_from(Better), st.floats(0, 0.5))
def test_now_and_base_mirror_each_other(
    now: tuple[float, ...], base: tuple[float, ...], better: Better, least: float
) -> None:
    """Whatever became worse became better the other way round; never is one of them said without a test."""
    forth, back = (change(raw(a, better), raw(b, better), least) for a, b in ((now, base), (base, now)))
    assert (forth.worse > 0) is (back.worse < 0)
    if forth.shift in (Shift.WORSE, Shift.BETTER):
        assert abs(forth.worse) >= least
        assert "Mann-Whitney" in forth.why
        assert (forth.shift is Shift.WORSE) is (forth.worse > 0)
        assert least_probability(len(now), len(base)) < RARE
