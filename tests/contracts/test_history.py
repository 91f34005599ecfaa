"""What every history does, whatever it is made of. A new backend adds one line to `STORES`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator import plugins
from ci_orchestrator.history import BACKENDS
from ci_orchestrator.history.base import BuildRecord, BuildSummary, Observation, Store
from ci_orchestrator.results.model import Outcome, Totals

STORES: Mapping[str, Callable[[Path], Store]] = {
    "memory": lambda _path: plugins.load("history", "memory", BACKENDS)(),
    "sqlite": plugins.load("history", "sqlite", BACKENDS),
}


def test_every_backend_is_held_to_the_contract() -> None:
    assert set(STORES) == set(BACKENDS)


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = STORES[request.param](tmp_path / "history")
    yield store
    store.close()


def took(**seconds: float) -> list[Observation]:
    return [Observation(f"unit::t.py::{name}", Outcome.PASSED, value) for name, value in seconds.items()]


def build(number: int, *observations: Observation, runner: str = "", name: str = "") -> BuildRecord:
    return BuildRecord(build=name or f"b{number}", started=1000.0 + number, runner=runner, observations=observations)


def test_new_history_is_empty(store: Store) -> None:
    assert store.durations() == {}
    assert store.durations(["unit::t.py::a"]) == {}
    assert list(store.outcomes("unit::t.py::a")) == []
    assert store.patterns() == {}
    assert list(store.builds()) == []
    assert store.forget(keep=0) == 0


def test_durations_newest_first_and_bounded(store: Store) -> None:
    for number in (2, 0, 3, 1):  # the start says what is newer, not the order of recording
        store.record(build(number, *took(a=number + 0.5)))
    assert store.durations() == {"unit::t.py::a": (3.5, 2.5, 1.5, 0.5)}
    assert store.durations(last=2) == {"unit::t.py::a": (3.5, 2.5)}
    assert store.durations(last=0) == {}


def test_durations_of_the_tests_asked_for(store: Store) -> None:
    store.record(build(1, *took(a=1, b=2)))
    assert store.durations(["unit::t.py::b", "unit::t.py::new"]) == {"unit::t.py::b": (2.0,)}
    assert store.durations([]) == {}


def test_only_usable_durations_count_however_far_back(store: Store) -> None:
    test = "unit::t.py::a"
    store.record(build(0, *took(a=7)))
    for number in range(1, 30):
        store.record(build(number, Observation(test, Outcome.FAILED, 0.001, usable=False), *took(b=1)))
    assert store.durations()[test] == (7.0,)


def test_subsets_do_not_push_out_what_is_known_of_other_tests(store: Store) -> None:
    for number in range(5):
        store.record(build(number, *took(a=number, b=number, c=number, d=number)))
    for number in range(5, 40):
        store.record(build(number, *took(a=number)))
    found = store.durations(last=3)
    assert found["unit::t.py::a"] == (39.0, 38.0, 37.0)
    assert found["unit::t.py::b"] == found["unit::t.py::d"] == (4.0, 3.0, 2.0)


def test_durations_of_one_runner_class(store: Store) -> None:
    store.record(build(1, *took(a=1), runner="small"))
    store.record(build(1, *took(a=9), runner="large"))
    assert store.durations(runner="small") == {"unit::t.py::a": (1.0,)}
    assert store.durations(runner="huge") == {}
    assert sorted(store.durations()["unit::t.py::a"]) == [1.0, 9.0]


def test_recording_again_replaces(store: Store) -> None:
    store.record(build(1, *took(a=1, gone=1)))
    store.record(build(1, *took(a=2)))
    store.record(build(1, *took(a=2)))
    assert store.durations() == {"unit::t.py::a": (2.0,)}
    assert len(store.builds()) == 1


def test_of_two_observations_of_a_test_the_last_counts(store: Store) -> None:
    store.record(build(1, *took(a=1), *took(a=2)))
    assert store.durations() == {"unit::t.py::a": (2.0,)}
    assert store.builds()[0].totals.tests == 1


def test_outcomes_tell_all_that_was_observed(store: Store) -> None:
    test = "unit::t.py::a"
    seen = [
        Observation(test, outcome, 0.25 * number, attempts=number, usable=usable, flaky=flaky)
        for number, (outcome, usable, flaky) in enumerate(itertools.product(Outcome, (True, False), (True, False)))
    ]
    for number, one in enumerate(seen):
        store.record(build(number, one))
    store.record(build(100, *took(b=1)))
    assert [one for _, one in store.outcomes(test, last=100)] == seen[::-1]
    assert [one for _, one in store.outcomes(test, last=2)] == seen[:-3:-1]
    assert store.outcomes(test, last=1)[0][0].build == f"b{len(seen) - 1}"
    assert list(store.outcomes(test, last=0)) == []


def test_patterns_are_one_letter_a_build(store: Store) -> None:
    a, b, c = "s::f::a", "s::f::b", "s::f::c"
    store.record(build(1, Observation(a, Outcome.PASSED, 1), Observation(c, Outcome.PASSED, 1)))
    store.record(build(2, Observation(a, Outcome.FAILED, 1), Observation(b, Outcome.NOT_PROVEN, 0)))
    store.record(build(3, Observation(a, Outcome.ERRORED, 1), Observation(b, Outcome.SKIPPED, 0)))
    store.record(build(4, Observation(a, Outcome.PASSED, 1, attempts=2, flaky=True)))
    assert store.patterns() == {a: "REFP", b: ".SN.", c: "...P"}
    assert store.patterns(last=2) == {a: "RE", b: ".S"}
    assert store.patterns(last=0) == {}


def test_builds_are_summaries(store: Store) -> None:
    record = BuildRecord(
        build="7",
        started=5.5,
        runner="linux",
        revision="abc",
        branch="main",
        wall=3.5,
        complete=False,
        observations=[
            Observation("s::f::a", Outcome.PASSED, 1.5, attempts=2, flaky=True),
            Observation("s::f::b", Outcome.FAILED, 0.5),
            Observation("s::f::c", Outcome.NOT_PROVEN, 0, attempts=0, usable=False),
        ],
    )
    store.record(record)
    totals = Totals(passed=1, failed=1, not_proven=1, flaky=1, runs=3)
    expected = BuildSummary(
        build="7",
        started=5.5,
        runner="linux",
        revision="abc",
        branch="main",
        wall=3.5,
        complete=False,
        totals=totals,
        duration=2.0,
    )
    assert list(store.builds()) == [expected]


def test_builds_that_started_together_are_ordered_by_name(store: Store) -> None:
    for name in ("b", "c", "a"):
        store.record(build(1, name=name))
    assert [one.build for one in store.builds()] == ["c", "b", "a"]
    assert [one.build for one in store.builds(last=1)] == ["c"]


def test_forget_keeps_the_newest_builds_with_all_their_runner_classes(store: Store) -> None:
    for number in range(6):
        for runner in ("small", "large"):
            store.record(build(number, *took(a=number, **{f"only_{number}": 1}), runner=runner))
    assert store.forget(keep=2) == 4
    assert store.forget(keep=2) == 0
    assert [(one.build, one.runner) for one in store.builds()] == [
        ("b5", "small"),
        ("b5", "large"),
        ("b4", "small"),
        ("b4", "large"),
    ]
    assert store.durations(runner="small") == {
        "unit::t.py::a": (5.0, 4.0),
        "unit::t.py::only_4": (1.0,),
        "unit::t.py::only_5": (1.0,),
    }
    store.record(build(9, *took(a=9, only_0=3)))
    assert store.durations(last=1)["unit::t.py::only_0"] == (3.0,)
    assert [one.duration for _, one in store.outcomes("unit::t.py::a", last=2)] == [9.0, 5.0]


def test_everything_can_be_forgotten(store: Store) -> None:
    store.record(build(1, *took(a=1)))
    assert store.forget(keep=0) == 1
    assert store.durations() == {}
    store.record(build(2, *took(b=2)))
    assert store.durations() == {"unit::t.py::b": (2.0,)}


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf, -1.0, 1e300])
def test_impossible_durations_feed_nothing(store: Store, seconds: float) -> None:
    store.record(build(1, *took(a=seconds)))
    assert store.durations() == {}
    ((_, seen),) = store.outcomes("unit::t.py::a")
    assert (seen.duration, seen.usable) == (0.0, False)


def test_attempts_beyond_counting_are_many(store: Store) -> None:
    store.record(build(1, Observation("s::f::a", Outcome.PASSED, 1, attempts=10**9)))
    store.record(build(2, Observation("s::f::a", Outcome.PASSED, 1, attempts=-1)))
    assert [one.attempts for _, one in store.outcomes("s::f::a")] == [0, 255]


@pytest.mark.parametrize(
    "name", ["", "s::f::\x00\n'\"; DROP TABLE builds; --", "s::ф::тест[🧪]", "s::f::\udc80", "x" * 99_999]
)
def test_any_name_comes_back_as_it_was(store: Store, name: str) -> None:
    hostile = BuildRecord(
        build=name,
        started=1.0,
        runner=name,
        revision=name,
        branch=name,
        observations=[Observation(name, Outcome.PASSED, 1)],
    )
    store.record(hostile)
    assert store.durations([name], runner=name) == {name: (1.0,)}
    assert store.patterns() == {name: "P"}
    ((summary, seen),) = store.outcomes(name)
    assert seen.test == name
    assert summary.build == summary.branch == name.replace("\udc80", "\\udc80")


NAMES = st.sampled_from([f"s::f{number % 3}::t{number}" for number in range(9)])
SEEN = st.builds(
    Observation,
    test=NAMES,
    outcome=st.sampled_from(Outcome),
    duration=st.floats(0, 1e6, width=32),
    attempts=st.integers(0, 255),
    usable=st.booleans(),
    flaky=st.booleans(),
)
BUILDS = st.builds(
    BuildRecord,
    build=st.sampled_from("abcdefgh"),
    started=st.integers(0, 4).map(float),
    runner=st.sampled_from(["", "linux"]),
    complete=st.booleans(),
    observations=st.lists(SEEN, max_size=12),
)


@given(
    steps=st.lists(st.one_of(BUILDS, st.integers(0, 6)), max_size=14),
    tests=st.one_of(st.none(), st.lists(NAMES, max_size=5)),
    last=st.integers(0, 6),
    runner=st.sampled_from([None, "", "linux"]),
)
def test_all_backends_say_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[BuildRecord | int],
    tests: list[str] | None,
    last: int,
    runner: str | None,
) -> None:
    folder = tmp_path_factory.mktemp("history")
    stores = [STORES[name](folder / name) for name in sorted(STORES)]
    told = []
    for store in stores:
        gone = [store.forget(keep=step) if isinstance(step, int) else store.record(step) for step in steps]
        said = (
            store.durations(tests, last=last, runner=runner),
            store.patterns(last=last),
            list(store.builds(last=last)),
        )
        told.append((gone, said, [list(store.outcomes(f"s::f{n % 3}::t{n}", last=last)) for n in range(9)]))
        store.close()
    assert all(one == told[0] for one in told)


def test_a_build_that_is_left_out_is_not_seen(store: Store) -> None:
    for number in range(3):
        store.record(build(number, *took(a=number + 0.5)))
    assert store.durations(but="b2") == {"unit::t.py::a": (1.5, 0.5)}
    assert store.durations(last=1, but="b2") == {"unit::t.py::a": (1.5,)}
    assert store.patterns(but="b1") == {"unit::t.py::a": "PP"}
    assert [one.build for one in store.builds(last=2, but="b2")] == ["b1", "b0"]


def test_coverage_is_remembered_where_it_was_measured(store: Store) -> None:
    store.record(BuildRecord(build="b0", started=1.0, coverage=0.8125))
    store.record(BuildRecord(build="b1", started=2.0))
    assert [one.coverage for one in store.builds()] == [None, 0.8125]
