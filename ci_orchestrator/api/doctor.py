"""Say what works on this machine, what is missing, and how to get it. Nothing is installed or changed."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ci_orchestrator import __version__
from ci_orchestrator.api import probes, wire
from ci_orchestrator.api.access import of_providers
from ci_orchestrator.api.checkup import Check, State
from ci_orchestrator.api.project import STATE, Project
from ci_orchestrator.errors import ExitCode, OrchestratorError, UserError
from ci_orchestrator.plan.loading import PLAN_FILE
from ci_orchestrator.plan.models import Plan, Suite
from ci_orchestrator.plan.not_acted_on import not_acted_on
from ci_orchestrator.run.interpreter import find_interpreter
from ci_orchestrator.run.tools.program import NODE_PACKAGES, find_go, find_node_program

OLDEST_PYTEST = (7, 0)
LITTLE_DISK = 1 << 30
EXTRAS: dict[str, tuple[str, str]] = {
    "matplotlib": ("charts", "trend charts in reports"),
    "junitparser": ("junitparser", "results as junitparser objects"),
    "lxml": ("lxml", "reading JUnit faster"),
}
PROGRAMS: dict[str, tuple[tuple[str, ...], str]] = {
    "chromium": (("chromium", "chromium-browser", "google-chrome"), "apt-get install chromium"),
    "podman": (("podman",), "apt-get install podman"),
    "qemu": (("qemu-system-x86_64",), "apt-get install qemu-system-x86"),
}


def diagnose(project: Path, environ: Mapping[str, str] | None = None) -> tuple[Check, ...]:
    """All checks, in the order in which a person wants to read them. Providers are asked when this is a build of one,
    or a repository that was cloned from one; nothing is written there.
    """
    return (
        Check(name="python", state=State.OK, found=f"{platform.python_version()} ({sys.executable})"),
        Check(name="ci-orchestrator", state=State.OK, found=__version__),
        *_plan_and_interpreters(project),
        _git(project),
        *of_providers(
            project,
            os.environ if environ is None else environ,
            wire.system_clock(),
            planned=_planned_forge(project),
        ),
        *map(_extra, EXTRAS),
        *_project_folder(project),
        _metrics(),
        _size(),
        _kvm(),
        *map(_program, PROGRAMS),
    )


def verdict(checks: tuple[Check, ...]) -> ExitCode:
    """`USER_ERROR` while something required is missing."""
    return ExitCode.USER_ERROR if any(check.state is State.MISSING for check in checks) else ExitCode.OK


def _plan_and_interpreters(folder: Path) -> Iterator[Check]:
    project = Project.at(folder / PLAN_FILE)
    if not project.plan_file.exists():
        remedy = "run `ci-orchestrator init`, or go to the folder that has one"
        yield Check(name="plan", state=State.WARNING, found=f"no {PLAN_FILE} here", remedy=remedy)
        yield _pytest(project.root, None, "no plan")
        return
    try:
        plan = project.plan()
    except OrchestratorError as error:
        yield Check(name="plan", state=State.MISSING, found=str(error), remedy=f"mend {PLAN_FILE}")
        return
    yield Check(name="plan", state=State.OK, found=f"{PLAN_FILE}: {_many(len(plan.suites), 'suite')}")
    for sentence in not_acted_on(plan):
        yield Check(name="plan", state=State.WARNING, found=sentence, remedy="leave it out, or know that it waits")
    for python, suites in sorted(_interpreters(plan).items()):
        yield _pytest(project.root, python or None, ", ".join(suites))
    for name, suite in sorted(plan.suites.items()):
        if suite.tool == "go" or suite.tool in NODE_PACKAGES:
            yield _tool(f"{suite.tool} ({name})", suite, (project.root / suite.cwd).resolve())


def _planned_forge(folder: Path) -> str:
    """As the plan says; what is wrong with the plan is told beside it."""
    with suppress(OrchestratorError):
        return Project.at(folder / PLAN_FILE).planned_forge()
    return ""


def _tool(name: str, suite: Suite, cwd: Path) -> Check:
    try:
        program = find_go(os.environ) if suite.tool == "go" else find_node_program(suite.tool, cwd, os.environ)
    except UserError as error:
        return Check(name=name, state=State.MISSING, found=error.what, remedy=error.fix)
    return Check(name=name, state=State.OK, found=program)


def _interpreters(plan: Plan) -> dict[str, list[str]]:
    """The pytest suites by the interpreter that they name (empty: none)."""
    users: dict[str, list[str]] = {}
    for name, suite in sorted(plan.suites.items()):
        if suite.tool == "pytest":
            users.setdefault(suite.python or "", []).append(name)
    return users


def _pytest(project: Path, named: str | None, users: str) -> Check:
    name = f"pytest ({users})"
    try:
        python = str(find_interpreter(named, project, os.environ))
    except UserError as error:
        return Check(name=name, state=State.MISSING, found=error.what, remedy=error.fix)
    remedy = f"{python} -m pip install 'pytest>=7', or name another interpreter as `python:` in the plan"
    answer = probes.ask([python, "-c", "import pytest; print(pytest.__version__)"], cwd=project)
    if answer is None:
        return Check(name=name, state=State.MISSING, found=f"{python} does not run", remedy=remedy)
    said = (answer[1].splitlines() or [""])[-1]
    number = re.match(r"(\d+)\.(\d+)", said)
    if answer[0] != 0 or number is None:
        return Check(name=name, state=State.MISSING, found=f"{python} has no pytest: {said}", remedy=remedy)
    if (int(number[1]), int(number[2])) < OLDEST_PYTEST:
        return Check(name=name, state=State.MISSING, found=f"pytest {said} is too old", remedy=remedy)
    return Check(name=name, state=State.OK, found=f"pytest {said} in {python}")


def _git(project: Path) -> Check:
    answer = probes.ask(["git", "--version"], cwd=project)
    if answer is None or answer[0] != 0:
        remedy = "apt-get install git; without it, builds have no revision or branch in reports and history"
        return Check(name="git", state=State.WARNING, found="not found", remedy=remedy)
    return Check(name="git", state=State.OK, found=answer[1].removeprefix("git version "))


def _extra(package: str) -> Check:
    extra, purpose = EXTRAS[package]
    try:
        return Check(name=package, state=State.OK, found=version(package))
    except PackageNotFoundError:
        remedy = f"for {purpose}: pip install 'ci-orchestrator[{extra}]'"
        return Check(name=package, state=State.WARNING, found="not installed", remedy=remedy)


def _project_folder(project: Path) -> Iterator[Check]:
    state_folder = project / STATE
    holder = state_folder if state_folder.is_dir() else project
    free = probes.free_bytes(holder)
    remedy = "" if free >= LITTLE_DISK else "make room: bundles and reports are kept here"
    state = State.WARNING if remedy else State.OK
    yield Check(name="disk", state=state, found=f"{free / (1 << 30):.1f} GiB free", remedy=remedy)
    try:
        with tempfile.TemporaryDirectory(prefix=".ci-orchestrator-probe-", dir=holder) as scratch:
            yield Check(name="state folder", state=State.OK, found=f"{holder.resolve()} can be written")
            yield _sqlite(Path(scratch))
    except OSError as error:
        found = f"{holder.resolve()} cannot be written: {error.strerror}"
        yield Check(
            name="state folder", state=State.MISSING, found=found, remedy="make the folder writable for this user"
        )


def _sqlite(scratch: Path) -> Check:
    number = sqlite3.sqlite_version
    try:
        if probes.wal_works(scratch):
            return Check(name="sqlite", state=State.OK, found=f"{number}, write-ahead log works here")
        found = f"{number}, but no write-ahead log here"
    except sqlite3.Error as error:
        found = f"{number}: {error}"
    remedy = "put the project on a local file system (not NFS): two runs at once would have to wait for each other"
    return Check(name="sqlite", state=State.WARNING, found=found, remedy=remedy)


def _metrics() -> Check:
    if Path("/proc/self/stat").exists():
        return Check(name="metrics", state=State.OK, found="CPU time and memory of tests, from /proc")
    remedy = "mount /proc, or run on Linux; CPU time and memory of tests are unknown without it"
    return Check(name="metrics", state=State.WARNING, found="no /proc", remedy=remedy)


def _size() -> Check:
    found = f"{_many(wire.usable_cpus(), 'CPU')}, {probes.memory() / (1 << 30):.1f} GiB of memory"
    return Check(name="machine", state=State.OK, found=found)


def _kvm() -> Check:
    if probes.kvm_works():
        return Check(name="kvm", state=State.OK, found="a virtual CPU ran")
    return Check(
        name="kvm", state=State.LATER, found="no virtual CPU runs here", remedy="a machine with /dev/kvm that works"
    )


def _program(name: str) -> Check:
    names, remedy = PROGRAMS[name]
    path = next(filter(None, map(shutil.which, names)), None)
    if path:
        return Check(name=name, state=State.OK, found=path)
    return Check(name=name, state=State.LATER, found="not found", remedy=remedy)


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
