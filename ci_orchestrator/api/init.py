"""Start a project: write a commented plan for what is there, or copy the example project."""

from __future__ import annotations

import math
import re
import shutil
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import yaml

from ci_orchestrator.api.detection import Found, detect, interpreter
from ci_orchestrator.api.project import Project
from ci_orchestrator.api.rendering import Target, render_project, renderer_of, write_rendered
from ci_orchestrator.api.templates import template
from ci_orchestrator.errors import UserError, Where
from ci_orchestrator.plan.loading import PLAN_FILE, load_plan
from ci_orchestrator.plan.pipeline import Shape
from ci_orchestrator.providers.local.context import repository
from ci_orchestrator.run.bundle import write_atomically

_HEAD = """\
# What to test, and how. `ci-orchestrator plan` shows what follows from it, `ci-orchestrator run` does it.
version: 1

defaults:                 # for every suite that does not say otherwise
  timeout: 30m            # for a job
  test-timeout: 5m        # for one test
  retries:                # what is tried again: only what is not the tests' own doing
    max: 1
    when: [worker-lost, infrastructure]   # also: timeout, failure (a test that then passes is reported as flaky)
"""
_ACTIVE = """\
  # python: .venv/bin/python   # who runs the tests; by default the active environment, else `python` on the PATH
"""
_GUESS = """\
  # No tests were found. This is a guess; mend `paths`, or `tool`.
"""
_MAKE = "  # Any other tool, as one test: what `make test` exits with. Take the #s away to have it.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What `init` did: the file or folder that it wrote, the suites in it, and those written as comments.

    `pipeline`: the files of the provider's pipeline, if one was asked for.
    """

    path: Path
    suites: tuple[str, ...] = ()
    commented: tuple[str, ...] = ()
    pipeline: tuple[Path, ...] = ()


def init(project: Path, *, force: bool = False, case: str | None = None, provider: str | None = None) -> Started:
    """Write `testplan.yaml` into `project`, and with `provider` its pipeline. `case`: a starter plan instead of one for
    what is there.

    Raises `UserError` when one of them is there already, unless `force`.
    """
    target = project / PLAN_FILE
    if case is None:
        text, suites, commented = render(detect(project), python=interpreter(project))
    else:
        text, commented = template(case), ()
        suites = tuple(sorted(load_plan(text, PLAN_FILE).suites))
    home = repository(project) / renderer_of(provider).path if provider else None
    if home is not None and home.exists() and not force:
        raise UserError(f"{home.name} is there already", where=Where(str(home)), fix="overwrite it with --force")
    _write(target, text, force=force)
    written: tuple[Path, ...] = ()
    if provider is not None:
        place = Project.at(target)
        pipeline = Target(provider, Shape.DYNAMIC)
        written = write_rendered(render_project(place, pipeline), pipeline, place, force=force)
    return Started(path=target, suites=suites, commented=commented, pipeline=written)


def init_demo(folder: Path, *, force: bool = False) -> Started:
    """Copy the example project to `folder`. Raises `UserError` when something is there, unless `force`."""
    if not force and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(
            f"there is something at {folder} already", fix="choose another folder, or overwrite with --force"
        )
    with as_file(files("ci_orchestrator") / "demo") as source:
        try:
            shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        except OSError as error:
            raise UserError(f"cannot write {folder}: {error}", fix="choose a folder that can be written") from None
    return Started(path=folder, suites=("checks", "unit"))


def render(found: tuple[Found, ...], *, python: str | None) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The plan's text, the names of its suites, and of those that it holds as comments."""
    named = _named(found)
    active = {name: suite for name, suite in named.items() if suite.tool != "make"} or named
    rest = {name: suite for name, suite in named.items() if name not in active}
    lines = [_HEAD]
    if not active:
        active = {"unit": Found(tool="pytest", because="", paths=("tests",))}
    if any(suite.tool == "pytest" for suite in active.values()):
        lines.append(f"  python: {_quoted(python)}\n" if python else _ACTIVE)
    lines.append("\nsuites:\n" if named else f"\nsuites:\n{_GUESS}")
    lines.extend(_suite(name, suite) for name, suite in active.items())
    if rest:
        lines.extend(["\n", _MAKE, *(_commented(_suite(name, suite)) for name, suite in rest.items())])
    return "".join(lines), tuple(sorted(active)), tuple(sorted(rest))


def _named(found: tuple[Found, ...]) -> dict[str, Found]:
    """A name for each suite: its tool's, with the folder where that is not the project, and a number where needed."""
    named: dict[str, Found] = {}
    for suite in found:
        where = "" if suite.cwd == "." else "-" + re.sub(r"[^a-z0-9]+", "-", suite.cwd.lower()).strip("-")
        base = ("unit" if suite.tool == "pytest" else suite.tool) + where
        name, number = base[:40], 1
        while name in named:
            number += 1
            name = f"{base[:36]}-{number}"
        named[name] = suite
    return named


def _suite(name: str, suite: Found) -> str:
    tool = "command" if suite.tool == "make" else suite.tool
    why = f"# because of {_quoted(suite.because)}" if suite.because else ""
    lines = [f"  {name}:", f"    tool: {tool:<19} {why}".rstrip()]
    if suite.cwd != ".":
        lines.append(f"    cwd: {_quoted(suite.cwd)}")
    if suite.paths:
        lines.append(f"    paths: [{', '.join(map(_quoted, suite.paths))}]")
    if suite.tool == "make":
        lines += ['    list: [echo, "Makefile::test"]', '    run: [sh, -c, make test, "{tests}"]']
    if suite.tool == "pytest":
        lines.append("    shards: auto              # into how many jobs: a number, auto, or {target: 8m, max: 20}")
    return "".join(f"{line}\n" for line in lines)


def _commented(block: str) -> str:
    return "".join(f"  # {line[2:]}" for line in block.splitlines(keepends=True))


def _quoted(text: str) -> str:
    """`text` as one YAML scalar on one line, whatever is in it (names of files are not ours)."""
    if re.fullmatch(r"[A-Za-z0-9_.][A-Za-z0-9_./-]*", text) and yaml.safe_load(text) == text:
        return text
    return yaml.safe_dump(text, default_style='"', width=math.inf).strip()


def _write(target: Path, text: str, *, force: bool) -> None:
    """Put `text` at `target` whole or not at all; without `force`, only where nothing is."""
    try:
        if not force:
            target.open("x").close()  # claims the name, or fails, whoever else is about to take it
        write_atomically(target, text.encode("utf-8"))
    except FileExistsError:
        raise UserError(
            f"{target.name} is there already", where=Where(str(target)), fix="edit it, or overwrite it with --force"
        ) from None
    except OSError as error:
        raise UserError(f"cannot write {target}: {error.strerror}", fix="make the folder writable") from None
