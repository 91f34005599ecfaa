from __future__ import annotations

import gzip
import json
from itertools import product
from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parts import SHARED, need

from ci_orchestrator.schedule.sharding import Shard, ShardPlan, Target, Unit, shard

DURATIONS = SHARED / "corpus" / "durations"

Suite = list[tuple[str, float, str]]  # test, seconds, file

# Few values, so that ties are common, among them none at all.
SECONDS = st.one_of(st.sampled_from([0.0, 0.5, 1.0, 7.0]), st.floats(0, 100, allow_nan=False))


@st.composite
def suites(draw: st.DrawFn, most: int = 25) -> Suite:
    rows = draw(st.lists(st.tuples(st.integers(0, 5), SECONDS), max_size=most))
    return [(f"test_{file}.py::t{at}", seconds, f"test_{file}.py") for at, (file, seconds) in enumerate(rows)]


def divide(suite: Suite, count: int | Target, *, whole: bool = False) -> ShardPlan:
    tests, seconds, files = ([row[at] for row in suite] for at in range(3))
    return shard(tests, seconds, count, files=files if whole else None)


def members(plan: ShardPlan) -> list[set[str]]:
    return [set(part.tests) for part in plan.shards]


def brute(seconds: list[float], shards: int) -> float:
    """The best makespan there is."""
    ways = product(range(shards), repeat=len(seconds))
    return min(
        max(fsum(s for s, o in zip(seconds, way, strict=True) if o == at) for at in range(shards)) for way in ways
    )


counts = st.integers(1, 8)
targets = st.builds(Target, st.floats(0.1, 300), st.integers(1, 12), st.sampled_from([0.0, 1.0, 30.0]))


@given(suites(), st.one_of(counts, targets), st.booleans())
def test_every_test_is_in_exactly_one_shard_in_collection_order(suite: Suite, count: int | Target, whole: bool) -> None:
    plan = divide(suite, count, whole=whole)
    order = {row[0]: at for at, row in enumerate(suite)}
    assert sorted(test for part in plan.shards for test in part.tests) == sorted(order)
    for part in plan.shards:
        assert part.tests
        assert list(part.tests) == sorted(part.tests, key=order.__getitem__)
        assert part.seconds == pytest.approx(fsum(suite[order[test]][1] for test in part.tests))


@given(suites(), counts)
def test_there_are_as_many_shards_as_asked_for_or_as_there_are_tests(suite: Suite, count: int) -> None:
    assert len(divide(suite, count).shards) == min(count, len(suite))


@given(suites(), st.one_of(counts, targets), st.booleans(), st.randoms(use_true_random=False))
def test_who_shares_a_shard_does_not_depend_on_the_order_of_the_tests(
    suite: Suite, count: int | Target, whole: bool, chance: object
) -> None:
    mixed = list(suite)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    here, there = divide(suite, count, whole=whole), divide(mixed, count, whole=whole)
    assert members(here) == members(there)
    assert (here.makespan, here.lower_bound, here.longest, here.split, here.why) == (
        (there.makespan, there.lower_bound, there.longest, there.split, there.why)
    )


@given(st.lists(SECONDS, min_size=1, max_size=7), st.integers(1, 3))
def test_makespan_is_within_grahams_bound_of_the_best_there_is(seconds: list[float], count: int) -> None:
    plan = shard([f"t{at}" for at in range(len(seconds))], seconds, count)
    best = brute(seconds, count)
    assert plan.makespan <= (4 / 3 - 1 / (3 * count)) * best + 1e-9
    assert plan.lower_bound <= best + 1e-9


@given(suites().filter(bool), counts, st.booleans())
def test_bounds_hold_for_suites_of_any_size(suite: Suite, count: int, whole: bool) -> None:
    plan = divide(suite, count, whole=whole)
    shards, total = len(plan.shards), fsum(row[1] for row in suite)
    assert plan.longest is not None
    assert plan.lower_bound == max(total / shards, plan.longest.seconds)
    assert plan.lower_bound <= plan.makespan + 1e-9
    assert plan.makespan <= total / shards + (1 - 1 / shards) * plan.longest.seconds + 1e-9
    assert plan.makespan == max(part.seconds for part in plan.shards)


@given(suites(), st.one_of(counts, targets))
def test_a_file_stays_whole_unless_it_dominates(suite: Suite, count: int | Target) -> None:
    plan = divide(suite, count, whole=True)
    weight = {file: fsum(row[1] for row in suite if row[2] == file) for file in {row[2] for row in suite}}
    homes = {
        file: [part for part in plan.shards if any(t.startswith(f"{file}::") for t in part.tests)] for file in weight
    }
    assert all(len(homes[file]) == 1 for file in weight if file not in plan.split)
    longest = max((row[1] for row in suite), default=0.0)
    asked = min(count.most if isinstance(count, Target) else count, len(suite))
    for file in plan.split:
        assert weight[file] > longest
        assert weight[file] > fsum(weight.values()) / asked


