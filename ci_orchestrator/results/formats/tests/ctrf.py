"""CTRF, the Common Test Report Format (ctrf.io), which reporters for many tools write.

Traps:

- ``suite`` is an array of names, and was one text with `` > `` between them; many reporters put the file in it again;
- ``status: other`` proves nothing, unless ``rawStatus`` says that the test was not meant to run (jest's *todo*);
- ``retryAttempts`` holds the attempts before the last one, or all; or there is only their number, ``retries``;
- ``message`` and ``trace`` often begin with the same line.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import Case, Format, Item, Readable, ReadWarning
from ci_orchestrator.results.formats.document import read_all, shape
from ci_orchestrator.results.formats.jsonfeed import ITEM, JsonFeed
from ci_orchestrator.results.formats.names import ATTEMPTS, TITLES, Names
from ci_orchestrator.results.formats.text import cut, cut_name, cut_text
from ci_orchestrator.results.model import Attempt, Outcome

_STATUS = {
    "passed": Outcome.PASSED,
    "failed": Outcome.FAILED,
    "skipped": Outcome.SKIPPED,
    "pending": Outcome.SKIPPED,
}
_NOT_MEANT = ("todo", "disabled", "ignored")


def sniff(head: bytes) -> bool:
    """True when the document says so, or has the results and the tool that CTRF requires."""
    keys = shape(head)
    return {("reportFormat",), ("specVersion",)} <= keys or {("results", "tool"), ("results", "summary")} <= keys


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The tests in the file's order. Raises `ResultsError` when nothing could be read."""
    feed = JsonFeed(stream, file)
    return read_all(feed, _items(feed), "test cases")


CTRF = Format(name="ctrf", sniff=sniff, parse=parse, about="CTRF JSON, by its reporters for many tools")


def _items(feed: JsonFeed) -> Iterator[Item]:
    names = Names()
    told, expected = 0, 0.0
    for path, _, value in feed.values(("results", "summary"), ("results", "tests", ITEM)):
        if path[-1] == ITEM:
            told += 1
            yield _case(value, names)
        else:
            expected = fields.number(value, "tests") or 0.0
    if told < expected and not feed.broken:
        yield ReadWarning("the summary counts more tests than the report holds", feed.where)


def _case(test: object, names: Names) -> Case:
    file = fields.name(test, "filePath")
    groups = fields.strings(test, "suite") or fields.string(test, "suite").split(" > ")
    groups = [cut_name(group) for group in groups if group and not f"/{file}".endswith(f"/{group}")]
    name = TITLES.join([*groups, fields.name(test, "name")])
    case = Case((), "", names.unique(cut_name(name), file), file, fields.line(test), fields.seconds(test, "duration"))
    case.outcome = _outcome(test)
    if case.outcome is not Outcome.PASSED:
        case.message, case.details = _explained(test)
    if case.outcome is Outcome.NOT_PROVEN:
        said = fields.string(test, "rawStatus") or fields.string(test, "status")
        case.message = f"the report says {said[:100]!r}, which proves nothing"
    case.stdout = cut_text("\n".join(fields.strings(test, "stdout")))
    case.stderr = cut_text("\n".join(fields.strings(test, "stderr")))
    if case.outcome in (Outcome.PASSED, Outcome.FAILED):
        case.before = _earlier(test, case)
    return case


def _outcome(told: object) -> Outcome:
    if fields.string(told, "status") == "other" and fields.string(told, "rawStatus") in _NOT_MEANT:
        return Outcome.SKIPPED
    return _STATUS.get(fields.string(told, "status"), Outcome.NOT_PROVEN)


def _explained(told: object) -> tuple[str, str]:
    """`(message, details)` of a test or an attempt."""
    said, trace = fields.string(told, "message").strip(), fields.string(told, "trace").strip()
    both = trace if said in trace else f"{said}\n{trace}".strip()
    message, details = fields.explain(both)
    return (cut(said.split("\n", 1)[0]) if said else message), details


def _earlier(test: object, case: Case) -> tuple[Attempt, ...]:
    """The attempts before the one that the test itself tells."""
    retries = int(min(max(fields.number(test, "retries") or 0.0, 0.0), ATTEMPTS))
    told = fields.elements(test, "retryAttempts")[:ATTEMPTS]
    if len(told) > retries:
        told = told[:retries] if retries else told
    missing = max(retries - len(told), 0)
    return tuple(_attempt(one, case) for one in [*told, *[{"status": "failed"}] * missing])


def _attempt(told: object, case: Case) -> Attempt:
    message, details = _explained(told)
    return Attempt(
        outcome=_outcome(told),
        duration=fields.seconds(told, "duration"),
        message=message,
        details=details,
        file=case.file,
        line=case.line,
    )
