"""What is remembered between builds, and the Protocol of the place that remembers it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Generic, Protocol, TypeVar

from ci_orchestrator.errors import UserError
from ci_orchestrator.results.model import Cause, Outcome, TestResult, Totals

LONGEST = 1e9
"""Seconds. What claims to have taken longer (31 years), or less than nothing, was not measured."""

_T = TypeVar("_T")

MOST_ATTEMPTS = 255
"""More attempts at one test in one build are remembered as this many."""

ABSENT, RETRIED = ".", "R"
LETTERS: Mapping[Outcome, str] = {
    Outcome.PASSED: "P",
    Outcome.FAILED: "F",
    Outcome.ERRORED: "E",
    Outcome.SKIPPED: "S",
    Outcome.NOT_PROVEN: "N",
}
"""How `Store.patterns` writes an outcome; `RETRIED` is a pass that was flaky, `ABSENT` a build without the test."""


class HistoryError(UserError):
    """The history cannot be read or written now; what it holds is as it was."""


class DamagedHistoryError(HistoryError):
    """The file is no history any more: cut short, overwritten or changed by something else."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one build says of one test: its final outcome, the seconds of its deciding attempt, how many attempts.

    `usable`: the duration may feed estimates (see `observe`). `flaky`: it passed after an attempt that failed.
    """

    test: str
    outcome: Outcome
    duration: float
    attempts: int = 1
    usable: bool = True
    flaky: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRecord:
    """One build (one run of one plan), or the part of it that ran on one runner class.

    Recording the same `build` and `runner` again replaces it: recording is idempotent. `runner` is the runner class
    that the durations belong to. `started`: Unix seconds; it alone says which build is newer. `complete` is False for
    subsets, interrupted builds and uncertified reports: they add observations but are no base for *removed tests*.
    Of two observations of one test the last counts. A store walks the observations several times: they may be `Each`.
    `coverage`: the share of lines, 0 to 1; None: not measured.
    """

    build: str
    started: float
    runner: str = ""
    revision: str = ""
    branch: str = ""
    wall: float = 0.0
    complete: bool = True
    coverage: float | None = None
    observations: Collection[Observation] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSummary:
    """A build without its tests. `duration` is the sum of its tests' seconds."""

    build: str
    started: float
    runner: str
    revision: str
    branch: str
    wall: float
    complete: bool
    totals: Totals
    duration: float
    coverage: float | None = None


class Store(Protocol):
    """A history. Reads see builds newest first (by start, then by name); `last` counts recorded builds. `but`: a build
    that they do not see, so that one that is reported again is held against what was before it.

    Durations are kept to single precision: 7 digits, so milliseconds are exact up to 4 hours. Every method may raise
    `HistoryError`; callers tell the user and go on as if nothing were remembered: no build fails for want of memory.
    """

    def record(self, build: BuildRecord) -> None:
        """Remember a build, atomically."""

    def durations(
        self, tests: Collection[str] | None = None, *, last: int = 5, runner: str | None = None, but: str = ""
    ) -> Mapping[str, tuple[float, ...]]:
        """Up to `last` usable durations a test, newest first; tests without any are absent. None: all tests."""

    def outcomes(self, test: str, *, last: int = 20) -> Sequence[tuple[BuildSummary, Observation]]:
        """What the last builds that had the test said of it, newest first."""

    def patterns(self, *, last: int = 50, but: str = "") -> Mapping[str, str]:
        """How every test fared in the last builds: one letter a build (`LETTERS`), newest first."""

    def builds(self, *, last: int = 20, but: str = "") -> Sequence[BuildSummary]:
        """The last builds, newest first."""

    def forget(self, *, keep: int) -> int:
        """Drop all but the newest `keep` builds, each with all its runner classes; returns how many went."""

    def close(self) -> None:
        """Release what is held."""


class Each(Collection[_T], Generic[_T]):
    """What `make` makes of each of `things`, made anew on every walk: of a million only one is there at a time."""

    def __init__(self, make: Callable[[Any], _T], things: Collection[Any]) -> None:
        self._make, self._things = make, things

    def __iter__(self) -> Iterator[_T]:
        return map(self._make, self._things)

    def __len__(self) -> int:
        return len(self._things)

    def __contains__(self, one: object) -> bool:
        return any(one == other for other in self)


def observe(result: TestResult) -> Observation:
    """What a build should remember of a test.

    Its duration is that of the deciding attempt alone, and usable only if that attempt ran to the end that is normal
    for the test: it passed, or failed where that was expected (xfail), and no worker was lost on the way. A test that
    fails tells how long failing takes; when a server is down for an afternoon, a whole suite fails within a second.
    """
    attempts = result.attempts
    if not attempts:
        return Observation(result.id, result.outcome, 0.0, attempts=0, usable=False)
    deciding = attempts[-1]
    usable = deciding.outcome is Outcome.PASSED or deciding.cause is Cause.XFAIL
    if deciding.cause or len(attempts) > 1:  # most have one without a cause, and there may be millions
        usable = usable and all(attempt.cause is not Cause.WORKER_LOST for attempt in attempts)
    return Observation(result.id, result.outcome, deciding.duration, len(attempts), usable, result.flaky)


def cleaned(build: BuildRecord) -> tuple[BuildRecord, list[str]]:
    """The record as every store keeps it: one observation a test, sorted; impossible numbers made harmless.

    And its tests, aligned with the observations.
    """
    observations = build.observations
    tests: list[str] = []
    harmless = True
    for one in observations:  # once: they may be `Each`
        tests.append(one.test)
        harmless = harmless and _is_plausible(one)
    if not harmless or not all(one < other for one, other in pairwise(tests)):
        last = {one.test: _plausible(one) for one in observations}
        tests = sorted(last)
        observations = tuple(last[test] for test in tests)
    record = replace(
        build,
        build=storable(build.build),
        runner=storable(build.runner),
        revision=storable(build.revision),
        branch=storable(build.branch),
        observations=observations,
    )
    return record, tests


def summarise(build: BuildRecord) -> BuildSummary:
    """The summary of a cleaned record."""
    counts = dict.fromkeys(Outcome, 0)
    flaky = runs = 0
    duration = 0.0
    for one in build.observations:
        counts[one.outcome] += 1
        flaky += one.flaky
        runs += one.attempts
        duration += one.duration
    return BuildSummary(
        build=build.build,
        started=build.started,
        runner=build.runner,
        revision=build.revision,
        branch=build.branch,
        wall=build.wall,
        complete=build.complete,
        totals=Totals.of(counts, flaky=flaky, runs=runs),
        duration=duration,
        coverage=build.coverage,
    )


def letter(seen: Observation) -> str:
    """The letter of `Store.patterns`."""
    return RETRIED if seen.flaky else LETTERS[seen.outcome]


def _is_plausible(one: Observation) -> bool:
    return 0 <= one.duration <= LONGEST and 0 <= one.attempts <= MOST_ATTEMPTS


def _plausible(one: Observation) -> Observation:
    if _is_plausible(one):
        return one
    measured = 0 <= one.duration <= LONGEST  # also false for NaN
    return replace(
        one,
        duration=one.duration if measured else 0.0,
        usable=one.usable and measured,
        attempts=min(max(one.attempts, 0), MOST_ATTEMPTS),
    )


def storable(text: str) -> str:
    """A build's name, branch … as text that UTF-8 can hold: the environment may carry bytes that it cannot."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
