"""Coverage of runs that are resumed: what was measured before is kept, and what may have been lost is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import make_project

from ci_orchestrator.api.execution import Observer
from ci_orchestrator.api.project import Project
from ci_orchestrator.api.running import resume_project, run_project
from ci_orchestrator.errors import ExitCode
from ci_orchestrator.results import events
from ci_orchestrator.results.coverage import Counts, CoverageSummary
from ci_orchestrator.results.report import Report

# Each test covers the line of its number. The report is what one process has covered so far, as that of a tool is.
CONFTEST = """
import os, pathlib, pytest

covered = []

def write(path, text):  # at once: a worker may be ended at any time
    path.with_suffix(".part").write_text(text)
    path.with_suffix(".part").replace(path)

@pytest.fixture(autouse=True)
def measured(request):
    yield
    covered.append(f"DA:{request.node.name[-1]},1\\n")
    text = f"SF:a.py\\n{''.join(covered)}end_of_record\\n"
    if pathlib.Path("parts").exists():
        write(pathlib.Path(os.environ["COVERAGE_FILE"]).with_name("part.info"), text)
    else:
        write(pathlib.Path("all.info"), text)
"""
TESTS = """
import os, pathlib

def test_1(): pass
def test_2():
    if pathlib.Path("deadly2").exists(): os._exit(1)
def test_3():
    if pathlib.Path("deadly3").exists(): os._exit(1)
"""


class Interrupts(Observer):
    """Presses Ctrl-C as the second test begins."""

    def happened(self, event: events.Event) -> None:
        if isinstance(event, events.TestStarted) and event.test.endswith("2"):
            raise KeyboardInterrupt


@pytest.fixture
def project(tmp_path: Path) -> Project:
    suite = {"tool": "pytest", "coverage": {"report": "all.info"}, "retries": {"max": 0}}
    return make_project(tmp_path, {"conftest.py": CONFTEST, "test_a.py": TESTS}, {"unit": suite})


def coverage(report: Report) -> CoverageSummary:
    assert report.coverage is not None
    return report.coverage


def test_what_an_interrupted_run_had_covered_is_kept_and_the_rest_is_called_partial(project: Project) -> None:
    cut = run_project(project, workers=1, observer=Interrupts()).report
    assert cut.exit_code is ExitCode.INTERRUPTED
    assert coverage(cut).partial

    report = resume_project(project, workers=1).report

    assert (report.exit_code, report.totals.passed, report.warnings) == (ExitCode.OK, 3, ())
    assert (project.root / "all.info").read_text().count("DA:") == 2  # the process that went on knows of no other
    assert coverage(report).lines == Counts(3, 3)
    assert coverage(report).partial == (
        "a run was ended before a worker of suite unit could tell all that it had measured",
    )


def test_a_report_older_than_the_run_is_not_taken_for_what_it_had_covered(project: Project) -> None:
    (project.root / "all.info").write_text("SF:a.py\nDA:9,1\nend_of_record\n")
    (project.root / "parts").touch()
    run_project(project, workers=1, observer=Interrupts())
    report = resume_project(project, workers=1).report
    assert report.warnings == ("suite unit wrote no coverage report: all.info is older than this run",)
    assert coverage(report).lines == Counts(2, 2)  # of the worker that went on
    assert coverage(report).partial


@pytest.mark.parametrize("parts", [False, True])
def test_another_try_of_dead_letters_adds_to_what_was_covered(project: Project, parts: bool) -> None:
    if parts:
        (project.root / "parts").touch()
    deadly = [project.root / "deadly2", project.root / "deadly3"]
    for path in deadly:
        path.touch()
    assert coverage(run_project(project, workers=1).report).lines == Counts(1, 1)
    for number, path in enumerate(deadly, start=2):
        path.unlink()
        report = resume_project(project, workers=1, retry_dead=True).report
        assert (report.totals.passed, coverage(report).lines) == (number, Counts(number, number))
    assert report.exit_code is ExitCode.OK
    assert coverage(report).partial == ("a worker of suite unit was lost, and what it had measured with it",)


def test_a_run_that_nobody_ended_is_not_partial(project: Project) -> None:
    found = coverage(run_project(project, workers=1).report)
    assert (found.lines, found.partial) == (Counts(3, 3), ())
    again = coverage(resume_project(project, workers=1).report)
    assert (again.lines, again.partial) == (Counts(3, 3), ())
