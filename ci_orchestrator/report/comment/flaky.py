"""Tests that pass and fail without a reason in the source."""

from __future__ import annotations

from ci_orchestrator.report import figures
from ci_orchestrator.report.comment.block import SHOWN, Block, Item
from ci_orchestrator.report.comment.failures import said
from ci_orchestrator.report.markdown import code
from ci_orchestrator.report.wording import FLAKY_SYMBOL, flaky_signs
from ci_orchestrator.results.findings import FlakyTest
from ci_orchestrator.results.model import TestResult, shown_id
from ci_orchestrator.results.report import Report


def flaky(report: Report) -> Block | None:
    """What history knows, the worst first, and what passed only when it was tried again here."""
    retried = {one.id: one for one in figures.flaky(report)}
    known = report.analysis.flaky
    told = {one.test for one in known}
    entries = [*known, *(FlakyTest(test=test, retried=True) for test in sorted(retried) if test not in told)]
    if not entries:
        return None
    return Block(
        name="flaky",
        head="#### Flaky\n",
        news=any(one.retried or one.new for one in entries),
        items=tuple(_item(one, retried.get(one.test)) for one in entries[:SHOWN]),
        more=max(0, len(entries) - SHOWN),
        noun="flaky test",
    )


def _item(one: FlakyTest, result: TestResult | None) -> Item:
    new = "**new** " if one.new else ""
    attempt = figures.telling(result) if result else None
    message = said(attempt.message) if attempt else ""
    return Item(f"- {FLAKY_SYMBOL} {new}{code(shown_id(one.test))} {flaky_signs(one)}{message}".rstrip())
