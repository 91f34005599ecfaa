"""Workflows executed on this machine: as a push, or as a pull request at GitHub's contract server."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import example_pipeline
import github_engine
from github_engine import JobRun, Run
from parts import PROJECT
from providers.github import plans
from servers.base import BRANCH, BUILD, CHANGE, FEATURE, REPOSITORY, TOKEN
from servers.github import GithubServer

from ci_orchestrator.api.project import Project
from ci_orchestrator.api.rendering import Target, render_project, write_rendered
from ci_orchestrator.plan.pipeline import Shape
from ci_orchestrator.providers.github.permissions import OPERATIONS

TOOLS = str(Path(sys.executable).parent)
PLAIN = "import sys; sys.modules['matplotlib'] = None; from ci_orchestrator.cli.main import main; sys.exit(main())"
"""Our command without the extra `charts`, as in a job: to draw takes longer than the tests."""


def render(repo: Path, shape: Shape) -> None:
    """Render the plan in `repo` as a user does."""
    project, target = Project.at(repo / "testplan.yaml"), Target("github", shape, repo / plans.PATH)
    write_rendered(render_project(project, target), target, project)


def write(repo: Path, plan: str, tests: str) -> None:
    """A repository with a plan and a file of tests."""
    (repo / "tests").mkdir(parents=True)
    (repo / "testplan.yaml").write_text(plan)
    (repo / "tests/test_many.py").write_text(tests)


def execute(
    repo: Path,
    server: GithubServer,
    event: str = "pull_request",
    *,
    again: bool = False,
    cache: Path | None = None,
) -> Run:
    """Commit what is in `repo`, and run it at the server: for its open change, or for a push. `again`: run once more
    what has failed of it.
    """
    work = repo.parent / "work"
    if not again:
        plans.commit(repo)
    return github_engine.execute(
        repo,
        plans.PATH,
        work=repo.parent / "again" if again else work,
        previous=work if again else None,
        actions={"org/dtf-action": PROJECT},
        secrets={**example_pipeline.SECRETS, "GITHUB_TOKEN": TOKEN},
        event=event,
        github={**_place(server), **(_proposed(repo, server) if event == "pull_request" else {})},
        path=os.pathsep.join([str(_programs(repo.parent / "programs")), TOOLS, os.environ["PATH"]]),
        cache=cache,
    )


def _programs(folder: Path) -> Path:
    """A directory for the PATH with our command."""
    folder.mkdir(exist_ok=True)
    command = folder / "ci-orchestrator"
    command.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, "-Ic", PLAIN])} "$@"\n', "utf-8")
    command.chmod(0o755)
    return folder


def _place(server: GithubServer) -> Mapping[str, str]:
    return {"api_url": server.place.api, "server_url": server.url, "repository": REPOSITORY, "run_id": BUILD}


def _proposed(repo: Path, server: GithubServer) -> Mapping[str, Any]:
    """The context of a run for the server's open change, which proposes what is in `repo`."""
    head = subprocess.run(
        ["git", "-C", str(repo), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    server.pulls[CHANGE] = (head, server.pulls[CHANGE][1], "open")
    side = {"repo": {"full_name": REPOSITORY, "owner": {"login": REPOSITORY.partition("/")[0]}}}
    change = {"number": CHANGE, "head": {"sha": head, "ref": FEATURE, **side}, "base": {"ref": BRANCH, **side}}
    return {"base_ref": BRANCH, "head_ref": FEATURE, "event": {"number": CHANGE, "pull_request": change}}


def report(run: Run, attempt: int = 1) -> dict[str, Any]:
    """What the report says, by its JSON."""
    artifact = run.artifact(f"ci-orchestrator-report-{attempt}")
    found: dict[str, Any] = json.loads((artifact.path / "results.json").read_text("utf-8"))
    return found


def run_in(run: Run, work: Path) -> set[str]:
    """The jobs that this attempt ran itself."""
    return {job.id for job in run.jobs if job.directory and job.directory.is_relative_to(work)}


def refused(server: GithubServer, job: JobRun) -> set[str]:
    """What was asked of the server that the job's permissions do not allow."""
    levels = {"read": 1, "write": 2}
    told = {request: one.permission.split(": ") for one in OPERATIONS for request in one.requests}
    return {
        request
        for request, (name, level) in sorted(told.items())
        if request in server.operations and levels.get(job.permissions.get(name, ""), 0) < levels[level]
    }