@given(suites().filter(bool), targets, st.booleans())
def test_a_target_is_kept_at_the_least_cost_or_said_to_be_out_of_reach(
    suite: Suite, target: Target, whole: bool
) -> None:
    plan = divide(suite, target, whole=whole)
    others = [divide(suite, count, whole=whole) for count in range(1, target.most + 1)]
    within = target.seconds - target.startup
    assert len(plan.shards) <= target.most
    if plan.makespan <= within:
        assert "within the target" in plan.why
        if not whole:  # a fixed count may split files that fit the target, and so cost less
            least = min(_cost(other, target) for other in others if other.makespan <= within)
            assert _cost(plan, target) <= least + 1e-9
    else:
        assert "no number of shards" in plan.why
        assert plan.makespan <= min(other.makespan for other in others) + 1e-9


def _cost(plan: ShardPlan, target: Target) -> float:
    return plan.makespan + len(plan.shards) * target.startup


def test_longest_first_with_ties_by_name() -> None:
    plan = shard(["c", "b", "a", "long"], [2.0, 2.0, 2.0, 3.0], 2)
    assert plan.shards == (Shard(("c", "long"), 5.0), Shard(("b", "a"), 4.0))
    assert (plan.makespan, plan.lower_bound, plan.longest) == (5.0, 4.5, Unit("long", 3.0))
    assert plan.gap == pytest.approx(5 / 4.5 - 1)
    assert plan.why == "2 shards, as asked"
    assert shard(["a"], [1.0], 1, why="one for each runner").why == "1 shard, one for each runner"


def test_tests_that_take_no_time_are_spread_too() -> None:
    plan = shard([f"t{at}" for at in range(10)], [0.0] * 10, 4)
    assert sorted(len(part.tests) for part in plan.shards) == [2, 2, 3, 3]
    assert plan.gap == 0.0


def test_no_tests_no_shards() -> None:
    for count in (3, Target(60.0, 5, 1.0)):
        for files in (None, []):
            plan = shard([], [], count, files=files)
            assert (plan.shards, plan.makespan, plan.lower_bound, plan.gap, plan.longest) == ((), 0.0, 0.0, 0.0, None)


def test_fewer_tests_or_whole_files_than_shards_is_said() -> None:
    assert shard(["a", "b"], [1.0, 1.0], 5).why == "2 shards of the 5 asked for: there are no more tests"
    plan = shard(["f::1", "f::2", "g::1"], [1.0, 1.0, 9.0], 3, files=["f", "f", "g"])
    assert plan.why == "2 shards of the 3 asked for: there are no more files to keep whole"


def test_a_dominating_file_is_split_and_the_rest_stay_whole() -> None:
    tests = [f"big.py::t{at}" for at in range(8)] + ["a.py::1", "a.py::2", "b.py::1", "b.py::2"]
    plan = shard(tests, [10.0] * 8 + [1.0] * 4, 4, files=[test.partition("::")[0] for test in tests])
    assert plan.split == ("big.py",)
    assert plan.makespan <= 22.0
    assert sum({"a.py::1", "a.py::2"} <= tests for tests in members(plan)) == 1


def test_a_file_within_the_target_is_not_split() -> None:
    tests = [f"big.py::t{at}" for at in range(8)] + [f"small.py::t{at}" for at in range(8)]
    files = [test.partition("::")[0] for test in tests]
    plan = shard(tests, [10.0] * 8 + [1.0] * 8, Target(100.0, 20, 5.0), files=files)
    assert (plan.split, plan.makespan) == ((), 80.0)
    assert shard(tests, [10.0] * 8 + [1.0] * 8, Target(50.0, 20, 5.0), files=files).split == ("big.py",)


def test_target_time_weighs_wall_time_against_start_up() -> None:
    tests, seconds = [f"t{at}" for at in range(3600)], [1.0] * 3600
    # The least of 3600/N + 30 N is at N = 11 (327.3 + 330); within 200 s of which 30 s are start-up it takes 22.
    assert len(shard(tests, seconds, Target(480.0, 100, 30.0)).shards) == 11
    assert len(shard(tests, seconds, Target(200.0, 100, 30.0)).shards) == 22


def test_one_test_over_the_target_takes_no_more_shards_than_help() -> None:
    plan = shard(["long", *"abcdef"], [600.0, *[100.0] * 6], Target(480.0, 50, 10.0))
    assert len(plan.shards) == 2
    assert plan.why.startswith("2 shards: 610.0 s with start-up; no number of shards up to 50 ends within the target")


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_estimates_that_are_no_seconds_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="estimates"):
        shard(["a", "b"], [1.0, bad], 2)


def test_asking_for_no_shards_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one shard"):
        shard(["a"], [1.0], 0)
    for bad in [(60.0, 0, 0.0), (0.0, 2, 0.0), (float("nan"), 2, 0.0), (60.0, 2, -1.0)]:
        with pytest.raises(ValueError, match="target"):
            Target(*bad)


@pytest.mark.parametrize("project", ["localstack", "onegov-cloud"])
def test_real_suites_come_within_a_thousandth_of_the_lower_bound(project: str) -> None:
    path = DURATIONS / f"{project}.latest.json.gz"
    need(path.is_file(), f"the corpus of durations is not beside the checkout ({path.name})")
    durations = json.loads(gzip.decompress(path.read_bytes()))
    tests, seconds = list(durations), [float(value) for value in durations.values()]
    for count in (2, 8, 32, 128):
        plan = shard(tests, seconds, count)
        assert plan.makespan <= 1.001 * plan.lower_bound
        assert sorted(test for part in plan.shards for test in part.tests) == sorted(tests)
