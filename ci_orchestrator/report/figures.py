"""What every rendering picks out of a report: what failed, what is slow, how close the run came to its bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nsmallest
from math import isfinite

from ci_orchestrator.report.wording import SYMBOLS
from ci_orchestrator.results.coverage import Counts
from ci_orchestrator.results.model import LONGEST, Attempt, Outcome, TestResult, Totals
from ci_orchestrator.results.report import Report, Span, TrendPoint

_RANK = {outcome: rank for rank, outcome in enumerate(SYMBOLS)}


def numbers(totals: Totals) -> dict[Outcome, int]:
    """How many tests ended in each outcome, worst first."""
    return {outcome: getattr(totals, outcome.name.lower()) for outcome in SYMBOLS}


def failures(report: Report) -> list[TestResult]:
    """What failed, then what errored; by id."""
    bad = [one for one in report.results if one.outcome in (Outcome.FAILED, Outcome.ERRORED)]
    return sorted(bad, key=lambda one: (_RANK[one.outcome], one.id))


def unproven(report: Report) -> list[TestResult]:
    """What should have run and has no result, dead letters first; by id."""
    dead = frozenset(report.certificate.dead)
    found = [one for one in report.results if one.outcome is Outcome.NOT_PROVEN]
    return sorted(found, key=lambda one: (one.id not in dead, one.id))


def flaky(report: Report) -> list[TestResult]:
    """What passed, but not at its first attempt; by id."""
    return [one for one in report.results if one.flaky]


def known_flaky(report: Report) -> list[str]:
    """Ids of what the analysis calls flaky, the worst first, then of what was retried here and it does not name."""
    known = dict.fromkeys(one.test for one in report.analysis.flaky)
    return list(known | dict.fromkeys(one.id for one in flaky(report)))


def slowest(report: Report, limit: int) -> list[TestResult]:
    """The tests that took longest, longest first; those that took no time, or none that can be, are left out."""
    timed = (one for one in report.results if 0 < one.duration <= LONGEST)
    return nsmallest(limit, timed, key=lambda one: (-one.duration, one.id))


def why(result: TestResult) -> str:
    """The one text that explains the outcome best; empty when nothing was said."""
    last = result.last
    return result.reason or (last.message or last.cause.value if last else "")


def telling(result: TestResult) -> Attempt | None:
    """The attempt to read first: the deciding one, or for a flaky test the last that failed."""
    if result.flaky:
        bad = (one for one in reversed(result.attempts) if one.outcome in (Outcome.FAILED, Outcome.ERRORED))
        return next(bad, result.last)
    return result.last


def test_seconds(report: Report) -> float:
    """Seconds of the deciding attempts of all tests: what `TrendPoint.duration` says of earlier builds."""
    return sum(one.duration for one in report.results)


def took(report: Report) -> tuple[str, float]:
    """What is known of the time, and its seconds: ``wall`` when jobs ran, else ``test time``; 0 when neither is."""
    return ("wall", report.wall) if report.wall > 0 else ("test time", test_seconds(report))


def coverage_gone(report: Report) -> Counts | None:
    """The lines of the base, where it was measured and this build was not; else None."""
    change = report.analysis.coverage
    gone = report.coverage is None and change is not None and change.before is not None and change.before.total
    return change.before if gone and change else None


def with_this_build(report: Report) -> tuple[TrendPoint, ...]:
    """The trend with this build as its last point; a history that knows it already has it as its newest."""
    if report.trend and abs(report.trend[-1].started - report.started) < 0.001:
        return report.trend
    here = TrendPoint(
        build="this build",
        started=report.started,
        totals=report.totals,
        duration=test_seconds(report),
        coverage=report.coverage.lines.share if report.coverage else None,
    )
    return (*report.trend, here)


@dataclass(frozen=True, slots=True)
class Effort:
    """How the time was spent. `at_once`: workers that were busy at the same time, at most; `bound`: no schedule of the
    same tests on that many workers is shorter; `gap`: by what part the run was longer (0.06 is 6 %)."""

    at_once: int
    bound: float
    gap: float


def effort(report: Report) -> Effort | None:
    """The lower bound max(total / workers, longest test) and the gap to it; None when it is not known."""
    spans = [span for span in report.timeline if span.end > span.start and isfinite(span.end - span.start)]
    if not spans or report.wall <= 0:
        return None
    spent = [span.end - span.start for span in spans]
    at_once = _at_once(spans)
    bound = max(sum(spent) / at_once, *spent)
    return Effort(at_once, bound, report.wall / bound - 1)


def _at_once(spans: Sequence[Span]) -> int:
    """The most spans that overlap; one that starts when another ends does not overlap it."""
    moments = sorted(moment for span in spans for moment in ((span.start, 1), (span.end, -1)))
    most = now = 0
    for _, change in moments:
        now += change
        most = max(most, now)
    return most
