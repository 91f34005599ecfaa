"""Cucumber's JSON report, as cucumber-ruby, -jvm and -js, behave and godog write it.

A scenario is a test, named ``feature › scenario``. Traps:

- a background is an element of its own before each scenario; when one of its steps fails, the scenario after it only
  has skipped steps: the two are judged together;
- hooks fail too: those of the scenario, and those of each step;
- *undefined*, *ambiguous* and *pending* steps fail a run since Cucumber is strict; nothing was proven wrong: errored;
- the rows of an outline all have its name; ``duration`` is in nanoseconds; ``name`` may come after ``elements``;
- the JVM writes paths as ``file:`` and ``classpath:`` addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import Case, Format, Item, Readable
from ci_orchestrator.results.formats.document import read_all, shape
from ci_orchestrator.results.formats.jsonfeed import ITEM, JsonFeed
from ci_orchestrator.results.formats.names import TITLES, Names
from ci_orchestrator.results.formats.text import cut, cut_name
from ci_orchestrator.results.model import Outcome

_STATUS = {
    "passed": Outcome.PASSED,
    "skipped": Outcome.SKIPPED,
    "failed": Outcome.FAILED,
    **dict.fromkeys(("undefined", "ambiguous", "pending"), Outcome.ERRORED),
}
_WEIGHT = {
    Outcome.PASSED: 0,
    Outcome.SKIPPED: 1,
    Outcome.NOT_PROVEN: 2,
    Outcome.ERRORED: 3,
    Outcome.FAILED: 4,
}
_NANOSECOND = 1e-9


def sniff(head: bytes) -> bool:
    """True for an array of features: what has elements, and these have steps."""
    keys = shape(head)
    return (ITEM, "elements") in keys and bool({(ITEM, "uri"), (ITEM, "elements", ITEM, "steps")} & keys)


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The scenarios, feature by feature. Raises `ResultsError` when nothing could be read."""
    feed = JsonFeed(stream, file)
    return read_all(feed, _items(feed), "scenarios")


CUCUMBER = Format(name="cucumber", sniff=sniff, parse=parse, about="Cucumber JSON: cucumber-jvm, -js, -ruby, behave, …")


def _items(feed: JsonFeed) -> Iterator[Item]:
    names = Names()
    for _, _, feature in feed.values((ITEM,)):
        file, title = fields.name(feature, "uri").removeprefix("file:"), fields.name(feature, "name")
        background: list[object] = []
        for element in fields.elements(feature, "elements"):
            if _is_background(element):
                background = list(_parts(element))
                continue
            case = _case(element, [*background, *_parts(element)])
            name = TITLES.join(one for one in (title, fields.name(element, "name")) if one)
            case.file, case.name = file, names.unique(cut_name(name), file)
            background = []
            yield case


def _is_background(element: object) -> bool:
    kind = fields.string(element, "type") or fields.string(element, "keyword")
    return kind.lower() == "background"


def _parts(element: object) -> Iterator[object]:
    """The steps of an element and all hooks around them, each with its result."""
    yield from fields.elements(element, "before")
    for step in fields.elements(element, "steps"):
        yield from fields.elements(step, "before")
        yield step
        yield from fields.elements(step, "after")
    yield from fields.elements(element, "after")


def _case(element: object, parts: Sequence[object]) -> Case:
    """A scenario is as good as the worst of its steps and hooks: one skipped step: it was not gone through."""
    case = Case((), "", "", line=fields.line(element))
    for part in parts:
        result = fields.members(part, "result")
        status = fields.string(result, "status").lower()
        case.duration += fields.seconds(result, "duration", _NANOSECOND)
        outcome = _STATUS.get(status, Outcome.NOT_PROVEN)
        if _WEIGHT[outcome] > _WEIGHT[case.outcome]:
            case.outcome = outcome
            _explain(case, part, result, status)
    if case.outcome is Outcome.PASSED and not any(fields.string(part, "name") for part in parts):
        case.outcome, case.message = Outcome.SKIPPED, "the scenario has no steps"
    return case


def _explain(case: Case, part: object, result: object, status: str) -> None:
    message, details = fields.explain(fields.string(result, "error_message"))
    step = f"{fields.string(part, 'keyword').strip()} {fields.string(part, 'name')}".strip()
    case.message = message or cut(f"{status or 'no result'}: {step}" if step else status)
    case.details = details or (cut(step) if message else "")
