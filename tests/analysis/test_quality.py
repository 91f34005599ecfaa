from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.analysis.quality import DEFAULT, GREEN, RED, judge
from ci_orchestrator.errors import ExitCode
from ci_orchestrator.plan.gates import Gate
from ci_orchestrator.results.benchmark import Benchmark, Better
from ci_orchestrator.results.coverage import Counts, CoverageSummary, FileSummary
from ci_orchestrator.results.findings import Analysis, BenchmarkChange, CoverageChange, FlakyTest, Shift
from ci_orchestrator.results.model import Attempt, Outcome, TestResult, Totals
from ci_orchestrator.results.quality import Judgement, QualityGate
from ci_orchestrator.results.report import Certificate, Report, TrendPoint

EARLIER = TrendPoint(build="b1", started=1.0, totals=Totals(passed=3), duration=3.0)
GOOD = Report(title="shop", started=2.0, totals=Totals(passed=3), certificate=Certificate(certified=True, planned=3))


def gate(**fields: object) -> Gate:
    """A final gate as a plan writes it."""
    return Gate.model_validate({"name": "quality", "final": True, **fields})


def verdict(asked: Gate, report: Report, rule: str, checks: dict[str, str] | None = None) -> tuple[Judgement, str]:
    """What one rule says."""
    (judged,) = judge({asked.name: asked}, report, checks or {})
    (reason,) = [reason for reason in judged.reasons if reason.rule == rule]
    return reason.judgement, reason.said


def covered(share: Counts, **told: Any) -> Report:
    summary = CoverageSummary(lines=share, files=(FileSummary("src/core/a.py", share), FileSummary("b.py", Counts())))
    return replace(GOOD, coverage=summary, analysis=Analysis(coverage=CoverageChange(**told)))


def slower(worse: float, shift: Shift, name: str = "sort") -> BenchmarkChange:
    now = 100 * (1 + worse)
    return BenchmarkChange(
        group="g", name=name, unit="s", better=Better.SMALLER, now=now, before=100.0, worse=worse, shift=shift
    )


def measured(*changes: BenchmarkChange) -> Report:
    now = tuple(Benchmark(group=one.group, name=one.name, value=one.now, unit=one.unit) for one in changes)
    return replace(GOOD, benchmarks=now, analysis=Analysis(benchmarks=changes))


def timed(seconds: float, before: float | None) -> Report:
    attempt = Attempt(outcome=Outcome.PASSED, duration=seconds)
    result = TestResult(id="u::a.py::t", outcome=Outcome.PASSED, attempts=(attempt,))
    return replace(GOOD, results=(result,), analysis=Analysis(time_before=before))


def test_without_a_final_gate_nothing_may_fail_or_be_without_a_result() -> None:
    (judged,) = judge({"canary": Gate(name="canary")}, GOOD, {})
    assert judged.name == "default"
    assert [reason.rule for reason in judged.reasons] == ["failures", "not-proven"]
    assert judged.verdict is Judgement.PASS
    red = replace(GOOD, totals=Totals(passed=2, errored=1))
    assert judge({}, red, {})[0].exit_code is ExitCode.GATE_FAILED


def test_final_gates_are_judged_by_name_and_only_those() -> None:
    gates = {"b": Gate(name="b", final=True), "canary": Gate(name="canary"), "a": Gate(name="a", final=True)}
    assert [one.name for one in judge(gates, GOOD, {})] == ["a", "b"]


@pytest.mark.parametrize(
    ("totals", "allowed", "judgement", "said"),
    [
        (Totals(passed=3), 0, "pass", "0 tests failed or errored, none is allowed"),
        (Totals(passed=3, failed=1), 0, "fail", "1 test failed or errored, none is allowed"),
        (Totals(passed=3, failed=1, errored=1), 2, "pass", "2 tests failed or errored, 2 are allowed"),
        (Totals(passed=3, failed=1, errored=1), 1, "fail", "2 tests failed or errored, 1 is allowed"),
    ],
)
def test_failures(totals: Totals, allowed: int, judgement: str, said: str) -> None:
    assert verdict(gate(failures=allowed), replace(GOOD, totals=totals), "failures") == (judgement, said)


PROOF = GOOD.certificate


