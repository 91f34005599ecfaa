"""The JSON report of Playwright Test (``--reporter=json``).

The name of a test is its titles, outermost first, joined by `TITLES`, after ``[project]`` when the configuration names
its projects: the same test in two browsers is two tests. Traps:

- with ``--repeat-each`` a test stands there again, and each must pass: the repetitions are tests of their own;
- suites lie within each other to any depth; the outermost is the file, and its title is the file again;
- ``results`` are the attempts; ``expectedStatus`` may be *failed* (``test.fail()``), so that the status of an attempt
  alone says nothing: one as expected is well, *failed* as expected is ``xfail``, which is skipped;
- a test without any result was not run: it is skipped when that was expected, else not proven;
- a worker that dies fails its test, with a message that says so: errored, not failed;
- errors outside of tests (a file that cannot be loaded, a worker's set-up) stand in ``errors`` only.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import SUITE_CASE, Case, Format, Item, Readable
from ci_orchestrator.results.formats.document import read_all, shape
from ci_orchestrator.results.formats.jsonfeed import ITEM, JsonFeed
from ci_orchestrator.results.formats.names import ATTEMPTS, TITLES, Names
from ci_orchestrator.results.formats.text import BoundedText, cut_name
from ci_orchestrator.results.model import Attempt, Cause, Outcome

_STATUS = {
    "passed": Outcome.PASSED,
    "failed": Outcome.FAILED,
    "timedOut": Outcome.FAILED,
    "interrupted": Outcome.NOT_PROVEN,
    "skipped": Outcome.SKIPPED,
}
_CAUSE = {"timedOut": Cause.TIMEOUT, "interrupted": Cause.INTERRUPTED}
_DIED = "Error: worker process exited unexpectedly"
_SKIPS = ("skip", "fixme")


def sniff(head: bytes) -> bool:
    """True when the object begins with a configuration of Playwright's, or holds its suites."""
    keys = shape(head)
    return {("config", "rootDir"), ("config", "forbidOnly")} <= keys or {
        ("suites", ITEM, "specs"),
        ("suites", ITEM, "file"),
    } <= keys


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The tests, file by file as they are read. Raises `ResultsError` when nothing could be read."""
    feed = JsonFeed(stream, file)
    return read_all(feed, _items(feed), "test cases")


PLAYWRIGHT = Format(name="playwright", sniff=sniff, parse=parse, about="JSON reports of Playwright Test")


def _items(feed: JsonFeed) -> Iterator[Item]:
    names = Names()
    for path, _, value in feed.values(("suites", ITEM), ("errors", ITEM)):
        if path[0] == "suites":
            for case in _suite(value, ()):
                case.name = names.unique(case.name, case.file)
                yield case
        else:
            yield _outside(value)


def _suite(suite: object, titles: tuple[str, ...]) -> Iterator[Case]:
    for spec in fields.elements(suite, "specs"):
        for test in fields.elements(spec, "tests"):
            yield _case(spec, test, titles)
    for inner in fields.elements(suite, "suites"):
        yield from _suite(inner, (*titles, fields.name(inner, "title")))


def _outside(error: object) -> Case:
    """An error that is no test's."""
    place = fields.members(error, "location")
    message, details = fields.explain(fields.string(error, "stack") or fields.string(error, "message"))
    file = fields.name(place, "file")
    return Case((), "", SUITE_CASE, file, fields.line(place), outcome=Outcome.ERRORED, message=message, details=details)


def _case(spec: object, test: object, titles: tuple[str, ...]) -> Case:
    project = fields.name(test, "projectName")
    name = TITLES.join([*([f"[{project}]"] if project else []), *titles, fields.name(spec, "title")])
    file, line = fields.name(spec, "file"), fields.line(spec)
    tries = [_attempt(test, result, file, line) for result in fields.elements(test, "results")[-ATTEMPTS:]]
    case = Case((project,) if project else (), "", cut_name(name), file, line)
    if not tries:
        skipped = fields.string(test, "expectedStatus") == "skipped"
        case.outcome = Outcome.SKIPPED if skipped else Outcome.NOT_PROVEN
        case.message = _annotated(test, _SKIPS) if skipped else "the test was not run"
        return case
    last = tries[-1]
    case.before = tuple(tries[:-1])
    case.outcome, case.cause, case.duration = last.outcome, last.cause, last.duration
    case.message, case.details, case.stdout, case.stderr = last.message, last.details, last.stdout, last.stderr
    return case


def _attempt(test: object, result: object, file: str, line: int) -> Attempt:
    outcome, cause, message, details = _verdict(test, result)
    return Attempt(
        outcome=outcome,
        cause=cause,
        duration=fields.seconds(result, "duration"),
        message=message,
        details=details,
        stdout=_written(result, "stdout"),
        stderr=_written(result, "stderr"),
        file=file,
        line=line,
    )


def _verdict(test: object, result: object) -> tuple[Outcome, Cause, str, str]:
    """`(outcome, cause, message, details)` of one attempt, against what was expected of the test."""
    status, expected = fields.string(result, "status"), fields.string(test, "expectedStatus") or "passed"
    outcome, cause = _STATUS.get(status, Outcome.NOT_PROVEN), _CAUSE.get(status, Cause.NONE)
    texts = [fields.string(one, "stack") or fields.string(one, "message") for one in _errors(result)]
    message, details = fields.explain("\n\n".join(texts))
    if any(text.startswith(_DIED) for text in texts):
        return Outcome.ERRORED, Cause.WORKER_LOST, message, details
    if status == "failed" and expected == "failed":
        return Outcome.SKIPPED, Cause.XFAIL, _annotated(test, ("fail",)) or message, details
    if status == "passed" and expected == "failed":
        return Outcome.FAILED, Cause.XPASS, "expected to fail, but passed", details
    if outcome is Outcome.SKIPPED:
        message = _annotated(test, _SKIPS)
    elif outcome is Outcome.NOT_PROVEN:
        message = message or f"the report says {status[:100]!r}, which proves nothing"
    return outcome, cause, message, details


def _errors(result: object) -> list[object]:
    """The errors of an attempt: `error` is the first of `errors` again, and alone in old versions."""
    return fields.elements(result, "errors") or [fields.members(result, "error")]


def _annotations(test: object, types: tuple[str, ...]) -> Iterator[str]:
    for one in fields.elements(test, "annotations"):
        if fields.string(one, "type") in types:
            yield fields.string(one, "description") or fields.string(one, "type")


def _annotated(test: object, types: tuple[str, ...]) -> str:
    return fields.explain(next(_annotations(test, types), ""))[0]


def _written(result: object, key: str) -> str:
    """What the test wrote: pieces of text; binary ones are left out."""
    text = BoundedText()
    for piece in fields.elements(result, key):
        text.add(fields.string(piece, "text"))
    return text.value()
