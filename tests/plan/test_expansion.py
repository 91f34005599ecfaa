from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.expansion import Stage, job_id, looks_like_a_shard, resolve_class, shard_count, stages_of
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.models import Plan, RunnerClass, Suite

RUNNERS = """
runners:
  small: {provides: {cpu: 2}, price: 0.01, count: 3}
  large: {provides: {cpu: 16}, price: 0.04}
  also-small: {provides: {cpu: 2}, price: 0.01}
"""


def test_a_suite_runs_on_the_cheapest_class_that_fits_ties_by_name() -> None:
    plan = load_plan("suites:\n  a: {tool: pytest}\n  b: {tool: pytest, requires: {cpu: 8}}\n" + RUNNERS)
    assert [resolve_class(suite, plan) for suite in plan.suites.values()] == ["also-small", "large"]


def test_without_classes_a_suite_runs_here() -> None:
    plan = load_plan("suites: {a: {tool: pytest, requires: {cpu: 2}}}")
    assert resolve_class(plan.suites["a"], plan) == "local"


def test_a_plan_made_in_python_can_ask_for_too_much() -> None:
    suite = Suite(name="a", tool="pytest", requires={"kvm": (True,)})
    plan = Plan(suites={"a": suite}, runners={"x": RunnerClass(name="x")})
    with pytest.raises(PlanError, match="no runner class can run 'a'"):
        resolve_class(suite, plan)


@pytest.mark.parametrize(
    ("shards", "count"), [("4", 4), ("auto", 3), ("{target: 8m}", None), ("{target: 8m, max: 3}", None)]
)
def test_the_number_of_jobs(shards: str, count: int | None) -> None:
    runners = "runners: {small: {count: 3}}\n"
    plan = load_plan(f"suites: {{a: {{tool: pytest, shards: {shards}}}}}\n{runners}")
    assert shard_count(Stage("a"), plan) == count


def test_auto_is_one_job_where_nobody_says_how_many_runners_there_are() -> None:
    plan = load_plan("suites: {a: {tool: pytest, shards: auto}}")
    assert shard_count(Stage("a"), plan) == 1


SUITES = st.from_regex(r"[a-z][a-z0-9_-]{0,39}", fullmatch=True) | st.sampled_from(["a", "a_1of2", "a-1of2", "a_1"])


@given(st.sets(st.tuples(SUITES, st.integers(1, 12)), max_size=8))
def test_job_ids_are_unique_in_any_plan_that_loads(jobs: set[tuple[str, int]]) -> None:
    counts = {name: count for name, count in sorted(jobs) if not looks_like_a_shard(name)}
    counts = {
        name: count for stem, name in {Stage(name).stem: name for name in counts}.items() for count in [counts[name]]
    }
    ids = [job_id(Stage(name).stem, shard, count) for name, count in counts.items() for shard in range(1, count + 1)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,59}", one) for one in ids)


def test_job_ids_sort_as_their_shards_do() -> None:
    assert job_id("unit", 1, 1) == "unit"
    assert job_id(Stage("web-ui").stem, 3, 12) == "web_ui_03of12"
    assert len(job_id("a" * 40, 10_000, 10_000)) <= 60
    with pytest.raises(ValueError, match="shard 3 of 2"):
        job_id("unit", 3, 2)


def test_the_stages_of_a_canary() -> None:
    plan = load_plan(
        "gates: {g: {}}\nsuites: {a-b: {tool: pytest, stages: [10, 50, 100], gate: g, shards: 10}, c: {tool: pytest}}"
    )
    stages = stages_of(plan.suites["a-b"])
    assert [(one.name, one.stem, one.after, one.gate) for one in stages] == [
        ("a-b-10", "a_b_10", "", "gate_a_b_10"),
        ("a-b-50", "a_b_50", "gate_a_b_10", "gate_a_b_50"),
        ("a-b-100", "a_b_100", "gate_a_b_50", "gate_a_b_100"),
    ]
    assert [shard_count(one, plan) for one in stages] == [1, 4, 5]
    assert [one.name for one in stages_of(plan.suites["c"])] == ["c"]


@pytest.mark.parametrize(
    ("suites", "message"),
    [
        ("a: {tool: pytest, stages: [10, 100]}", "nothing decides"),
        ("a: {tool: pytest, gate: canary}", "no stages to decide between"),
        ("a: {tool: pytest, gate: canery, stages: [10, 100]}", "no gate 'canery'.*did you mean 'canary'"),
        ("a: {tool: pytest, gate: canary, stages: [10, 90]}", "does not grow to 100"),
        ("a: {tool: pytest, gate: canary, stages: [10, 100]}, a-10: {tool: pytest}", "would be called like one of"),
        ("plan: {tool: pytest}", "a job of this name of its own"),
        ("gate-a: {tool: pytest}", "a job of this name of its own"),
        ("unit-part2: {tool: pytest}", "a job of this name of its own"),
        ("collect-unit: {tool: pytest}", "a job of this name of its own"),
    ],
)
def test_canaries_that_do_not_fit(suites: str, message: str) -> None:
    with pytest.raises(PlanError) as caught:
        load_plan(f"gates: {{canary: {{}}}}\nsuites: {{{suites}}}")
    assert re.search(message, str(caught.value), re.DOTALL)
