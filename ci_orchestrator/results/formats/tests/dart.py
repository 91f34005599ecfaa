"""The events of ``dart test --reporter json`` and ``flutter test --machine``, one a line (package:test's protocol).

Traps:

- a hidden test is a set-up, a tear-down or the loading of a file: it counts only when it failed;
- *failure* is an assertion, *error* anything else, a time-out among them; ``skipped`` comes with *success*;
- one file may run on several platforms: each but the VM is told by ``[platform]`` before the name;
- ``done`` ends the run: without it the file is torn; its ``success`` is null when the run was interrupted;
- times are milliseconds since the start, and the name repeats the names of the groups.
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
from ci_orchestrator.results.formats.linetext import LineText
from ci_orchestrator.results.formats.names import Names
from ci_orchestrator.results.formats.text import cut_name, cut_text
from ci_orchestrator.results.model import Cause, Outcome

_START = re.compile(r'^\{(?=.*"protocolVersion":)(?=.*"type":\s*"start")', re.MULTILINE)
_RESULTS = {"success": Outcome.PASSED, "failure": Outcome.FAILED, "error": Outcome.ERRORED}
_FAILED = (Outcome.FAILED, Outcome.ERRORED)


def sniff(head: bytes) -> bool:
    """True when a line is the event that begins a run."""
    text = text_of(head)
    return not text.startswith("<") and bool(_START.search(text))


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """Each test as it ends. Raises `ResultsError` when nothing could be read."""
    feed = LineFeed(stream, file)
    return read_all(feed, _Events().items(feed), "test cases")


DART = Format(name="dart", sniff=sniff, parse=parse, about="`dart test --reporter json`, `flutter test --machine`")


class _Test:
    """A test that runs."""

    def __init__(self, case: Case, started: float, skipped: str) -> None:
        self.case = case
        self.started = started
        self.skipped = skipped
        self.printed = LineText()


class _Events:
    def __init__(self) -> None:
        self._names = Names()
        self._suites: dict[object, dict[str, Any]] = {}
        self._open: dict[object, _Test] = {}
        self._failed = False
        self._done: dict[str, Any] | None = None

    def items(self, feed: LineFeed) -> Iterator[Item]:
        for event in feed.objects():
            if isinstance(event, dict):
                yield from self._event(event)
        torn = self._done is None
        for _, test in sorted(self._open.items(), key=lambda one: one[1].case.name):
            test.case.outcome = Outcome.NOT_PROVEN
            test.case.message = "the file ends within this test" if torn else "the run ended within this test"
            yield test.case
        if torn:
            yield ReadWarning("the file ends before the run did", Where(feed.file))
        elif self._done is not None and self._done.get("success") is None:
            yield ReadWarning("the run was interrupted: tests may be missing", Where(feed.file))
        elif self._done is not None and self._done.get("success") is False and not self._failed:
            said = "the tool says that the run failed, and names no test that did"
            yield Case((), "", SUITE_CASE, outcome=Outcome.ERRORED, message=said)

    def _event(self, event: dict[str, Any]) -> Iterator[Case]:
        kind, test = fields.string(event, "type"), self._open.get(_key(event.get("testID")))
        if kind == "suite":
            suite = fields.members(event, "suite")
            self._suites[_key(suite.get("id"))] = suite
        elif kind == "testStart":
            self._start(fields.members(event, "test"), fields.seconds(event, "time"))
        elif kind == "done":
            self._done = event
        elif test is None:
            return
        elif kind == "print" and event.get("messageType") != "skip":
            test.printed.line(fields.string(event, "message") + "\n")
        elif kind == "error":
            _add_error(test.case, event)
        elif kind == "testDone":
            yield from self._end(test, event)

    def _start(self, told: dict[str, Any], started: float) -> None:
        suite = self._suites.get(_key(told.get("suiteID")), {})
        file, platform = fields.name(suite, "path"), fields.name(suite, "platform")
        name = fields.name(told, "name")
        name = name if platform in ("", "vm") else f"[{platform}] {name}"
        line = fields.line(told, "root_line") or fields.line(told)
        skipped = fields.string(fields.members(told, "metadata"), "skipReason")
        test = _Test(Case((), "", cut_name(name), file, line), started, skipped)
        self._open[_key(told.get("id"))] = test

    def _end(self, test: _Test, event: dict[str, Any]) -> Iterator[Case]:
        del self._open[_key(event.get("testID"))]
        case = test.case
        outcome = _RESULTS.get(fields.string(event, "result"), Outcome.NOT_PROVEN)
        if event.get("hidden") is True and outcome is Outcome.PASSED:
            return
        case.duration = max(fields.seconds(event, "time") - test.started, 0.0)
        case.stdout = test.printed.value()
        case.outcome = outcome
        if event.get("skipped") is True and outcome is Outcome.PASSED:
            case.outcome, case.message = Outcome.SKIPPED, fields.explain(test.skipped)[0]
        case.name = self._names.unique(case.name, case.file)
        self._failed = self._failed or outcome in _FAILED
        yield case


def _key(number: object) -> object:
    """Ids are numbers; what is none is no key that could be looked up."""
    return number if isinstance(number, int | str) else None


def _add_error(case: Case, event: dict[str, Any]) -> None:
    """An error of a test, which may have several: the first gives the message."""
    said, trace = fields.string(event, "error"), fields.string(event, "stackTrace").rstrip("\n")
    message, _ = fields.explain(said)
    case.message = case.message or message
    case.details = cut_text("\n\n".join(text for text in (case.details, f"{said}\n{trace}".strip("\n")) if text))
    if said.startswith("TimeoutException"):
        case.cause = Cause.TIMEOUT
