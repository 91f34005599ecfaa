"""Runs in which something goes wrong at an unlucky place: each must end, and say the truth."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from projects import make_project, separate_interpreter

from ci_orchestrator.api.execution import Observer
from ci_orchestrator.api.planning import plan_project
from ci_orchestrator.api.project import Project
from ci_orchestrator.api.reporting import report_files
from ci_orchestrator.api.running import resume_project, run_job, run_project
from ci_orchestrator.clock import SystemClock
from ci_orchestrator.errors import ExitCode, LockError, UserError
from ci_orchestrator.plan.lock import encode
from ci_orchestrator.results import events
from ci_orchestrator.results.report import Report
from ci_orchestrator.run.bundle import find_bundles, read_events


def bounded(timeout: str) -> dict[str, dict]:
    """One suite, whose job ends what should have ended by itself."""
    return {"unit": {"tool": "pytest", "paths": ["tests"], "timeout": timeout, "test-timeout": timeout}}


def outcomes(report: Report) -> dict[str, str]:
    return {result.name: result.outcome.value for result in report.results}


def happened(root: Path) -> list[events.Event]:
    return [event for bundle in find_bundles(root) for event in read_events(bundle) if isinstance(event, events.Event)]


def test_a_test_that_breaks_pytest_itself_ends_the_run(tmp_path: Path) -> None:
    files = {
        "tests/conftest.py": "def pytest_runtest_makereport(item):\n    assert item.name != 'test_b'",
        "tests/test_a.py": "def test_a(): pass\ndef test_b(): pass\ndef test_c(): pass",
    }

    report = run_project(make_project(tmp_path, files, bounded("20s")), workers=1).report

    assert outcomes(report) == {"test_a": "passed", "test_b": "not-proven", "test_c": "not-proven"}
    assert report.exit_code is ExitCode.NOT_PROVEN


def test_a_lost_worker_is_noticed_although_a_child_of_it_lives_on(tmp_path: Path) -> None:
    code = """
        import os, time

        def test_dies():
            if os.fork() == 0:
                time.sleep(600)
                os._exit(0)
            os.kill(os.getpid(), 9)

        def test_after(): pass
    """

    report = run_project(make_project(tmp_path, {"tests/test_a.py": code}, bounded("20s")), workers=1).report

    assert outcomes(report) == {"test_dies": "not-proven", "test_after": "passed"}


def test_a_test_that_writes_into_the_workers_pipe_loses_only_its_worker(tmp_path: Path) -> None:
    code = """
        import os

        def test_writes():
            for number in range(3, 64):
                try:
                    os.write(number, b'[1]\\n')
                except OSError:
                    pass

        def test_after(): pass
    """

    report = run_project(make_project(tmp_path, {"tests/test_a.py": code}, bounded("20s")), workers=1).report

    assert outcomes(report) == {"test_writes": "not-proven", "test_after": "passed"}
    assert "wrote into the worker's pipe" in {one.name: one for one in report.results}["test_writes"].last.details


class Hurried(SystemClock):
    """Ten times as fast as time itself."""

    def monotonic(self) -> float:
        return 10 * super().monotonic()


def test_a_worker_that_does_not_leave_keeps_nobody_from_its_place(tmp_path: Path) -> None:
    lingers = "import threading, time\ndef test_a(): threading.Thread(target=time.sleep, args=(600,)).start()"
    files = {"a/test_a.py": lingers, "b/test_b.py": "def test_b(): pass"}
    suites = {
        "a": {"tool": "pytest", "paths": ["a"], "timeout": "300s"},
        "b": {"tool": "pytest", "paths": ["b"], "needs": ["a"], "timeout": "300s"},
    }

    report = run_project(make_project(tmp_path, files, suites), workers=1, clock=Hurried()).report

    assert outcomes(report) == {"test_a": "passed", "test_b": "passed"}


def test_when_no_worker_can_be_had_any_more_what_has_finished_is_reported(tmp_path: Path) -> None:
    python = str(separate_interpreter(tmp_path / "venv"))
    code = f"import os\ndef test_a(): pass\ndef test_b():\n    os.unlink({python!r}); os._exit(1)\n"
    suite = {"tool": "pytest", "paths": ["tests"], "python": python}

    report = run_project(make_project(tmp_path, {"tests/test_a.py": code}, {"unit": suite}), workers=1).report

    assert outcomes(report) == {"test_a": "passed", "test_b": "not-proven"}
    assert report.exit_code is ExitCode.NOT_PROVEN


class InterruptsOnce(Observer):
    """Presses Ctrl-C as the first test begins."""

    def happened(self, event: events.Event) -> None:
        if isinstance(event, events.TestStarted):
            raise KeyboardInterrupt


def test_an_interrupt_spends_no_retry(tmp_path: Path) -> None:
    code = """
        import os, pathlib

        def test_dies_once():
            if pathlib.Path("resumed").exists() and not pathlib.Path("died").exists():
                pathlib.Path("died").touch()
                os._exit(1)
    """
    project = make_project(tmp_path, {"tests/test_a.py": code}, bounded("60s"))
    assert run_project(project, workers=1, observer=InterruptsOnce()).report.exit_code is ExitCode.INTERRUPTED
    (tmp_path / "resumed").touch()

    assert resume_project(project, workers=1).report.exit_code is ExitCode.OK


def locked(project: Project) -> Path:
    path = project.root / "plan.lock.json"
    path.write_bytes(encode(plan_project(project, workers=1).lock))
    return path


def test_every_event_of_a_second_attempt_says_so(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"tests/test_a.py": "def test_a(): pass"})

    done = run_job(project, locked(project), "unit", attempt=2, workers=1)

    log = happened(done.bundle)
    assert {event.attempt for event in log} == {2}
    assert {events.WorkerStarted, events.WorkerFinished} < {type(event) for event in log}


def test_a_job_whose_only_module_skips_on_the_runner_is_skipped(tmp_path: Path) -> None:
    code = "import os, pytest\nif os.path.exists('no-gpu'): pytest.skip('no gpu', allow_module_level=True)\n"
    project = make_project(tmp_path, {"tests/test_g.py": code + "def test_gpu(): pass"})
    lock = locked(project)
    (tmp_path / "no-gpu").touch()

    done = run_job(project, lock, "unit", workers=1)

    assert (done.totals.skipped, done.exit_code) == (1, ExitCode.OK)


def test_a_job_that_lost_all_its_tests_is_told_which(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"tests/test_a.py": "def test_a(): pass"})
    lock = locked(project)
    (tmp_path / "tests/test_a.py").write_text("")

    with pytest.raises(LockError, match=r"gone: unit::tests/test_a\.py::test_a"):
        run_job(project, lock, "unit", workers=1)


def test_a_withheld_test_is_not_green_when_what_it_needs_passes_later(tmp_path: Path) -> None:
    files = {
        "a/test_a.py": "import os\ndef test_a(): assert os.path.exists('mended')",
        "b/test_b.py": "def test_b(): pass",
    }
    suites = {"a": {"tool": "pytest", "paths": ["a"]}, "b": {"tool": "pytest", "paths": ["b"], "needs": ["a"]}}
    project = make_project(tmp_path, files, suites)
    lock = locked(project)
    run_project(project, lock_file=lock, workers=1)
    (tmp_path / "mended").touch()
    again = run_job(project, lock, "a", attempt=2, workers=1)

    bundles = [*find_bundles(project.latest_run()), again.bundle]
    report = report_files(project, bundles, lock_file=lock, out=tmp_path / "out").report

    assert outcomes(report) == {"test_a": "passed", "test_b": "skipped"}
    assert report.exit_code is ExitCode.NOT_PROVEN
    assert report_files(project, bundles, out=tmp_path / "out").report.exit_code is ExitCode.NOT_PROVEN


def test_a_report_on_another_lock_leaves_alone_what_the_run_here_came_to(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"tests/test_a.py": "def test_a(): pass"})
    ran = run_project(project, workers=1)
    (tmp_path / "tests/test_b.py").write_text("def test_b(): pass")

    other = report_files(project, lock_file=locked(project))

    assert outcomes(other.report) == {"test_a": "not-proven", "test_b": "not-proven"}
    assert other.out != ran.out
    before = next(one for one in other.report.trend if one.build == project.latest_run().name)
    assert (before.totals.passed, before.totals.tests) == (1, 1)


def test_a_job_that_was_cut_short_is_not_green_without_a_lock(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"tests/test_a.py": "def test_a(): pass\ndef test_b(): pass"})
    done = run_job(project, locked(project), "unit", workers=1)
    (done.bundle / "manifest.json").unlink()
    log = done.bundle / "events.ndjson"
    lines = log.read_bytes().splitlines(keepends=True)
    ended = [b"test.finished" in line for line in lines].index(True)
    log.write_bytes(b"".join(lines[: ended + 1]))

    report = report_files(project, [done.bundle], out=tmp_path / "out").report

    assert outcomes(report) == {"test_a": "passed"}
    assert report.exit_code is ExitCode.NOT_PROVEN


def test_a_job_that_reports_what_nobody_asked_for_is_not_green(tmp_path: Path) -> None:
    script = """
        import os, pathlib
        case = '<testcase name="{}" time="0"/>'
        xml = "<testsuite>" + case.format("one") + case.format("two") + "</testsuite>"
        pathlib.Path(os.environ["CI_ORCHESTRATOR_RESULTS"], "junit.xml").write_text(xml)
    """
    suite = {"tool": "command", "list": "echo one", "run": f"{sys.executable} run.py {{tests}}"}
    project = make_project(tmp_path, {"run.py": script}, {"unit": suite})

    done = run_job(project, locked(project), "unit", workers=1)

    assert [result.outcome.value for result in done.results] == ["passed", "passed"]
    assert done.exit_code is ExitCode.NOT_PROVEN


class Resumes(Observer):
    """Asks, as the first test begins, for the run to be resumed that goes on."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.told = ""

    def happened(self, event: events.Event) -> None:
        if isinstance(event, events.TestStarted):
            with pytest.raises(UserError) as refused:
                resume_project(self.project, workers=1)
            self.told = str(refused.value)


def test_a_run_that_goes_on_cannot_be_resumed(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"tests/test_a.py": "def test_a(): pass"})
    observer = Resumes(project)

    report = run_project(project, workers=1, observer=observer).report

    assert "still goes on" in observer.told
    assert report.exit_code is ExitCode.OK


def test_artifacts_that_cannot_be_kept_cost_no_report(tmp_path: Path) -> None:
    code = """
        import pathlib

        def test_talks():
            for number in range(10_001):
                pathlib.Path(f"{number}.log").touch()
    """
    suite = {"tool": "pytest", "paths": ["tests"], "artifacts": {"paths": {"out": "*.log"}}}
    project = make_project(tmp_path, {"tests/test_a.py": code}, {"unit": suite})

    reported = run_project(project, workers=1)
    done = run_job(project, project.lock_file, "unit", workers=1)

    assert any("no artifacts of suite unit" in warning for warning in reported.report.warnings)
    assert any("no artifacts of suite unit" in warning for warning in done.warnings)
    assert (reported.report.exit_code, done.exit_code) == (ExitCode.OK, ExitCode.OK)
