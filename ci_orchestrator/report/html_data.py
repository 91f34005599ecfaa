"""What the page's scripts read: columns instead of records, so that 100,000 tests stay small; texts in chunks.

All texts are made `visible` here; the scripts only ever set them as text. The shapes are those that
``assets/data.js`` reads. Times are integers in tenths of a millisecond.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ci_orchestrator.report.escape import one_line, output, shortened, visible
from ci_orchestrator.results.model import Attempt, Outcome, TestResult, split_id
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

_LONGEST = 1e9


def index(report: Report) -> dict[str, Any]:
    """The columns of the table and the timeline; a row is the position of a test in `Report.results`."""
    jobs, lanes = _Names(), _Names()
    runs: list[list[Any]] = []
    names, job = [], []
    for one in report.results:
        suite, path, name = split_id(visible(one.id))
        if not runs or runs[-1][0] != suite or runs[-1][1] != path:
            runs.append([suite, path, 0])
        runs[-1][2] += 1
        names.append(name)
        last = one.last
        job.append(jobs.at(last.job if last else ""))
    results = report.results
    return {
        "runs": runs,
        "names": names,
        "outcomes": "".join(LETTERS[one.outcome] for one in results),
        "durations": [ticks(one.duration) for one in results],
        "job": job,
        "flaky": [row for row, one in enumerate(results) if one.flaky],
        "tries": [[row, len(one.attempts)] for row, one in enumerate(results) if len(one.attempts) != 1],
        "timeline": _timeline(report, lanes),
        "jobs": jobs.all,
        "lanes": lanes.all,
        "wall": ticks(report.wall),
        "chunk": CHUNK,
    }


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
    return round(seconds * 10_000) if 0 <= seconds <= _LONGEST else 0


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


def _timeline(report: Report, names: _Names) -> dict[str, Any]:
    rows = {one.id: row for row, one in enumerate(report.results)} if report.timeline else {}
    lanes = _lanes([span for span in report.timeline if 0 <= span.start <= span.end <= _LONGEST])
    spans = [span for _, lane in lanes for span in lane]
    return {
        "lanes": [[names.at(label), len(lane)] for label, lane in lanes],
        "start": [ticks(span.start) for span in spans],
        "length": [ticks(span.end - span.start) for span in spans],
        "row": [rows.get(span.test, -1) for span in spans],
        "outcomes": "".join(LETTERS.get(span.outcome, "N") for span in spans),
    }


def _lanes(spans: Iterable[Span]) -> list[tuple[str, list[Span]]]:
    """One lane a worker, in the order in which they began.

    On one machine a worker serves several jobs, one test at a time; on several machines each job has workers of the
    same names, at the same time. Spans tell the two apart: where jobs overlap in a worker, it is several workers.
    """
    workers: dict[str, list[Span]] = {}
    for span in sorted(spans, key=lambda span: (span.start, span.end, span.job, span.worker, span.test)):
        workers.setdefault(span.worker, []).append(span)
    lanes: list[tuple[str, list[Span]]] = []
    for worker, own in workers.items():
        if any(after.start < before.end and after.job != before.job for before, after in pairwise(own)):
            jobs: dict[str, list[Span]] = {}
            for span in own:
                jobs.setdefault(span.job, []).append(span)
            lanes += [(" · ".join(filter(None, (job, worker))), some) for job, some in jobs.items()]
        else:
            lanes.append((worker, own))
    return sorted(lanes, key=lambda lane: (lane[1][0].start, lane[0]))


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
