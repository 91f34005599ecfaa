"""Small real projects for tests: files on disk, a plan, and the interpreter that runs their tests."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path
from textwrap import dedent

import yaml
from warm_command import run_warm

from ci_orchestrator.api.project import Project

CLI = [sys.executable, "-m", "ci_orchestrator"]


def make_project(root: Path, files: dict[str, str], suites: dict[str, dict] | None = None, **plan: object) -> Project:
    """Write `files` and a plan; suites of pytest get this interpreter. Without `suites`: one, `unit`, in ``tests``."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    suites = suites or {"unit": {"tool": "pytest", "paths": ["tests"]}}
    for suite in suites.values():
        if suite["tool"] == "pytest":
            suite.setdefault("python", sys.executable)
            suite["args"] = ["-p", "no:cacheprovider", *suite.get("args", [])]
    (root / "testplan.yaml").write_text(yaml.safe_dump({"version": 1, "suites": suites, **plan}, sort_keys=False))
    return Project.at(root / "testplan.yaml")


def run_cli(project: Project, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run our command in the project, in a process of its own (one that need not import it first)."""
    return run_warm(arguments, cwd=project.root, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **env}, timeout=120)


def separate_interpreter(root: Path) -> Path:
    """A virtual environment of its own that has pytest, and nothing of ours."""
    venv.create(root, with_pip=False, symlinks=True)
    site = next(root.glob("lib/python*/site-packages"))
    import _pytest  # noqa: PLC0415

    source = Path(_pytest.__file__).parent.parent
    for pattern in ("pytest", "_pytest", "py.py", "pluggy*", "iniconfig*", "packaging*", "pygments*"):
        for path in source.glob(pattern):
            (site / path.name).symlink_to(path)
    return root / "bin" / "python"
