"""Which tests end otherwise than in the base build."""

from __future__ import annotations

from collections.abc import Sequence

from ci_orchestrator.report.comment.block import Block, Item
from ci_orchestrator.report.markdown import code
from ci_orchestrator.report.wording import SYMBOLS, count
from ci_orchestrator.results.findings import Base
from ci_orchestrator.results.model import Outcome
from ci_orchestrator.results.report import Report

_NAMED = 5
"""Names after each count; what fails is listed on its own, and the report has the others."""


def changes(report: Report) -> Block | None:
    """One line for each kind of change, with the first names."""
    found = report.analysis.changes
    if found is None or not found.any:
        return None
    kinds = (  # no symbol may be one that begins a list
        (SYMBOLS[Outcome.FAILED], "newly failing", found.newly_failing),
        (SYMBOLS[Outcome.NOT_PROVEN], "newly not proven", found.newly_unproven),
        (SYMBOLS[Outcome.PASSED], "fixed", found.fixed),
        (SYMBOLS[Outcome.SKIPPED], "newly skipped", found.newly_skipped),
        ("⊕", "new", found.added),
        ("⊖", "removed", found.removed),
    )
    items = [_item(f"{symbol} **{count(len(tests))} {what}**", tests) for symbol, what, tests in kinds if tests]
    if found.still_failing:
        items.append(Item(f"- {count(len(found.still_failing))} failing here as in the base"))
    return Block(
        name="changes",
        head=f"#### What changed since {base_name(report.analysis.base)}\n",
        news=True,
        items=tuple(items),
        noun="kind of change",
    )


def base_name(base: Base | None) -> str:
    """The build compared with, in markdown."""
    if base is None:
        return "the base"
    at = f" at {code(base.revision[:12])}" if base.revision else ""
    part = "" if base.complete else " (which is not complete)"
    return f"{code(base.branch) or 'the base'}{at}{part}"


def _item(said: str, tests: Sequence[str]) -> Item:
    rest = len(tests) - _NAMED
    return Item(f"- {said}: {', '.join(map(code, tests[:_NAMED]))}{f' and {rest:,} more' if rest > 0 else ''}")
