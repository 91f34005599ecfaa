from __future__ import annotations

import gzip
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parts import SHARED, need

from ci_orchestrator.analysis.durations import DEFAULT, WINDOW, Source, estimate, median

SECONDS = st.floats(0, 1e6)
TESTS = st.sampled_from([f"s{n % 2}::f{n % 4}::t{n}" for n in range(16)])
KNOWN = st.dictionaries(TESTS, st.lists(SECONDS, max_size=8))


def test_the_median_of_the_newest_five() -> None:
    found = estimate(["s::f::a"], {"s::f::a": [5, 1, 4, 2, 3, 1000, 1000, 1000, 1000]})
    assert (found.milliseconds, found.source) == ([3000], [Source.TEST])


def test_one_bad_run_moves_nothing() -> None:
    assert estimate(["s::f::a"], {"s::f::a": [900, 2, 2, 2, 2]}).milliseconds == [2000]


def test_what_is_unknown_takes_what_is_usual_nearest_to_it() -> None:
    known = {"s::f::a": [1.0], "s::f::b": [3.0], "s::f::c": [2.0], "s::g::d": [0.004], "other::f::x": [50.0]}
    found = estimate(["s::f::a", "s::f::new", "s::h::new", "new::f::new"], known, default=0.25)
    assert found.source == [Source.TEST, Source.FILE, Source.SUITE, Source.DEFAULT]
    assert found.milliseconds == [1000, 2000, 1500, 250]
    assert found.counts == {Source.TEST: 1, Source.FILE: 1, Source.SUITE: 1, Source.DEFAULT: 1}
    assert found.confidence == pytest.approx(1000 / 4750)


def test_a_test_without_a_usable_duration_is_unknown() -> None:
    assert estimate(["s::f::a"], {"s::f::a": []}).source == [Source.DEFAULT]


def test_every_test_weighs_something_and_nothing_is_known_of_none() -> None:
    assert estimate(["s::f::a"], {"s::f::a": [0.0]}).milliseconds == [1]
    empty = estimate([], {})
    assert (empty.milliseconds, empty.source, empty.confidence) == ([], [], 1.0)
    assert estimate(["s::f::a"], {}).milliseconds == [DEFAULT * 1000]


@given(st.lists(SECONDS, min_size=1))
def test_the_median_is_a_middle(values: list[float]) -> None:
    assert min(values) <= median(values) <= max(values)
    assert median(values) == pytest.approx(statistics.median(values))
    assert median(values) == median(values[::-1])


@given(tests=st.lists(TESTS, max_size=16), known=KNOWN)
def test_estimates_lie_within_what_their_source_took(tests: list[str], known: dict[str, list[float]]) -> None:
    found = estimate(tests, known, default=2.0)
    assert len(found.milliseconds) == len(found.source) == len(tests)
    assert sum(found.counts.values()) == len(tests)
    assert 0 <= found.confidence <= 1
    for test, milliseconds, source in zip(tests, found.milliseconds, found.source, strict=True):
        suite, path, _ = test.split("::")
        prefix = {Source.TEST: test, Source.FILE: f"{suite}::{path}::", Source.SUITE: f"{suite}::"}.get(source)
        if prefix is None:
            assert milliseconds == 2000
            assert not any(values for name, values in known.items() if name.startswith(f"{suite}::"))
            continue
        took = [value for name, values in known.items() if name.startswith(prefix) for value in values[:WINDOW]]
        assert max(1, round(min(took) * 1000)) <= milliseconds <= max(1, round(max(took) * 1000))


@given(tests=st.lists(TESTS, unique=True), known=KNOWN, chance=st.randoms(use_true_random=False))
def test_no_order_matters(tests: list[str], known: dict[str, list[float]], chance: object) -> None:
    before = estimate(tests, known)
    by_name = dict(zip(tests, zip(before.milliseconds, before.source, strict=True), strict=True))
    other = sorted(tests)
    again = estimate(other, dict(sorted(known.items(), reverse=True)))
    assert dict(zip(other, zip(again.milliseconds, again.source, strict=True), strict=True)) == by_name


@pytest.mark.parametrize("project", ["localstack", "onegov-cloud"])
def test_on_real_histories_the_median_predicts_no_worse_than_the_mean(project: str) -> None:
    file = SHARED / "corpus" / "durations" / f"{project}.history.csv.gz"
    need(file.is_file(), f"{file} is missing: the corpus of real durations stands beside the checkout")
    by_median, by_mean = [], []
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            points = line.rstrip("\n").partition("\t")[2].split()
            values = [float(point.partition(":")[2]) for point in points]
            for place in range(1, len(values)):
                if values[place] > 0:
                    before = values[:place]
                    by_median.append(abs(median(before[-WINDOW:]) / values[place] - 1))
                    by_mean.append(abs(statistics.fmean(before) / values[place] - 1))
    assert len(by_median) > 10_000
    assert median(by_median) <= median(by_mean)
    assert median(by_median) < 0.1
