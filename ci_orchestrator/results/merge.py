"""Many reports of the same tests become one result a test.

A test's attempts are a *set* of values, so merging is a union: associative, commutative and idempotent. The outcome is
a function of that set:

1. within a job, the last attempt decides (job attempt, then number). Of two with the same number neither is the later:
   the worse counts. Where fewer have the next number, one report ended there, and its end counts like the last;
2. over jobs that report the same test, the worse outcome decides: failed, errored, not proven, passed, skipped.

A test is *flaky* when it passed and an earlier attempt in the same job ran to its end and failed. *Tests* are counted
by id, *runs* by attempt; neither is ever the other.

What that comes to, each with a property test (tests/results/test_merge_rules.py):

================================================  ======================================================================
a case that holds its retries                     one test; the retries are its attempts, in the order told
(``flakyFailure``, ``rerunError``, …)
a test that a file tells again                    the next attempt of that test. Formats of tools that never write a
                                                  re-run so make tests of their own of them (`formats.xmlcases`)
tests that differ in their parameters             tests of their own: nothing is cut off a name
the same file, or bundle, twice                   the same attempts: nothing is counted twice
the tests of one file divided over shards         the same tests, with the same outcomes
two shards that report the same test              one test with the runs of both, which the certificate lists; the worse
                                                  decides, and to pass in one and fail in the other is not flaky
two files of one job that disagree                as above: the worse decides, and a retry in one file does not
                                                  hide a failure in the other
================================================  ======================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby, pairwise
from operator import attrgetter

from ci_orchestrator.results.model import Attempt, Cause, Outcome, TestResult, Totals

SEVERITY: Mapping[Outcome, int] = {
    Outcome.SKIPPED: 0,
    Outcome.PASSED: 1,
    Outcome.NOT_PROVEN: 2,
    Outcome.ERRORED: 3,
    Outcome.FAILED: 4,
}
"""Higher is worse."""

NO_RESULT = "no result"
"""The reason of a test of which nothing is known; any other reason says more."""

FAILURES = frozenset({Outcome.FAILED, Outcome.ERRORED})
"""An attempt that ended so ran to its end, and not well."""


def result(test: str, attempts: Iterable[Attempt], reason: str = "") -> TestResult:
    """The result of one test from all its attempts, in any order. Without any, it is not proven."""
    ordered = tuple(sorted(set(attempts), key=_order))
    if not ordered:
        return TestResult(id=test, outcome=Outcome.NOT_PROVEN, reason=reason or NO_RESULT)
    if len(ordered) == 1:
        only = ordered[0]
        return TestResult(id=test, outcome=only.outcome, attempts=ordered, reason=reason or _reason(only))
    deciding = max(_ends(ordered), key=lambda attempt: (SEVERITY[attempt.outcome], attempt.job))
    outcome = deciding.outcome
    flaky = outcome is Outcome.PASSED and any(
        attempt.outcome in FAILURES and attempt.job == deciding.job for attempt in ordered
    )
    # the deciding attempt stands last, so that `TestResult.last` is it
    rest = tuple(attempt for attempt in ordered if attempt is not deciding)
    return TestResult(
        id=test, outcome=outcome, attempts=(*rest, deciding), flaky=flaky, reason=reason or _reason(deciding)
    )


def merge(*sources: Iterable[TestResult]) -> tuple[TestResult, ...]:
    """One result a test from any number of sources, sorted by id."""
    told = sorted(chain.from_iterable(sources), key=attrgetter("id"))
    return tuple(_merged(test, list(same)) for test, same in groupby(told, key=attrgetter("id")))


def totals(results: Iterable[TestResult]) -> Totals:
    """Counts by outcome. The parts always add up to `Totals.tests`."""
    counts = dict.fromkeys(Outcome, 0)
    flaky = runs = 0
    for one in results:
        counts[one.outcome] += 1
        flaky += one.flaky
        runs += len(one.attempts)
    return Totals.of(counts, flaky=flaky, runs=runs)


def _merged(test: str, told: Sequence[TestResult]) -> TestResult:
    """All that is told of one test, as one result: of a million tests, nearly always the very one that was told."""
    if len(told) == 1 and _settled(told[0]):
        return told[0]
    attempts = [attempt for one in told for attempt in one.attempts]
    reasons = {one.reason for one in told if one.reason not in ("", NO_RESULT)}
    return result(test, attempts, "" if attempts else min(reasons, default=""))


def _settled(one: TestResult) -> bool:
    """Whether it is what `result` would make of its only attempt."""
    if len(one.attempts) != 1:
        return False
    only = one.attempts[0]
    return one.outcome is only.outcome and not one.flaky and one.reason == _reason(only)


def _ends(ordered: Iterable[Attempt]) -> Iterator[Attempt]:
    """The attempts that end what a report tells, the worst where there is a choice: see rule 1."""
    for _, group in groupby(ordered, key=attrgetter("job")):
        of_job = list(group)
        latest = [attempt for attempt in of_job if attempt.job_attempt == of_job[-1].job_attempt]
        tries = [list(same) for _, same in groupby(latest, key=attrgetter("number"))]
        for same, following in pairwise([*tries, []]):
            if len(same) > len(following):
                yield same[-1]


def _order(attempt: Attempt) -> tuple[object, ...]:
    return (
        attempt.job,
        attempt.job_attempt,
        attempt.number,
        SEVERITY[attempt.outcome],
        attempt.started,
        attempt.duration,
        attempt.worker,
        attempt.cause,
        attempt.message,
        attempt.details,
        attempt.stdout,
        attempt.stderr,
        attempt.cpu,
        attempt.peak_memory,
        attempt.file,
        attempt.line,
    )


def _reason(attempt: Attempt) -> str:
    if attempt.outcome is Outcome.SKIPPED or attempt.outcome is Outcome.NOT_PROVEN or attempt.cause is Cause.XPASS:
        return attempt.message
    return ""
