"""NUnit 3 and 4: ``test-run`` with nested ``test-suite`` and ``test-case`` (docs.nunit.org, "Test Result XML Format").

- The class is what stands before the name in ``fullname``: the attribute ``classname`` lacks the namespace in files of
  ``dotnet test --logger nunit``, and the arguments of parametrised fixtures in all.
- A case says its time in ``duration``, early ones in ``time``.
- ``Failed`` has a ``label``: *Error* (an exception, not an assertion), *Invalid*, *Cancelled*, or a sentence about a
  time-out. ``Warning`` does not fail a run. ``Inconclusive`` (``Assume``) is *skipped*, as assumptions are in JUnit.
- ``Child test failed`` of a suite repeats its cases and counts for nothing. A suite that failed while none of its cases
  did (``site="TearDown"``) is a case called ``(suite)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ci_orchestrator.results.formats.base import SUITE_CASE, Case, Format, Item, Readable
from ci_orchestrator.results.formats.xmlcases import CaseReader, Element, explain, seconds, unknown
from ci_orchestrator.results.formats.xmlfeed import root_tag
from ci_orchestrator.results.model import Cause, Outcome

_OUTCOMES = {
    "Passed": Outcome.PASSED,
    "Warning": Outcome.PASSED,
    "Failed": Outcome.FAILED,
    "Skipped": Outcome.SKIPPED,
    "Inconclusive": Outcome.SKIPPED,
}
_LABELS = {
    "Error": (Outcome.ERRORED, Cause.NONE),
    "Invalid": (Outcome.ERRORED, Cause.NONE),
    "Cancelled": (Outcome.ERRORED, Cause.INTERRUPTED),
}


class _Reader(CaseReader):
    ROOTS = frozenset({"test-run", "test-suite"})
    GROUPS = frozenset({"test-suite"})
    TESTS = frozenset({"test-case"})
    INSIDE = frozenset({"failure", "reason", "message", "stack-trace", "output"})

    def case(self, test: Element) -> Iterable[Item]:
        name = test.get("name") or test.get("fullname")
        case = Case(
            self.suites(), self._class(test, name), name, duration=seconds(test.get("duration") or test.get("time"))
        )
        case.stdout = test.said("output")
        _judge(case, test)
        yield case

    def group(self, group: Element) -> Iterable[Item]:
        if group.get("result") != "Failed" or group.failed:
            return
        case = Case(self.suites(), group.get("fullname"), SUITE_CASE)
        _judge(case, group)
        case.outcome = Outcome.ERRORED
        yield case

    def _class(self, test: Element, name: str) -> str:
        full = test.get("fullname")
        if full.endswith(f".{name}"):
            return full[: -len(name) - 1]
        fixtures = (group.get("fullname") for group in reversed(self.around) if group.get("type") == "TestFixture")
        return next(fixtures, "") or test.get("classname")


def _judge(case: Case, told: Element) -> None:
    result, label = told.get("result"), told.get("label")
    explain(
        case, told.said("failure", "message") or told.said("reason", "message"), told.said("failure", "stack-trace")
    )
    if result not in _OUTCOMES:
        unknown(case, result, failed=any(told.all("failure")))
        return
    case.outcome = _OUTCOMES[result]
    if result == "Failed":
        case.outcome, case.cause = _LABELS.get(label, (Outcome.FAILED, Cause.NONE))
        if "timeout" in label.lower():
            case.cause = Cause.TIMEOUT
    case.message = case.message or (label if case.outcome is not Outcome.PASSED else "")
    if result == "Inconclusive":
        case.message = case.message or "inconclusive"


def sniff(head: bytes) -> bool:
    """True when the first element is ``test-run``."""
    return root_tag(head) == "test-run"


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The cases of an NUnit 3 file. Raises `ResultsError` as `CaseReader.read` does."""
    return _Reader(file).read(stream)


NUNIT3 = Format(
    name="nunit3",
    sniff=sniff,
    parse=parse,
    about="NUnit 3 and 4: nunit3-console, `dotnet test` with NunitXml.TestLogger",
)
