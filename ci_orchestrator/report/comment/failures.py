"""What failed, with what was said and where; and what has no proof."""

from __future__ import annotations

from ci_orchestrator.report import figures
from ci_orchestrator.report.comment.block import SHOWN, Block, Item
from ci_orchestrator.report.markdown import code, details, place, preformatted
from ci_orchestrator.report.wording import SYMBOLS, seconds
from ci_orchestrator.results.model import Attempt, Outcome, TestResult, shown_id
from ci_orchestrator.results.report import Report

MESSAGE_LIMIT = 200
"""Characters of a message in a list."""

EVIDENCE_LIMIT = 4_000
"""Characters of a traceback: its start and, mostly, its end."""


def failures(report: Report) -> Block | None:
    """What failed or errored; what does so for the first time stands first."""
    found = figures.failures(report)
    if not found:
        return None
    changes = report.analysis.changes
    new = frozenset(changes.newly_failing) if changes else frozenset[str]()
    old = frozenset(changes.still_failing) if changes else frozenset[str]()
    shown = [one for one in found if one.id in new] + [one for one in found if one.id not in new]
    marks = dict.fromkeys(old, "fails in the base, too") | dict.fromkeys(new, "newly failing")
    return Block(
        name="failures",
        head="#### Failures\n",
        news=True,
        items=tuple(_failure(report, one, marks.get(one.id, "")) for one in shown[:SHOWN]),
        more=max(0, len(found) - SHOWN),
        noun="failure",
    )


def not_proven(report: Report) -> Block | None:
    """What should have run and has no result, and why."""
    found = figures.unproven(report)
    if not found:
        return None
    symbol = SYMBOLS[Outcome.NOT_PROVEN]
    return Block(
        name="not-proven",
        head="#### Not proven\n",
        news=True,
        items=tuple(Item(f"- {symbol} {code(shown_id(one.id))}{said(figures.why(one))}") for one in found[:SHOWN]),
        more=max(0, len(found) - SHOWN),
        noun="test",
    )


def said(message: str) -> str:
    """``: message``, as code; empty without one."""
    return f": {code(message, MESSAGE_LIMIT)}" if message else ""


def _failure(report: Report, one: TestResult, mark: str) -> Item:
    title = f"{SYMBOLS[one.outcome]} {code(one.name or one.id)}{said(figures.why(one))}"
    last = one.last
    where = place(report.links.source, last.file, last.line) if last else ""
    short = f"- {title}{f' in {where}' if where else ''}"
    if last is None or not (evidence := _evidence(last)):
        return Item(short)
    facts = " · ".join(filter(None, [code(one.suite), where or code(one.path), seconds(one.duration), mark]))
    return Item(short, details(title, f"{facts}\n\n{evidence}"))


def _evidence(attempt: Attempt) -> str:
    """The traceback, or what the test wrote when there is none."""
    for label, text in (("", attempt.details), ("standard error", attempt.stderr), ("output", attempt.stdout)):
        if text.strip():
            said_by = f"{label}:\n\n" if label else ""
            return said_by + preformatted(text, EVIDENCE_LIMIT)
    return ""
