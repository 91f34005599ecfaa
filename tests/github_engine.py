"""GitHub's engine, as far as it runs here: `check` files, `execute` a workflow with GitHub's parser and evaluator.

The work is done by the programs in tests/engines/github (Node); `make engines` installs what they need.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parts import need

ENGINE = Path(__file__).resolve().parent / "engines" / "github"
BUNDLE = ENGINE.parent / "node_modules" / ".cache" / "github" / "official.mjs"
PATIENCE = 30
"""Seconds that the executor may take to end everything after its own time-out."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What GitHub's language service says about a place in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    severity: str
    message: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """A message on the check; `shown` is false for those beyond what GitHub keeps of a step."""

    level: str
    message: str
    step: str | None
    shown: bool
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a step wrote to its job summary."""

    step: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step; a composite action has `steps`. `outcome` is what `conclusion` was before continue-on-error."""

    id: str | None
    name: str
    outcome: str
    conclusion: str
    exit_code: int | None
    log: tuple[str, ...]
    steps: tuple[Step, ...]
    inputs: Mapping[str, str]
    """Of a stand-in for actions/setup-…: what it was asked for."""

    @property
    def text(self) -> str:
        """The log as one text."""
        return "\n".join(self.log)


@dataclass(frozen=True, slots=True)
class JobRun:
    """One job of the run: a cell of its matrix, or a call of a reusable workflow (`calls`) beside the jobs of that.

    `id` is its place in the run, such as `stage (1) / test (a, b)`; `job` is the key in the YAML; `name` is what GitHub
    shows. `result` is before the job's own continue-on-error. Skipped jobs and calls have no `directory` and no labels.
    """

    id: str
    job: str
    name: str
    matrix: Mapping[str, Any] | None
    needs: tuple[str, ...]
    calls: str | None
    result: str
    outputs: Mapping[str, str]
    steps: tuple[Step, ...]
    annotations: tuple[Annotation, ...]
    summaries: tuple[Summary, ...]
    not_executed: tuple[Mapping[str, Any], ...]
    directory: Path | None
    runs_on: Any
    environment: Any
    concurrency: Any
    permissions: Any

    @property
    def log(self) -> str:
        """Everything that its steps printed."""
        return "\n".join(step.text for step in self.steps if step.log)

    def step(self, label: str) -> Step:
        """The step with this id or name."""
        return next(step for step in self.steps if label in (step.id, step.name))


@dataclass(frozen=True, slots=True)
class Artifact:
    """An artifact as it was uploaded by the job with the id `job`; its files lie in `path`."""

    id: int
    name: str
    job: str
    path: Path
    files: tuple[str, ...]
    retention_days: int | None
    digest: str


@dataclass(frozen=True, slots=True)
class Injection:
    """A script with an expression in it, executed or not: what the expression gives becomes part of the program."""

    file: str
    line: int
    job: str
    step: str
    expressions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a workflow. `conclusion` is GitHub's; `startup_failure` if the file is not valid: `error` says why."""

    conclusion: str
    error: str | None
    jobs: tuple[JobRun, ...]
    artifacts: tuple[Artifact, ...]
    injections: tuple[Injection, ...]

    @property
    def results(self) -> dict[str, str]:
        """Result by id, of all jobs."""
        return {job.id: job.result for job in self.jobs}

    def job(self, id_: str) -> JobRun:
        """The job with this id."""
        return next(job for job in self.jobs if job.id == id_)

    def cells(self, key: str) -> Iterator[JobRun]:
        """The jobs that were made of the YAML's job `key`, in every call."""
        return (job for job in self.jobs if job.job == key)

    def artifact(self, name: str) -> Artifact:
        """The artifact with this name."""
        return next(artifact for artifact in self.artifacts if artifact.name == name)


def need_engine() -> str:
    """The path of Node; skips the test (fails it in strict mode) if the engine cannot run here."""
    node = shutil.which("node")
    need(node, "Node 20 or newer is missing: GitHub's engine runs on it")
    need(BUNDLE.is_file(), "GitHub's packages are missing: run `make engines`")
    assert node is not None
    return node