@pytest.mark.parametrize(
    ("report", "judgement", "said"),
    [
        (GOOD, "pass", "0 tests without a result, none is allowed"),
        (replace(GOOD, totals=Totals(passed=2, not_proven=1)), "fail", "1 test without a result, none is allowed"),
        (replace(GOOD, interrupted=True), "inconclusive", "but the run was interrupted"),
        (
            replace(GOOD, certificate=Certificate(certified=False)),
            "inconclusive",
            "but there was no lock to hold the results against",
        ),
        (
            replace(GOOD, certificate=replace(PROOF, duplicate=("u::a::t",))),
            "inconclusive",
            "but 1 test was reported twice",
        ),
        (
            replace(GOOD, certificate=replace(PROOF, unexpected=("u::a::t", "u::a::u"))),
            "inconclusive",
            "but 2 tests were not planned",
        ),
        (
            replace(GOOD, certificate=replace(PROOF, withheld=(("u::a::t", "gate:kernels-10"),))),
            "inconclusive",
            "but 1 test did not run: gate:kernels-10",
        ),
        (replace(GOOD, totals=Totals()), "inconclusive", "but there are no results at all"),
    ],
)
def test_what_is_not_proven(report: Report, judgement: str, said: str) -> None:
    found = verdict(gate(), report, "not-proven")
    assert (found[0], found[1].endswith(said)) == (judgement, True), found


def test_the_default_gate_asks_for_no_lock_but_says_that_there_was_none() -> None:
    found = verdict(DEFAULT, replace(GOOD, certificate=Certificate(certified=False)), "not-proven")
    assert found[0] is Judgement.PASS
    assert "uncertified" in found[1]


MIN = {"coverage": {"min": "80%"}}
DROP = {"coverage": {"max-drop": "0.5%"}}
LINES = {"coverage": {"changed-lines": "90%"}}
CORE = {"coverage": {"paths": {"src/core/**": "95%"}}}


@pytest.mark.parametrize(
    ("asked", "report", "rule", "judgement", "said"),
    [
        (MIN, GOOD, "min", "inconclusive", "no coverage was measured"),
        (MIN, covered(Counts(0, 0)), "min", "inconclusive", "no coverage was measured"),
        (MIN, covered(Counts(4, 5)), "min", "pass", "80.00% of 5 lines are covered, 80% must be"),
        (MIN, covered(Counts(79_999, 100_000)), "min", "fail", "79.99% of 100,000 lines are covered, 80% must be"),
        (DROP, covered(Counts(900, 1000)), "max-drop", "inconclusive", "the coverage of a base is missing"),
        (
            DROP,
            covered(Counts(900, 1000), before=Counts(905, 1000)),
            "max-drop",
            "pass",
            "90.00% of lines are covered, 90.50% before; a drop by 0.5% is allowed",
        ),
        (
            DROP,
            covered(Counts(899, 1000), before=Counts(905, 1000)),
            "max-drop",
            "fail",
            "89.90% of lines are covered, 90.50% before; a drop by 0.5% is allowed",
        ),
        (
            LINES,
            covered(Counts(9, 10)),
            "changed-lines",
            "inconclusive",
            "there was no diff to tell the changed lines by",
        ),
        (
            LINES,
            covered(Counts(9, 10), changed=Counts(0, 0)),
            "changed-lines",
            "pass",
            "N/A: the change has no executable lines",
        ),
        (
            LINES,
            covered(Counts(9, 10), empty_diff=True),
            "changed-lines",
            "inconclusive",
            "the diff is empty, as one is that could not be made",
        ),
        (
            LINES,
            covered(Counts(9, 10), changed=Counts(0, 0), none_measured=True),
            "changed-lines",
            "pass",
            "N/A: none of the changed files was measured",
        ),
        (
            LINES,
            covered(Counts(9, 10), changed=Counts(0, 0), unmeasured=("src/new.py", "tests/test_new.py")),
            "changed-lines",
            "pass",
            "N/A: the change has no executable lines; 2 changed files were not measured, such as src/new.py",
        ),
        (
            DROP,
            covered(Counts(9, 10), before=Counts(9, 10), before_partial=True),
            "max-drop",
            "inconclusive",
            "the coverage of the base is partial",
        ),
        (
            LINES,
            covered(Counts(9, 10), changed=Counts(8, 9)),
            "changed-lines",
            "fail",
            "88.88% of 9 changed lines are covered, 90% must be",
        ),
        (CORE, covered(Counts(19, 20)), "paths.src/core/**", "pass", "95.00% of 20 lines are covered, 95% must be"),
        (
            {"coverage": {"paths": {"lib/**": "5%"}}},
            covered(Counts(19, 20)),
            "paths.lib/**",
            "inconclusive",
            "no lines were measured there",
        ),
    ],
)
def test_coverage(asked: dict[str, object], report: Report, rule: str, judgement: str, said: str) -> None:
    assert verdict(gate(**asked), report, f"coverage.{rule}") == (judgement, said)


