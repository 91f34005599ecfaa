from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_orchestrator.results.benchmark import SAMPLES_KEPT, Benchmark, kept, merge_benchmarks

ONE = Benchmark(name="b", unit="ns", value=10.0, samples=1, values=(10.0,))


def single(value: float) -> Benchmark:
    return replace(ONE, value=value, values=(value,))


def test_repetitions_become_one_with_their_values() -> None:
    (found,) = merge_benchmarks([single(10.0), single(14.0), single(12.0), single(10.0)])
    assert (found.value, found.samples, found.values) == (11.0, 4, (10.0, 10.0, 12.0, 14.0))
    assert found.spread == pytest.approx(1.9148542)


def test_without_raw_values_deviations_are_pooled_by_their_samples() -> None:
    parts = [Benchmark(name="b", unit="ns", value=v, spread=s, samples=n) for v, s, n in ((1, 2, 11), (3, 4, 31))]
    (found,) = merge_benchmarks(parts)
    assert (found.value, found.samples, found.values) == (2, 42, ())
    assert found.spread == pytest.approx(((10 * 4 + 30 * 16) / 40) ** 0.5)
    (unknown,) = merge_benchmarks([*parts, Benchmark(name="b", unit="ns", value=9)])
    assert (unknown.spread, unknown.samples) == (0.0, 0)


def test_the_same_report_twice_counts_once_but_two_equal_measurements_are_two() -> None:
    report = replace(ONE, values=(9.0, 10.0, 11.0), samples=3, spread=1.0)
    assert merge_benchmarks([report, report]) == (report,)
    assert merge_benchmarks([ONE, ONE])[0].samples == 2


def test_other_groups_names_and_units_are_other_benchmarks() -> None:
    others = [ONE, replace(ONE, unit="B/op"), replace(ONE, name="a"), replace(ONE, group="g")]
    assert merge_benchmarks(others[::-1]) == (others[2], others[1], others[0], others[3])


def test_samples_are_kept_evenly() -> None:
    values = [float(n) for n in range(SAMPLES_KEPT * 3 + 1)]
    found = kept(values)
    assert (len(found), found[0], found[1], found[-1]) == (SAMPLES_KEPT, 0.0, 3.0, 2997.0)
    assert kept([1.0, 2.0]) == (1.0, 2.0)


PARTS = st.builds(
    Benchmark,
    name=st.sampled_from("ab"),
    unit=st.just("ns"),
    value=st.floats(-1e100, 1e100),
    spread=st.floats(0, 1e100),
    samples=st.integers(0, 5),
    values=st.lists(st.floats(-1e100, 1e100), max_size=3).map(tuple),
)


@settings(max_examples=60)
@given(st.lists(PARTS, max_size=6))
def test_the_order_of_repetitions_does_not_matter(parts: list[Benchmark]) -> None:
    found = merge_benchmarks(parts)
    assert found == merge_benchmarks(parts[::-1])
    assert merge_benchmarks(found) == found
    assert [one.key for one in found] == sorted({one.key for one in parts})
    for one in found:
        same = [part.value for part in parts if part.key == one.key]
        assert min(same) <= one.value <= max(same)
        assert 0 <= one.spread < float("inf")