def check(*files: Path) -> list[Diagnostic]:
    """What GitHub's language service finds in workflows (below `.github/workflows`) and in `action.yml` files."""
    command = ["timeout", "-k", "2", "60", need_engine(), str(ENGINE / "check.mjs"), *map(str, files)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [Diagnostic(**found) for found in json.loads(output)]


def execute(
    repo: Path,
    workflow: str,
    *,
    work: Path,
    event: str = "push",
    actions: Mapping[str, Path] | None = None,
    secrets: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    inputs: Mapping[str, Any] | None = None,
    github: Mapping[str, Any] | None = None,
    path: str | None = None,
    env: Mapping[str, str] | None = None,
    cache: Path | None = None,
    previous: Path | None = None,
    parallel: int = 2,
    timeout: float = 300,
) -> Run:
    """Run `workflow` (a path below `repo`) as GitHub would for `event` on the commit that is checked out in `repo`.

    `work` receives workspaces, homes and artifacts and must be empty. `actions` maps remote actions ("owner/name") to
    directories. `path` is the PATH of the runners (default: ours), `env` what else they have in their environment;
    `github` overrides parts of that context; `cache` keeps actions/cache's entries between runs; `previous` is the
    `work` of this run's attempt before, whose failed jobs are run again. After `timeout` seconds the run is cancelled,
    as a user would do it.
    """
    request = {
        "repository": str(repo.resolve()),
        "workflow": workflow,
        "work": str(work.resolve()),
        "event": event,
        "actions": {name: str(place.resolve()) for name, place in (actions or {}).items()},
        "secrets": dict(secrets or {}),
        "vars": dict(variables or {}),
        "inputs": dict(inputs or {}),
        "github": dict(github or {}),
        "path": path or os.environ["PATH"],
        "env": dict(env or {}),
        "parallel": parallel,
        "timeout": timeout,
    }
    if cache is not None:
        request["cache"] = str(cache.resolve())
    if previous is not None:
        request["previous"] = str(previous.resolve())
    work.mkdir(parents=True, exist_ok=True)
    asked, told = work / "request.json", work / "result.json"
    asked.write_text(json.dumps(request))
    command = [need_engine(), str(ENGINE / "execute.mjs"), str(asked), str(told)]
    _run(command, timeout + PATIENCE)
    return _read(json.loads(told.read_text()))


def _run(command: Sequence[str], timeout: float) -> None:
    """Run to the end; whoever interrupts us or loses patience makes the executor end its jobs first."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            _, errors = process.communicate(timeout=timeout)
        except BaseException:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
            process.kill()
            raise
    if process.returncode != 0:
        raise AssertionError(f"The executor itself failed:\n{errors}")


def _read(told: Mapping[str, Any]) -> Run:
    return Run(
        conclusion=told["conclusion"],
        error=told["error"],
        jobs=tuple(_job(job) for job in told["jobs"]),
        artifacts=tuple(
            Artifact(**{**one, "path": Path(one["path"]), "files": tuple(one["files"])}) for one in told["artifacts"]
        ),
        injections=tuple(Injection(**{**one, "expressions": tuple(one["expressions"])}) for one in told["injections"]),
    )


def _job(told: Mapping[str, Any]) -> JobRun:
    return JobRun(
        id=told["id"],
        job=told["job"],
        name=told["name"],
        matrix=told["matrix"],
        needs=tuple(told["needs"]),
        calls=told["calls"],
        result=told["result"],
        outputs=told["outputs"],
        steps=tuple(_step(step) for step in told["steps"]),
        annotations=tuple(Annotation(**one) for one in told["annotations"]),
        summaries=tuple(Summary(**one) for one in told["summaries"]),
        not_executed=tuple(told["not_executed"]),
        directory=Path(told["directory"]) if "directory" in told else None,
        runs_on=told.get("runs_on"),
        environment=told.get("environment"),
        concurrency=told.get("concurrency"),
        permissions=told.get("permissions"),
    )


def _step(told: Mapping[str, Any]) -> Step:
    return Step(
        id=told["id"],
        name=told["name"],
        outcome=told["outcome"],
        conclusion=told["conclusion"],
        exit_code=told["exit_code"],
        log=tuple(told["log"]),
        steps=tuple(_step(step) for step in told["steps"]),
        inputs=told.get("inputs", {}),
    )
