"""What a final gate says of a whole build: each of its rules held against the report, with the reason in words.

Nothing fails open: a rule whose input is missing (no coverage, no base, no diff, no history, no status) or is less than
the whole truth is inconclusive. Shares are compared as fractions of the counted lines, never as rounded percentages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from ci_orchestrator.analysis.quality_coverage import judge_coverage
from ci_orchestrator.plan.gates import Gate
from ci_orchestrator.plan.shares import format_percent
from ci_orchestrator.results.findings import BenchmarkChange, Shift
from ci_orchestrator.results.model import shown_id
from ci_orchestrator.results.quality import FAILURES, Judgement, QualityGate, Reason
from ci_orchestrator.results.report import Report

DEFAULT = Gate(name="default", final=True)
"""The gate of a plan without a final one: no failure, and nothing without a result."""
GREEN = frozenset({"ok", "pass", "passed", "succeeded", "success", "successful"})
"""Statuses that are green, as providers call them, in lower case."""
RED = frozenset(
    {
        "action_required",
        "error",
        "errored",
        "fail",
        "failed",
        "failure",
        "startup_failure",
        "timed_out",
        "unstable",
    }
)
"""Statuses that are not; any other (pending, skipped, cancelled, neutral …) has shown nothing."""
NAMED = 3
"""Names that a reason lists before it says how many more there are."""


def judge(gates: Mapping[str, Gate], report: Report, checks: Mapping[str, str]) -> tuple[QualityGate, ...]:
    """What each final gate says, sorted by name; `DEFAULT` stands in when there is none.

    `checks`: name → status of what is outside of the tests, in any provider's words.
    """
    final = [gate for _, gate in sorted(gates.items()) if gate.final] or [DEFAULT]
    return tuple(QualityGate(name=gate.name, reasons=tuple(_reasons(gate, report, checks))) for gate in final)


def _reasons(gate: Gate, report: Report, checks: Mapping[str, str]) -> Iterator[Reason]:
    yield _failures(gate, report)
    yield _not_proven(gate, report)
    if gate.coverage is not None:
        yield from judge_coverage(gate.coverage, report)
    if gate.benchmarks is not None:
        yield _benchmarks(gate.benchmarks.max_regression, report)
    if gate.duration is not None:
        yield _duration(gate.duration.max_growth, report)
    if gate.flaky is not None:
        yield _flaky(gate.flaky.new, report)
    for name in dict.fromkeys(gate.checks):
        yield _check(name, checks.get(name))


def _failures(gate: Gate, report: Report) -> Reason:
    count = report.totals.failed + report.totals.errored
    judgement = Judgement.PASS if count <= gate.failures else Judgement.FAIL
    return Reason(FAILURES, judgement, f"{_tests(count)} failed or errored, {_allowed(gate.failures)}")


def _not_proven(gate: Gate, report: Report) -> Reason:
    count, rule = report.totals.not_proven, "not-proven"
    said = f"{_tests(count)} without a result, {_allowed(gate.not_proven)}"
    if count > gate.not_proven:
        return Reason(rule, Judgement.FAIL, said)
    doubts = list(_doubts(gate, report))
    if doubts:
        return Reason(rule, Judgement.INCONCLUSIVE, f"{said}, but {', '.join(doubts)}")
    uncertified = "" if report.certificate.certified else "; uncertified: there was no lock to hold the results against"
    return Reason(rule, Judgement.PASS, said + uncertified)


def _doubts(gate: Gate, report: Report) -> Iterator[str]:
    """Why the results may not be all there is. Without a lock only a gate that somebody wrote asks for a proof."""
    proof = report.certificate
    if report.interrupted:
        yield "the run was interrupted"
    if not proof.certified and gate is not DEFAULT:
        yield "there was no lock to hold the results against"
    for tests, what in ((proof.duplicate, "reported twice"), (proof.unexpected, "not planned")):
        if tests:
            yield f"{_tests(len(tests))} {'was' if len(tests) == 1 else 'were'} {what}"
    if proof.withheld:
        yield f"{_tests(len(proof.withheld))} did not run: {proof.withheld[0][1]}"
    if not report.totals.tests:
        yield "there are no results at all"


def _benchmarks(limit: float, report: Report) -> Reason:
    rule, allowed = "benchmarks.max-regression", f"{format_percent(limit)} is allowed"
    changes = report.analysis.benchmarks
    beyond = [one for one in changes if _beyond(one.worse, limit)]
    worse = [one for one in beyond if one.shift is Shift.WORSE]
    if worse:
        return Reason(rule, Judgement.FAIL, f"{_named(worse)} worse, {allowed}")
    if missing := _missing(report):
        return Reason(rule, Judgement.INCONCLUSIVE, missing)
    unsure = [one for one in beyond if one.shift is Shift.UNCERTAIN]
    if unsure:
        return Reason(rule, Judgement.INCONCLUSIVE, f"{_named(unsure)} worse, which may be chance, {allowed}")
    known = {(one.group, one.name, one.unit) for one in changes}
    added = sum(one.key not in known for one in report.benchmarks)
    more = f"; {added:,} of them new and without comparison" if added else ""
    return Reason(rule, Judgement.PASS, f"none of {len(report.benchmarks):,} is worse by more than allowed{more}")


def _missing(report: Report) -> str:
    """Why the benchmarks, or what they could be compared with, are not all there; empty when they are."""
    gone = report.analysis.benchmarks_gone
    if not report.benchmarks:
        return "no benchmark was read"
    if report.benchmarks_partial:
        return f"some benchmarks are missing: {report.benchmarks_partial[0]}"
    if gone:
        return f"{len(gone):,} of the base {'is' if len(gone) == 1 else 'are'} missing now, such as {gone[0].name}"
    return "" if report.analysis.benchmarks else "there are no benchmarks of a base to compare with"


def _named(changes: list[BenchmarkChange]) -> str:
    """``sort by 12.0% and parse by 7.1%``, the worst first."""
    worst = sorted(changes, key=lambda one: (-one.worse, one.group, one.name, one.unit))
    names = [f"{one.name} by {one.worse:.1%}" for one in worst[:NAMED]]
    more = [f"{len(worst) - NAMED:,} more"] if len(worst) > NAMED else []
    return " and ".join(filter(None, [", ".join([*names, *more][:-1]), [*names, *more][-1]]))


def _duration(limit: float, report: Report) -> Reason:
    rule, before = "duration.max-growth", report.analysis.time_before
    if not before:
        return Reason(rule, Judgement.INCONCLUSIVE, "there is no test time of a base to compare with")
    now = sum(one.duration for one in report.results)
    grown = now / before - 1
    judgement = Judgement.FAIL if _beyond(grown, limit) else Judgement.PASS
    said = f"{now:,.1f} s of test time, {before:,.1f} s before: {grown:+.1%}"
    return Reason(rule, judgement, f"{said}, {format_percent(limit)} is allowed")


def _flaky(most: int, report: Report) -> Reason:
    rule = "flaky.new"
    new = sorted(one.test for one in report.analysis.flaky if one.new)
    said = f"{_tests(len(new))} newly flaky, {_allowed(most)}"
    if len(new) > most:
        return Reason(
            rule, Judgement.FAIL, f"{said}: {', '.join(map(shown_id, new[:NAMED]))}{' …' if len(new) > NAMED else ''}"
        )
    if not any(point.started < report.started for point in report.trend):
        return Reason(rule, Judgement.INCONCLUSIVE, f"{said}, but no earlier build is remembered")
    return Reason(rule, Judgement.PASS, said)


def _check(name: str, status: str | None) -> Reason:
    rule = f"checks.{name}"
    if status is None:
        return Reason(rule, Judgement.INCONCLUSIVE, "nobody told its status")
    word = status.strip().casefold().replace("-", "_").replace(" ", "_")
    judgement = Judgement.PASS if word in GREEN else Judgement.FAIL if word in RED else Judgement.INCONCLUSIVE
    return Reason(rule, judgement, f"its status is {status.strip() or 'empty'}")


def _beyond(grown: float, limit: float) -> bool:
    """More than the limit, by more than the last bits of a float; what is no number at all is beyond any."""
    return not grown <= float(Fraction(limit).limit_denominator(1_000_000)) + 1e-12


def _tests(count: int) -> str:
    return f"{count:,} test{'' if count == 1 else 's'}"


def _allowed(count: int) -> str:
    return f"{count:,} {'is' if count == 1 else 'are'} allowed" if count else "none is allowed"
