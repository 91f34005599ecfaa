"""From plans to pipelines that are no provider's yet: what holds for every plan and any walls."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.expansion import job_id, stages_of
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.models import Plan
from ci_orchestrator.plan.pipeline import Limits, Pipeline, Wall
from ci_orchestrator.translate.phases import schedule
from ci_orchestrator.translate.pipelines import dynamic_pipeline, pins_of, static_pipeline


def limits(matrix: int = 256, jobs: int = 100_000) -> Limits:
    """A provider that exists nowhere."""
    numbers = {"matrix": (matrix, "cells of a matrix"), "jobs": (jobs, "jobs"), "bytes": (10**9, "bytes")}
    return Limits(
        "Nowhere CI", {name: Wall(value, unit, "its documentation", "today") for name, (value, unit) in numbers.items()}
    )


def dynamic(text: str, walls: Limits | None = None) -> Pipeline:
    """The dynamic pipeline of a plan that has not planned."""
    return dynamic_pipeline(load_plan(text), walls or limits(), plan_file="ci/testplan.yaml", tool="1.2.3")


CANARY = """
gates: {canary: {error-rate: {healthy: "<50%", unhealthy: ">60%", confidence: 60%}, on-hold: [./page.sh]}}
suites:
  unit: {tool: pytest, shards: 3}
  live: {tool: pytest, needs: [unit], stages: [50, 100], gate: canary, shards: 4}
  after: {tool: pytest, needs: ["live::tests/a.py"]}
"""


def test_a_plan_that_asks_for_millions_of_jobs_is_refused_before_one_is_made() -> None:
    names = [f"s{number}" for number in range(300)]
    plan = load_plan("suites:\n" + "".join(f"  {name}: {{tool: pytest, shards: 10000}}\n" for name in names))
    with pytest.raises(PlanError, match=r"3,000,000 jobs, and Nowhere CI takes 100,000 .*") as caught:
        static_pipeline(plan, dict.fromkeys(names, 10_000), limits(), plan_file="testplan.yaml", tool="1")
    assert "first for suite s99" in (caught.value.fix or "")


def test_a_secret_that_is_named_twice_is_one() -> None:
    assert dynamic("suites: {unit: {tool: pytest, secrets: [B, A, B]}}").stages[0].secrets == ("A", "B")


def test_stages_gates_and_needs() -> None:
    pipeline = dynamic(CANARY)
    assert [(one.id, one.level, one.needs, one.after) for one in pipeline.stages] == [
        ("unit", 0, (), ""),
        ("live_50", 1, ("unit",), ""),
        ("live_100", 2, ("unit",), "gate_live_50"),
        ("after", 3, ("live_50", "live_100"), ""),
    ]
    assert [(gate.id, gate.of, gate.stage, gate.on_hold) for gate in pipeline.gates] == [
        ("gate_live_50", "live_50", "live-50", (("./page.sh",),)),
        ("gate_live_100", "live_100", "live-100", (("./page.sh",),)),
    ]
    assert (pipeline.root, pipeline.plan_file) == ("ci", "ci/testplan.yaml")


@given(
    counts=st.lists(st.integers(1, 60), min_size=1, max_size=5),
    matrix=st.integers(1, 20),
    canary=st.sets(st.integers(0, 4)),
)
def test_every_job_of_the_lock_is_in_exactly_one_matrix(counts: list[int], matrix: int, canary: set[int]) -> None:
    suites = ""
    for number, count in enumerate(counts):
        extra = ", stages: [30, 100], gate: g" if number in canary else ""
        need = f", needs: [s{number - 1}]" if number else ""
        suites += f"\n  s{number}: {{tool: pytest, shards: {count}{need}{extra}}}"
    plan = load_plan(
        f'gates: {{g: {{error-rate: {{healthy: "<50%", confidence: 50%, unhealthy: ">50%"}}}}}}\nsuites:{suites}'
    )
    found = {f"s{number}": [f"t.py::test_{one}" for one in range(80)] for number in range(len(counts))}
    lock = schedule(plan, found, durations={}, tool_version="1").lock
    walls = limits(matrix)
    planned = dynamic_pipeline(plan, walls, plan_file="p.yaml", tool="1", lock=lock)
    fixed = static_pipeline(plan, pins_of(lock), walls, plan_file="p.yaml", tool="1")
    for pipeline in (planned, fixed):
        cells = [cell.job for stage in pipeline.stages for one in stage.matrices for cell in one.cells]
        assert sorted(cells) == sorted(job.id for job in lock.jobs)
        assert all(len(one.cells) <= matrix for stage in pipeline.stages for one in stage.matrices)
        names = [one.id for stage in pipeline.stages for one in stage.matrices]
        assert len(set(names)) == len(names)
    assert {gate.id for gate in planned.gates} == {gate.id for gate in lock.gates}


def test_a_static_lock_has_exactly_the_jobs_that_are_pinned() -> None:
    plan = load_plan(CANARY)
    found = {name: [f"tests/a.py::test_{letter}" for letter in "abcd"] for name in plan.suites}
    pins = {"unit": 5, "live-50": 2, "live-100": 1, "after": 2}
    lock = schedule(plan, found, durations={}, tool_version="1", pins=pins).lock
    assert pins_of(lock) == dict(sorted(pins.items()))
    assert [job.id for job in lock.jobs if job.stage == "unit"] == [job_id("unit", n, 5) for n in range(1, 6)]
    assert [len(job.tests) for job in lock.jobs if job.stage == "unit"] == [1, 1, 1, 1, 0]


def test_what_cannot_fit_is_refused_with_the_number_the_wall_and_three_ways_out() -> None:
    with pytest.raises(PlanError) as caught:
        dynamic("suites: {a: {tool: pytest, shards: 30}, b: {tool: pytest, shards: 71}}", limits(jobs=100))
    assert (
        caught.value.what == "the plan cannot be one pipeline: 101 jobs, and Nowhere CI takes 100 (its documentation)"
    )
    assert caught.value.fix.count("; or ") == 2
    assert "suite b" in caught.value.fix


def test_modes() -> None:
    text = "runners: {{c: {{count: 3}}}}\npipeline: {{mode: {}}}\nsuites: {{a: {{tool: pytest}}, b: {{tool: pytest}}}}"
    sequential, aware, wide = (dynamic(text.format(m)) for m in ("sequential", "resource-aware", "max-parallel"))
    assert [(one.behind, one.at_once) for one in sequential.stages] == [("", 1), ("a", 1)]
    assert [(one.behind, one.at_once) for one in aware.stages] == [("", 3), ("", 3)]
    assert [(one.behind, one.at_once) for one in wide.stages] == [("", None), ("", None)]


def test_the_plan_job_gets_ready_what_every_suite_needs() -> None:
    pipeline = dynamic("""
