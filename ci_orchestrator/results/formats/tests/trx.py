"""TRX, the results of Visual Studio, ``dotnet test --logger trx`` and Microsoft.Testing.Platform: ``TestRun``.

- The class of a test is in ``TestDefinitions``, which today come after the ``Results``: cases wait for them. What waits
  keeps its texts within `WAITING`.
- An ``outcome`` that is not there is *Error*: the writer leaves the default of its enumeration out.
- A result with ``InnerResults`` (rows of data, ordered tests) sums them up: only those within are tests, unless it
  failed and none of them did. Rows are written with the name of their test: they get MSTest's ``(Data Row 2)``.
- ``className`` may be ``Class, Assembly, Version=…``; ``testName`` may begin with the class (xUnit.net) or not.
- ``Inconclusive`` is *skipped*, as in `nunit3`. ``Completed``, ``InProgress``, ``Pending`` say no result: not proven.
- A run that failed although no test did (the test host crashed) is a case called ``(suite)`` with what the run says.

CppUnit and AUnit write a ``TestRun`` as well; Microsoft's is told by its namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PureWindowsPath

from ci_orchestrator.results.formats.base import SUITE_CASE, Case, Format, Item, Readable
from ci_orchestrator.results.formats.text import cut, cut_text
from ci_orchestrator.results.formats.xmlcases import (
    CaseReader,
    Element,
    explain,
    not_whole,
    unknown,
    without_class,
)
from ci_orchestrator.results.formats.xmlfeed import root_says, root_tag
from ci_orchestrator.results.model import LONGEST, Cause, Outcome

WAITING = 64 * 1024 * 1024
"""Characters of traces and outputs that are kept while cases wait for their classes; later ones are left out."""

_RESULTS = (
    "UnitTestResult",
    "WebTestResult",
    "LoadTestResult",
    "GenericTestResult",
    "ManualTestResult",
    "TestResult",
    "TestResultAggregation",
)
_DEFINED = ("UnitTest", "WebTest", "LoadTest", "GenericTest", "ManualTest", "OrderedTest")
_OUTCOMES = {
    "Passed": (Outcome.PASSED, Cause.NONE),
    "PassedButRunAborted": (Outcome.PASSED, Cause.NONE),
    "Warning": (Outcome.PASSED, Cause.NONE),
    "Failed": (Outcome.FAILED, Cause.NONE),
    "Timeout": (Outcome.FAILED, Cause.TIMEOUT),
    "Error": (Outcome.ERRORED, Cause.NONE),
    "NotRunnable": (Outcome.ERRORED, Cause.NONE),
    "Aborted": (Outcome.ERRORED, Cause.INTERRUPTED),
    "Disconnected": (Outcome.ERRORED, Cause.INFRASTRUCTURE),
    "NotExecuted": (Outcome.SKIPPED, Cause.NONE),
    "Inconclusive": (Outcome.SKIPPED, Cause.NONE),
}
_BROKEN_RUN = ("Failed", "Error", "Timeout", "Aborted", "Disconnected")
_DURATION = re.compile(r"(?:(\d{1,6})\.)?(\d{1,6}):(\d{1,2}):(\d{1,2}(?:\.\d{1,12})?)")


class _Reader(CaseReader):
    ROOTS = frozenset({"TestRun"})
    GROUPS = frozenset({"TestRun", "TestDefinitions", "ResultSummary", *_DEFINED})
    TESTS = frozenset(_RESULTS)
    INSIDE = frozenset(
        {"TestMethod", "ErrorInfo", "Message", "StackTrace", "TextMessages", "StdOut", "StdErr", "RunInfo", "Text"}
    )

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self._defined = False  # the definitions were read
        self._classes: dict[str, tuple[str, str]] = {}  # id of a test → its class and its assembly
        self._waiting: list[tuple[str, Case]] = []
        self._kept_texts = 0
        self._run: Element | None = None  # the summary
        self._failed = False

    def case(self, test: Element) -> Iterable[Item]:
        if test.inner and not (test.get("outcome") in _BROKEN_RUN and not test.failed):
            return
        case = Case((), "", _name(test), duration=_seconds(test.get("duration")))
        written = (
            test.said("StdOut"),
            *(said.said() for each in test.all("TextMessages") for said in each.all("Message")),
        )
        case.stdout, case.stderr = cut_text("\n".join(filter(None, written))), test.said("StdErr")
        _judge(case, test)
        if not test.whole:
            not_whole(case)
        if case.outcome not in (Outcome.PASSED, Outcome.SKIPPED):
            self._failed = True
            self.around[-1].failed = True
        if self._defined:
            yield self._placed(test.get("testId"), case)
        else:
            self._keep(test.get("testId"), case)

    def group(self, group: Element) -> Iterable[Item]:
        if group.tag in _DEFINED:
            method = next(group.all("TestMethod"), group)
            assembly = PureWindowsPath(method.get("codeBase") or group.get("storage")).name
            self._classes[group.get("id")] = (method.get("className").partition(",")[0].strip(), assembly)
        elif group.tag == "TestDefinitions":
            self._defined = True
            yield from self._released()
        elif group.tag == "ResultSummary":
            self._run = group

    def ending(self) -> Iterable[Item]:
        yield from self._released()
        if self._run is not None and self._run.get("outcome") in _BROKEN_RUN and not self._failed:
            said = "\n".join(filter(None, (info.said("Text") for info in self._run.all("RunInfo"))))
            case = Case((), "", SUITE_CASE, outcome=Outcome.ERRORED)
            explain(case, said or f"the run ended as {cut(self._run.get('outcome'), 100)}")
            yield case

    def _keep(self, test: str, case: Case) -> None:
        self._kept_texts += len(case.details) + len(case.stdout) + len(case.stderr)
        if self._kept_texts > WAITING:
            case.stdout = case.stderr = ""
            case.details = "… [left out: the file holds too much text]" if case.details else ""
        self._waiting.append((test, case))

    def _released(self) -> Iterator[Case]:
        waiting, self._waiting = self._waiting, []
        for test, case in waiting:
            yield self._placed(test, case)

    def _placed(self, test: str, case: Case) -> Case:
        case.classname, assembly = self._classes.get(test, ("", ""))
        case.name = without_class(case.name, case.classname)
        case.suites = (assembly,) if assembly else ()
        return case


def _name(test: Element) -> str:
    """The name of a result; a row of data has that of its test, and a number."""
    row = test.get("dataRowInfo")
    name = test.get("testName")
    return f"{name} (Data Row {row})" if row and "parentExecutionId" in test.attributes and "(" not in name else name


def _judge(case: Case, test: Element) -> None:
    outcome = test.get("outcome") or "Error"
    explain(case, test.said("ErrorInfo", "Message"), test.said("ErrorInfo", "StackTrace"))
    if outcome not in _OUTCOMES:
        unknown(case, outcome, failed=any(test.all("ErrorInfo")))
        return
    case.outcome, case.cause = _OUTCOMES[outcome]
    if case.outcome is not Outcome.PASSED:
        case.message = case.message or outcome


def _seconds(duration: str) -> float:
    """The seconds of ``[days.]hours:minutes:seconds``; 0 when it is none."""
    match = _DURATION.fullmatch(duration.strip())
    if match is None:
        return 0.0
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return min(((days * 24 + hours) * 60 + minutes) * 60 + seconds, LONGEST)


def sniff(head: bytes) -> bool:
    """True when the first element is ``TestRun`` in a namespace of Microsoft's."""
    return root_tag(head) == "TestRun" and root_says(head, "microsoft.com/schemas/VisualStudio/TeamTest")


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The cases of a TRX file. Raises `ResultsError` as `CaseReader.read` does."""
    return _Reader(file).read(stream)


TRX = Format(
    name="trx",
    sniff=sniff,
    parse=parse,
    about="TRX: `dotnet test --logger trx`, Visual Studio, MSTest, Microsoft.Testing.Platform",
)
