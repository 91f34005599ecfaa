"""Whether tests are fast enough: 95 percent of all must take no longer than a limit, and the samples must show it.

That the 95th percentile is at most the limit is the same as that at most 5 percent of tests take longer, so that the
upper confidence bound of the percentile by order statistics (Conover, Practical Nonparametric Statistics, 3.2) is at
most the limit exactly when the upper bound of Clopper and Pearson of that share is at most 5 percent. No shape of the
durations is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence

from ci_orchestrator.analysis.bounds import fewest_samples, lower_bound, upper_bound
from ci_orchestrator.plan.scalars import format_duration
from ci_orchestrator.results.model import Verdict

LATE = 0.05
"""The share of tests that may take longer than the limit."""


def judge_latency(limit: float, confidence: float, took: Sequence[float | None]) -> tuple[Verdict, str]:
    """The verdict over the seconds that tests took, and why.

    A test whose time is not known (None) speaks against going on, and is no proof that tests are slow. Where all times
    are 0, nobody measured them: tools write 0 for a test that is quick, and for one of which they know no time.
    """
    if not any(took):
        took = [None] * len(took)
    unknown = sum(seconds is None for seconds in took)
    over = sum(seconds is not None and not seconds <= limit for seconds in took)
    samples, least = len(took), fewest_samples(LATE, confidence)
    seen = f"{over} of {samples} took longer than {format_duration(limit)}"
    seen += f", of {unknown} it is not known" if unknown else ""
    lower, upper = lower_bound(over, samples, confidence), upper_bound(over + unknown, samples, confidence)
    if samples < least:
        return Verdict.HOLD, f"{seen}: too few to decide, it takes {least}"
    if lower > LATE:
        return Verdict.ROLLBACK, f"{seen}: at least {lower:.2%}, {LATE:.0%} may"
    if upper < LATE:
        return Verdict.PROCEED, f"{seen}: at most {upper:.2%}, {LATE:.0%} may"
    return Verdict.HOLD, f"{seen}: {lower:.2%} to {upper:.2%}, {LATE:.0%} may"
