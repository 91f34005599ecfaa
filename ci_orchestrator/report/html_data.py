"""What the page's scripts read: columns instead of records, so that 100,000 tests stay small; texts in chunks.

All texts are made `visible` here; the scripts only ever set them as text. The shapes are those that
``assets/data.js`` reads. Times are integers in tenths of a millisecond.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, groupby, islice
from typing import Any

from ci_orchestrator.report.escape import for_script, one_line, output, shortened, visible, web_address
from ci_orchestrator.report.html_rows import Rows
from ci_orchestrator.report.html_timeline import lanes
from ci_orchestrator.results.model import LONGEST, Attempt, Outcome, TestResult, split_id
from ci_orchestrator.results.report import Report, Span

CHUNK = 500
"""Tests whose texts are one JSON document: what is parsed when one of them is opened."""

FAILING_BUDGET, PASSING_BUDGET = 32_000_000, 8_000_000
"""Characters of messages, tracebacks and output, of all failing and of all other tests together."""

MOST_TEXT, LEAST_TEXT = 20_000, 160
"""Characters kept of one text when there is room, and fewer than which are not worth keeping."""

LETTERS: Mapping[str, str] = {
    Outcome.PASSED: "P",
    Outcome.FAILED: "F",
    Outcome.ERRORED: "E",
    Outcome.SKIPPED: "S",
    Outcome.NOT_PROVEN: "N",
}

_PIECE = 1_000
"""Values of a column that are written at once."""


def index(report: Report) -> Iterator[str]:
    """The columns of the table and the timeline, as the pieces of one JSON object.

    A row is the position of a test in `Report.results`. Each column is made as it is written: of a million tests no
    column is ever held.
    """
    results = report.results
    jobs, workers = _Names(), _Names()
    tests = ((row, one) for row, one in enumerate(results))
    return _object(
        _column("runs", _runs(results)),
        _column("names", (split_id(visible(one.id))[2] for one in results)),
        _letters("outcomes", (LETTERS[one.outcome] for one in results)),
        _column("durations", (ticks(one.duration) for one in results)),
        _column("job", (jobs.at(one.last.job if one.last else "") for one in results)),
        _column("flaky", (row for row, one in enumerate(results) if one.flaky)),
        _column("tries", ([row, len(one.attempts)] for row, one in tests if len(one.attempts) != 1)),
        chain(['"timeline":'], _timeline(report, workers)),
        _column("jobs", jobs.all),
        _column("lanes", workers.all),
        [f'"wall":{ticks(report.wall)},"chunk":{CHUNK},"source":{for_script(_source(report))}'],
    )


def _source(report: Report) -> str:
    """Where the scripts link a line of a file to; empty unless it is a web address."""
    return report.links.source if web_address(report.links.source) else ""


def _runs(results: Iterable[TestResult]) -> Iterator[list[Any]]:
    """Suite, path and number of the tests that follow each other and share them."""
    for (suite, path), own in groupby(results, key=lambda one: split_id(visible(one.id))[:2]):
        yield [suite, path, sum(1 for _ in own)]


def _object(*members: Iterable[str]) -> Iterator[str]:
    """A JSON object; each member is made when those before it are written."""
    opening = "{"
    for member in members:
        yield opening
        yield from member
        opening = ","
    yield "}"


def _column(name: str, values: Iterable[Any]) -> Iterator[str]:
    yield f'"{name}":['
    rest, between = iter(values), ""
    while some := list(islice(rest, _PIECE)):
        yield between + for_script(some)[1:-1]
        between = ","
    yield "]"


def _letters(name: str, letters: Iterable[str]) -> Iterator[str]:
    yield f'"{name}":"'
    rest = iter(letters)
    while some := "".join(islice(rest, _PIECE)):
        yield some
    yield '"'


def chunks(report: Report) -> Iterator[list[Any]]:
    """Of every test its reason and its attempts, in chunks of `CHUNK` rows."""
    results = report.results
    failing, passing = _limits(results)
    for start in range(0, len(results), CHUNK):
        yield [
            [visible(one.reason), [_attempt(attempt, passing if _well(one) else failing) for attempt in one.attempts]]
            for one in results[start : start + CHUNK]
        ]


def ticks(seconds: float) -> int:
    """Tenths of a millisecond; 0 for what is no plausible time."""
    return round(seconds * 10_000) if 0 <= seconds <= LONGEST else 0


@dataclass(init=False, slots=True)
class _Names:
    """Numbers for names that repeat."""

    all: list[str]
    _numbers: dict[str, int]

    def __init__(self) -> None:
        self.all = []
        self._numbers = {}

    def at(self, name: str) -> int:
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self.all)
            self.all.append(one_line(name))
        return number


def _timeline(report: Report, names: _Names) -> Iterator[str]:
    """The lanes, then the spans of all lanes, one lane after the other."""
    rows, found = Rows(report.results), lanes(report.timeline)

    def spans() -> Iterator[Span]:
        return chain.from_iterable(lane for _, lane in found)

    return _object(
        _column("lanes", ([names.at(label), len(lane)] for label, lane in found)),
        _column("start", (ticks(span.start) for span in spans())),
        _column("length", (ticks(span.end - span.start) for span in spans())),
        _letters("outcomes", (LETTERS.get(span.outcome, "N") for span in spans())),
        _column("row", (-1 if (row := rows.of(span.test)) is None else row for span in spans())),
    )


def _attempt(attempt: Attempt, limit: int) -> list[Any]:
    fields: list[Any] = [
        LETTERS[attempt.outcome],
        ticks(attempt.duration),
        ticks(attempt.cpu),
        max(attempt.peak_memory, 0),
        visible(attempt.job),
        visible(attempt.worker),
        attempt.number,
        attempt.job_attempt,
        _plausible(attempt.started),
        visible(attempt.file),
        attempt.line,
        attempt.cause.value,
        *(_bounded(text, limit) for text in _texts(attempt)),
    ]
    while not fields[-1]:
        fields.pop()
    return fields


def _texts(attempt: Attempt) -> Iterable[str]:
    return attempt.message, attempt.details, attempt.stdout, attempt.stderr


def _bounded(text: str, limit: int) -> str:
    return output(shortened(text, limit)) if text and limit else ""


def _limits(results: tuple[TestResult, ...]) -> tuple[int, int]:
    """Characters that may be kept of each text of a failing test, and of any other: equal shares of the budgets."""
    counts = [0, 0]
    for one in results:
        counts[_well(one)] += sum(bool(text) for attempt in one.attempts for text in _texts(attempt))
    shares = [
        min(MOST_TEXT, budget // max(1, n)) for budget, n in zip((FAILING_BUDGET, PASSING_BUDGET), counts, strict=True)
    ]
    return max(shares[0], LEAST_TEXT), shares[1] if shares[1] >= LEAST_TEXT else 0


def _well(one: TestResult) -> bool:
    """Nothing about the test asks to be looked into."""
    return one.outcome in (Outcome.PASSED, Outcome.SKIPPED) and not one.flaky


def _plausible(timestamp: float) -> float:
    return round(timestamp, 3) if math.isfinite(timestamp) and 0 < timestamp < 1e11 else 0
