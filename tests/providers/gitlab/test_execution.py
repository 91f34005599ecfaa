"""Pipelines that gitlab-ci-local runs, from plan to report: real tests, artifacts that move, a canary that stops."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from example_pipeline import FAILING, FLAKY, JOBS, SECRETS, write_example
from gitlab_engine import Run, execute

PROJECT_VARIABLES = ".gitlab-ci-local-variables.yml"
"""Where the engine has a project's CI/CD variables, which child pipelines see as well."""

HOSTILE_NAMES = [
    "it's \"quoted\"", "a $(touch hacked) b", "`touch hacked`", "${CI_JOB_TOKEN}", "%0A::error::x", "- a: b #c", "é 😀",
    "$[[ inputs.x ]]", "!reference [.x, y]", "long " * 60,
]  # fmt: skip
HOSTILE_PLAN = """
runners:
  odd: {labels: {gitlab: ["a, b: #c ]", "!reference [.x, y]", "it's \\"x\\""]}}
suites:
  pages:
    tool: command
    list: ./names
    run: [./check, "{tests}"]
    env: {ODD: "it's $(touch hacked) `touch hacked` ${HOME} %PATH% $$ \\"\\n- script: [touch hacked]"}
    setup:
      run: [[sh, -c, 'test "$1" = "\\$(touch hacked) \\`touch hacked\\`"', "-", "$(touch hacked) `touch hacked`"]]
    shards: 2
"""
CHECK = r"""#!/bin/sh
test "$ODD" = "it's \$(touch hacked) \`touch hacked\` \${HOME} %PATH% \$\$ \"
- script: [touch hacked]"
"""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A directory for the PATH with our command, told that it runs on GitLab: the engine says that it is not."""
    folder = tmp_path / "programs"
    folder.mkdir()
    command = shlex.join([sys.executable, "-m", "ci_orchestrator"])
    (folder / "ci-orchestrator").write_text(f'#!/bin/sh\nGITLAB_CI=true exec {command} "$@"\n', "utf-8")
    (folder / "ci-orchestrator").chmod(0o755)
    return folder


def run(repo: Path, shape: str, programs: Path, plan: str = "testplan.yaml") -> Run:
    """Render the pipeline into the repository and run it there."""
    arguments = ["plan", "--plan", plan, "--provider", "gitlab", "--shape", shape, "--out", ".gitlab-ci.yml"]
    subprocess.run([programs / "ci-orchestrator", *arguments], cwd=repo, check=True, env={**os.environ, "CI": "1"})
    return execute(repo, path=[programs], timeout=300)


def report_of(done: Run) -> dict:
    """The report's JSON, as the last job kept it."""
    artifacts = done.job("report").artifacts
    assert artifacts is not None
    (file,) = artifacts.rglob("results.json")
    return dict(json.loads(file.read_text("utf-8")))


@pytest.mark.parametrize("shape", ["static", "dynamic"])
def test_the_example_runs_and_its_canary_stops_it(shape: str, tmp_path: Path, programs: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    write_example(repo)
    (repo / PROJECT_VARIABLES).write_text(json.dumps(SECRETS), "utf-8")
    done = run(repo, shape, programs)
    status = done.status()
    tests = {name: state for name, state in status.items() if re.search(r": \[\w+of\d\]", name)}
    assert len(tests) == JOBS
    assert {state for name, state in tests.items() if name.startswith(("unit", "api", "web"))} == {"success"}
    canary = [state for name, state in tests.items() if name.startswith("kernels-50")]
    assert sorted(canary) == ["failed", "success"]
    assert {state for name, state in tests.items() if name.startswith("kernels-100")} == {"skipped"}
    assert done.job("gate kernels-50").exit_code == 5
    assert "held, as it's told" in done.job("hold kernels-50").log
    assert "rolled back" not in done.job("rollback kernels-50").log.replace("echo 'rolled back'", "")
    assert (status["hold kernels-100"], status["rollback kernels-100"]) == ("skipped", "skipped")
    report = done.job("report")
    assert report.exit_code == 5
    assert "certificate complete: collected = planned = reported = 37 tests" in report.log
    assert "withheld    6 tests: gate:kernels-50" in report.log
    text = json.dumps(report_of(done))
    assert FLAKY in text
    assert FAILING in text
    assert done.failed, "the pipeline is red"


def test_nothing_that_a_plan_says_is_executed(tmp_path: Path, programs: Path) -> None:
    repo, root = tmp_path / "repo", tmp_path / "repo" / "sub" / "dir"
    root.mkdir(parents=True)
    (root / "tests.yaml").write_text(HOSTILE_PLAN, "utf-8")
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(repo)], check=True)
    names = "".join(f"printf '%s\\n' {shlex.quote(f'file::{name}')}\n" for name in HOSTILE_NAMES)
    for file, text in (("names", f"#!/bin/sh\n{names}"), ("check", CHECK)):
        (root / file).write_text(text, "utf-8")
        (root / file).chmod(0o755)
    done = run(repo, "dynamic", programs, "sub/dir/tests.yaml")
    assert done.failed == (), done.output
    assert f"reported = {len(HOSTILE_NAMES)} tests" in done.job("report").log
    assert not list(tmp_path.rglob("hacked"))
