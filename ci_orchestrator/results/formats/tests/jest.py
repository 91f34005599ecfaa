"""The JSON report of jest (``--json --outputFile``) and of vitest (``--reporter=json``), which has the same form.

The name of a test is its titles, outermost first, joined by `TITLES`, as jest prints it. Traps:

- a file that could not be loaded, or whose hooks failed, has the status *failed* and no failed test: it becomes a case
  of its own, errored, called ``(suite)``; so does a run that says ``success: false`` while all that it tells is well;
- retries are only counted (jest: ``invocations``) or only leave their errors (vitest: ``failureMessages`` of a test
  that passed); both become attempts before;
- *pending* means skipped in jest; in vitest it means that the test never ended, which is no proof;
- ``name`` of a file is its absolute path.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import SUITE_CASE, Case, Format, Item, Readable, ReadWarning
from ci_orchestrator.results.formats.document import read_all, shape
from ci_orchestrator.results.formats.jsonfeed import ITEM, JsonFeed
from ci_orchestrator.results.formats.names import ATTEMPTS, TITLES, Names
from ci_orchestrator.results.formats.text import cut_name
from ci_orchestrator.results.model import Attempt, Cause, Outcome

_STATUS = {
    "passed": Outcome.PASSED,
    "failed": Outcome.FAILED,
    **dict.fromkeys(("skipped", "todo", "disabled", "pending"), Outcome.SKIPPED),
}
_FAILED = (Outcome.FAILED, Outcome.ERRORED)
_HEADLINE = "● Test suite failed to run"
_TIMED_OUT = ("Exceeded timeout of ", "Test timed out in ")


def sniff(head: bytes) -> bool:
    """True when the object counts test suites as jest does."""
    return {("numTotalTestSuites",), ("numTotalTests",)} <= shape(head)


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The tests, file by file as they are read. Raises `ResultsError` when nothing could be read."""
    feed = JsonFeed(stream, file)
    return read_all(feed, _items(feed), "test cases")


JEST = Format(name="jest", sniff=sniff, parse=parse, about="JSON reports of jest and vitest")


def _items(feed: JsonFeed) -> Iterator[Item]:
    jest = failed = False
    success = True
    values = feed.values(("numRuntimeErrorTestSuites",), ("wasInterrupted",), ("success",), ("testResults", ITEM))
    for path, key, value in values:
        if key == "numRuntimeErrorTestSuites":
            jest = True
        elif key == "success":
            success = value is not False
        elif key == "wasInterrupted" and value is True:
            yield ReadWarning("the run was interrupted: tests may be missing", feed.where)
        elif path[-1] == ITEM:
            for case in _file(value, jest=jest):
                failed = failed or case.outcome in _FAILED
                yield case
    if not (success or failed or feed.broken):
        yield _suite_case("", "the tool says that the run failed, and names no test that did")


def _file(told: object, *, jest: bool) -> Iterator[Case]:
    path = fields.name(told, "name")
    failed, names = False, Names()
    for test in fields.elements(told, "assertionResults"):
        case = _case(test, path, jest=jest)
        case.name = names.unique(case.name)
        failed = failed or case.outcome in _FAILED
        yield case
    if fields.string(told, "status") == "failed" and not failed:
        yield _suite_case(path, fields.string(told, "message").strip().removeprefix(_HEADLINE))


def _suite_case(path: str, said: str) -> Case:
    message, details = fields.explain(said)
    return Case((), "", SUITE_CASE, path, outcome=Outcome.ERRORED, message=message, details=details)


def _case(test: object, path: str, *, jest: bool) -> Case:
    titles = fields.strings(test, "ancestorTitles")
    title = fields.name(test, "title") or fields.name(test, "fullName")
    case = Case((), "", cut_name(TITLES.join([*titles, title])), path)
    case.line = fields.line(fields.members(test, "location"))
    case.duration = fields.seconds(test, "duration")
    status = fields.string(test, "status")
    case.outcome = _STATUS.get(status, Outcome.NOT_PROVEN)
    if status == "pending" and not jest:
        case.outcome = Outcome.NOT_PROVEN
    errors = fields.strings(test, "failureMessages")
    retries = fields.strings(test, "retryReasons")
    if case.outcome in _FAILED:
        case.message, case.details = fields.explain("\n\n".join(errors))
        case.cause = Cause.TIMEOUT if any(mark in case.details for mark in _TIMED_OUT) else Cause.NONE
    elif case.outcome is Outcome.PASSED:
        retries = retries or errors
    elif case.outcome is Outcome.NOT_PROVEN:
        case.message = f"the report says {status[:100]!r}, which proves nothing"
    case.before = _earlier(test, retries, case)
    return case


def _earlier(test: object, reasons: list[str], case: Case) -> tuple[Attempt, ...]:
    """The attempts that failed before the one that the report tells."""
    if case.outcome not in (Outcome.PASSED, *_FAILED):
        return ()
    count = max(int(fields.number(test, "invocations") or 1) - 1, len(reasons))
    tries = []
    for index in range(min(count, ATTEMPTS)):
        message, details = fields.explain(reasons[index] if index < len(reasons) else "")
        tries.append(Attempt(outcome=Outcome.FAILED, message=message, details=details, file=case.file, line=case.line))
    return tuple(tries)
