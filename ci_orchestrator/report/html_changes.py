"""What is different on the page: from the base build, and from how long tests used to take."""

from __future__ import annotations

from collections.abc import Sequence

from ci_orchestrator.report.escape import for_html
from ci_orchestrator.report.figures import test_seconds
from ci_orchestrator.report.html_rows import Rows, id_list, more
from ci_orchestrator.report.wording import CHANGES, SYMBOLS, counted, moment, over, seconds
from ci_orchestrator.results.findings import Base, Changes, DurationChange
from ci_orchestrator.results.model import Outcome
from ci_orchestrator.results.report import Report

SHOWN = 20
"""Slower tests listed, the worst first."""

_TONES = {
    "newly_failing": Outcome.FAILED,
    "newly_unproven": Outcome.NOT_PROVEN,
    "fixed": Outcome.PASSED,
    "newly_skipped": Outcome.SKIPPED,
    "still_failing": Outcome.FAILED,
}
_UNFOLDED = ("newly_failing", "newly_unproven")


def changes(report: Report, rows: Rows) -> str:
    """The section on the base; empty when there was nothing to compare with."""
    found, base = report.analysis.changes, report.analysis.base
    if found is None or base is None:
        return ""
    said = "" if found.any else '<p class="calm">Every test ended as it did there.</p>'
    return (
        f'<section class="card" id="changes"><h2>What changed</h2><p class="hint">{_against(base)}{_time(report)}</p>'
        f"{said}{_lists(found, rows)}</section>\n"
    )


def _lists(found: Changes, rows: Rows) -> str:
    parts = []
    for name, title in CHANGES.items():
        outcome = _TONES.get(name)
        mark = f'<span class="symbol" aria-hidden="true">{SYMBOLS[outcome]}</span> ' if outcome else ""
        tests = getattr(found, name)
        parts.append(id_list(mark + title, tests, rows, tone=outcome or "", unfolded=name in _UNFOLDED))
    return "".join(parts)


def _against(base: Base) -> str:
    facts = [
        f"<bdi>{for_html(base.branch)}</bdi>" if base.branch else "",
        f"<code>{for_html(base.revision[:12])}</code>" if base.revision else "",
        moment(base.started),
    ]
    known = " · ".join(filter(None, facts)) or f"<bdi>{for_html(base.title)}</bdi>"
    doubt = "" if base.complete else "; not all its tests ran, so none is called removed"
    return f"against {known}{doubt}"


def _time(report: Report) -> str:
    before = report.analysis.time_before
    if before is None or before <= 0:
        return ""
    now = test_seconds(report)
    return f"; test time {seconds(now)}, {seconds(before)} there ({over(now / before - 1)})"


def slower(found: Sequence[DurationChange], rows: Rows) -> str:
    """The section on tests that take longer than they used to; empty without any."""
    if not found:
        return ""
    items = "".join(_slower(one, rows) for one in found[:SHOWN])
    return (
        f'<section class="card" id="slower"><h2>Slower than before <span class="n">{len(found):,}</span></h2>'
        f'<ol class="found">{items}</ol>{more(len(found) - SHOWN, "test")}</section>\n'
    )


def _slower(one: DurationChange, rows: Rows) -> str:
    times = f"{seconds(one.now)}, {seconds(one.before)} before"
    ratio = f" ({over(one.now / one.before - 1)})" if one.before > 0 else ""
    return (
        f'<li>{rows.link(one.test)} <span class="why">{times}{ratio}, the median of {counted(one.samples, "build")}'
        "</span></li>"
    )
