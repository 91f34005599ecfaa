"""Our results as JUnit XML that GitLab, Jenkins and Azure Pipelines take, and that `junit` reads back.

What each reads, and what that decides here:

- GitLab (its page "Unit test reports") shows a case by ``classname`` and ``name`` and keeps only the first of equal
  ones: no two cases share both. It shows the *content* of ``failure``, ``error`` and ``skipped``, never the
  ``message``: a message without details is the content too. It links to ``file``.
- Jenkins' JUnit step takes any attribute and reads surefire's retries. Its xUnit plugin validates against the schema
  ``junit-10.xsd``, which knows no ``file`` and ``line`` of a case: `strict` leaves them out. The required
  attributes, the three decimals of a suite's time and the form of retries follow that schema.
- Azure (the result formats mapping of ``PublishTestResults@2``) takes the message from the attribute, the trace from
  the content, the file from ``classname``, and the start from the ``timestamp`` of the suite. Its agent drops a case
  whose name is empty (``JunitResultReader.cs``): such a one is called `NAMELESS`.

A test that is not proven is an ``error`` of the type ``not-proven``: no reader may take it for a pass. The ``type`` of
a problem is our cause, else the outcome. Of a test with several attempts the case is the one that passed, or the first
that ended as the test did; failed ones before it are ``flakyFailure``/``flakyError``, those after it
``rerunFailure``/``rerunError``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby, takewhile
from operator import attrgetter
from typing import BinaryIO

from ci_orchestrator.results.formats.base import module_of, unique_class
from ci_orchestrator.results.formats.text import visible
from ci_orchestrator.results.model import Attempt, Outcome, TestResult, split_id

_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
)
_ELEMENT = {Outcome.FAILED: "failure", Outcome.SKIPPED: "skipped"}
_PROBLEMS = (Outcome.FAILED, Outcome.ERRORED, Outcome.NOT_PROVEN)
NAMELESS = "(no name)"
ROOT_NAME = "ci-orchestrator"
"""The name of all suites together, by which we know our own files."""
_LONGEST = 1e10  # seconds, of a suite: within what .NET's TimeSpan can say
_LATEST = 253_402_300_799.0  # the last second that a date can say


def write_junit(
    results: Iterable[TestResult], out: BinaryIO, *, strict: bool = False, properties: Mapping[str, str] | None = None
) -> None:
    """Write `results` to `out`, sorted by id, a ``testsuite`` for each suite, in UTF-8.

    `strict`: only what Jenkins' ``junit-10.xsd`` allows; without ``file`` the ids cannot be read back. `properties` are
    written for each suite, the one place where all readers allow them. Characters that XML cannot carry become visible
    stand-ins (`text.visible`).
    """
    rows = sorted(results, key=attrgetter("id"))
    claimed = _claimed(rows)
    out.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="{ROOT_NAME}">\n'.encode())
    for suite, group in groupby(rows, key=attrgetter("suite")):
        members = list(group)
        out.write(f"<testsuite{_attributes(_summary(suite, members))}>\n".encode())
        for line in _properties(properties or {}):
            out.write(line.encode())
        for result in members:
            out.write("".join(_case(result, strict=strict, claimed=claimed)).encode())
        out.write(b"</testsuite>\n")
    out.write(b"</testsuites>\n")


def case_names(path: str, name: str) -> tuple[str, str]:
    """`(classname, name)` of a test: the module of its file with the classes around it, and the rest of the name."""
    parts = name.split("::")
    classes = list(takewhile(str.isidentifier, parts[:-1]))
    return ".".join(filter(None, (module_of(path), *classes))), "::".join(parts[len(classes) :]) or NAMELESS


def _names(result: TestResult) -> tuple[str, str]:
    _, path, name = split_id(result.id)
    return case_names(path, name)


def _claimed(rows: Sequence[TestResult]) -> frozenset[tuple[str, str]]:
    """The names that tests of several suites, or files, would share. Few classes are in more than one of these: only
    their tests are counted.
    """
    homes: dict[str, tuple[str, str]] = {}
    shared: set[str] = set()
    for result in rows:
        suite, path, name = split_id(result.id)
        classname, _ = case_names(path, name)
        if homes.setdefault(classname, (suite, path)) != (suite, path):
            shared.add(classname)
    counts = Counter(names for result in rows if shared and (names := _names(result))[0] in shared)
    return frozenset(names for names, count in counts.items() if count > 1)


def _summary(suite: str, members: Sequence[TestResult]) -> dict[str, str]:
    counts = Counter(result.outcome for result in members)
    starts = [attempt.started for result in members for attempt in result.attempts if 0 < attempt.started < _LATEST]
    summary = {
        "name": suite,
        "tests": str(len(members)),
        "failures": str(counts[Outcome.FAILED]),
        "errors": str(counts[Outcome.ERRORED] + counts[Outcome.NOT_PROVEN]),
        "skipped": str(counts[Outcome.SKIPPED]),
        "time": f"{min(max(sum(result.duration for result in members), 0.0), _LONGEST):.3f}",
    }
    if starts:
        summary["timestamp"] = datetime.fromtimestamp(min(starts), UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return summary


def _properties(properties: Mapping[str, str]) -> Iterator[str]:
    if properties:
        yield "<properties>\n"
        for name in sorted(properties):
            yield f"<property{_attributes({'name': name, 'value': properties[name]})}/>\n"
        yield "</properties>\n"


def _case(result: TestResult, *, strict: bool, claimed: frozenset[tuple[str, str]]) -> Iterator[str]:
    own, before, after = _decided(result)
    suite, path, test = split_id(result.id)
    classname, name = names = case_names(path, test)
    if names in claimed:
        classname = unique_class(suite, path) + classname.removeprefix(module_of(path))
    attributes = {"classname": classname, "name": name, "time": _seconds(own.duration)}
    if not strict and path:
        attributes["file"] = path
    if not strict and own.line > 0:
        attributes["line"] = str(own.line)
    yield f"<testcase{_attributes(attributes)}"
    children = "".join((*_problem(own), *_retries("flaky", before), *_retries("rerun", after), *_outputs(own)))
    yield f">{children}</testcase>\n" if children else "/>\n"


def _decided(result: TestResult) -> tuple[Attempt, list[Attempt], list[Attempt]]:
    """The attempt that stands for the case, and those that did not pass before and after it."""
    made = result.attempts if result.outcome is not Outcome.NOT_PROVEN else ()
    fitting = [place for place, attempt in enumerate(made) if attempt.outcome is result.outcome]
    if not fitting:
        own, place = Attempt(outcome=result.outcome, message=result.reason), len(result.attempts)
    else:
        place = fitting[0] if result.outcome in _PROBLEMS else fitting[-1]
        own = made[place]
    return own, _failed(result.attempts[:place]), _failed(result.attempts[place + 1 :])


def _failed(attempts: Sequence[Attempt]) -> list[Attempt]:
    return [attempt for attempt in attempts if attempt.outcome in _PROBLEMS]


def _problem(own: Attempt) -> Iterator[str]:
    if own.outcome is not Outcome.PASSED:
        element = _ELEMENT.get(own.outcome, "error")
        attributes = _attributes({"type": _type(own), "message": own.message})
        yield f"<{element}{attributes}>{_text(own.details or own.message)}</{element}>"


def _retries(kind: str, others: Sequence[Attempt]) -> Iterator[str]:
    for attempt in others:
        element = kind + ("Failure" if attempt.outcome is Outcome.FAILED else "Error")
        yield f"<{element}{_attributes({'message': attempt.message, 'type': _type(attempt)})}>"
        if attempt.details:
            yield f"<stackTrace>{_text(attempt.details)}</stackTrace>"
        yield from _outputs(attempt)
        yield f"</{element}>"


def _outputs(attempt: Attempt) -> Iterator[str]:
    if attempt.stdout:
        yield f"<system-out>{_text(attempt.stdout)}</system-out>"
    if attempt.stderr:
        yield f"<system-err>{_text(attempt.stderr)}</system-err>"


def _type(attempt: Attempt) -> str:
    return "not-proven" if attempt.outcome is Outcome.NOT_PROVEN else str(attempt.cause or attempt.outcome)


def _seconds(seconds: float) -> str:
    return f"{max(seconds, 0.0):.6f}"


def _attributes(attributes: Mapping[str, str]) -> str:
    return "".join([f' {key}="{_escaped(value, _ATTRIBUTE)}"' for key, value in attributes.items()])


def _text(text: str) -> str:
    return _escaped(text, _TEXT)


def _escaped(text: str, table: Mapping[int, str]) -> str:
    if text.isprintable() and not ("&" in text or "<" in text or ">" in text or '"' in text):
        return text  # nearly always, for a tenth of what it costs to look at each character
    return visible(text).translate(table)
