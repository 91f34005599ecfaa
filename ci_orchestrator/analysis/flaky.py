"""Tests that pass and fail without a reason in the source, by what this build and the history tell.

Two signs, each enough. *Contradiction*: on one revision the test both passed and failed, in one build (a retry) or in
several. *Turns*: over revisions it goes back and forth between pass and fail more often than tests that break and are
mended do. Turns are counted with hysteresis, so that a test is not called flaky today, sound tomorrow and flaky the day
after: it becomes flaky at `RAISE` turns and stays so until `CLEAR` are left among the builds that are looked at.

A build in which most tests failed says nothing of any of them: a server was down, or nothing compiled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ci_orchestrator.results.findings import FlakyTest
from ci_orchestrator.results.merge import FAILURES
from ci_orchestrator.results.model import Outcome, TestResult

RAISE, CLEAR, WINDOW = 4, 1, 20
"""Turns at which a test becomes flaky, at most so many at which it stops being so, within so many builds that ran it.
One break and its fix are two turns."""

MOST_FAILED, MOST_LEAST = 0.5, 10
"""The share of tests over which a build that ran at least so many tells nothing."""

_PASS, _FAIL, _RETRIED = "P", "FE", "R"


def flaky_tests(
    results: Sequence[TestResult], patterns: Mapping[str, str], revisions: Sequence[str], revision: str
) -> tuple[FlakyTest, ...]:
    """The flaky tests among `results`, the worst first: by contradictions and retries, then by turns, then by id.

    `patterns`: how each test fared in earlier builds, one letter a build, newest first, as a store gives them; this
    build is not among them. `revisions` are those builds', aligned; `revision` is this build's. Builds whose revision
    is unknown (empty) contradict only themselves.
    """
    history = _History(patterns.values(), revisions, revision, trusted=not _most_failed(results))
    seen: dict[tuple[str, str], _Signs] = {}
    found = []
    for one in results:
        pattern, now = patterns.get(one.id, ""), _letter(one.outcome)
        signs = seen.get((pattern, now))
        if signs is None:
            signs = seen[pattern, now] = history.signs(pattern, now)
        if one.flaky or signs.flaky:
            found.append(
                FlakyTest(
                    test=one.id,
                    retried=one.flaky,
                    contradictions=signs.contradictions,
                    transitions=signs.transitions,
                    builds=signs.builds,
                    new=not signs.known,
                )
            )
    return tuple(sorted(found, key=lambda one: (-one.contradictions - one.retried, -one.transitions, one.test)))


@dataclass(frozen=True, slots=True)
class _Signs:
    """What all builds together say of a test. `known`: the earlier ones said that it is flaky."""

    flaky: bool
    known: bool
    contradictions: int
    transitions: int
    builds: int


class _History:
    """Reads patterns, without the builds that tell nothing."""

    def __init__(self, patterns: Collection[str], revisions: Sequence[str], revision: str, *, trusted: bool) -> None:
        self._revisions = revisions
        self._revision = revision
        self._trusted = trusted
        self._silent = _silent(patterns, len(revisions))

    def signs(self, pattern: str, now: str) -> _Signs:
        """The signs of a test with this pattern, which ended with the letter `now` in this build."""
        earlier = [
            (name or f" {place}", letter)
            for place, (name, letter) in enumerate(zip(self._revisions, pattern, strict=False))
            if place not in self._silent and letter in _PASS + _FAIL + _RETRIED
        ]
        every = [(self._revision or " now", now), *earlier] if now and self._trusted else earlier
        before = _contradictions(earlier)
        contradictions = _contradictions(every)
        known = before > 0 or _unsteady(earlier)
        return _Signs(
            flaky=known or contradictions > 0 or _unsteady(every),
            known=known,
            contradictions=contradictions,
            transitions=sum(_turns(every)),
            builds=len(every),
        )


def _silent(patterns: Collection[str], builds: int) -> frozenset[int]:
    """The places of builds in which most tests failed."""
    ran, failed = [0] * builds, [0] * builds
    for pattern, tests in Counter(patterns).items():  # most patterns are alike
        for place, letter in enumerate(pattern[:builds]):
            if letter in _PASS + _FAIL + _RETRIED:
                ran[place] += tests
                failed[place] += tests * (letter in _FAIL)
    return frozenset(place for place in range(builds) if _mass(failed[place], ran[place]))


def _most_failed(results: Sequence[TestResult]) -> bool:
    counts = Counter(one.outcome for one in results)
    failed = sum(counts[outcome] for outcome in FAILURES)
    return _mass(failed, failed + counts[Outcome.PASSED])


def _mass(failed: int, ran: int) -> bool:
    return ran >= MOST_LEAST and failed > MOST_FAILED * ran


def _letter(outcome: Outcome) -> str:
    """How this build counts; a retried pass is a pass, `FlakyTest.retried` says the rest."""
    return "F" if outcome in FAILURES else "P" if outcome is Outcome.PASSED else ""


def _contradictions(builds: Sequence[tuple[str, str]]) -> int:
    """Revisions on which a test both passed and failed."""
    passed = {name for name, letter in builds if letter not in _FAIL}
    failed = {name for name, letter in builds if letter not in _PASS}
    return len(passed & failed)


def _turns(builds: Sequence[tuple[str, str]]) -> list[bool]:
    """For each build but the oldest, oldest first: did the outcome turn?"""
    failed = [letter in _FAIL for _, letter in reversed(builds)]
    return [one is not other for one, other in pairwise(failed)]


def _unsteady(builds: Sequence[tuple[str, str]]) -> bool:
    """Whether a test is flaky by its turns, told build by build from the oldest on."""
    turns = _turns(builds)
    flaky = False
    for place in range(len(turns)):
        recent = sum(turns[max(0, place - WINDOW + 2) : place + 1])
        flaky = recent > CLEAR if flaky else recent >= RAISE
    return flaky
