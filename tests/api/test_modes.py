from __future__ import annotations

from copy import deepcopy
from itertools import pairwise
from pathlib import Path

import pytest
from projects import make_project

from ci_orchestrator.api.running import run_project
from ci_orchestrator.api.wire import usable_cpus
from ci_orchestrator.results.report import Report

FILES = {f"{suite}/test_{suite}.py": f"import time\ndef test_{suite}(): time.sleep(0.5)\n" for suite in "abc"}


def overlap(report: Report) -> bool:
    spans = sorted((span.start, span.end) for span in report.timeline)
    return any(later[0] < earlier[1] for earlier, later in pairwise(spans))


def suites(**more: object) -> dict[str, dict]:
    return {suite: {"tool": "pytest", "paths": [suite], **deepcopy(more)} for suite in "abc"}


@pytest.mark.parametrize(("mode", "expected"), [("sequential", False), ("max-parallel", True)])
def test_the_mode_says_how_much_runs_at_once(tmp_path: Path, mode: str, expected: bool) -> None:
    project = make_project(tmp_path, FILES, suites(), pipeline={"mode": mode})
    report = run_project(project, workers=3).report
    assert report.totals.passed == 3
    assert overlap(report) is expected


def test_resource_aware_runs_no_more_than_the_machine_carries(tmp_path: Path) -> None:
    whole = suites(requires={"cpu": usable_cpus()})
    project = make_project(tmp_path, FILES, whole, pipeline={"mode": "resource-aware"})
    report = run_project(project, workers=3).report
    assert report.totals.passed == 3
    assert not overlap(report), "each worker takes all the CPUs"


def test_a_group_is_run_with_what_it_needs(tmp_path: Path) -> None:
    chosen = suites()
    chosen["b"] |= {"group": "fast", "needs": ["a"]}
    report = run_project(make_project(tmp_path, FILES, chosen), workers=1, groups=["fast"]).report
    assert sorted(result.suite for result in report.results) == ["a", "b"]
    assert report.certificate.complete


def test_higher_priority_starts_first(tmp_path: Path) -> None:
    ranked = suites()
    ranked["c"]["priority"] = "high"
    ranked["a"]["priority"] = "low"
    report = run_project(make_project(tmp_path, FILES, ranked), workers=1).report
    assert [span.test[0] for span in sorted(report.timeline, key=lambda span: span.start)] == ["c", "b", "a"]
