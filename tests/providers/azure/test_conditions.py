"""Which jobs start, and after what."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from providers.azure import plans
from providers.azure.server import run

from ci_orchestrator.plan.pipeline import Pipeline, Shape

GREEN = {
    "plan": "Succeeded",
    "unit": "Succeeded",
    "api": "Succeeded",
    "kernels_50": "Succeeded",
    "gate_kernels_50": "Succeeded",
    "gate_kernels_50_hold": "Skipped",
    "gate_kernels_50_rollback": "Skipped",
    "web": "Succeeded",
    "kernels_100": "Succeeded",
    "gate_kernels_100": "Succeeded",
    "gate_kernels_100_hold": "Skipped",
    "gate_kernels_100_rollback": "Skipped",
    "report": "Succeeded",
}
LEGS = {f"plan.emit.jobs_{name}": "{…}" for name in ("unit", "api", "kernels_50", "web", "kernels_100")}
WITHHELD = dict.fromkeys(["kernels_100", "gate_kernels_100"], "Skipped")
HOLD = {"gate_kernels_50.gate.verdict": "hold"}


@pytest.fixture(params=Shape)
def example(request: pytest.FixtureRequest) -> Pipeline:
    dynamic = request.param is Shape.DYNAMIC
    return plans.dynamic(plans.EXAMPLE) if dynamic else plans.static(plans.EXAMPLE, plans.EXAMPLE_PINS)


@pytest.mark.parametrize(
    ("ends", "outputs", "differs"),
    [
        ({}, {}, {}),
        ({"unit": "SucceededWithIssues"}, {}, {"unit": "SucceededWithIssues"}),
        (
            {"unit": "Failed"},
            {},
            {"unit": "Failed", **dict.fromkeys(["api", "web", "kernels_50", "gate_kernels_50"], "Skipped"), **WITHHELD},
        ),
        ({"kernels_50": "Failed"}, {}, {"kernels_50": "Failed"}),
        ({"kernels_50": "Canceled"}, {}, {"kernels_50": "Canceled"}),  # it took too long: the gate decides all the same
        (
            {"kernels_50": "Failed", "gate_kernels_50": "Failed"},
            HOLD,
            {"kernels_50": "Failed", "gate_kernels_50": "Failed", "gate_kernels_50_hold": "Succeeded", **WITHHELD},
        ),
        (
            {"gate_kernels_50": "Failed"},
            {"gate_kernels_50.gate.verdict": "rollback"},
            {"gate_kernels_50": "Failed", "gate_kernels_50_rollback": "Succeeded", **WITHHELD},
        ),
        ({"plan": "Failed"}, {}, {**dict.fromkeys(GREEN, "Skipped"), "plan": "Failed"}),
        ({"report": "Failed"}, {}, {"report": "Failed"}),
    ],
)
def test_what_starts(example: Pipeline, ends: dict, outputs: dict, differs: dict) -> None:
    assert run(plans.jobs(example), ends, {**LEGS, **outputs}) == {**GREEN, **differs}


def test_a_run_that_is_stopped_starts_the_report_alone(example: Pipeline) -> None:
    results = run(plans.jobs(example), {}, LEGS, canceled=True)
    assert {name for name, result in results.items() if result != "Skipped"} == {"plan", "report"}


def test_stages_for_which_nothing_was_planned_hold_nobody_up() -> None:
    jobs = plans.jobs(plans.dynamic(plans.EXAMPLE))
    without_unit = {name: legs for name, legs in LEGS.items() if not name.endswith("_unit")}
    assert run(jobs, {}, without_unit) == {**GREEN, "unit": "Skipped"}
    without_half = {name: legs for name, legs in LEGS.items() if not name.endswith("kernels_50")}
    skipped = {"kernels_50": "Skipped", "gate_kernels_50": "Skipped"}
    assert run(jobs, {}, without_half) == {**GREEN, **skipped}


COUNTS = st.lists(st.integers(1, 700), min_size=1, max_size=5)


@settings(max_examples=8)
@given(COUNTS, st.sampled_from(["sequential", "max-parallel"]), st.booleans(), st.randoms(use_true_random=False))
def test_needs_hold_whatever_fails(counts: list[int], mode: str, chained: bool, chance) -> None:
    suites = {
        f"s{n}": {"tool": "pytest", "shards": count, "needs": [f"s{n - 1}"] if chained and n else []}
        for n, count in enumerate(counts)
    }
    text = json.dumps({"pipeline": {"mode": mode}, "suites": suites})
    pipeline = plans.static(text, {name: suite["shards"] for name, suite in suites.items()})
    jobs = plans.jobs(pipeline)
    ends = {name: chance.choice(["Succeeded", "Failed"]) for name in jobs if name not in {"plan", "report"}}
    results = run(jobs, ends, {})
    assert results["report"] == "Succeeded"
    for stage in pipeline.stages:
        needed = [results[matrix.id] for need in stage.needs for matrix in pipeline.stage(need).matrices]
        started = {results[matrix.id] != "Skipped" for matrix in stage.matrices}
        assert started == {all(result == "Succeeded" for result in needed)}
    if mode == "sequential":
        order = [matrix.id for stage in pipeline.stages for matrix in stage.matrices]
        assert all(one in jobs[other]["dependsOn"] for one, other in pairwise(order))
        assert all(jobs[name]["strategy"]["maxParallel"] == 1 for name in order)
