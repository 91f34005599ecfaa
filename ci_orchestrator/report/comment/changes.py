"""Which tests end otherwise than in the base build."""

from __future__ import annotations

from collections.abc import Sequence

from ci_orchestrator.report.comment.block import Block, Item
from ci_orchestrator.report.comment.media import Medium
from ci_orchestrator.report.markdown import code, details
from ci_orchestrator.report.wording import SYMBOLS, count
from ci_orchestrator.results.findings import Base
from ci_orchestrator.results.model import Outcome
from ci_orchestrator.results.report import Report

_NAMED, _LISTED = 3, 50


def changes(report: Report, medium: Medium) -> Block | None:
    """One line for each kind of change, with the first names."""
    found = report.analysis.changes
    if found is None or not found.any:
        return None
    kinds = (
        (SYMBOLS[Outcome.FAILED], "newly failing", found.newly_failing),
        (SYMBOLS[Outcome.NOT_PROVEN], "newly not proven", found.newly_unproven),
        (SYMBOLS[Outcome.PASSED], "fixed", found.fixed),
        (SYMBOLS[Outcome.SKIPPED], "newly skipped", found.newly_skipped),
        ("+", "new", found.added),
        ("−", "removed", found.removed),
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
    named = ", ".join(map(code, tests[:_NAMED]))
    rest = len(tests) - _NAMED
    if rest <= 0:
        return Item(f"- {said}: {named}")
    listing = "\n".join(f"- {code(test)}" for test in tests[:_LISTED])
    if len(tests) > _LISTED:
        listing += f"\n- … and {len(tests) - _LISTED:,} more"
    short = f"- {said}: {named} and {rest:,} more"
    return Item(short, f"{short}\n\n{_indented(details('all of them', listing))}")


def _indented(text: str) -> str:
    """As a part of the list's entry above."""
    return "\n".join(f"  {line}" if line else "" for line in text.split("\n"))
