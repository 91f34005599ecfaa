"""Pipelines that gitlab-ci-local runs, from plan to report: real tests, artifacts that move, a canary that stops, a
merge request that is told of it, and a second try of what failed.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from builds_online import git
from example_pipeline import FAILING, FLAKY, JOBS, SECRETS, write_example
from gitlab_engine import STATE, Run, execute
from servers import gitlab
from servers.base import BRANCH, CHANGE, FEATURE, REPOSITORY, TOKEN
from servers.gitlab import JOB_TOKEN, GitlabServer

PROJECT_VARIABLES = ".gitlab-ci-local-variables.yml"
"""Where the engine has a project's CI/CD variables, which child pipelines see as well."""
QUALITY = "gl-code-quality-report.json"

HOSTILE_NAMES = [
    "it's \"quoted\"", "a $(touch hacked) b", "`touch hacked`", "${CI_JOB_TOKEN}", "%0A::error::x", "- a: b #c", "é 😀",
    "$[[ inputs.x ]]", "!reference [.x, y]", "long " * 60,
]  # fmt: skip
HOSTILE_TAGS = ["a, b: #c ]", "!reference [.x, y]", 'it\'s "x"']
HOSTILE_SUITE = r"""
tool: command
list: ./names
run: [./check, "{tests}"]
env: {ODD: "it's $(touch hacked) `touch hacked` ${HOME} %PATH% $$ \"\n- script: [touch hacked]"}
setup:
  run: [[sh, -c, 'test "$1" = "\$(touch hacked) \`touch hacked\`"', "-", "$(touch hacked) `touch hacked`"]]
shards: 2
"""
CHECK = r"""#!/bin/sh
test "$ODD" = "it's \$(touch hacked) \`touch hacked\` \${HOME} %PATH% \$\$ \"
- script: [touch hacked]"
"""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A directory for the PATH with our command, told that it runs on GitLab: the engine says that it is not. As in a
    job, it has no extra `charts`: to draw takes longer than the tests.
    """
    folder = tmp_path / "programs"
    folder.mkdir()
    code = "import sys; sys.modules['matplotlib'] = None; from ci_orchestrator.cli.main import main; sys.exit(main())"
    command = shlex.join([sys.executable, "-c", code])
    (folder / "ci-orchestrator").write_text(f'#!/bin/sh\nGITLAB_CI=true exec {command} "$@"\n', "utf-8")
    (folder / "ci-orchestrator").chmod(0o755)
    return folder


@pytest.fixture
def server() -> Iterator[GitlabServer]:
    with gitlab.serve() as service:
        yield service


def commit(repo: Path, shape: str, programs: Path, server: GitlabServer, plan: str = "testplan.yaml") -> None:
    """Render the pipeline, and make a repository whose only revision is what the server's merge request proposes."""
    git(repo, "init", "-q", "-b", FEATURE)
    arguments = ["plan", "--plan", plan, "--provider", "gitlab", "--shape", shape, "--out", ".gitlab-ci.yml"]
    subprocess.run([programs / "ci-orchestrator", *arguments], cwd=repo, check=True, env={**os.environ, "CI": "1"})
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "everything")
    server.changes[0]["sha"] = git(repo, "rev-parse", "HEAD")


def run(repo: Path, programs: Path, server: GitlabServer, *again: str, **secrets: str) -> Run:
    """Run the pipeline of the merge request, or some of its jobs again."""
    told = {
        "CI_API_V4_URL": f"{server.url}/api/v4",
        "CI_SERVER_URL": server.url,
        "CI_PROJECT_PATH": REPOSITORY,
        "CI_MERGE_REQUEST_IID": str(CHANGE),
        "CI_MERGE_REQUEST_PROJECT_PATH": REPOSITORY,
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": FEATURE,
        "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": REPOSITORY,
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": BRANCH,
    }
    (repo / PROJECT_VARIABLES).write_text(json.dumps({**SECRETS, **told, **secrets}), "utf-8")
    return execute(repo, path=[programs], timeout=300, again=again)


def kept(done: Run, name: str) -> Any:
    """A file of the report as the last job kept it."""
    artifacts = done.job("report").artifacts
    assert artifacts is not None
    (file,) = artifacts.rglob(name)
    return json.loads(file.read_text("utf-8"))


