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


def execute(repo: Path, shape: Shape, **options: object) -> Run:
    """Render the plan in `repo` as a user does, commit, run."""
    project, target = Project.at(repo / "testplan.yaml"), Target("github", shape, repo / plans.PATH)
    write_rendered(render_project(project, target), target, project)
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


def test_a_canary_that_holds_stops_what_comes_after_it_and_the_report_proves_the_rest(tmp_path: Path) -> None:
    example_pipeline.write_example(tmp_path / "repo")
    run = execute(tmp_path / "repo", Shape.DYNAMIC, cache=tmp_path / "cache")
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
    run = execute(tmp_path / "repo", Shape.STATIC)
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
    run = execute(repo, Shape.DYNAMIC)
    assert run.injections == ()
    assert {job.result for job in run.jobs if job.matrix} == {"success"}
    assert run.conclusion == "success", run.job("report").log
    assert not list(tmp_path.rglob("pwned"))
    assert "${{ github.actor }} ${{ 1 }}" in run.job("plan").log
