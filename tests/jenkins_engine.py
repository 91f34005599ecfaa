"""Check Jenkinsfiles with Groovy 2.4, Jenkins' own line, and execute the declarative subset on this host.

`check` parses, compiles, and looks for the walls of Jenkins' CPS transformation and for code where declarative wants
steps. `execute` runs engines/jenkins/execute.groovy: real processes, a fresh empty workspace for each agent, stashes,
archives, JUnit counts; parallel branches at once. It is no Jenkins: no CPS (what is not Serializable goes unnoticed),
no sandbox, no plugin beyond the steps in engines/jenkins/Steps.groovy; an unknown step or directive is an EngineError
and never a green build. `retry` with conditions does not repeat, for no agent is lost here; `lock` is recorded only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine_tools import ENGINES, EngineError, Output, clean_environment, debian_tool, git_repository, run_tool

GROOVY = ENGINES / "jenkins"
LARGEST_METHOD = 65_535  # bytes of code, JVM specification 4.7.3
# The declarative plugin rewrites `pipeline { }` before CPS and adds to it; by how much is not known: as much again.
DECLARATIVE = 2


@dataclass(frozen=True)
class Inspection:
    """What `check` sees: findings; bytes of the largest method as Groovy compiles it, and as Jenkins transforms it."""

    findings: tuple[str, ...]
    compiled: int
    transformed: int


@dataclass(frozen=True)
class Stage:
    """A stage, a branch of a parallel step, or a cell of a matrix; `path` are the names from the top, its own last.

    Result: SUCCESS, UNSTABLE, FAILURE, ABORTED, or NOT_BUILT with the reason `when` or `earlier failure`.
    """

    name: str
    kind: str
    path: tuple[str, ...]
    result: str
    reason: str | None
    label: str | None
    log: str


@dataclass(frozen=True)
class Run:
    """One build. `report` holds all else: agents, archived, junit, stashes, recorded, parameters, triggers, options."""

    result: str
    stages: tuple[Stage, ...]
    log: str
    archive: Path
    report: Mapping[str, Any]

    def stage(self, name: str) -> Stage:
        """The last stage of this name: of a branch and the stage of its name in it, the inner one."""
        return [stage for stage in self.stages if stage.name == name][-1]

    def results(self) -> dict[str, str]:
        return {" / ".join(stage.path): stage.result for stage in self.stages}

    @property
    def labels(self) -> tuple[str, ...]:
        """Label expressions asked for, in the order that agents were given."""
        return tuple(agent["label"] for agent in self.report["agents"])


def inspect(*paths: Path) -> dict[Path, Inspection]:
    """Look at Jenkinsfiles, all in one go (a JVM takes a second to start)."""
    output = _groovy("check.groovy", *(path.resolve() for path in paths), cwd=GROOVY, timeout=120)
    report = json.loads(output.out)
    return {path: _inspection(report[str(path.resolve())]) for path in paths}


def _inspection(seen: Mapping[str, Any]) -> Inspection:
    transformed = max(seen["transformed"].values(), default=0)
    findings = list(seen["findings"])
    if transformed * DECLARATIVE > LARGEST_METHOD:
        findings.append(f"about {transformed} bytes in one method after CPS, too near the wall of {LARGEST_METHOD}")
    return Inspection(tuple(findings), max(seen["compiled"].values(), default=0), transformed)


def check(*paths: Path) -> list[str]:
    """Findings as lines, [] for none: syntax, a method too large, literals over CPS' walls, code among steps."""
    return [f"{path.name}: {finding}" for path, seen in inspect(*paths).items() for finding in seen.findings]


def execute(
    jenkinsfile: Path,
    *,
    repo: Path,
    out: Path,
    env: Mapping[str, str] | None = None,
    credentials: Mapping[str, str] | None = None,
    params: Mapping[str, object] | None = None,
    path: Sequence[Path] = (),
    executors: int = 4,
    timeout: float = 300,
) -> Run:
    """Build `repo` (made a git repository if it is none) by `jenkinsfile`; all that Jenkins keeps goes into `out`.

    `env` is what the controller gives every build, `credentials` secret texts by id, `params` the build's parameters,
    `path` folders to put before PATH. EngineError: not in the subset, broken, or longer than `timeout` seconds.
    """
    out.mkdir(parents=True, exist_ok=True)
    environment = clean_environment(out / "home", path=path, extra={**_builtin(out), **(env or {})})
    (out / "home").mkdir(exist_ok=True)
    git_repository(repo, environment)
    config = {
        "repo": str(repo.resolve()),
        "out": str(out.resolve()),
        "env": environment,
        "credentials": dict(credentials or {}),
        "params": dict(params or {}),
        "executors": executors,
    }
    (out / "config.json").write_text(json.dumps(config), encoding="utf-8")
    output = _groovy("execute.groovy", jenkinsfile.resolve(), out / "config.json", cwd=out, timeout=timeout)
    report_file = out / "report.json"
    if not report_file.exists():
        raise EngineError(f"the engine broke down:\n{output.text[-4000:]}")
    report = json.loads(report_file.read_text(encoding="utf-8"))
    if report["error"]:
        raise EngineError(f"{jenkinsfile.name}: {report['error']}")
    return Run(
        report["result"], tuple(map(_stage, report["stages"])), "\n".join(report["log"]), out / "archive", report
    )


def _builtin(out: Path) -> dict[str, str]:
    """What Jenkins tells every build."""
    url = "https://jenkins.example.org/"
    return {
        "CI": "true",
        "JENKINS_URL": url,
        "JENKINS_HOME": str(out / "home"),
        "JOB_NAME": "project/main",
        "JOB_BASE_NAME": "main",
        "BRANCH_NAME": "main",
        "BUILD_NUMBER": "1",
        "BUILD_ID": "1",
        "BUILD_TAG": "jenkins-project-main-1",
        "BUILD_URL": f"{url}job/project/job/main/1/",
        "RUN_DISPLAY_URL": f"{url}job/project/job/main/1/display/redirect",
    }


def _stage(seen: Mapping[str, Any]) -> Stage:
    return Stage(
        name=seen["name"],
        kind=seen["kind"],
        path=tuple(seen["path"]),
        result=seen["result"],
        reason=seen["reason"],
        label=seen["label"],
        log="\n".join(seen["log"]),
    )


def _groovy(script: str, *arguments: Path, cwd: Path, timeout: float) -> Output:
    java = debian_tool("java", "openjdk-17-jre-headless").resolve()
    program = debian_tool("groovy", "groovy")
    quick = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dfile.encoding=UTF-8 -Djava.awt.headless=true"
    env = {**os.environ, "JAVA_HOME": str(java.parent.parent), "JAVA_OPTS": quick, "LC_ALL": "C.UTF-8"}
    output = run_tool([program, "-cp", GROOVY, GROOVY / script, *arguments], cwd=cwd, env=env, timeout=timeout)
    if output.code:
        raise EngineError(f"Groovy broke down:\n{output.text[-4000:]}")
    return output
