"""Run GitLab pipelines on this host with gitlab-ci-local 4.73, and say what became of every job.

It runs parallel and matrix jobs, needs, rules, artifacts, dotenv, caches, allowed failures, manual jobs, includes, and
static and dynamic child pipelines. What it does not do, and where we step in:

- which job starts next: it looks through all that came before, so that nothing runs after a skipped job, not even with
  `when: always`, nor after an earlier failure that a job does not need: engines/gitlab/scheduling.js has GitLab's rule;
- no retry, time-out, delay, `resource_group`, nor artifacts with `when: on_failure`;
- `artifacts: reports:` other than dotenv move only when `paths` names them too;
- services are stand-ins (engines/gitlab/containers.sh): started, and nothing listens;
- a trigger job is a success whatever its child did, even with `strategy: depend`, and later jobs run: we report
  both, and `Run.failed` counts the child's jobs;
- `needs: pipeline: $PARENT_PIPELINE_ID` is ignored by the engine, and supplied by engines/gitlab/rsync.py for a child
  (not for a child's child);
- a child's file can only come from a job whose name is of letters, digits, `_` and `-`;
- jobs of one name in parent and child share a folder: refused.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import yaml
from engine_tools import EngineError, Output, clean_environment, debian_tool, git_repository, node_package, run_tool
from engines.gitlab.names import folder_name
from engines.gitlab.program import corrected

STATE = ".gitlab-ci-local"
TESTS = Path(__file__).resolve().parent
CONTAINERS = TESTS / "engines" / "gitlab" / "containers.sh"
ELSEWHERE = ("CI_API_V4_URL", "CI_PROJECT_PATH", "CI_SERVER_URL")
"""Variables by which a project may tell its jobs of a GitLab elsewhere: of others the engine warns, on its stdout."""
UNCHECKED = "--no-json-schema-validation"
"""Of a file that a run has checked, or will: it takes most of the time of looking at one."""
FINISHED = re.compile(r" finished in [\d.]+ \S+(?: +(?:WARN|FAIL) (?P<code>\d+) *)?$")


@dataclass(frozen=True)
class Job:
    """A job that the pipeline would have, rules evaluated: `when` is `never` for one that is left out."""

    name: str
    stage: str
    when: str
    allow_failure: bool | dict[str, Any]
    needs: tuple[str, ...] | None


@dataclass(frozen=True)
class JobRun:
    """What became of a job. `pipeline` is the path of trigger jobs above it: empty for the parent pipeline's own.

    Status: success, failed, warned (failed, and allowed to), skipped (never started), manual, excluded (by its rules).
    """

    name: str
    stage: str
    pipeline: tuple[str, ...]
    status: str
    exit_code: int | None
    log: str
    artifacts: Path | None


@dataclass(frozen=True)
class Run:
    """One execution. `exit_code` is the engine's own, which knows nothing of children; `failed` does."""

    exit_code: int
    jobs: tuple[JobRun, ...]
    output: str

    def job(self, name: str) -> JobRun:
        return next(job for job in self.jobs if job.name == name)

    def status(self) -> dict[str, str]:
        return {job.name: job.status for job in self.jobs}

    @property
    def failed(self) -> tuple[str, ...]:
        """Jobs that make the pipeline red, those of child pipelines included."""
        return tuple(job.name for job in self.jobs if job.status == "failed")


@dataclass(frozen=True)
class _Engine:
    program: Path
    repo: Path
    file: str
    env: Mapping[str, str]
    variables: tuple[str, ...]

    def __call__(self, *options: str, timeout: float = 60) -> Output:
        base = ["--file", self.file, "--max-job-name-padding", "0", *self.variables]
        return run_tool(
            [debian_tool("node", "nodejs"), self.program, *base, *options], cwd=self.repo, env=self.env, timeout=timeout
        )

    def listed(self, *options: str) -> list[dict[str, Any]]:
        text = _passed(self("--list-json", *options)).out
        begin = re.search(r"^\[(?=\]?$)", text, re.MULTILINE)  # after the warnings, which share its stream
        return list(json.loads(text[begin.start() :])) if begin else []

    def preview(self, *options: str) -> dict[str, Any]:
        return dict(yaml.safe_load(_passed(self("--preview", *options)).out))


