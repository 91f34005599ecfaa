"""Jenkinsfiles run: real tests, real bundles, by an engine for the declarative subset."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import example_pipeline
import pytest
from builds_online import git
from engine_tools import clean_environment, git_repository
from jenkins_engine import Run, execute
from providers.jenkins import plans
from servers import github
from servers.base import CHANGE, TOKEN
from servers.github import GithubServer

from ci_orchestrator import __version__
from ci_orchestrator.cli.main import main

BESIDE = [Path(sys.executable).parent]
ENVIRONMENT = Path(__file__).parent / "environments/change.env"
MARKER = "<!-- ci-orchestrator:example -->"


@dataclass(frozen=True)
class Built:
    """A build of a change that lives at GitHub. `revision`: what the change proposes."""

    run: Run
    wall: GithubServer
    revision: str


def render(repo: Path) -> Path:
    assert main(["plan", "-C", str(repo), "--provider", "jenkins", "--out", "Jenkinsfile"]) == 0
    return repo / "Jenkinsfile"


def of_a_change(wall: GithubServer) -> dict[str, str]:
    """As the GitHub Branch Source plugin has it; of an agent and a stage, the engine tells."""
    lines = ENVIRONMENT.read_text("utf-8").replace("https://github.com", wall.url).splitlines()
    told = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    return {name: value for name, value in told.items() if name.startswith(("BRANCH_", "BUILD_", "CHANGE_", "JOB_"))}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """The example with fewer jobs: 6 run before the gate holds the rest. An earlier build has left its comment."""
    root = tmp_path_factory.mktemp("example")
    repo = root / "repo"
    plan = example_pipeline.write_example(repo)
    text = plan.read_text().replace("    shards: 2\n", "").replace("shards: 4", "shards: 2", 1)
    plan.write_text(text.replace("pipeline:\n", "pipeline:\n  secrets: [GITHUB_TOKEN]\n"))
    jenkinsfile = render(repo)
    git_repository(repo, clean_environment(root))
    revision = git(repo, "rev-parse", "HEAD")
    with github.serve() as wall:
        wall.pulls[CHANGE] = (revision, *wall.pulls[CHANGE][1:])
        wall.add_comment(f"{MARKER}\nas an earlier build said", ours=True)
        run = execute(
            jenkinsfile,
            repo=repo,
            out=root / "out",
            env=of_a_change(wall),
            credentials={**example_pipeline.SECRETS, "GITHUB_TOKEN": TOKEN},
            path=BESIDE,
            timeout=200,
        )
        yield Built(run, wall, revision)


def test_a_branch_that_nobody_asked_for_is_not_green(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    example_pipeline.write_example(repo)
    jenkinsfile = render(repo)
    run = execute(jenkinsfile, repo=repo, out=tmp_path / "out", env={"BRANCH_NAME": "feature"}, path=BESIDE, timeout=60)
    assert run.result == "NOT_BUILT", run.log
    assert not run.labels


def test_the_dynamic_shape_plans_runs_decides_and_reports(example: Built) -> None:
    results = {name.rpartition(" / ")[2]: result for name, result in example.run.results().items()}
    green = [results.get(name) for name in ("unit (1/2)", "unit (2/2)", "api", "web")]
    assert green == ["SUCCESS"] * 4, example.run.log
    assert sorted([results["kernels-50 (1/2)"], results["kernels-50 (2/2)"]]) == ["FAILURE", "SUCCESS"]
    assert results["gate kernels-50"] == "FAILURE"
    assert results["hold kernels-50"] == "SUCCESS"
    assert "rollback kernels-50" not in results
    assert results["kernels-100"] == "NOT_BUILT"
    assert "kernels-100 (1/2)" not in results


def test_the_report_is_complete_and_decides(example: Built) -> None:
    run = example.run
    assert run.result == "FAILURE"
    report = json.loads((run.archive / ".ci-orchestrator/report/results.json").read_text())
    certificate = report["certificate"]
    assert (certificate["certified"], certificate["planned"], certificate["reported"]) == (True, 37, 37)
    assert "exit code 5" in run.stage("report").log
    assert "6 tests: gate:kernels-50" in run.log
    assert run.report["junit"] == [{"files": [".ci-orchestrator/report/merged.xml"], "total": 37, "failed": 1}]
    assert (run.archive / ".ci-orchestrator/history.sqlite").exists()


def test_the_change_is_told_and_the_build_described(example: Built) -> None:
    wall = example.wall
    [status] = wall.posted
    assert (status["context"], status["state"], status["sha"]) == (
        "ci-orchestrator: example",
        "failure",
        example.revision,
    )
    assert status["target_url"] == "https://ci.example/jenkins/job/acme/job/shop/job/PR-7/42/"
    [check] = wall.checks.values()
    assert (check["conclusion"], check["head_sha"]) == ("failure", example.revision)
    [annotations] = wall.annotations.values()
    assert {one["path"]: one["annotation_level"] for one in annotations} == {
        "tests/gpu/test_kernels.py": "failure",
        "tests/unit/test_flaky.py": "warning",
    }
    [comment] = wall.bodies()
    assert comment.startswith(MARKER)
    assert "as an earlier build said" not in comment
    assert example.run.report["description"].startswith("? GATE HOLDS: 1 gate says hold; 1 failed")


def test_agents_are_asked_for_by_their_labels(example: Built) -> None:
    labels = list(example.run.labels)
    assert {name: labels.count(name) for name in sorted(set(labels))} == {
        "browser": 1,
        "gpu": 2,
        "linux && x64": 1 + 2 + 1 + 1 + 1 + 1,  # plan, unit, api, gate, hold, report
    }


def test_secrets_stay_out_of_the_log_and_history_is_asked_for(example: Built) -> None:
    assert [one for one in (example_pipeline.SECRETS["EXAMPLE_TOKEN"], TOKEN) if one in example.run.log] == []
    [copied] = [step for step in example.run.report["recorded"] if step["step"] == "copyArtifacts"]
    assert copied["arguments"][0]["projectName"] == "../main"


def test_a_hostile_plan_runs_and_nothing_of_it_is_executed(tmp_path: Path) -> None:
    """Nor do its commands see what only the report may; what was in the workspace before is gone; and the build is
    remembered on a branch. Of the secrets for the report one is not in Jenkins: that is said, and harmless.
    """
    repo = tmp_path / "repo"
    for left in ("bundles/dtf-node-9/stale", "report/stale", "jobs.json", "history.sqlite", "runs/1/stale", "latest"):
        (repo / ".ci-orchestrator" / left).parent.mkdir(parents=True, exist_ok=True)
        (repo / ".ci-orchestrator" / left).write_text("of another build")
    kept = tmp_path / "kept.git"
    git(tmp_path, "init", "--quiet", "--bare", str(kept))
    plan = plans.hostile(memory=f"branch:history@{kept}", secrets=["ABSENT", "GITHUB_TOKEN"])
    (repo / "testplan.yaml").write_text(plan, "utf-8")
    text = plans.rendered(plans.static(plan, plans.HOSTILE_PINS, tool=__version__))
    (repo / "Jenkinsfile").write_text(text, "ascii")
    run = execute(
        repo / "Jenkinsfile",
        repo=repo,
        out=tmp_path / "out",
        credentials={"GITHUB_TOKEN": TOKEN},
        path=BESIDE,
        timeout=200,
    )
    assert run.result == "SUCCESS", run.log
    seen = [json.loads(line[5:]) for line in run.log.splitlines() if line.startswith("SEEN ")]
    assert seen == [[*plans.HOSTILE_ENV.values(), None]] * 3  # the plan job, and one of each suite
    told = [json.loads(line[5:]) for line in run.log.splitlines() if line.startswith("TOLD ")]
    assert told == [plans.HOSTILE_ARGUMENTS] * 3
    assert not list(tmp_path.rglob("pwned*"))
    assert run.labels[0] == "odd && !'x' || \"${y}\" \U0001f600"
    assert run.report["description"].startswith("✓ PASSED: 4 tests passed, none was skipped. Certificate complete")
    assert "no comments and statuses: neither the environment nor the git remote says where" in run.stage("report").log
    assert "no builds remembered" in run.stage("plan").log
    assert "warning" not in run.log
    assert [list(place.rglob("stale")) for place in (run.archive, tmp_path / "out" / "workspaces")] == [[], []]
    assert git(kept, "ls-tree", "--name-only", "history").split() == ["README.md", "history.bin"]
    said = "going on without the secret ABSENT: Could not find credentials entry with ID 'ABSENT'"
    assert [said in run.stage(stage).log for stage in ("plan", "report")] == [True, True]
    assert not (run.archive / ".ci-orchestrator/history.sqlite").exists()


RED_FIRST = """\
case "$1" in
    a::0) exit 1 ;;
    a::*) exec sleep 60 ;;
