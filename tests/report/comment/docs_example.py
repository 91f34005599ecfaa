"""The report whose comment is shown in docs/how-to/pull-request-comment.md."""

from __future__ import annotations

from dataclasses import replace

from report_samples import TRACEBACK, rich_report

from ci_orchestrator.analysis.quality import judge
from ci_orchestrator.errors import ExitCode
from ci_orchestrator.plan.final_gates import CoverageRule
from ci_orchestrator.plan.gates import Gate
from ci_orchestrator.results.coverage import Counts, CoverageSummary
from ci_orchestrator.results.findings import Analysis, Base, Changes, CoverageChange, FileChange, FlakyTest
from ci_orchestrator.results.merge import result, totals
from ci_orchestrator.results.model import Attempt, Cause, Outcome
from ci_orchestrator.results.report import Certificate, Links, Report

PRICE, CHECKOUT = "tests/unit/test_price.py", "tests/api/test_checkout.py"
ROUNDS = f"unit::{PRICE}::test_discount_rounds_half_even"
WEBHOOK = f"api::{CHECKOUT}::test_webhook_is_retried"


def docs_report() -> Report:
    """A pull request that breaks one test, leaves some lines uncovered and slows one benchmark down."""
    rich = rich_report()
    failed = Attempt(
        outcome=Outcome.FAILED,
        cause=Cause.FAILURE,
        duration=0.031,
        message="AssertionError: assert Decimal('0.13') == Decimal('0.12')",
        details=TRACEBACK,
        file=PRICE,
        line=41,
    )
    retried = [
        Attempt(outcome=Outcome.FAILED, duration=1.4, message="assert 502 == 200", file=CHECKOUT, line=77),
        Attempt(outcome=Outcome.PASSED, duration=0.8, number=2, file=CHECKOUT, line=77),
    ]
    passed = [
        result(
            f"unit::tests/unit/test_cart.py::test_total[{number:03}]",
            [Attempt(outcome=Outcome.PASSED, duration=0.05 + number % 7 / 15)],
        )
        for number in range(418)
    ]
    results = tuple(sorted([*passed, result(ROUNDS, [failed]), result(WEBHOOK, retried)], key=lambda one: one.id))
    report = replace(
        rich,
        results=results,
        totals=totals(results),
        certificate=Certificate(certified=True, lock="sha256:00", planned=420, reported=420),
        jobs=(),
        gates=(),
        timeline=(),
        trend=tuple(replace(point, coverage=None) for point in rich.trend[-8:]),
        coverage=CoverageSummary(lines=Counts(1_391, 1_568), branches=Counts(342, 411)),
        analysis=_analysis(rich.analysis),
        tables=(),
        links=Links(
            source="https://github.com/example/shop/blob/9f1c2ab/{path}#L{line}",
            build="https://github.com/example/shop/actions/runs/113",
            report="https://example.github.io/shop/113/report.html",
        ),
        exit_code=ExitCode.GATE_FAILED,
    )  # fmt: skip
    gate = Gate(name="quality", final=True, coverage=CoverageRule(changed_lines="90%"))
    return replace(report, quality=judge({"quality": gate}, report, {}))


def _analysis(rich: Analysis) -> Analysis:
    return Analysis(
        base=Base(branch="main", revision="5d0e8c11f2b3"),
        changes=Changes(newly_failing=(ROUNDS,), added=("unit::tests/unit/test_cart.py::test_total[417]",)),
        coverage=CoverageChange(
            before=Counts(1_379, 1_541),
            changed=Counts(31, 42),
            files=(
                FileChange(path="shop/checkout.py", now=Counts(168, 203), before=Counts(170, 190),
                           changed=Counts(12, 21), missed=((88, 93), (101, 101), (140, 141))),
                FileChange(path="shop/price.py", now=Counts(143, 151), before=Counts(139, 149), changed=Counts(19, 21),
                           missed=((60, 61),)),
            ),
        ),
        benchmarks=rich.benchmarks,
        flaky=(FlakyTest(test=WEBHOOK, retried=True, contradictions=2, transitions=5, builds=12),),
        time_before=98.2,
    )  # fmt: skip