def test_less_than_all_coverage_decides_nothing() -> None:
    report = covered(Counts(9, 10), before=Counts(1, 10), changed=Counts(0, 0))
    assert report.coverage is not None
    partial = replace(report, coverage=replace(report.coverage, partial=("job unit_2 left nothing", "more")))
    every = {"min": "1%", "changed-lines": "1%", "max-drop": "1%", "paths": {"src/**": "1%"}}
    (judged,) = judge({"quality": gate(coverage=every)}, partial, {})
    said = [reason for reason in judged.reasons if reason.rule.startswith("coverage.")]
    assert [reason.judgement for reason in said] == [Judgement.INCONCLUSIVE] * 4
    assert all(reason.said.endswith("partial: job unit_2 left nothing and 1 more") for reason in said)


@given(st.integers(0, 400), st.integers(1, 400), st.integers(0, 10_000))
def test_a_share_is_held_against_what_was_written_exactly(lines: int, total: int, hundredths: int) -> None:
    lines, written = min(lines, total), f"{hundredths / 100:.2f}%"
    found, _ = verdict(gate(coverage={"min": written}), covered(Counts(lines, total)), "coverage.min")
    assert (found is Judgement.PASS) == (Fraction(lines, total) >= Fraction(hundredths, 10_000))


@pytest.mark.parametrize(
    ("report", "judgement", "said"),
    [
        (GOOD, "inconclusive", "no benchmark was read"),
        (
            replace(GOOD, benchmarks=(Benchmark(name="n", value=1, unit="s"),)),
            "inconclusive",
            "there are no benchmarks of a base to compare with",
        ),
        (measured(slower(0.05, Shift.WORSE)), "pass", "none of 1 is worse by more than allowed"),
        (measured(slower(0.12, Shift.WORSE)), "fail", "sort by 12.0% worse, 5% is allowed"),
        (
            measured(*(slower(0.1 + n / 100, Shift.WORSE, f"b{n}") for n in range(5))),
            "fail",
            "b4 by 14.0%, b3 by 13.0%, b2 by 12.0% and 2 more worse, 5% is allowed",
        ),
        (
            measured(slower(0.5, Shift.UNCERTAIN)),
            "inconclusive",
            "sort by 50.0% worse, which may be chance, 5% is allowed",
        ),
        (measured(slower(0.5, Shift.SAME), slower(0.01, Shift.UNCERTAIN, "b")), "pass", "none of 2 is worse"),
        (measured(slower(-0.5, Shift.BETTER)), "pass", "none of 1 is worse by more than allowed"),
    ],
)
def test_benchmarks(report: Report, judgement: str, said: str) -> None:
    found = verdict(gate(benchmarks={"max-regression": "5%"}), report, "benchmarks.max-regression")
    assert (found[0], found[1].startswith(said)) == (judgement, True), found


def test_new_benchmarks_are_told_of() -> None:
    report = measured(slower(0.0, Shift.SAME))
    more = replace(report, benchmarks=(*report.benchmarks, Benchmark(name="new", value=1.0, unit="s")))
    found = verdict(gate(benchmarks={"max-regression": "5%"}), more, "benchmarks.max-regression")
    assert found == ("pass", "none of 2 is worse by more than allowed; 1 of them new and without comparison")


@pytest.mark.parametrize(
    ("report", "judgement", "said"),
    [
        (timed(12.0, None), "inconclusive", "there is no test time of a base to compare with"),
        (timed(12.0, 0.0), "inconclusive", "there is no test time of a base to compare with"),
        (timed(12.0, 10.0), "pass", "12.0 s of test time, 10.0 s before: +20.0%, 20% is allowed"),
        (timed(12.1, 10.0), "fail", "12.1 s of test time, 10.0 s before: +21.0%, 20% is allowed"),
        (timed(float("nan"), 10.0), "fail", "nan s of test time, 10.0 s before: +nan%, 20% is allowed"),
    ],
)
def test_duration(report: Report, judgement: str, said: str) -> None:
    assert verdict(gate(duration={"max-growth": "20%"}), report, "duration.max-growth") == (judgement, said)


