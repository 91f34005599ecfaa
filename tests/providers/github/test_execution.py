"""Workflows executed by GitHub's own parser and evaluator, with our action, as real programs on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import example_pipeline
import pytest
from providers.github import plans
from providers.github.executing import execute, refused, render, report, run_in, write
from servers.github import GithubServer, serve

from ci_orchestrator.api.project import Project
from ci_orchestrator.api.remembering import fetch_history
from ci_orchestrator.plan.pipeline import Shape

VALUES = """
import os, pytest

@pytest.mark.parametrize("name", ["$(touch pwned)", "`id`", "${{ secrets.A }}", "::error::x", "é😀", "x" * 300])
@pytest.mark.parametrize("again", range(2))
def test_values(name, again):
    if "A" in os.environ:
        assert [os.environ[key] for key in "ABCDE"] == EXPECTED
"""


@pytest.fixture
def server() -> Iterator[GithubServer]:
    with serve() as service:
        yield service


def test_the_report_is_red_when_there_is_no_plan(tmp_path: Path, server: GithubServer) -> None:
    """A required check that was skipped counts as passed."""
    example_pipeline.write_example(tmp_path / "repo")
    (tmp_path / "repo/tests/api/test_api.py").write_text("import nowhere\n")
    render(tmp_path / "repo", Shape.DYNAMIC)
    run = execute(tmp_path / "repo", server)
    assert {job.job: job.result for job in run.jobs if job.result != "skipped"} == {
        "plan": "failure",
        "report": "failure",
    }
    assert run.conclusion == "failure"


def test_a_canary_that_holds_stops_what_comes_after_it_and_the_change_is_told(
    tmp_path: Path, server: GithubServer
) -> None:
    example_pipeline.write_example(tmp_path / "repo")
    render(tmp_path / "repo", Shape.DYNAMIC)
    run = execute(tmp_path / "repo", server)
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
    assert [one["state"] for one in server.posted] == ["failure"], last.log
    (check,) = server.checks.values()
    assert check["conclusion"] == "failure"
    (body,) = server.bodies()
    assert "GATE HOLDS" in body
    assert refused(server, last) == set()


TWICE = """
pipeline: {memory: "branch:ci-history"}
gates: {canary: {error-rate: {healthy: "<50%", unhealthy: ">60%", confidence: 60%, min-samples: 2}}}
suites:
  many: {tool: pytest, paths: [tests], shards: 2, stages: [50, 100], gate: canary}
  moody: {tool: pytest, paths: [moody]}
"""
MOODY = """
import os

def test_good():
    pass

def test_moody():
    assert os.environ["GITHUB_RUN_ATTEMPT"] != "1"
"""
MANY = """
import pytest

@pytest.mark.parametrize("number", range(8))
def test_many(number):
    pass