esac
"""


@pytest.mark.parametrize("mode", ["sequential", "max-parallel"])
def test_the_first_red_job_ends_its_stage_and_what_needs_it(mode: str, tmp_path: Path) -> None:
    """In lanes, one after another, and side by side; as builds of a fork, which have no credentials and tell nobody."""
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / "run.sh").write_text(RED_FIRST)
    suite = {"tool": "command", "run": ["sh", "run.sh", "{tests}"]}
    first = {**suite, "list": ["printf", "%s\n", "a::0", "a::1", "a::2"], "shards": 3}
    suites = {"a": first, "b": {**suite, "list": ["echo", "b::0"], "needs": ["a"]}}
    plan = {"pipeline": {"mode": mode, "fail-fast": True, "secrets": ["GITHUB_TOKEN"]}, "suites": suites}
    (repo / "testplan.yaml").write_text(json.dumps(plan))
    fork = {"BRANCH_NAME": "PR-8", "CHANGE_ID": "8", "CHANGE_TARGET": "main", "CHANGE_FORK": "eve"}
    run = execute(render(repo), repo=repo, out=tmp_path / "out", env=fork, path=BESIDE, timeout=100)
    results = {name.rpartition(" / ")[2]: result for name, result in run.results().items()}
    assert (run.result, results["a (1/3)"], results["b"]) == ("FAILURE", "FAILURE", "NOT_BUILT"), run.log
    stopped = {results.get(name, "never") for name in ("a (2/3)", "a (3/3)")}
    assert stopped == ({"never"} if mode == "sequential" else {"ABORTED"})
    assert "a did not pass" in run.log
    assert "nothing was told: jobs of a fork may not write" in run.stage("report").log