def check_canary(done: Run) -> None:
    """The first stage was stopped by its gate, and the second withheld."""
    status = done.status()
    canary = [state for name, state in status.items() if name.startswith("kernels-50")]
    assert "failed" in canary
    assert {state for name, state in status.items() if name.startswith("kernels-100")} == {"skipped"}
    assert done.job("gate kernels-50").exit_code == 5
    assert "held, as it's told" in done.job("hold kernels-50").log
    assert "rolled back" not in done.job("rollback kernels-50").log.replace("echo 'rolled back'", "")
    assert (status["hold kernels-100"], status["rollback kernels-100"]) == ("skipped", "skipped")
    report = done.job("report")
    assert report.exit_code == 5, report.log
    assert "withheld    6 tests: gate:kernels-50" in report.log
    text = json.dumps(kept(done, "results.json"))
    assert FLAKY in text
    assert FAILING in text
    assert done.failed, "the pipeline is red"
    (problem,) = (one for one in kept(done, QUALITY) if one["severity"] == "major")
    assert problem["location"]["path"].endswith("tests/gpu/test_kernels.py")


def test_a_merge_request_is_told_and_what_failed_is_tried_again(
    tmp_path: Path, programs: Path, server: GitlabServer
) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    write_example(repo)
    commit(repo, "static", programs, server)
    done = run(repo, programs, server, GITLAB_TOKEN=TOKEN)
    status = done.status()
    tests = {name: state for name, state in status.items() if re.search(r": \[\w+of\d\]", name)}
    assert len(tests) == JOBS
    assert {state for name, state in tests.items() if name.startswith(("unit", "api", "web"))} == {"success"}
    check_canary(done)
    assert "certificate complete: collected = planned = reported = 37 tests" in done.job("report").log
    assert [one["status"] for one in server.statuses] == ["failed"]
    (comment,) = server.bodies()
    assert "GATE HOLDS" in comment
    assert TOKEN not in done.output + comment

    write_example(repo, healthy=True)
    again = [name for name, state in status.items() if state in {"failed", "skipped"} and "kernels-" in name]
    mended = run(repo, programs, server, *again, "report", GITLAB_TOKEN=TOKEN)
    assert mended.job("report").exit_code == 0, mended.job("report").log
    assert "certificate complete: collected = planned = reported = 37 tests" in mended.job("report").log
    results = kept(mended, "results.json")["results"]
    assert [one["id"] for one in results if any("job_attempt" in each for each in one["attempts"])] == [FAILING]
    (retried,) = (name for name, state in tests.items() if state == "failed")
    artifacts = mended.job(retried).artifacts
    assert artifacts is not None
    (shown,) = artifacts.glob(".ci-orchestrator/bundles/*/results/junit.xml")
    assert 'tests="3" failures="0" errors="0"' in shown.read_text("utf-8")
    assert [one["status"] for one in server.statuses] == ["failed", "success"]
    (updated,) = server.bodies()
    assert "GATE HOLDS" not in updated


def test_a_child_pipeline_runs_nothing_that_a_plan_says_and_a_missing_token_is_harmless(
    tmp_path: Path, programs: Path, server: GitlabServer
) -> None:
    repo, root = tmp_path / "repo", tmp_path / "repo" / "sub" / "dir"
    root.mkdir(parents=True)
    plan = yaml.safe_load(write_example(root).read_text("utf-8"))
    for name, shards in {"unit": 1, "api": 1, "kernels": 2}.items():
        plan["suites"][name]["shards"] = shards
    del plan["suites"]["web"]
    plan["suites"]["pages"] = yaml.safe_load(HOSTILE_SUITE)
    plan["runners"]["cpu"]["labels"]["gitlab"] = HOSTILE_TAGS
    (root / "tests.yaml").write_text(yaml.safe_dump(plan), "utf-8")
    names = "".join(f"printf '%s\\n' {shlex.quote(f'file::{name}')}\n" for name in HOSTILE_NAMES)
    for file, text in (("names", f"#!/bin/sh\n{names}"), ("check", CHECK)):
        (root / file).write_text(text, "utf-8")
        (root / file).chmod(0o755)
    commit(repo, "dynamic", programs, server, "sub/dir/tests.yaml")
    done = run(repo, programs, server, CI_JOB_TOKEN=JOB_TOKEN)
    check_canary(done)
    assert done.failed == ("kernels-50", "gate kernels-50", "gate kernels-100", "report"), done.output
    count = 17 + 4 + 12 + len(HOSTILE_NAMES)
    log = done.job("report").log
    assert f"certificate complete: collected = planned = reported = {count} tests" in log
    assert "no comments and statuses at gitlab: there is no token; set GITLAB_TOKEN" in log
    assert server.asked == ()
    assert not list(tmp_path.rglob("hacked"))
    (tries,) = (repo / STATE / "cache").glob("ci-orchestrator-tries-*")
    assert tries.name.endswith("-kernels_50"), "only what failed is kept for another try"
