"""Workflows executed by GitHub's own parser and evaluator, with our action, as real programs on this machine."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import example_pipeline
import github_engine
from github_engine import Run
from parts import PROJECT
from providers.github import plans

from ci_orchestrator.api.project import Project
from ci_orchestrator.api.rendering import Target, render_project, write_rendered
from ci_orchestrator.plan.pipeline import Shape

TOOLS = str(Path(sys.executable).parent)


VALUES = """
import os, pytest

@pytest.mark.parametrize("name", ["$(touch pwned)", "`id`", "${{ secrets.A }}", "::error::x", "é😀", "x" * 300])
@pytest.mark.parametrize("again", range(2))
def test_values(name, again):
    if "A" in os.environ:
        assert [os.environ[key] for key in "ABCDE"] == EXPECTED
"""


def render(repo: Path, shape: Shape) -> None:
    """Render the plan in `repo` as a user does."""
    project, target = Project.at(repo / "testplan.yaml"), Target("github", shape, repo / plans.PATH)
    write_rendered(render_project(project, target), target, project)


def execute(repo: Path, **options: object) -> Run:
    """Commit what is in `repo`, and run it."""
    plans.commit(repo)
    return github_engine.execute(
        repo,
        plans.PATH,
        work=repo.parent / "work",
        actions={"org/dtf-action": PROJECT},
        secrets=example_pipeline.SECRETS,
        path=os.pathsep.join([TOOLS, os.environ["PATH"]]),
        **options,
    )


def report(run: Run) -> dict:
    """What the report says, by its JSON."""
    artifact = run.artifact("ci-orchestrator-report-1")
    return json.loads((artifact.path / "results.json").read_text("utf-8"))


def test_the_report_is_red_when_there_is_no_plan(tmp_path: Path) -> None:
    """A required check that was skipped counts as passed."""
    example_pipeline.write_example(tmp_path / "repo")
    (tmp_path / "repo/tests/api/test_api.py").write_text("import nowhere\n")
    render(tmp_path / "repo", Shape.DYNAMIC)
    run = execute(tmp_path / "repo")
    assert {job.job: job.result for job in run.jobs if job.result != "skipped"} == {
        "plan": "failure",
        "report": "failure",
    }
    assert run.conclusion == "failure"


def test_a_canary_that_holds_stops_what_comes_after_it_and_the_report_proves_the_rest(tmp_path: Path) -> None:
    example_pipeline.write_example(tmp_path / "repo")
    render(tmp_path / "repo", Shape.DYNAMIC)
    run = execute(tmp_path / "repo", cache=tmp_path / "cache")
    results = {job.job: set() for job in run.jobs}
    for job in run.jobs:
        results[job.job].add(job.result)
    assert results == {
        "plan": {"success"},
        "unit": {"success"},
        "api": {"success"},
        "web": {"success"},
        "kernels_50": {"success", "failure"},
        "gate_kernels_50": {"failure"},
        "hold_kernels_50": {"success"},
        "rollback_kernels_50": {"skipped"},
        "kernels_100": {"skipped"},
        "gate_kernels_100": {"skipped"},
        "hold_kernels_100": {"skipped"},
        "rollback_kernels_100": {"skipped"},
        "report": {"failure"},
    }
    assert run.conclusion == "failure"
    assert run.injections == ()
    assert run.job("gate_kernels_50").outputs == {"verdict": "hold"}
    assert "held, as it's told" in run.job("hold_kernels_50").log
    assert len(list(run.cells("unit"))) == 4
    assert {job.runs_on for job in run.cells("unit")} == {"ubuntu-latest"}
    last = run.job("report")
    assert "certificate complete" in last.log
    assert "6 tests: gate:kernels-50" in last.log
    assert len(last.summaries) == 1
    assert "s3cret" not in "".join(job.log for job in run.jobs)
    assert (tmp_path / "cache/index.json").read_text().count('"dtf-history-') == 1


def test_a_canary_that_proceeds_goes_on_to_a_green_build(tmp_path: Path) -> None:
    example_pipeline.write_example(tmp_path / "repo", healthy=True)
    render(tmp_path / "repo", Shape.STATIC)
    run = execute(tmp_path / "repo")
    assert run.conclusion == "success"
    skipped = {job.job for job in run.jobs if job.result == "skipped"}
    assert skipped == {f"{verdict}_kernels_{stage}" for verdict in ("hold", "rollback") for stage in (50, 100)}
    tests = [job for job in run.jobs if job.matrix]
    assert len(tests) == example_pipeline.JOBS
    assert "certificate complete: collected = planned = reported = 37 tests" in run.job("report").log


def test_nothing_hostile_is_executed_and_every_value_arrives_as_it_is(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / "testplan.yaml").write_text(plans.HOSTILE)
    (repo / "tests").mkdir()
    (repo / "tests/test_values.py").write_text(VALUES.replace("EXPECTED", repr(plans.HOSTILE_VALUES)))
    render(repo, Shape.DYNAMIC)
    run = execute(repo)
    assert run.injections == ()
    assert {job.result for job in run.jobs if job.matrix} == {"success"}
    assert run.conclusion == "success", run.job("report").log
    assert not list(tmp_path.rglob("pwned"))
    assert "${{ github.actor }} ${{ 1 }}" in run.job("plan").log


def write(repo: Path, plan: str, tests: str) -> None:
    """A repository with a plan and a file of tests."""
    (repo / "tests").mkdir(parents=True)
    (repo / "testplan.yaml").write_text(plan)
    (repo / "tests/test_many.py").write_text(tests)


MANY = """
import pytest

