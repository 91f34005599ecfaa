"""The lines of pytest-reportlog (``--report-log``), one for each phase of each test.

Traps: a test is told three times, for *setup*, *call* and *teardown*: it is as good as the worst of them, and a
failure outside of *call* is an error; ``wasxfail`` turns a skip into an expected failure; a file that cannot be
collected has no test; without ``SessionFinish`` the log is torn, and with some of its exit codes tests are missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ci_orchestrator.errors import Where
from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import SUITE_CASE, Case, Format, Item, Readable, ReadWarning
from ci_orchestrator.results.formats.document import read_all, text_of
from ci_orchestrator.results.formats.linefeed import LineFeed
from ci_orchestrator.results.formats.text import cut_text
from ci_orchestrator.results.model import Cause, Outcome

_LINE = re.compile(r'^\{.*"\$report_type":\s*"(?:SessionStart|TestReport|CollectReport)"', re.MULTILINE)
_CUT_SHORT = {2: "was interrupted", 3: "ended with an internal error"}
"""Exit codes of pytest (`pytest.ExitCode`) after which tests may be missing."""
_WEIGHT = {Outcome.PASSED: 0, Outcome.SKIPPED: 1, Outcome.FAILED: 2, Outcome.ERRORED: 3}
_OUTPUTS = {"Captured stdout": "stdout", "Captured stderr": "stderr"}


def sniff(head: bytes) -> bool:
    """True when a line is a report of pytest's."""
    text = text_of(head)
    return not text.startswith("<") and bool(_LINE.search(text))


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """Each test after its teardown. Raises `ResultsError` when nothing could be read."""
    feed = LineFeed(stream, file)
    return read_all(feed, _items(feed), "test cases")


PYTEST_REPORTLOG = Format(name="pytest_reportlog", sniff=sniff, parse=parse, about="pytest-reportlog")


def _items(feed: LineFeed) -> Iterator[Item]:
    running: dict[str, Case] = {}
    finished: dict[str, Any] | None = None
    for report in feed.objects():
        if isinstance(report, str):
            continue
        kind, node = fields.string(report, "$report_type"), fields.name(report, "nodeid")
        if kind == "TestReport":
            case = running.get(node) or running.setdefault(node, _case(report, node))
            _phase(case, report)
            if fields.string(report, "when") == "teardown":
                yield running.pop(node)
        elif kind == "CollectReport" and fields.string(report, "outcome") == "failed":
            message, details = _said(report)
            yield Case((), "", SUITE_CASE, node, outcome=Outcome.ERRORED, message=message, details=details)
        elif kind == "SessionFinish":
            finished = report
    for _, case in sorted(running.items()):
        if case.outcome in (Outcome.PASSED, Outcome.SKIPPED):
            case.outcome, case.message = Outcome.NOT_PROVEN, "the log ends within this test"
        yield case
    if finished is None:
        yield ReadWarning("the log ends before the session did", Where(feed.file))
    elif (how := _CUT_SHORT.get(int(fields.number(finished, "exitstatus") or 0))) is not None:
        yield ReadWarning(f"the session {how}: tests may be missing", Where(feed.file))


def _case(report: dict[str, Any], node: str) -> Case:
    place = fields.elements(report, "location")
    line = place[1] + 1 if len(place) > 1 and isinstance(place[1], int) and 0 <= place[1] < 1e9 else 0
    path, _, name = node.partition("::")
    return Case((), "", name, path, line)


def _phase(case: Case, report: dict[str, Any]) -> None:
    """Setup, call or teardown."""
    case.duration += fields.seconds(report, "duration", 1.0)
    _outputs(case, report)
    said, expected = fields.string(report, "outcome"), "wasxfail" in report
    outcome = {"passed": Outcome.PASSED, "skipped": Outcome.SKIPPED}.get(said, Outcome.FAILED)
    if outcome is Outcome.FAILED and fields.string(report, "when") != "call":
        outcome = Outcome.ERRORED
    if expected and outcome is Outcome.PASSED:
        case.cause = Cause.XPASS
    if _WEIGHT[outcome] <= _WEIGHT[case.outcome]:
        return
    case.outcome = outcome
    case.cause = Cause.XFAIL if expected and outcome is Outcome.SKIPPED else Cause.NONE
    case.message, case.details = _said(report)
    if expected:
        case.message = fields.explain(fields.string(report, "wasxfail"))[0] or case.message


def _outputs(case: Case, report: dict[str, Any]) -> None:
    """What was captured: each report repeats that of the phases before it."""
    for section in fields.elements(report, "sections"):
        title, text, *_ = *fields.strings({"section": section}, "section"), "", ""
        for start, name in _OUTPUTS.items():
            if title.startswith(start) and text.strip() and text not in getattr(case, name):
                setattr(case, name, cut_text(getattr(case, name) + text))


def _said(report: dict[str, Any]) -> tuple[str, str]:
    """`(message, details)` of ``longrepr``: a text, a place with a reason, or a traceback with its crash."""
    told = report.get("longrepr")
    if isinstance(told, list):
        texts = fields.strings({"longrepr": told}, "longrepr")
        return fields.explain(texts[-1].removeprefix("Skipped: ") if texts else "")
    if not isinstance(told, dict):
        return fields.explain(fields.string(report, "longrepr"))
    crash = fields.string(fields.members(told, "reprcrash"), "message")
    lines = [
        line
        for entry in fields.elements(fields.members(told, "reprtraceback"), "reprentries")
        for line in fields.strings(fields.members(entry, "data"), "lines")
    ]
    message, details = fields.explain(crash)
    return message, cut_text("\n".join(lines)) or details