def _passed(output: Output) -> Output:
    if output.code:
        raise EngineError(f"gitlab-ci-local refuses the pipeline:\n{output.text[-4000:]}")
    return output


def _engine(
    repo: Path,
    home: Path,
    *,
    file: str = ".gitlab-ci.yml",
    variables: Mapping[str, str] | None = None,
    path: Sequence[Path] = (),
) -> _Engine:
    rsync = debian_tool("rsync", "rsync")
    env = clean_environment(home, path=[home / "bin", *path])
    git_repository(repo, env)
    _stand_before_rsync(home / "bin")
    given = [part for name, value in sorted((variables or {}).items()) for part in ("--variable", f"{name}={value}")]
    env["GCL_IGNORE_PREDEFINED_VARS"] = ",".join(ELSEWHERE)
    env |= {"ENGINE_RSYNC": str(rsync), "ENGINE_PARENT": str(home / "parent.yml")}
    program = corrected(node_package("gitlab-ci-local"), home / "engine")
    return _Engine(program, repo, file, env, tuple(given))


def _stand_before_rsync(folder: Path) -> None:
    folder.mkdir()
    shim = folder / "rsync"
    run = f"exec {shlex.quote(sys.executable)} -m engines.gitlab.rsync"
    shim.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(TESTS))} {run} "$@"\n', encoding="utf-8")
    shim.chmod(0o755)


def jobs(repo: Path, *, file: str = ".gitlab-ci.yml", variables: Mapping[str, str] | None = None) -> tuple[Job, ...]:
    """The jobs of the pipeline as the engine expands them; EngineError when it refuses the file."""
    with tempfile.TemporaryDirectory() as home:
        listed = _engine(repo, Path(home), file=file, variables=variables).listed()
    return tuple(
        Job(each["name"], each["stage"], each["when"], each["allow_failure"], _needs(each.get("needs")))
        for each in listed
    )


def _needs(needs: list[dict[str, Any]] | None) -> tuple[str, ...] | None:
    return None if needs is None else tuple(str(need["job"]) for need in needs)


