"""Coverage: of all lines, of the lines that the change touches, and of each file of it."""

from __future__ import annotations

from ci_orchestrator.report.comment.block import SHOWN, Block, Item
from ci_orchestrator.report.comment.changes import base_name
from ci_orchestrator.report.figures import coverage_gone
from ci_orchestrator.report.markdown import code, place, row, table_head
from ci_orchestrator.report.wording import count, counted, listed, percent, points
from ci_orchestrator.results.coverage import Counts, CoverageSummary
from ci_orchestrator.results.findings import CoverageChange, FileChange
from ci_orchestrator.results.report import Report

_RANGES = 6
"""Stretches of uncovered lines that are named of one file."""

_NAMED = 3
"""Files that are named of those that were not measured."""

_MOVED = 0.0005
"""A share that moved by less is shown as unchanged."""


def coverage(report: Report) -> Block | None:
    """The totals, the diff, and the files of it, those with the most uncovered lines first."""
    found = report.coverage
    if found is None:
        return _gone(report)
    change = report.analysis.coverage
    files = sorted(change.files if change else (), key=lambda one: (_missing(one) == 0, -_missing(one), one.path))
    table = f"\n\n{table_head('file', '>lines', '>before', '>changed lines', 'uncovered')}" if files else "\n"
    said = "<br>\n".join([*_totals(report, found, change), *_partial(found)])
    return Block(
        name="coverage",
        head=f"#### Coverage\n\n{said}{table}",
        news=_news(found, change),
        items=tuple(Item(_file(report, one)) for one in files[:SHOWN]),
        more=max(0, len(files) - SHOWN),
        noun="file",
    )


def in_short(report: Report) -> str:
    """``coverage 88.7% (−0.1 points)``, for a comment of one line; empty when nothing was ever measured."""
    if report.coverage is None:
        before = coverage_gone(report)
        return f"coverage not measured ({percent(before.share)} in the base)" if before else ""
    return f"coverage {percent(report.coverage.lines.share)} ({_since(report.coverage.lines, _before(report))})"


def _gone(report: Report) -> Block | None:
    """That nothing was measured although the base was."""
    before = coverage_gone(report)
    if before is None:
        return None
    there = f"{base_name(report.analysis.base)} has {percent(before.share)} of {count(before.total)} lines"
    return Block(name="coverage", head=f"#### Coverage\n\n**Not measured**: {there}.\n", news=True)


def _news(found: CoverageSummary, change: CoverageChange | None) -> bool:
    """Whether a share moved, a changed line is not covered, or some of it is missing."""
    if change is None:
        return bool(found.partial)
    now, before = found.lines.share, change.before.share if change.before else None
    moved = before is not None and (now is None or abs(now - before) >= _MOVED)
    return (
        moved
        or bool(found.partial)
        or change.empty_diff
        or bool(change.changed and change.changed.covered < change.changed.total)
    )


def _totals(report: Report, found: CoverageSummary, change: CoverageChange | None) -> list[str]:
    lines = found.lines
    since = f"{_since(lines, _before(report))} since {base_name(report.analysis.base)}"
    compared = since if _before(report) else "base missing: there is nothing to compare it with"
    said = [f"**{percent(lines.share)}** of {count(lines.total)} lines: {compared}"]
    if found.branches.total:
        said.append(f"**{percent(found.branches.share)}** of {count(found.branches.total)} branches")
    if change and change.changed is not None:
        why = "none of the changed files was measured" if change.none_measured else "the diff has no executable lines"
        none = f"the changed lines: {why}"
        said.append(
            f"**{percent(change.changed.share)}** of {_changed(change.changed) if change.changed.total else none}"
        )
    if change and change.empty_diff:
        said.append("**Unknown** how many of the changed lines: the diff is empty")
    if change and (left := change.unmeasured):
        names = listed([*map(code, left[:_NAMED]), *([f"{len(left) - _NAMED:,} more"] if len(left) > _NAMED else [])])
        said.append(f"Not measured: {counted(len(left), 'changed file')}, {names}")
    return said


def _changed(lines: Counts) -> str:
    return f"{count(lines.total)} changed lines" if lines.total != 1 else "1 changed line"


def _partial(found: CoverageSummary) -> list[str]:
    return [f"Not all of it: {listed([code(why) for why in found.partial[:3]])}"] if found.partial else []


def _before(report: Report) -> Counts | None:
    return report.analysis.coverage.before if report.analysis.coverage else None


def _since(now: Counts, before: Counts | None) -> str:
    if before is None:
        return "base missing"
    if now.share is None or before.share is None:
        return "N/A"
    return points(now.share - before.share)


def _missing(one: FileChange) -> int:
    return one.changed.total - one.changed.covered


def _file(report: Report, one: FileChange) -> str:
    changed = f"{percent(one.changed.share)} of {one.changed.total:,}" if one.changed.total else "N/A"
    before = percent(one.before.share) if one.before else "new"
    ranges = [
        place(report.links.source, one.path, first, f"{first}–{last}" if last > first else str(first))
        for first, last in one.missed[:_RANGES]
    ]
    rest = f" and {len(one.missed) - _RANGES:,} more" if len(one.missed) > _RANGES else ""
    name = place(report.links.source, one.path, 0)
    return row([name, percent(one.now.share), before, changed, ", ".join(ranges) + rest])