def test_new_flaky_tests() -> None:
    known, new = FlakyTest(test="u::a::old"), FlakyTest(test="u::a::new", new=True)
    asked = gate(flaky={"new": 0})
    remembered = replace(GOOD, trend=(EARLIER,), analysis=Analysis(flaky=(known,)))
    assert verdict(asked, remembered, "flaky.new") == ("pass", "0 tests newly flaky, none is allowed")
    worse = replace(remembered, analysis=Analysis(flaky=(known, new)))
    assert verdict(asked, worse, "flaky.new") == ("fail", "1 test newly flaky, none is allowed: u::a::new")
    assert verdict(gate(flaky={"new": 1}), worse, "flaky.new")[0] is Judgement.PASS
    only_this = replace(GOOD, trend=(replace(EARLIER, started=GOOD.started),))
    for report in (GOOD, only_this):
        assert verdict(asked, report, "flaky.new")[0] is Judgement.INCONCLUSIVE
    assert verdict(asked, replace(worse, trend=()), "flaky.new")[0] is Judgement.FAIL


@pytest.mark.parametrize(
    ("status", "judgement"),
    [
        *((word, "pass") for word in sorted(GREEN)),
        *((word, "fail") for word in sorted(RED)),
        ("SUCCESS", "pass"),
        ("Timed out", "fail"),
        ("startup-failure", "fail"),
        ("pending", "inconclusive"),
        ("skipped", "inconclusive"),
        ("cancelled", "inconclusive"),
        ("neutral", "inconclusive"),
        ("SucceededWithIssues", "inconclusive"),
        ("", "inconclusive"),
    ],
)
def test_a_check_must_be_green(status: str, judgement: str) -> None:
    assert verdict(gate(checks=["lint"]), GOOD, "checks.lint", {"lint": status})[0] == judgement


def test_a_check_of_which_nobody_told_is_inconclusive() -> None:
    assert verdict(gate(checks=["lint"]), GOOD, "checks.lint", {"Lint": "success"})[0] is Judgement.INCONCLUSIVE


EVERYTHING = gate(
    coverage={"min": "1%", "changed-lines": "1%", "max-drop": "50%", "paths": {"**": "1%"}},
    benchmarks={"max-regression": "50%"},
    duration={"max-growth": "50%"},
    flaky={"new": 9},
    checks=["lint"],
)


def whole(report: Report = GOOD, lint: str = "success") -> QualityGate:
    return judge({"quality": EVERYTHING}, report, {"lint": lint})[0]


def test_whatever_is_missing_nothing_passes() -> None:
    full = replace(
        timed(1.0, 1.0),
        trend=(EARLIER,),
        coverage=CoverageSummary(lines=Counts(1, 1), files=(FileSummary("a", Counts(1, 1)),)),
        benchmarks=(Benchmark(group="g", name="sort", value=1, unit="s"),),
        analysis=Analysis(
            coverage=CoverageChange(before=Counts(1, 1), changed=Counts(1, 1)),
            benchmarks=(slower(0.0, Shift.SAME),),
            time_before=1.0,
        ),
    )
    assert whole(full).verdict is Judgement.PASS
    assert whole(full).exit_code is ExitCode.OK
    without: list[dict[str, object]] = [
        {"trend": ()},
        {"coverage": None},
        {"benchmarks": ()},
        {"interrupted": True},
        {"certificate": Certificate(certified=False)},
        *(
            {"analysis": replace(full.analysis, **one)}
            for one in ({"coverage": None}, {"benchmarks": ()}, {"time_before": None})
        ),
    ]
    for lacking in without:
        assert whole(replace(full, **lacking)).exit_code is ExitCode.GATE_HOLDS, lacking
    assert whole(full, lint="queued").exit_code is ExitCode.GATE_HOLDS
    assert whole(replace(full, trend=(), totals=Totals(failed=1))).exit_code is ExitCode.GATE_FAILED
