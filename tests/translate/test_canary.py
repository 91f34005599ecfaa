from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.expansion import stages_of
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.models import Plan
from ci_orchestrator.translate.canary import check_sizes, portions
from ci_orchestrator.translate.phases import schedule

LOW = '{error-rate: {healthy: "<60%", unhealthy: ">70%", confidence: 50%}}'
"""A gate that can decide from one sample on."""


def plan(stages: list[int], *, together: str = "none", gate: str = LOW, more: str = "") -> Plan:
    return load_plan(
        f"gates: {{canary: {gate}}}\nsuites:\n"
        f"  live: {{tool: pytest, stages: {stages}, gate: canary, keep-together: {together}{more}}}\n"
    )


def some(files: int, each: int) -> list[str]:
    return [f"tests/test_{file}.py::test_{number}" for file in range(files) for number in range(each)]


def drawn(plan: Plan, found: list[str]) -> dict[int, tuple[str, ...]]:
    """Percent → the tests of the stage that ends there."""
    return {stage.percent: chosen for stage, chosen in portions(plan.suites["live"], found).items()}


PERCENTS = st.sets(st.integers(1, 99), max_size=6).map(lambda some: [*sorted(some), 100])


@given(PERCENTS, st.integers(0, 12), st.integers(1, 12), st.sampled_from(["none", "file"]))
def test_every_test_is_in_exactly_one_stage_in_the_order_in_which_it_came(
    percents: list[int], files: int, each: int, together: str
) -> None:
    found = some(files, each)
    stages = drawn(plan(percents, together=together), found)
    assert list(stages) == percents
    assert sorted(test for chosen in stages.values() for test in chosen) == sorted(found)
    for chosen in stages.values():
        assert list(chosen) == [test for test in found if test in set(chosen)]


@given(PERCENTS, st.integers(0, 300))
def test_after_each_stage_its_percent_of_the_suite_has_run_rounded_up(percents: list[int], count: int) -> None:
    run = 0
    for percent, chosen in drawn(plan(percents), some(1, count)).items():
        run += len(chosen)
        assert run == -(-count * percent // 100)


@given(PERCENTS, st.integers(1, 20), st.integers(1, 9))
def test_files_that_stay_together_do_so_and_no_stage_takes_one_that_it_does_not_need(
    percents: list[int], files: int, each: int
) -> None:
    found = some(files, each)
    run = 0
    for percent, chosen in drawn(plan(percents, together="file"), found).items():
        run += len(chosen)
        assert len(chosen) == each * len({test.partition("::")[0] for test in chosen})
        assert 0 <= run - files * each * percent / 100 < each


@given(PERCENTS, st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_what_is_drawn_depends_on_the_tests_alone(percents: list[int], count: int, seed: int) -> None:
    found = some(3, count)
    turned = list(found)
    Random(seed).shuffle(turned)
    once, again = drawn(plan(percents), found), drawn(plan(percents), turned)
    assert {percent: set(chosen) for percent, chosen in once.items()} == {
        percent: set(chosen) for percent, chosen in again.items()
    }


def test_a_stage_is_a_fair_sample_of_the_suite() -> None:
    """Not the first files: of each of ten files of a hundred tests, some come early and some late."""
    first = drawn(plan([20, 100]), some(10, 100))[20]
    per_file = [sum(test.startswith(f"tests/test_{file}.py") for test in first) for file in range(10)]
    assert sum(per_file) == 200
    assert all(5 <= number <= 35 for number in per_file)


def test_a_test_more_or_less_moves_few_others() -> None:
    found = some(4, 50)
    before, after = drawn(plan([25, 100]), found)[25], drawn(plan([25, 100]), [*found, "tests/new.py::test"])[25]
    assert len(set(before) ^ set(after)) <= 3


def test_a_suite_without_stages_is_one() -> None:
    suite = load_plan("suites: {unit: {tool: pytest}}").suites["unit"]
    assert portions(suite, ["b::t", "a::t"]) == {stages_of(suite)[0]: ("b::t", "a::t")}


def sizes(plan: Plan, found: list[str]) -> Mapping[object, int]:
    return {stage: len(chosen) for stage, chosen in portions(plan.suites["live"], found).items()}


@pytest.mark.parametrize(("gate", "least"), [("{}", 59), ("{error-rate: {min-samples: 80}}", 80), (LOW, 1)])
def test_a_stage_too_small_ever_to_decide_is_refused(gate: str, least: int) -> None:
    canary = plan([50, 100], gate=gate)
    check_sizes(canary, sizes(canary, some(1, 2 * least)))  # type: ignore[arg-type]
    if least == 1:
        return
    with pytest.raises(PlanError) as caught:
        check_sizes(canary, sizes(canary, some(1, 2 * least - 1)))  # type: ignore[arg-type]
    said = f"stage live-100 has {least - 1} tests, and gate 'canary' can decide from {least} on"
    assert caught.value.what == said
    assert "fewer or larger `stages` for suite live" in caught.value.fix


def test_a_suite_that_may_be_empty_has_stages_of_nothing() -> None:
    canary = plan([50, 100], gate="{}", more=", allow-empty: true")
    check_sizes(canary, sizes(canary, []))  # type: ignore[arg-type]
    lock = schedule(canary, {"live": []}, durations={}, tool_version="1").lock
    assert lock.jobs == ()
    assert [gate.jobs for gate in lock.gates] == [(), ()]


def test_the_lock_has_a_gate_after_every_stage_and_jobs_that_wait_for_it() -> None:
    canary = plan([10, 50, 100], more=", shards: 4")
    lock = schedule(canary, {"live": some(4, 25)}, durations={}, tool_version="1").lock
    assert [(gate.id, gate.stage, gate.policy, gate.jobs) for gate in lock.gates] == [
        ("gate_live_10", "live-10", "canary", ("live_10",)),
        ("gate_live_50", "live-50", "canary", ("live_50_1of2", "live_50_2of2")),
        ("gate_live_100", "live-100", "canary", ("live_100_1of2", "live_100_2of2")),
    ]
    assert {(job.stage, job.level, job.after) for job in lock.jobs} == {
        ("live-10", 0, ""),
        ("live-50", 1, "gate_live_10"),
        ("live-100", 2, "gate_live_50"),
    }
    assert sum(len(job.tests) for job in lock.jobs) == 100


def test_pins_make_exactly_these_jobs_though_some_have_nothing_to_do() -> None:
    simple = load_plan("suites: {unit: {tool: pytest, shards: {target: 1h}}}")
    lock = schedule(simple, {"unit": some(1, 2)}, durations={}, tool_version="1", pins={"unit": 4}).lock
    assert [(job.id, len(job.tests)) for job in lock.jobs] == [
        ("unit_1of4", 1),
        ("unit_2of4", 1),
        ("unit_3of4", 0),
        ("unit_4of4", 0),
    ]
    assert all(re.fullmatch(r"unit \([1-4]/4\)", job.name) for job in lock.jobs)
