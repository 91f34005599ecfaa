"""Runs in which something goes wrong at an unlucky place: each must end, and say the truth."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from projects import CLI, make_project, run_cli

from ci_orchestrator.api.planning import plan_project
from ci_orchestrator.api.reporting import report_files
from ci_orchestrator.api.running import resume_project, run_job, run_project
from ci_orchestrator.errors import ExitCode, UserError
from ci_orchestrator.plan.lock import encode
from ci_orchestrator.results import events
from ci_orchestrator.results.model import Outcome
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
        "tests/conftest.py": "def pytest_runtest_makereport(item):\n    if item.name == 'test_b': raise RuntimeError(1)",
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
