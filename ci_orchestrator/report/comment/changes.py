"""Which tests end otherwise than in the base build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ci_orchestrator.report.comment.block import Block, Item
from ci_orchestrator.report.markdown import code
from ci_orchestrator.report.wording import CHANGES, SYMBOLS, count
from ci_orchestrator.results.findings import Base
from ci_orchestrator.results.model import Outcome, shown_id
from ci_orchestrator.results.report import Report

_SYMBOLS: Mapping[str, str] = {
    "newly_failing": SYMBOLS[Outcome.FAILED],
    "newly_unproven": SYMBOLS[Outcome.NOT_PROVEN],
    "fixed": SYMBOLS[Outcome.PASSED],
    "added": "⊕",
    "removed": "⊖",
    "newly_skipped": SYMBOLS[Outcome.SKIPPED],
    "still_failing": SYMBOLS[Outcome.FAILED],
}
"""None of them is a character that begins a list in markdown, where they stand."""

_NAMED = 5
"""Names after each count; what fails is listed on its own, and the report has the others."""


def changes(report: Report) -> Block | None:
    """One line for each kind of change, with the first names."""
    found = report.analysis.changes
    if found is None or not found.any:
        return None
    lists = ((_SYMBOLS[name], words, getattr(found, name)) for name, words in CHANGES.items())
    items = [_item(f"{symbol} **{count(len(tests))} {words}**", tests) for symbol, words, tests in lists if tests]
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
    names = ", ".join(code(shown_id(test)) for test in tests[:_NAMED])
    return Item(f"- {said}: {names}{f' and {rest:,} more' if rest > 0 else ''}")
