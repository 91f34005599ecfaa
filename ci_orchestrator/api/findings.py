"""What a report points out in the source: each test that did not come out well, at the line that says why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from ci_orchestrator.plan.lock import Lock
from ci_orchestrator.providers.base import Finding
from ci_orchestrator.report import figures
from ci_orchestrator.results.model import TestResult, shown_id
from ci_orchestrator.results.report import Report


def findings(report: Report, lock: Lock | None) -> Iterator[Finding]:
    """Failures first, then what is not proven, then flaky tests, as warnings."""
    suites = lock.plan.get("suites", {}) if lock else {}
    homes = {name: str(suite.get("cwd", ".")) for name, suite in suites.items()}
    for one in (*figures.failures(report), *figures.unproven(report)):
        yield _finding(one, homes)
    for one in figures.flaky(report):
        yield _finding(one, homes)


def _finding(one: TestResult, homes: Mapping[str, str]) -> Finding:
    attempt = figures.telling(one)
    said = (attempt.message if attempt else "") or one.reason or one.outcome.value
    file = _inside(homes.get(one.suite, "."), attempt.file) if attempt else ""
    return Finding(
        kind="warning" if one.flaky else "error",
        title=f"flaky: {shown_id(one.id)}" if one.flaky else f"{one.outcome.value}: {shown_id(one.id)}",
        message=said,
        file=file,
        line=attempt.line if attempt and file else 0,
    )


def _inside(home: str, file: str) -> str:
    """The file relative to the project; empty when it is none of its own."""
    path = PurePosixPath(home) / file
    return "" if not file or path.is_absolute() or ".." in path.parts else path.as_posix()
