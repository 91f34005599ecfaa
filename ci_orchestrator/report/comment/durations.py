"""How long tests take: those that take longer than they used to, and the slowest."""

from __future__ import annotations

from ci_orchestrator.report import figures
from ci_orchestrator.report.comment.block import SHOWN, Block, Item
from ci_orchestrator.report.markdown import code, row, table_head
from ci_orchestrator.report.wording import counted, over, seconds
from ci_orchestrator.results.model import shown_id
from ci_orchestrator.results.report import Report

_SLOWEST = 5


def slowest(report: Report) -> Block | None:
    """First what got slower, then the slowest others."""
    slower = report.analysis.slower
    told = {one.test for one in slower}
    slow = [one for one in figures.slowest(report, _SLOWEST + len(told)) if one.id not in told][:_SLOWEST]
    if not slower and not slow:
        return None
    items = [
        row(
            [
                "▲ slower",
                code(shown_id(one.test)),
                seconds(one.now),
                f"{seconds(one.before)} in {counted(one.samples, 'build')}",
            ]
        )
        for one in slower
    ] + [row(["", code(shown_id(one.id)), seconds(one.duration), ""]) for one in slow]
    return Block(
        name="slowest",
        head=f"#### Slowest\n\n{_time(report)}\n\n{table_head('', 'test', '>now', '>median before')}",
        news=bool(slower),
        items=tuple(map(Item, items[:SHOWN])),
        more=max(0, len(items) - SHOWN),
    )


def _time(report: Report) -> str:
    """The sum, beside the base's."""
    now, before = figures.test_seconds(report), report.analysis.time_before
    if not before or before <= 0:
        return f"{seconds(now)} of test time."
    return f"{seconds(now)} of test time; {seconds(before)} in the base ({over(now / before - 1)})."
