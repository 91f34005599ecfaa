"""Mocha's JSON reporter (``--reporter json``).

The name of a test is its full title. Traps:

- a test does not say how it ended: it stands in ``passes``, ``failures`` or ``pending``, and in ``tests`` once more;
- a hook that fails is among the failures, as ``"before each" hook for …``, and no test: errored;
- retries are only counted, as ``currentRetry``;
- ``file`` is an absolute path; ``duration`` is missing when a test did not run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import Case, Format, Item, Readable, ReadWarning
from ci_orchestrator.results.formats.document import read_all, shape
from ci_orchestrator.results.formats.jsonfeed import ITEM, JsonFeed
from ci_orchestrator.results.formats.names import ATTEMPTS, Names
from ci_orchestrator.results.formats.text import cut, cut_text
from ci_orchestrator.results.model import Attempt, Cause, Outcome

_LISTS = {"passes": Outcome.PASSED, "failures": Outcome.FAILED, "pending": Outcome.SKIPPED}
_HOOK = re.compile(r'"(?:before|after) (?:all|each)" hook\b')


def sniff(head: bytes) -> bool:
    """True when the statistics are Mocha's and the tests follow as one list."""
    return {("stats", "suites"), ("stats", "passes"), ("stats", "pending"), ("tests",)} <= shape(head)


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The tests, list by list. Raises `ResultsError` when nothing could be read."""
    feed = JsonFeed(stream, file)
    return read_all(feed, _items(feed), "test cases")


MOCHA = Format(name="mocha", sniff=sniff, parse=parse, about="Mocha's JSON reporter")


def _items(feed: JsonFeed) -> Iterator[Item]:
    names = Names()
    told, expected = 0, 0.0
    for path, _, value in feed.values(("stats",), *((key, ITEM) for key in _LISTS)):
        if path[0] == "stats":
            expected = sum(fields.number(value, key) or 0.0 for key in _LISTS)
        else:
            told += 1
            yield _case(value, _LISTS[path[0]], names)
    if told < expected and not feed.broken:
        yield ReadWarning("the statistics count more tests than the report holds", feed.where)


def _case(test: object, outcome: Outcome, names: Names) -> Case:
    file, title = fields.name(test, "file"), fields.name(test, "title")
    name = names.unique(fields.name(test, "fullTitle") or title, file)
    case = Case((), "", name, file, duration=fields.seconds(test, "duration"), outcome=outcome)
    retries = int(min(max(fields.number(test, "currentRetry") or 0.0, 0.0), ATTEMPTS))
    if outcome is not Outcome.SKIPPED:
        case.before = (Attempt(outcome=Outcome.FAILED, file=file),) * retries
    if outcome is Outcome.FAILED:
        _explain(case, fields.members(test, "err"), hook=bool(_HOOK.match(title)))
    return case


def _explain(case: Case, error: dict[str, object], *, hook: bool) -> None:
    said, stack = fields.string(error, "message").strip(), fields.string(error, "stack").strip("\n")
    case.message, case.details = fields.explain(said or stack)
    case.details = cut_text(stack) if said in stack else cut_text(f"{said}\n{stack}")
    if case.details.strip() == case.message:
        case.details = ""
    case.message = cut(case.message)
    if fields.string(error, "code") == "ERR_MOCHA_TIMEOUT":
        case.cause = Cause.TIMEOUT
    if hook:
        case.outcome = Outcome.ERRORED