@pytest.mark.parametrize("number", range(8))
def test_many(number):
    pass
"""
PERHAPS_MANY = """
gates: {canary: {error-rate: {healthy: "<50%", unhealthy: ">60%", confidence: 60%, min-samples: 2}}}
suites:
  wide: {tool: pytest, paths: [tests], shards: {target: 5s, max: 1000}, stages: [50, 100], gate: canary}
  last: {tool: pytest, paths: [tests], needs: [wide]}
"""


def test_what_may_be_a_thousand_jobs_is_called_in_parts_and_collected_by_name(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    write(repo, PERHAPS_MANY, MANY)
    render(repo, Shape.DYNAMIC)
    run = execute(repo)
    assert run.conclusion == "success", {job.id: job.log for job in run.jobs if job.result == "failure"}
    assert "certificate complete: collected = planned = reported = 16 tests" in run.job("report").log
    calls = [job for job in run.jobs if job.calls]
    assert {job.calls for job in calls} == {"./.github/workflows/tests-wide.yml"}
    assert [job.name for job in calls] == ["wide_50", "wide_100"]
    assert run.job("gate_wide_50").outputs == {"verdict": "proceed"}
    tests = [job for job in run.jobs if job.matrix and not job.calls]
    assert len(tests) > 3
    names = {artifact.name for artifact in run.artifacts}
    assert {f"dtf-{job.name}" for job in tests} <= names
    assert {f"ci-orchestrator-bundles-{part}" for part in ("wide_50", "wide_100", "last")} <= names
    assert run.injections == ()


FOUR = "suites: {unit: {tool: pytest, paths: [tests], shards: 4}}"
KEPT = "if: always()\n        uses: actions/upload-artifact"


def test_a_bundle_that_got_lost_is_not_proven_and_the_others_are(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    write(repo, FOUR, MANY)
    files = plans.written(plans.static(FOUR, {"unit": 4}, limits=plans.FEW), plans.FEW)
    lost = KEPT.replace("always()", "matrix.shard != '_2of4'")
    files["tests-unit.yml"] = files["tests-unit.yml"].replace(KEPT, lost, 1)
    (repo / ".github/workflows").mkdir(parents=True)
    for name, text in files.items():
        (repo / ".github/workflows" / name).write_text(text)
    run = execute(repo)
    assert [job.result for job in run.cells("test")] == ["success"] * 4
    assert {"_2of4" in job.id: job.result for job in run.cells("collect")} == {True: "failure", False: "success"}
    assert run.conclusion == run.job("report").result == "failure"
    found = report(run)
    assert found["totals"] == {"passed": 6, "not_proven": 2, "runs": 6}
    assert found["certificate"]["missing"] == [f"unit::tests/test_many.py::test_many[{number}]" for number in (1, 5)]
