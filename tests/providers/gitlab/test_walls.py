"""Whatever the plan: every file is inside GitLab's walls and runs each job of the lock once, or the wall is named."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from parts import examples
from providers.gitlab import plans

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.pipeline import Pipeline
from ci_orchestrator.providers.gitlab.limits import LIMITS
from ci_orchestrator.providers.gitlab.render import RENDERER

GATE = 'gates: {g: {error-rate: {healthy: "<50%", unhealthy: ">50%", confidence: 50%}, on-hold: [[a]]}}\n'


def plan_of(counts: list[int], needs: list[set[int]], canaries: set[int], mode: str) -> str:
    """A plan whose suites have these numbers of jobs, and need these of the suites before them."""
    suites = ""
    for number, count in enumerate(counts):
        before = ", ".join(f"s{one}" for one in sorted(needs[number % len(needs)]) if one < number)
        canary = ", stages: [30, 60, 100], gate: g" if number in canaries else ""
        suites += f"  s{number}: {{tool: pytest, shards: {count}, needs: [{before}]{canary}}}\n"
    return f"{GATE}pipeline: {{mode: {mode}}}\nsuites:\n{suites}"


def fixed(text: str) -> Pipeline:
    """The static pipeline of a plan whose numbers of jobs are all fixed."""
    stages = plans.dynamic(text).stages
    return plans.static(text, {stage.name: sum(one.most for one in stage.matrices) for stage in stages})


def check(text: str, pipeline: Pipeline) -> None:
    """Hold a file against the walls, and against the cells that it should run."""
    assert len(text.encode()) <= LIMITS["bytes"]
    read, jobs = plans.read(text), plans.jobs(text)
    made = {name: list(plans.instances(name, job)) for name, job in jobs.items()}
    ran = Counter(cell for each in made.values() for _, cell in each if cell)
    cells = [cell.job for stage in pipeline.stages for one in stage.matrices for cell in one.cells]
    assert ran == Counter(cells)
    assert max(ran.values(), default=1) == 1
    place = {name: number for number, name in enumerate(read["stages"])}
    for name, job in jobs.items():
        assert len(made[name]) <= LIMITS["matrix"]
        needed = plans.needed(job)
        assert sum(len(made[other]) for other in needed) <= LIMITS["needs"], name
        for other in needed:
            assert place[jobs[other]["stage"]] <= place[job["stage"]]
            assert max(len(one) for one, _ in made[other]) <= LIMITS["needed-name"]
    assert max(len(one) for each in made.values() for one, _ in each) <= LIMITS["name"]
    assert_waits(pipeline, jobs, made)


def assert_waits(pipeline: Pipeline, jobs: dict[str, Any], made: dict[str, Any]) -> None:
    """Each job waits for all jobs of the stages that it needs, directly or by links; the report for every job."""
    cells = {stage.id: {cell.job for one in stage.matrices for cell in one.cells} for stage in pipeline.stages}
    reached: dict[str, set[str]] = {}

    def behind(name: str) -> set[str]:
        if name not in reached:
            own = {cell for _, cell in made[name] if cell}
            reached[name] = own or {cell for other in plans.needed(jobs[name]) for cell in behind(other)}
        return reached[name]

    for stage in pipeline.stages:
        for name in {name for name, each in made.items() for _, cell in each if cell in cells[stage.id]}:
            waits = {cell for other in plans.needed(jobs[name]) for cell in behind(other)}
            judged = [pipeline.gate(stage.after).of] if stage.after else []
            behind_it = [stage.behind] if stage.behind else []
            assert waits >= {cell for other in (*stage.needs, *judged, *behind_it) for cell in cells[other]}
    for gate in pipeline.gates:
        assert {cell for other in plans.needed(jobs[gate.name]) for cell in behind(other)} >= cells[gate.of]
    collected = jobs["report"].get("dependencies", list(jobs))
    assert {cell for name in collected for _, cell in made[name] if cell} == {
        one for each in cells.values() for one in each
    }
    assert "needs" not in jobs["report"], "the last stage waits for all"


@settings(max_examples=examples(12))
@example(counts=[10_000, 9_000, 40], needs=[{0, 1}], canaries={1}, mode="max-parallel")
@example(counts=[1] * 70, needs=[set(range(69))], canaries=set(), mode="sequential")
@example(counts=[49, 50, 51, 200, 201], needs=[{0}, {0, 1, 2}], canaries={2, 3}, mode="sequential")
@given(
    counts=st.lists(st.one_of(st.integers(1, 60), st.integers(150, 1500)), min_size=1, max_size=12),
    needs=st.lists(st.sets(st.integers(0, 11), max_size=6), min_size=1, max_size=4),
    canaries=st.sets(st.integers(0, 11), max_size=3),
    mode=st.sampled_from(["max-parallel", "sequential", "resource-aware"]),
)
def test_every_file_is_inside_the_walls(
    counts: list[int], needs: list[set[int]], canaries: set[int], mode: str
) -> None:
    pipeline = fixed(plan_of(counts, needs, canaries, mode))
    text = refusal = ""
    try:
        text = plans.rendered(pipeline)
    except PlanError as error:
        refusal = str(error)
    if text:
        check(text, pipeline)
    else:
        assert any(f"GitLab takes {wall.value:,} ({wall.source})" in refusal for wall in LIMITS.walls.values())


@pytest.mark.parametrize(
    ("text", "walls"),
    [
        (
            "suites:\n" + "".join(f"  s{n}: {{tool: pytest, shards: 10000}}\n" for n in range(11)),
            ["110,000", "100,000"],
        ),
        (
            "suites:\n" + "".join(f"  s{n}: {{tool: pytest, shards: 10000}}\n" for n in range(8)),
            ["2,097,152", "memory"],
        ),
        ("suites: {s: {tool: pytest, timeout: 31d}}", ["2,591,940", "timeout"]),
        ("suites: {s: {tool: pytest, setup: {cache: {paths: [a], key: [a, b, c]}}}}", ["takes 2 ", "one lock file"]),
    ],
)
def test_what_cannot_fit_is_refused_with_the_wall_and_three_ways_out(text: str, walls: list[str]) -> None:
    with pytest.raises(PlanError) as refused:
        plans.rendered(fixed(text))
    assert all(word in str(refused.value) for word in walls), str(refused.value)
    assert refused.value.fix.count(";") == 2


def test_the_child_of_a_lock_runs_each_of_its_jobs_once() -> None:
    lock = plans.locked(plans.WIDE, 240)
    pipeline = plans.dynamic(plans.WIDE, lock=lock)
    check(RENDERER.emit(pipeline), pipeline)
    assert load_plan(plans.WIDE).suites.keys() == {job.suite for job in lock.jobs}
