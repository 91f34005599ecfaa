"""A folder as several tools leave it: JUnit, TRX, LCOV and the output of go's benchmarks."""

from __future__ import annotations

import json
from pathlib import Path

from ci_orchestrator.api.against import Against
from ci_orchestrator.api.project import Project
from ci_orchestrator.api.reporting import Reported, report_files
from ci_orchestrator.clock import FakeClock
from ci_orchestrator.results.quality import Judgement

JUNIT = """<testsuite name="python">
  <testcase classname="shop.test_cart" name="test_total" file="shop/test_cart.py" line="4" time="0.01"/>
  <testcase classname="shop.test_cart" name="test_rounding" file="shop/test_cart.py" time="0.02">{inner}</testcase>
</testsuite>
"""
FAILURE = '<failure message="assert 0.3 == 0.30000000000000004">shop/test_cart.py:11: AssertionError</failure>'
TRX = """<?xml version="1.0" encoding="utf-8"?>
<TestRun id="1" xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
  <TestDefinitions>
    <UnitTest name="AddsUp" id="a"><TestMethod className="Shop.CartTests" name="AddsUp" /></UnitTest>
  </TestDefinitions>
  <Results>
    <UnitTestResult testId="a" testName="AddsUp" outcome="Passed" duration="00:00:00.0120000" />
  </Results>
</TestRun>
"""
LCOV = "SF:web/cart.js\nDA:1,4\nDA:2,{second}\nDA:3,0\nend_of_record\n"
BENCH = "goos: linux\npkg: example.com/shop\nBenchmarkTotal-2   \t 5000000\t       {nanoseconds} ns/op\nPASS\n"
DIFF = "--- a/web/cart.js\n+++ b/web/cart.js\n@@ -1,1 +1,3 @@\n first\n+second\n+third\n"


def write_mixed(folder: Path, *, failing: bool = True, second: int = 4, nanoseconds: str = "241.5") -> Path:
    """Write the folder; a failing test, the hits of line 2 of web/cart.js and the benchmark can be chosen."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "python.xml").write_text(JUNIT.format(inner=FAILURE if failing else ""))
    (folder / "dotnet.trx").write_text(TRX)
    (folder / "lcov.info").write_text(LCOV.format(second=second))
    (folder / "bench.txt").write_text(BENCH.format(nanoseconds=nanoseconds))
    return folder


def report(root: Path, folder: Path, *, out: str = "out", **against: object) -> Reported:
    asked = Against.of(
        base=against.get("base"),  # type: ignore[arg-type]
        diff=against.get("diff"),  # type: ignore[arg-type]
        checks=against.get("checks", ()),  # type: ignore[arg-type]
        gate=bool(against.get("gate")),
    )
    project = Project.at(root / "testplan.yaml")
    return report_files(project, [folder], out=root / out, against=asked, clock=FakeClock())


def write_plan(root: Path, gate: dict) -> None:
    gates = {"quality": {"final": True, **gate}}
    plan = {"version": 1, "suites": {"unit": {"tool": "pytest"}}, "gates": gates}
    (root / "testplan.yaml").write_text(json.dumps(plan))


def judged(done: Reported) -> dict[str, Judgement]:
    return {reason.rule: reason.judgement for gate in done.report.quality for reason in gate.reasons}
