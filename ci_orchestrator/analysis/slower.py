"""Tests that take longer than they used to: beyond what noise, and a slower machine, explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ci_orchestrator.analysis.durations import median
from ci_orchestrator.results.findings import DurationChange
from ci_orchestrator.results.model import Outcome, TestResult

LEAST_SAMPLES = 5
"""Earlier durations that it takes to say what is usual."""

LEAST_SECONDS = 0.5
"""A smaller change is nobody's concern, whatever its share."""

LEAST_SHARE = 0.5
"""Of the usual duration. The same test on the same kind of runner varies by some 30 %, runners differ by 15 %."""

DEVIATIONS = 4.0
"""Standard deviations above the usual that no noise reaches (about 1 in 30,000, were it normal)."""

NORMAL = 1.4826
"""1 / Φ⁻¹(3/4): what makes the median absolute deviation of normal values their standard deviation (Rousseeuw and
Croux, JASA 88, 1993)."""

PACE_SAMPLE = 10_000
"""Tests whose past is asked for to tell the pace of a build."""

PACE_TESTS, PACE_SECONDS = 20, 0.01
"""The pace of a build is told by at least so many tests, of those that usually take at least so long."""


def slower(
    results: Sequence[TestResult], history: Mapping[str, tuple[float, ...]], *, limit: int = 10
) -> tuple[DurationChange, ...]:
    """At most `limit` tests that passed and took far longer than usual, those that cost the most seconds first.

    `history`: the usable seconds of earlier builds by test id, as a store gives them; this build is not among them.
    A test is slower when it took longer than ever before, and longer than its median by `LEAST_SECONDS`, by
    `LEAST_SHARE` of it and by `DEVIATIONS` of its robust standard deviation. What is usual is first multiplied with the
    pace of the build: where half of all tests are slow, the machine is (the total time of the build tells of that).
    """
    suspects = [
        one
        for one in results
        if _can_be_slower(one)
        and len(earlier := history.get(one.id, ())) >= LEAST_SAMPLES
        and one.duration > max(earlier)
    ]
    pace = _pace(results, history) if suspects else 1.0
    found = []
    for one in suspects:
        earlier, usual = history[one.id], median(history[one.id])
        if _is_slower(one.duration, usual, earlier, pace):
            found.append(DurationChange(test=one.id, now=one.duration, before=usual, samples=len(earlier)))
    return tuple(sorted(found, key=lambda one: (one.before - one.now, one.test))[: max(limit, 0)])


def worth_asking(results: Sequence[TestResult]) -> list[str]:
    """The tests whose past `slower` needs: those that took long enough, and a sample of all for the pace.

    The past of a million tests would be a gigabyte; the median of a sample tells the pace as well.
    """
    sample = results[:: max(1, len(results) // PACE_SAMPLE)]
    return sorted({one.id for one in sample} | {one.id for one in results if _can_be_slower(one)})


def _can_be_slower(one: TestResult) -> bool:
    return one.outcome is Outcome.PASSED and one.duration >= LEAST_SECONDS


def _is_slower(now: float, usual: float, earlier: Sequence[float], pace: float) -> bool:
    expected = usual * pace
    if now - expected < max(LEAST_SECONDS, LEAST_SHARE * expected) or now <= max(earlier) * pace:
        return False
    deviation = NORMAL * pace * median(abs(one - usual) for one in earlier)
    return now - expected > DEVIATIONS * deviation


def _pace(results: Sequence[TestResult], history: Mapping[str, tuple[float, ...]]) -> float:
    """How many times as long as usual the median test took; 1 when too few tell it, or when it was faster."""
    ratios = []
    for one in results:
        earlier = history.get(one.id, ())
        if one.outcome is Outcome.PASSED and len(earlier) >= LEAST_SAMPLES:
            usual = median(earlier)
            if usual >= PACE_SECONDS:
                ratios.append(one.duration / usual)
    return max(1.0, median(ratios)) if len(ratios) >= PACE_TESTS else 1.0
