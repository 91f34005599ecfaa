from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from ci_orchestrator.errors import UserError
from ci_orchestrator.run.interpreter import child_environment, find_interpreter
from ci_orchestrator.run.tools.base import Workspace

BIN = "Scripts" if sys.platform == "win32" else "bin"


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(
        worker="w7",
        index=2,
        count=4,
        project=tmp_path,
        scratch=tmp_path / "scratch",
        results=tmp_path / "results",
        coverage=tmp_path / "coverage",
        marker="m",
    )


def test_the_plan_comes_first_and_is_relative_to_the_project(tmp_path: Path) -> None:
    expected = program(tmp_path / "project/.venv/bin/python")
    program(tmp_path / "active/bin/python")
    env = {"VIRTUAL_ENV": str(tmp_path / "active"), "PATH": ""}
    assert find_interpreter(".venv/bin/python", tmp_path / "project", env) == expected


def test_a_name_in_the_plan_is_looked_up_on_the_path(tmp_path: Path) -> None:
    expected = program(tmp_path / "one/python3.99")
    assert find_interpreter("python3.99", tmp_path, {"PATH": str(tmp_path / "one")}) == expected


def test_an_absolute_path_in_the_plan(tmp_path: Path) -> None:
    expected = program(tmp_path / "elsewhere/python")
    assert find_interpreter(str(expected), tmp_path / "project", {}) == expected


def test_the_active_environment_comes_before_the_path(tmp_path: Path) -> None:
    expected = program(tmp_path / "active" / BIN / "python")
    program(tmp_path / "one/python")
    env = {"VIRTUAL_ENV": str(tmp_path / "active"), "PATH": str(tmp_path / "one")}
    assert find_interpreter(None, tmp_path, env) == expected


def test_python_on_the_path_then_python3(tmp_path: Path) -> None:
    three = program(tmp_path / "first/python3")
    env = {"PATH": os.pathsep.join([str(tmp_path / "first"), str(tmp_path / "second")])}
    assert find_interpreter(None, tmp_path, env) == three
    python = program(tmp_path / "second/python")
    assert find_interpreter(None, tmp_path, env) == python


@pytest.mark.parametrize(
    ("asked", "env", "words"),
    [
        (None, {"PATH": ""}, "there is no Python"),
        ("python9", {"PATH": ""}, "`python: python9` is not on the PATH"),
        (".venv/bin/python", {}, "does not exist"),
        ("./data", {}, "not executable"),
        (None, {"VIRTUAL_ENV": "absent"}, "the active virtual environment has no"),
    ],
)
def test_what_is_missing_is_told_and_never_replaced_by_ours(
    tmp_path: Path, asked: str | None, env: dict[str, str], words: str
) -> None:
    (tmp_path / "data").write_text("x")
    with pytest.raises(UserError) as caught:
        find_interpreter(asked, tmp_path, env)
    assert words in str(caught.value)
    assert "fix:" in str(caught.value)


def test_a_real_virtual_environment_stays_one(tmp_path: Path, workspace: Workspace) -> None:
    """Its interpreter is a link: followed, it would be the base interpreter. And ours must not leak into it."""
    venv.create(tmp_path / "suite", symlinks=sys.platform != "win32", with_pip=False)
    python = find_interpreter(f"suite/{BIN}/python", tmp_path, os.environ)
    hostile = {**os.environ, "PYTHONHOME": "/nonsense", "__PYVENV_LAUNCHER__": "/nonsense"}
    env = child_environment(hostile, workspace=workspace, suite_env={})
    done = subprocess.run(
        [python, "-c", "import sys; print(sys.prefix)"], env=env, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == tmp_path / "suite"


def test_everything_a_worker_writes_is_its_own(workspace: Workspace) -> None:
    env = child_environment({"PATH": "/bin", "TMPDIR": "/shared"}, workspace=workspace, suite_env={"TZ": "UTC"})
    temporary = str(workspace.scratch / "tmp")
    assert Path(temporary).is_dir()
    assert env == {
        "PATH": "/bin",
        "TMPDIR": temporary,
        "TMP": temporary,
        "TEMP": temporary,
        "PYTEST_XDIST_WORKER": "gw2",
        "PYTEST_XDIST_WORKER_COUNT": "4",
        "CI_ORCHESTRATOR_WORKER": "w7",
        "CI_ORCHESTRATOR_RESULTS": str(workspace.results),
        "COVERAGE_FILE": str(workspace.coverage / ".coverage"),
        "TZ": "UTC",
    }


def test_the_suite_has_the_last_word(workspace: Workspace) -> None:
    env = child_environment({"A": "base"}, workspace=workspace, suite_env={"A": "suite", "TMPDIR": "/mine"})
    assert env["A"] == "suite"
    assert env["TMPDIR"] == "/mine"
