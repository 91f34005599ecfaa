"""The rules of a final gate on coverage: of all lines, of the change's lines, against the base, and by paths."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ci_orchestrator.plan.final_gates import CoverageRule
from ci_orchestrator.plan.globs import matches
from ci_orchestrator.plan.shares import format_percent
from ci_orchestrator.results.coverage import Counts, CoverageSummary
from ci_orchestrator.results.findings import CoverageChange
from ci_orchestrator.results.quality import Judgement, Reason
from ci_orchestrator.results.report import Report

_STEP = 1_000_000
"""Shares in plans have four decimals of a percent."""


def judge_coverage(rule: CoverageRule, report: Report) -> Iterator[Reason]:
    """A reason for each part of the rule. Without coverage, or with less than all of it, none can be told."""
    coverage = report.coverage
    if coverage is None or not coverage.lines.total:
        missing = "no coverage was measured"
        yield from (Reason(f"coverage.{name}", Judgement.INCONCLUSIVE, missing) for name in _parts(rule))
        return
    for reason in _judged(rule, report, coverage):
        yield _doubted(reason, coverage.partial)


def _parts(rule: CoverageRule) -> Iterator[str]:
    single = {"min": rule.min, "changed-lines": rule.changed_lines, "max-drop": rule.max_drop}
    yield from (name for name, value in single.items() if value is not None)
    yield from (f"paths.{glob}" for glob in sorted(rule.paths))


def _judged(rule: CoverageRule, report: Report, coverage: CoverageSummary) -> Iterator[Reason]:
    change = report.analysis.coverage
    if rule.min is not None:
        yield _least("coverage.min", coverage.lines, rule.min, "lines")
    if rule.changed_lines is not None:
        yield _changed(rule.changed_lines, change or CoverageChange())
    if rule.max_drop is not None:
        yield _drop(rule.max_drop, coverage.lines, change or CoverageChange())
    for glob, least in sorted(rule.paths.items()):
        found = sum((one.lines for one in coverage.files if matches(glob, one.path)), Counts())
        yield _least(f"coverage.paths.{glob}", found, least, "lines")


def _doubted(reason: Reason, partial: tuple[str, ...]) -> Reason:
    """What is missing could turn a rule either way."""
    if not partial:
        return reason
    more = f" and {len(partial) - 1} more" if len(partial) > 1 else ""
    return Reason(reason.rule, Judgement.INCONCLUSIVE, f"{reason.said}, but coverage is partial: {partial[0]}{more}")


def _changed(least: float, change: CoverageChange) -> Reason:
    """Files that were not measured decide nothing, for most are tests; they are said, for they may be untested code."""
    rule, changed = "coverage.changed-lines", change.changed
    if change.empty_diff:
        return Reason(rule, Judgement.INCONCLUSIVE, "the diff is empty, as one is that could not be made")
    if changed is None:
        return Reason(rule, Judgement.INCONCLUSIVE, "there was no diff to tell the changed lines by")
    if changed.total:
        found = _least(rule, changed, least, "changed lines")
    else:
        found = Reason(rule, Judgement.PASS, f"N/A: {_nothing(change)}")
    count = len(change.unmeasured)
    if not count:
        return found
    files = "1 changed file was" if count == 1 else f"{count:,} changed files were"
    return Reason(rule, found.judgement, f"{found.said}; {files} not measured, such as {change.unmeasured[0]}")


def _nothing(change: CoverageChange) -> str:
    return "none of the changed files was measured" if change.none_measured else "the change has no executable lines"


def _least(rule: str, counts: Counts, least: float, what: str) -> Reason:
    if not counts.total:
        return Reason(rule, Judgement.INCONCLUSIVE, f"no {what} were measured there")
    judgement = Judgement.PASS if _share(counts) >= _exact(least) else Judgement.FAIL
    shown = f"{_floor(_share(counts))} of {counts.total:,} {what} are covered"
    return Reason(rule, judgement, f"{shown}, {format_percent(least)} must be")


def _drop(most: float, now: Counts, change: CoverageChange) -> Reason:
    rule, before = "coverage.max-drop", change.before
    if before is None or not before.total:
        return Reason(rule, Judgement.INCONCLUSIVE, "the coverage of a base is missing")
    if change.before_partial:
        return Reason(rule, Judgement.INCONCLUSIVE, "the coverage of the base is partial")
    dropped = _share(before) - _share(now)
    judgement = Judgement.PASS if dropped <= _exact(most) else Judgement.FAIL
    said = f"{_floor(_share(now))} of lines are covered, {_floor(_share(before))} before"
    return Reason(rule, judgement, f"{said}; a drop by {format_percent(most)} is allowed")


def _share(counts: Counts) -> Fraction:
    return Fraction(counts.covered, counts.total)


def _exact(share: float) -> Fraction:
    """What the plan wrote, without the error of a float."""
    return Fraction(share).limit_denominator(_STEP)


def _floor(share: Fraction) -> str:
    """Rounded down, so that nothing looks like a limit that it does not reach."""
    hundredths = share.numerator * 10_000 // share.denominator
    return f"{hundredths // 100}.{hundredths % 100:02}%"