"""


def test_what_failed_runs_again_alone_and_the_same_comment_says_that_it_is_green(
    tmp_path: Path, server: GithubServer
) -> None:
    """And a canary that proceeds goes on; and a branch remembers both attempts."""
    repo = tmp_path / "repo"
    write(repo, TWICE, MANY)
    (repo / "moody").mkdir()
    (repo / "moody/test_moody.py").write_text(MOODY)
    render(repo, Shape.STATIC)
    first = execute(repo, server)
    assert {job.job for job in first.jobs if job.result != "success"} == {"moody", "report"}
    assert first.job("gate_many_50").outputs == {"verdict": "proceed"}
    (before,) = server.bodies()
    second = execute(repo, server, again=True)
    assert run_in(second, tmp_path / "again") == {"moody (moody, moody)", "report"}
    assert second.conclusion == "success", second.job("report").log
    found = report(second, attempt=2)
    assert "certificate complete" in second.job("report").log
    assert found["totals"] == {"passed": 10, "flaky": 1, "runs": 11}
    (after,) = server.bodies()
    assert after != before
    assert [one["state"] for one in server.posted] == ["failure", "success"]
    assert refused(server, second.job("report")) == set()
    assert "no builds remembered" in first.job("plan").step("Fetch the history").text
    kept = fetch_history(Project.at(repo / "testplan.yaml"), f"branch:ci-history@{repo}")
    assert sorted(one.totals.failed for one in kept.builds) == [0, 1]


def test_nothing_hostile_is_executed_and_every_value_arrives_as_it_is(tmp_path: Path, server: GithubServer) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / "testplan.yaml").write_text(plans.HOSTILE)
    (repo / "tests").mkdir()
    (repo / "tests/test_values.py").write_text(VALUES.replace("EXPECTED", repr(plans.HOSTILE_VALUES)))
    render(repo, Shape.DYNAMIC)
    run = execute(repo, server, "push", cache=tmp_path / "cache")
    assert run.injections == ()
    assert {job.result for job in run.jobs if job.matrix} == {"success"}
    assert run.conclusion == "success", run.job("report").log
    assert not list(tmp_path.rglob("pwned"))
    assert "${{ github.actor }} ${{ 1 }}" in run.job("plan").log
    assert (tmp_path / "cache/index.json").read_text().count('"dtf-history-') == 1


PERHAPS_MANY = """
gates: {canary: {error-rate: {healthy: "<50%", unhealthy: ">60%", confidence: 60%, min-samples: 2}}}
suites:
  wide: {tool: pytest, paths: [tests], shards: {target: 5s, max: 1000}, stages: [50, 100], gate: canary}
  last: {tool: pytest, paths: [tests], needs: [wide]}
"""


def test_what_may_be_a_thousand_jobs_is_called_in_parts_and_collected_by_name(
    tmp_path: Path, server: GithubServer
) -> None:
    repo = tmp_path / "repo"
    write(repo, PERHAPS_MANY, MANY)
    render(repo, Shape.DYNAMIC)
    run = execute(repo, server, "push")
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
MOODIER = """
import os
import pytest

@pytest.mark.parametrize("number", range(8))
def test_many(number):
    assert number not in (5, 6) or os.environ["GITHUB_RUN_ATTEMPT"] != "1"
"""
KEPT = "if: always()\n        uses: actions/upload-artifact"


def test_a_bundle_that_got_lost_is_not_proven_until_its_job_runs_again(tmp_path: Path, server: GithubServer) -> None:
    """The second attempt of another job, whose bundle was kept, runs only what had failed."""
    repo = tmp_path / "repo"
    write(repo, FOUR, MOODIER)
    files = plans.written(plans.static(FOUR, {"unit": 4}, limits=plans.FEW), plans.FEW)
    lost = KEPT.replace("always()", "always() && (matrix.shard != '_2of4' || github.run_attempt > 1)")
    files["tests-unit.yml"] = files["tests-unit.yml"].replace(KEPT, lost, 1)
    (repo / ".github/workflows").mkdir(parents=True)
    for name, text in files.items():
        (repo / ".github/workflows" / name).write_text(text)
    first = execute(repo, server, "push", cache=tmp_path / "cache")
    assert [job.result for job in first.cells("test")] == ["success", "failure", "failure", "success"]
    assert {"_2of4" in job.id: job.result for job in first.cells("collect")} == {True: "failure", False: "success"}
    assert first.conclusion == first.job("report").result == "failure"
    found = report(first)
    assert found["totals"] == {"passed": 5, "failed": 1, "not_proven": 2, "runs": 6}
    assert found["certificate"]["missing"] == [f"unit::tests/test_many.py::test_many[{number}]" for number in (1, 5)]
    second = execute(repo, server, "push", again=True, cache=tmp_path / "cache")
    assert second.conclusion == "success", second.job("report").log
    assert report(second, attempt=2)["totals"] == {"passed": 8, "flaky": 1, "runs": 9}
    assert len(run_in(second, tmp_path / "again")) == 4, "two jobs, what collects them, and the report"
    assert (tmp_path / "cache/index.json").read_text().count('"dtf-history-') == 2
