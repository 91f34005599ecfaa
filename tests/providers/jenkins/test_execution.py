"""Jenkinsfiles run: real tests, real bundles, by an engine for the declarative subset."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import example_pipeline
import pytest
from jenkins_engine import Run, execute
from providers.jenkins import plans

from ci_orchestrator import __version__
from ci_orchestrator.cli.main import main

BESIDE = [Path(sys.executable).parent]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Run:
    root = tmp_path_factory.mktemp("example")
    repo = root / "repo"
    example_pipeline.write_example(repo)
    assert main(["plan", "-C", str(repo), "--provider", "jenkins", "--out", "Jenkinsfile"]) == 0
    return execute(
        repo / "Jenkinsfile",
        repo=repo,
        out=root / "out",
        credentials=example_pipeline.SECRETS,
        path=BESIDE,
        timeout=200,
    )


def test_a_branch_that_nobody_asked_for_is_not_green(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    example_pipeline.write_example(repo)
    assert main(["plan", "-C", str(repo), "--provider", "jenkins", "--out", "Jenkinsfile"]) == 0
    run = execute(
        repo / "Jenkinsfile", repo=repo, out=tmp_path / "out", env={"BRANCH_NAME": "feature"}, path=BESIDE, timeout=60
    )
    assert run.result == "NOT_BUILT", run.log
    assert not run.labels


def test_the_dynamic_shape_plans_runs_decides_and_reports(example: Run) -> None:
    results = {name.rpartition(" / ")[2]: result for name, result in example.results().items()}
    assert results["unit (1/4)"] == results["api (2/2)"] == results["web (1/2)"] == "SUCCESS"
    assert sorted([results["kernels-50 (1/2)"], results["kernels-50 (2/2)"]]) == ["FAILURE", "SUCCESS"]
    assert results["gate kernels-50"] == "FAILURE"
    assert results["hold kernels-50"] == "SUCCESS"
    assert "rollback kernels-50" not in results
    assert results["kernels-100"] == "NOT_BUILT"
    assert "kernels-100 (1/2)" not in results


def test_the_report_is_complete_and_decides(example: Run) -> None:
    assert example.result == "FAILURE"
    report = json.loads((example.archive / ".ci-orchestrator/report/results.json").read_text())
    certificate = report["certificate"]
    assert (certificate["certified"], certificate["planned"], certificate["reported"]) == (True, 37, 37)
    assert "exit code 5" in example.stage("report").log
    assert "6 tests: gate:kernels-50" in example.log
    assert example.report["junit"] == [{"files": [".ci-orchestrator/report/merged.xml"], "total": 37, "failed": 1}]
    assert (example.archive / ".ci-orchestrator/history.sqlite").exists()


def test_agents_are_asked_for_by_their_labels(example: Run) -> None:
    labels = list(example.labels)
    assert {name: labels.count(name) for name in sorted(set(labels))} == {
        "browser": 2,
        "gpu": 2,
        "linux && x64": 1 + 4 + 2 + 1 + 1 + 1,  # plan, unit, api, gate, hold, report
    }


def test_secrets_stay_out_of_the_log_and_history_is_asked_for(example: Run) -> None:
    assert example_pipeline.SECRETS["EXAMPLE_TOKEN"] not in example.log
    copied = [step for step in example.report["recorded"] if step["step"] == "copyArtifacts"]
    assert copied[0]["arguments"][0]["projectName"] == "/project/main"


def test_a_hostile_plan_runs_and_nothing_of_it_is_executed(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    (repo / "tests").mkdir(parents=True)
    (repo / "testplan.yaml").write_text(plans.hostile(), "utf-8")
    (repo / "tests/test_a.py").write_text("def test_a(): pass\ndef test_b(): pass\n")
    text = plans.rendered(plans.static(plans.hostile(), plans.HOSTILE_PINS, tool=__version__))
    (repo / "Jenkinsfile").write_text(text, "ascii")
    run = execute(repo / "Jenkinsfile", repo=repo, out=tmp_path / "out", path=BESIDE, timeout=200)
    assert run.result == "SUCCESS", run.log
    seen = [json.loads(line[5:]) for line in run.log.splitlines() if line.startswith("SEEN ")]
    assert seen == [list(plans.HOSTILE_ENV.values())] * 3  # the plan job, and one of each suite
    told = [json.loads(line[5:]) for line in run.log.splitlines() if line.startswith("TOLD ")]
    assert told == [plans.HOSTILE_ARGUMENTS] * 3
    assert not list(tmp_path.rglob("pwned*"))
    assert run.labels[0] == "odd && !'x' || \"${y}\" \U0001f600"


RED_FIRST = """
import time
import pytest

@pytest.mark.parametrize("n", range(3))
def test_red_first(n):
    time.sleep(40 * n)
    assert n
"""


@pytest.mark.parametrize("mode", ["sequential", "max-parallel"])
def test_the_first_red_job_ends_its_stage_and_what_needs_it(mode: str, tmp_path: Path) -> None:
    """In lanes, one after another, and side by side."""
    repo = tmp_path / "repo"
    (repo / "tests").mkdir(parents=True)
    (repo / "tests/test_a.py").write_text(RED_FIRST)
    (repo / "tests/test_b.py").write_text("def test_b(): pass\n")
    suite = "tool: pytest, args: [-p, 'no:cacheprovider'], paths:"
    (repo / "testplan.yaml").write_text(
        f"pipeline: {{mode: {mode}, fail-fast: true}}\n"
        "suites:\n"
        f"  a: {{{suite} [tests/test_a.py], shards: 3}}\n"
        f"  b: {{{suite} [tests/test_b.py], needs: [a]}}\n"
    )
    assert main(["plan", "-C", str(repo), "--provider", "jenkins", "--out", "Jenkinsfile"]) == 0
    run = execute(repo / "Jenkinsfile", repo=repo, out=tmp_path / "out", path=BESIDE, timeout=100)
    results = {name.rpartition(" / ")[2]: result for name, result in run.results().items()}
    assert (run.result, results["a (1/3)"], results["b"]) == ("FAILURE", "FAILURE", "NOT_BUILT")
    stopped = {results.get(name, "never") for name in ("a (2/3)", "a (3/3)")}
    assert stopped == ({"never"} if mode == "sequential" else {"ABORTED"})
    assert "a did not pass" in run.log