suites:
  a:
    {tool: pytest, env: {A: "1", B: a}, secrets: [S],
     setup: {run: [one, both], checkout: {depth: 0}, toolchain: {python: "3.12"}}}
  b:
    {tool: pytest, env: {B: b}, secrets: [T],
     setup: {run: [both, two], checkout: {lfs: true}, toolchain: {go: "1.23"}}}
""")
    assert pipeline.planning.run == (("one",), ("both",), ("two",))
    assert pipeline.planning.checkout.depth == 0
    assert pipeline.planning.checkout.lfs
    assert pipeline.planning.toolchain.chosen() == {"go": "1.23", "python": "3.12"}
    assert pipeline.planning_secrets == ("S", "T")
    assert pipeline.planning_env == {"A": "1", "B": "a"}


@pytest.mark.parametrize(
    ("runner", "expected"), [("", "cheap"), ("pipeline: {runner: big}", "big"), ("pipeline: {runner: free}", "free")]
)
def test_who_plans_and_reports(runner: str, expected: str) -> None:
    classes = ", ".join(
        f"{name}: {{labels: {{gitlab: [{name}]}}, price: {price}}}" for name, price in {"big": 3, "cheap": 1}.items()
    )
    pipeline = dynamic(
        f"runners: {{{classes}, free: {{labels: {{gitlab: [free]}}}}}}\nsuites: {{a: {{tool: pytest}}}}\n{runner}"
    )
    assert pipeline.control is not None
    assert pipeline.control.gitlab == (expected,)


def test_a_plan_without_a_job_for_a_stage_leaves_it_out_of_a_static_pipeline() -> None:
    plan: Plan = load_plan("suites: {a: {tool: pytest}, b: {tool: pytest}}")
    pipeline = static_pipeline(plan, {"a": 1}, limits(), plan_file="p.yaml", tool="1")
    assert [one.id for one in pipeline.stages] == ["a"]
    assert [stage.name for stage in stages_of(plan.suites["b"])] == ["b"]
