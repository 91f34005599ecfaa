"""Boost.Test: the log in XML (``--log_format=XML --log_level=test_suite``), ``TestLog`` with suites and cases.

- There is no word for the outcome: ``Error`` is a failed check; ``FatalError`` and ``Exception`` (a failed *require*, a
  signal, an exception) end the case and are *errored*, as Jenkins' xUnit plugin has it. ``Info``, ``Message`` and
  ``Warning`` fail nothing. Outside of a case (a fixture) they are a case called ``(suite)``.
- ``TestingTime`` is microseconds.
- ``skipped="yes"`` has the ``reason``; a suite skipped as a whole tells no cases.
- Parametrised cases all have the name of their function (see `xmlcases`); a case may hold suites.
- A lower log level leaves out passed cases: such a log proves nothing about them. ``file`` of a case is missing where
  it was skipped, so it is not a part of the id; a failed check says its file and line itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ci_orchestrator.results.formats.base import SUITE_CASE, Case, Format, Item, Readable
from ci_orchestrator.results.formats.text import cut, cut_text
from ci_orchestrator.results.formats.xmlcases import CaseReader, Element, seconds
from ci_orchestrator.results.formats.xmlfeed import root_tag
from ci_orchestrator.results.model import Outcome

_PROBLEMS = ("Error", "FatalError", "Exception")


class _Reader(CaseReader):
    ROOTS = frozenset({"TestLog"})
    GROUPS = frozenset({"TestLog", "TestSuite"})
    TESTS = frozenset({"TestCase"})
    INSIDE = frozenset({*_PROBLEMS, "LastCheckpoint", "Context", "Frame", "TestingTime"})

    def case(self, test: Element) -> Iterable[Item]:
        suites = self.suites()
        case = Case(suites, "/".join((*suites[1:], *self._cases())), test.get("name"))
        case.duration = seconds(test.said("TestingTime")) / 1e6
        if test.get("skipped") == "yes":
            case.outcome, case.message = Outcome.SKIPPED, cut(test.get("reason"))
        _judge(case, test)
        yield case

    def group(self, group: Element) -> Iterable[Item]:
        if any(group.all(*_PROBLEMS)):
            suites = self.suites()
            case = Case(suites, "/".join(suites[1:]), SUITE_CASE)
            _judge(case, group)
            case.outcome = Outcome.ERRORED
            yield case

    def _cases(self) -> Iterator[str]:
        return (around.get("name") for around in self.around[:-1] if around.tag in self.TESTS)


def _judge(case: Case, told: Element) -> None:
    problems = list(told.all(*_PROBLEMS))
    if not problems:
        return
    case.outcome = Outcome.FAILED if all(problem.tag == "Error" for problem in problems) else Outcome.ERRORED
    case.message = cut(problems[0].said().strip().partition("\n")[0])
    case.details = cut_text("\n".join(_told(problem) for problem in problems))


def _told(problem: Element) -> str:
    """A problem as compilers write theirs: ``file:line: text``, and where the case was last seen well."""
    place = f"{problem.get('file')}:{problem.get('line')}: " if problem.get("file") else ""
    lines = [f"{place}{problem.said().strip()}"]
    lines += [
        f"  in the context of {frame.said().strip()}" for each in problem.all("Context") for frame in each.all("Frame")
    ]
    lines += [f"  last seen at {seen.get('file')}:{seen.get('line')}" for seen in problem.all("LastCheckpoint")]
    return "\n".join(lines)


def sniff(head: bytes) -> bool:
    """True when the first element is ``TestLog``."""
    return root_tag(head) == "TestLog"


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The cases of a Boost.Test log. Raises `ResultsError` as `CaseReader.read` does."""
    return _Reader(file).read(stream)


BOOST = Format(name="boost", sniff=sniff, parse=parse, about="Boost.Test: `--log_format=XML --log_level=test_suite`")
