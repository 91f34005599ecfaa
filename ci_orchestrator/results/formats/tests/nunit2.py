"""NUnit 2, and what NUnit 3 writes with ``;format=nunit2``: ``test-results`` with ``test-suite`` and ``test-case``.

- The name of a case holds its class. The class is what stands before the last dot outside of brackets and quotes:
  ``Some.Fixture.Test("a.b")``.
- Before 2.5 there is no ``result``: ``executed`` and ``success`` say it, of other writers in lower case.
- ``NotRunnable`` (a wrong signature, no constructor) is *errored*: the test can never run. ``Ignored`` and ``Skipped``
  are skipped, and so is ``Inconclusive``, as in `nunit3`.
- A suite that failed while none of its cases did is a case called ``(suite)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ci_orchestrator.results.formats.base import SUITE_CASE, Case, Format, Item, Readable
from ci_orchestrator.results.formats.xmlcases import CaseReader, Element, explain, seconds, unknown
from ci_orchestrator.results.formats.xmlfeed import root_tag
from ci_orchestrator.results.model import Cause, Outcome

_OUTCOMES = {
    "Success": Outcome.PASSED,
    "Failure": Outcome.FAILED,
    "Error": Outcome.ERRORED,
    "NotRunnable": Outcome.ERRORED,
    "Cancelled": Outcome.ERRORED,
    "Ignored": Outcome.SKIPPED,
    "Skipped": Outcome.SKIPPED,
    "Inconclusive": Outcome.SKIPPED,
}
_FAILED = ("Failure", "Error", "Cancelled")
_OPENING, _CLOSING = "(<[", ")>]"


class _Reader(CaseReader):
    ROOTS = frozenset({"test-results", "test-suite"})
    GROUPS = frozenset({"test-suite"})
    TESTS = frozenset({"test-case"})
    INSIDE = frozenset({"failure", "reason", "message", "stack-trace"})

    def case(self, test: Element) -> Iterable[Item]:
        classname, name = split_name(test.get("name"))
        case = Case(self.suites(), classname, name, duration=seconds(test.get("time")))
        _judge(case, test)
        yield case

    def group(self, group: Element) -> Iterable[Item]:
        if group.failed or _result(group) not in _FAILED:
            return
        suites = self.suites()
        case = Case(suites, ".".join(suites[1:]), SUITE_CASE)
        _judge(case, group)
        case.outcome = Outcome.ERRORED
        yield case


def split_name(full: str) -> tuple[str, str]:
    """`(class, name)` of a test's full name; the class is empty when there is no dot outside of brackets and quotes."""
    depth, quoted, last = 0, False, -1
    for place, letter in enumerate(full):
        if letter == '"' and depth:
            quoted = not quoted
        elif quoted:
            continue
        elif letter in _OPENING:
            depth += 1
        elif letter in _CLOSING:
            depth -= 1
        elif letter == "." and depth <= 0:
            last = place
    return full[: max(last, 0)], full[last + 1 :]


def _judge(case: Case, told: Element) -> None:
    result = _result(told)
    explain(
        case, told.said("failure", "message") or told.said("reason", "message"), told.said("failure", "stack-trace")
    )
    if result not in _OUTCOMES:
        unknown(case, result, failed=any(told.all("failure")))
        return
    case.outcome = _OUTCOMES[result]
    case.cause = Cause.INTERRUPTED if result == "Cancelled" else Cause.NONE
    if case.outcome is not Outcome.PASSED:
        case.message = case.message or result


def _result(told: Element) -> str:
    if result := told.get("result"):
        return result
    if told.get("executed").lower() == "false":
        return "Skipped"
    success = told.get("success")
    return {"true": "Success", "false": "Failure"}.get(success.lower(), success)


def sniff(head: bytes) -> bool:
    """True when the first element is ``test-results``."""
    return root_tag(head) == "test-results"


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The cases of an NUnit 2 file. Raises `ResultsError` as `CaseReader.read` does."""
    return _Reader(file).read(stream)


NUNIT2 = Format(name="nunit2", sniff=sniff, parse=parse, about="NUnit 2; NUnit 3 with `--result=…;format=nunit2`")
