from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from ci_orchestrator.api import probes
from ci_orchestrator.api.checkup import Check, State
from ci_orchestrator.api.doctor import diagnose, verdict
from ci_orchestrator.api.wire import usable_cpus
from ci_orchestrator.errors import ExitCode


def by_name(checks: tuple[Check, ...]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def plan(folder: Path, python: str) -> None:
    (folder / "testplan.yaml").write_text(
        f"version: 1\nsuites:\n  unit:\n    tool: pytest\n    paths: [tests]\n    python: {python}\n"
    )


def test_a_good_project(tmp_path: Path) -> None:
    plan(tmp_path, sys.executable)
    checks = diagnose(tmp_path, {})
    assert verdict(checks) is ExitCode.OK, checks
    found = by_name(checks)
    assert found["pytest (unit)"].found == f"pytest {pytest.__version__} in {sys.executable}"
    assert found["sqlite"].state is State.OK
    assert found["machine"].found.startswith(f"{usable_cpus()} CPU")
    assert [path.name for path in tmp_path.iterdir()] == ["testplan.yaml"]


def test_everything_that_is_not_ok_has_a_remedy(tmp_path: Path) -> None:
    plan(tmp_path, str(tmp_path / "no-python"))
    checks = diagnose(tmp_path, {})
    assert all(check.remedy for check in checks if check.state is not State.OK)
    assert by_name(checks)["pytest (unit)"].state is State.MISSING
    assert verdict(checks) is ExitCode.USER_ERROR


@pytest.mark.parametrize("tool", ["go", "jest", "playwright", "vitest"])
def test_the_programs_of_other_tools(tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "testplan.yaml").write_text(f"suites:\n  other: {{tool: {tool}}}\n")
    programs = tmp_path / "node_modules" / ".bin"
    programs.mkdir(parents=True)
    monkeypatch.setenv("PATH", str(programs))
    missing = by_name(diagnose(tmp_path, {}))[f"{tool} (other)"]
    assert missing.state is State.MISSING
    assert missing.remedy.startswith("install")
    for name in (tool, "node"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    found = by_name(diagnose(tmp_path, {}))[f"{tool} (other)"]
    assert (found.state, found.found) == (State.OK, str(programs / tool))


@pytest.mark.parametrize(
    ("says", "state"),
    [
        ("echo 6.2.5", State.MISSING),
        ("echo a warning; echo 7.0.1", State.OK),
        ("echo 10.1.dev3+g1", State.OK),
        ("echo No module named pytest; exit 1", State.MISSING),
        ("true", State.MISSING),
    ],
)
def test_which_pytest_is_good_enough(says: str, state: State, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{says}\n")
    python.chmod(0o755)
    plan(tmp_path, str(python))
    assert by_name(diagnose(tmp_path, {}))["pytest (unit)"].state is state


def test_a_broken_plan_is_told(tmp_path: Path) -> None:
    (tmp_path / "testplan.yaml").write_text("version: 99\n")
    checks = diagnose(tmp_path, {})
    assert by_name(checks)["plan"].state is State.MISSING
    assert verdict(checks) is ExitCode.USER_ERROR


def test_no_plan_is_only_a_warning(tmp_path: Path) -> None:
    assert by_name(diagnose(tmp_path, {}))["plan"].state is State.WARNING


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert by_name(diagnose(tmp_path, {}))["state folder"].state is State.MISSING
    finally:
        tmp_path.chmod(0o700)


def test_a_question_has_a_time_limit() -> None:
    began = time.monotonic()
    assert probes.ask(["sleep", "60"], seconds=0.1) is None
    assert time.monotonic() - began < 30


def test_a_program_that_is_not_there_is_no_answer() -> None:
    assert probes.ask(["no-such-program"]) is None
