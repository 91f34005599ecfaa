"""The state folder: made at first use, not needed by those who only read, and the user's matter when it fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from projects import make_project, run_cli

from ci_orchestrator.api.explaining import explain
from ci_orchestrator.api.project import STATE, Project
from ci_orchestrator.api.reporting import report_files
from ci_orchestrator.errors import ExitCode, PlanError, UserError

JUNIT = '<testsuite name="s" tests="1"><testcase classname="a" name="b" time="0.5"/></testsuite>'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path, {"tests/test_a.py": "def test_a(): pass\n", "their.xml": JUNIT})


def test_it_is_hidden_from_git(project: Project) -> None:
    assert (project.state / ".gitignore").read_bytes() == b"*\n"


@pytest.mark.parametrize("words", [["run"], ["plan"]])
def test_a_file_in_its_place_is_the_users_matter(project: Project, words: list[str]) -> None:
    project.place.touch()
    done = run_cli(project, *words)
    assert done.returncode == ExitCode.USER_ERROR
    assert f"{project.place} cannot be written: " in done.stderr
    assert "fix: it must be a folder" in done.stderr


def test_what_only_reads_needs_none(project: Project) -> None:
    with pytest.raises(UserError, match="nothing was planned here yet"):
        explain(project, "test_a")
    with pytest.raises(UserError, match="nothing was run here yet"):
        project.latest_run()
    assert not project.place.exists()


def test_a_report_elsewhere_goes_without_it(project: Project, tmp_path: Path) -> None:
    project.place.touch()
    done = report_files(project, [tmp_path / "their.xml"], out=tmp_path / "page")
    assert (done.out / "report.html").is_file()
    assert any(warning.startswith("no history: ") for warning in done.report.warnings)
    with pytest.raises(UserError, match="cannot be written"):
        report_files(project, [tmp_path / "their.xml"], out=tmp_path / "their.xml" / "page")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_ours_to_write_is_told(project: Project) -> None:
    project.state.chmod(0o500)
    try:
        with pytest.raises(UserError, match=f"{STATE} cannot be written: Permission denied"):
            _ = project.state
    finally:
        project.place.chmod(0o700)


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_a_plan_is_a_regular_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "plan.yaml"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path = Path(os.devnull)
    with pytest.raises(PlanError, match="no regular file"):
        Project.at(path).plan()


def test_a_part_of_a_name_lists_who_has_it(tmp_path: Path) -> None:
    tests = "".join(f"def test_many_{number:02}(): pass\n" for number in range(12))
    project = make_project(tmp_path, {"tests/test_a.py": tests})
    assert run_cli(project, "plan").returncode == ExitCode.OK
    with pytest.raises(UserError, match="names of 12") as error:
        explain(project, "many")
    assert error.value.fix.startswith("one of: unit::tests/test_a.py::test_many_00, ")
    assert error.value.fix.endswith("test_many_09 and 2 more")
