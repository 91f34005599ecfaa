"""What the plan's own pipelines made of the results."""

from __future__ import annotations

import math

from ci_orchestrator.report.comment.block import SHOWN, Block, Item
from ci_orchestrator.report.markdown import code, row, table_head
from ci_orchestrator.results.report import Report, Table

_ROWS, _COLUMNS = 20, 12


def tables(report: Report) -> Block | None:
    """Each table is one item: it is shown as a whole, or not."""
    found = [one for one in report.tables if one.columns]
    if not found:
        return None
    return Block(
        name="tables",
        head="#### Tables\n",
        items=tuple(Item(_table(one)) for one in found[:SHOWN]),
        more=max(0, len(found) - SHOWN),
        noun="table",
    )


def _table(one: Table) -> str:
    """The empty lines around it keep it apart from the tables before and after it."""
    rows = [row([_cell(value) for value in values[:_COLUMNS]]) for values in one.rows[:_ROWS]]
    rest = len(one.rows) - len(rows) + one.more
    more = [f"\n… and {rest:,} more"] if rest else []
    return "\n".join([f"\n{code(one.name)}\n", table_head(*map(code, one.columns[:_COLUMNS])), *rows, *more, ""])


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return code(value)
    return f"{value:,.6g}" if math.isfinite(value) and abs(value) < 1e15 else code(str(value))
