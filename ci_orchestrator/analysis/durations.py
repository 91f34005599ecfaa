"""How long a test will take, from how long it took.

The estimate is the median of the last 5 usable durations: it predicts the next better than the mean does, and one bad
run does not move it (benchmarks/history.py prints the errors on real histories). A test without any takes what is usual
in its file, else in its suite, else a default. The same input gives the same milliseconds, in whatever order it comes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ci_orchestrator.results.model import split_id

WINDOW = 5
"""How many of the newest durations count."""

DEFAULT = 1.0
"""Seconds, when nothing is known at all: the usual size of a test in suites that are worth dividing (their medians lie
between 0.3 and 1 s). It only has to be plausible: before the first run all tests weigh the same."""


class Source(StrEnum):
    """Where an estimate comes from, best first."""

    TEST = "test"
    FILE = "file"
    SUITE = "suite"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Estimates:
    """`milliseconds` and `source` are aligned with the tests that were asked for; every estimate is at least 1 ms."""

    milliseconds: list[int]
    source: list[Source]

    @property
    def counts(self) -> dict[Source, int]:
        """How many tests each source speaks for; all sources are named."""
        found = Counter(self.source)
        return {source: found[source] for source in Source}

    @property
    def confidence(self) -> float:
        """The share of the estimated time that rests on the tests' own durations, 0 to 1; 1 when there are no tests."""
        total = sum(self.milliseconds)
        own = sum(time for time, source in zip(self.milliseconds, self.source, strict=True) if source is Source.TEST)
        return own / total if total else 1.0


def estimate(tests: Sequence[str], durations: Mapping[str, Sequence[float]], default: float = DEFAULT) -> Estimates:
    """Estimates for `tests` (full ids) from `durations` (seconds by full id, newest first), as a store gives them.

    `default`: seconds for tests of suites that have no durations. Tests in `durations` that are not asked for still
    speak for their file and suite.
    """
    milliseconds: list[int] = []
    source = [Source.TEST] * len(tests)
    unknown: list[int] = []
    for place, test in enumerate(tests):
        recent = durations.get(test)
        if recent:
            milliseconds.append(_milliseconds(median(recent[:WINDOW])))
        else:
            milliseconds.append(0)
            unknown.append(place)
    usual = _usual(durations, [tests[place] for place in unknown])
    for place in unknown:
        test = tests[place]
        seconds, source[place] = usual.get(_file(test)) or usual.get(_suite(test)) or (default, Source.DEFAULT)
        milliseconds[place] = _milliseconds(seconds)
    return Estimates(milliseconds, source)


def median(values: Iterable[float]) -> float:
    """The middle of at least one value; of an even number, half way between the two in the middle."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _usual(
    durations: Mapping[str, Sequence[float]], tests: Sequence[str]
) -> dict[tuple[str, ...], tuple[float, Source]]:
    """The median test of every file and suite of `tests` that has any durations."""
    if not tests:
        return {}
    files, suites = set(map(_file, tests)), set(map(_suite, tests))
    seen: dict[tuple[str, ...], list[float]] = {}
    for test, recent in durations.items():
        if recent and (suite := _suite(test)) in suites:
            seconds = median(recent[:WINDOW])
            seen.setdefault(suite, []).append(seconds)
            if (file := _file(test)) in files:
                seen.setdefault(file, []).append(seconds)
    return {key: (median(values), Source.FILE if len(key) == 2 else Source.SUITE) for key, values in seen.items()}


def _file(test: str) -> tuple[str, ...]:
    """``(suite, path)``"""
    return split_id(test)[:2]


def _suite(test: str) -> tuple[str, ...]:
    return split_id(test)[:1]


def _milliseconds(seconds: float) -> int:
    """Whole, so that a lock has the same bytes everywhere; at least 1, so that no test is free."""
    return max(1, round(seconds * 1000))