def preview(repo: Path, *, file: str = ".gitlab-ci.yml", variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file with defaults, includes, extends and references expanded."""
    with tempfile.TemporaryDirectory() as home:
        return _engine(repo, Path(home), file=file, variables=variables).preview()


def execute(
    repo: Path,
    *,
    file: str = ".gitlab-ci.yml",
    variables: Mapping[str, str] | None = None,
    path: Sequence[Path] = (),
    timeout: float = 120,
    again: Sequence[str] = (),
) -> Run:
    """Run the pipeline in `repo` (made a git repository if it is none) and report on every job.

    `variables` are the project's CI/CD variables, `path` folders to put before PATH, `timeout` seconds for all of it.
    `again`: run these jobs alone, as another try in the pipeline that ran here last (the parent's jobs only).
    EngineError: the file is refused, `needs` go in a circle (the engine would spin for ever), or time ran out.
    """
    with tempfile.TemporaryDirectory() as home:
        engine = _engine(repo, Path(home), file=file, variables=variables, path=path)
        expanded = engine.preview(UNCHECKED)
        refuse_cycles(expanded)
        (Path(home) / "parent.yml").write_text(yaml.safe_dump(expanded), encoding="utf-8")
        listed = engine.listed(UNCHECKED)
        for left_over in () if again else ("artifacts", "includes", "output"):
            shutil.rmtree(repo / STATE / left_over, ignore_errors=True)
        shell = ("--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source")
        shell += ("--container-executable", str(CONTAINERS))
        output = engine(*shell, *again, timeout=timeout)
        found = [*_jobs_of(engine, (), listed)]
    _refuse_shared_names(found)
    if output.code not in {0, 1} or not (again or "pipeline finished in" in output.err):
        raise EngineError(f"gitlab-ci-local broke down:\n{output.text[-4000:]}")
    ends = _ends(output, found)
    return Run(output.code, tuple(_job_run(repo, ends, pipeline, job) for pipeline, job in found), output.text)


def refuse_cycles(expanded: Mapping[str, Any]) -> None:
    """EngineError if `needs` of a previewed pipeline go in a circle."""
    graph = {
        name: [need if isinstance(need, str) else str(need.get("job")) for need in job.get("needs") or []]
        for name, job in expanded.items()
        if isinstance(job, dict)
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise EngineError(f"needs go in a circle: {' -> '.join(error.args[1])}") from error


Found = tuple[tuple[str, ...], dict[str, Any]]


def _jobs_of(engine: _Engine, pipeline: tuple[str, ...], listed: list[dict[str, Any]]) -> Iterator[Found]:
    """Every job of this pipeline, and after a trigger job those of its child."""
    for job in listed:
        yield pipeline, job
        child = f"{STATE}/includes/triggers/{job['name']}.yml"
        if len(pipeline) < 2 and (engine.repo / child).exists():
            below = _Engine(engine.program, engine.repo, child, engine.env, engine.variables)
            refuse_cycles(yaml.safe_load((engine.repo / child).read_text(encoding="utf-8")))
            yield from _jobs_of(
                below,
                (*pipeline, job["name"]),
                below.listed(UNCHECKED, "--variable", "CI_PIPELINE_SOURCE=parent_pipeline"),
            )


def _refuse_shared_names(found: Sequence[Found]) -> None:
    shared = sorted(name for name, times in Counter(job["name"] for _, job in found).items() if times > 1)
    if shared:
        raise EngineError(
            f"jobs of one name in several pipelines would share logs and artifacts here: {', '.join(shared)}"
        )


def _ends(output: Output, found: Sequence[Found]) -> dict[str, int]:
    """Exit code of every job that ended, by name.

    A job's own output can not pass for this: the engine writes ` > ` between the job's name and what the job printed.
    """
    starts = {_label(pipeline, job["name"]): str(job["name"]) for pipeline, job in found}
    ends: dict[str, int] = {}
    for line in [*output.out.split("\n"), *output.err.split("\n")]:
        end = FINISHED.search(line)
        name = starts.get(line[: end.start()]) if end else None
        if end and name:
            ends[name] = int(end["code"] or 0)
    return ends


def _label(pipeline: tuple[str, ...], name: str) -> str:
    indent = "\t" * len(pipeline)
    return f"{indent}[{' -> '.join(pipeline)}] -> {name}" if pipeline else name


def _job_run(repo: Path, ends: Mapping[str, int], pipeline: tuple[str, ...], job: Mapping[str, Any]) -> JobRun:
    name, code = str(job["name"]), ends.get(str(job["name"]))
    folder = folder_name(name)
    log, artifacts = repo / STATE / "output" / f"{folder}.log", repo / STATE / "artifacts" / folder
    trigger = (repo / STATE / "includes" / "triggers" / f"{name}.yml").exists()
    return JobRun(
        name=name,
        stage=str(job["stage"]),
        pipeline=pipeline,
        status="success" if trigger else _status(job, code),
        exit_code=code,
        log=log.read_text(encoding="utf-8", errors="replace") if code is not None and log.exists() else "",
        artifacts=artifacts if code is not None and artifacts.is_dir() else None,
    )


def _status(job: Mapping[str, Any], code: int | None) -> str:
    if code is None:
        return {"never": "excluded", "manual": "manual"}.get(str(job["when"]), "skipped")
    if code == 0:
        return "success"
    allowed = job["allow_failure"]
    if isinstance(allowed, dict):
        codes = allowed["exit_codes"]
        allowed = code in (codes if isinstance(codes, list) else [codes])
    return "warned" if allowed else "failed"
