"""Whose Python: the interpreter and the environment of the suite, never ours by accident."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from ci_orchestrator.errors import UserError
from ci_orchestrator.run.tools.base import Workspace

# They tell a Python where it lives, and would tell the suite's that it lives where ours does.
_OURS = frozenset({"PYTHONHOME", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__"})


def find_interpreter(suite_python: str | None, project: Path, env: Mapping[str, str]) -> Path:
    """The suite's interpreter. `suite_python` is its `python:`; `env` the environment that we were started in.

    In order: `python:` (with a slash, a path relative to the project; else a name on the PATH), the active virtual
    environment (`VIRTUAL_ENV`), `python` on the PATH, `python3` on the PATH. A link is not followed: that of a virtual
    environment is what makes it one. Raises `UserError` when what is asked for is not there.
    """
    if suite_python is not None:
        return _asked_for(suite_python, project, env)
    active = env.get("VIRTUAL_ENV")
    if active:
        return _active(Path(active))
    for name in ("python", "python3"):
        found = _on_path(name, env)
        if found is not None:
            return found
    raise UserError(
        "there is no Python to run the tests with",
        fix="set `python: .venv/bin/python` in the plan, or activate the suite's virtual environment",
    )


def _asked_for(name: str, project: Path, env: Mapping[str, str]) -> Path:
    if "/" not in name and os.sep not in name:
        found = _on_path(name, env)
        if found is None:
            raise UserError(
                f"`python: {name}` is not on the PATH",
                fix="install it, or give a path relative to the project, such as .venv/bin/python",
            )
        return found
    path = project / Path(name).expanduser()
    if not _is_program(path):
        raise UserError(
            f"`python: {name}` does not exist in {project}, or is not executable",
            fix="create the environment (python -m venv .venv), or correct `python` in the plan",
        )
    return path


def _active(environment: Path) -> Path:
    path = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not _is_program(path):
        raise UserError(
            f"the active virtual environment has no {path}",
            fix="activate one that exists, unset VIRTUAL_ENV, or set `python` in the plan",
        )
    return path


def _on_path(name: str, env: Mapping[str, str]) -> Path | None:
    found = shutil.which(name, path=env.get("PATH", os.defpath))
    return Path(found).absolute() if found else None


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def child_environment(base: Mapping[str, str], *, workspace: Workspace, suite_env: Mapping[str, str]) -> dict[str, str]:
    """A worker's environment: `base` without what is only ours, the worker's identity and places, the suite's last.

    Everything that a worker may write is its own: the temporary directory (made here), the results, the coverage data.
    """
    temporary = workspace.scratch / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    return {
        **{name: value for name, value in base.items() if name not in _OURS},
        **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(temporary)),
        "PYTEST_XDIST_WORKER": f"gw{workspace.index}",
        "PYTEST_XDIST_WORKER_COUNT": str(workspace.count),
        "CI_ORCHESTRATOR_WORKER": workspace.worker,
        "CI_ORCHESTRATOR_RESULTS": str(workspace.results),
        "COVERAGE_FILE": str(workspace.coverage / ".coverage"),
        **suite_env,
    }
