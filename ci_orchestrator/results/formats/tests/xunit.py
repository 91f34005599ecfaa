"""xUnit.net: ``assemblies`` with ``assembly``, ``collection`` and ``test`` (xunit.net/docs/format-xml-v2; v3 as well).

- Version 1 has ``assembly`` at the root and ``class`` for ``collection``; its tests are written alike.
- The shown ``name`` usually begins with the class; it may be any sentence, and long arguments are cut with dots, so
  that two rows of data can have one name (see `xmlcases`).
- ``errors`` of an assembly (a fixture that could not be cleaned up, a crash of the runner) belong to no test: each is
  a case called ``(suite)``, errored.
- ``NotRun`` (explicit tests of version 3) is skipped. ``source-file`` is a path of the machine that compiled: no name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ci_orchestrator.results.formats.base import SUITE_CASE, Case, Format, Item, Readable
from ci_orchestrator.results.formats.xmlcases import (
    CaseReader,
    Element,
    explain,
    seconds,
    unknown,
    without_class,
)
from ci_orchestrator.results.formats.xmlfeed import root_says, root_tag
from ci_orchestrator.results.model import Outcome

_OUTCOMES = {
    "Pass": Outcome.PASSED,
    "Fail": Outcome.FAILED,
    "Skip": Outcome.SKIPPED,
    "NotRun": Outcome.SKIPPED,
}


class _Reader(CaseReader):
    ROOTS = frozenset({"assemblies", "assembly"})
    GROUPS = frozenset({"assembly", "collection", "class"})
    TESTS = frozenset({"test", "error"})
    INSIDE = frozenset({"failure", "reason", "message", "stack-trace", "output"})

    def case(self, test: Element) -> Iterable[Item]:
        classname = test.get("type")
        if test.tag == "error":
            case = Case(self.suites(), test.get("name") or classname, SUITE_CASE, outcome=Outcome.ERRORED)
        else:
            name = without_class(test.get("name") or test.get("method"), classname)
            case = Case(self.suites(), classname, name, duration=seconds(test.get("time")))
        case.stdout = test.said("output")
        _judge(case, test)
        yield case


def _judge(case: Case, test: Element) -> None:
    thrown = next((failure.get("exception-type") for failure in test.all("failure")), "")
    message = test.said("failure", "message") or thrown or test.said("reason", "message") or test.said("reason")
    explain(case, message, test.said("failure", "stack-trace"))
    if test.tag == "error":
        case.message = case.message or classified(test)
    elif (result := test.get("result")) in _OUTCOMES:
        case.outcome = _OUTCOMES[result]
    else:
        unknown(case, result, failed=any(test.all("failure")))


def classified(error: Element) -> str:
    """What is known of an error without a message."""
    return error.get("type") or "an error outside of any test"


def sniff(head: bytes) -> bool:
    """True when the first element is ``assemblies``, or an ``assembly`` that says when it was run."""
    return root_tag(head) == "assemblies" or (root_tag(head) == "assembly" and root_says(head, "run-date="))


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The cases of an xUnit.net file. Raises `ResultsError` as `CaseReader.read` does."""
    return _Reader(file).read(stream)


XUNIT = Format(
    name="xunit", sniff=sniff, parse=parse, about="xUnit.net 1 to 3: `-xml`, `dotnet test` with XunitXml.TestLogger"
)
