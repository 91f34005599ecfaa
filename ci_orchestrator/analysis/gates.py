"""What a gate between stages decides: proceed when the stage is surely healthy, rollback when it surely is not,
otherwise hold. Two things are judged, and the worse verdict counts: the share of tests in error, and, where the plan
asks for it, how long tests take (`latency`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from ci_orchestrator.analysis.bounds import fewest_samples, lower_bound, upper_bound
from ci_orchestrator.analysis.latency import LATE, judge_latency
from ci_orchestrator.errors import LockError
from ci_orchestrator.plan import gates as policies
from ci_orchestrator.plan.lock import Gate, Lock
from ci_orchestrator.results.events import GateDecided
from ci_orchestrator.results.model import Outcome, Verdict

Sample = tuple[Outcome, float | None]
"""The final outcome of a test, and the seconds that it took; None where these are not known."""
_WORST = (Verdict.ROLLBACK, Verdict.HOLD, Verdict.PROCEED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict, and what it rests on. `lower`, `upper`: the rate that the samples allow, one-sided each."""

    verdict: Verdict
    samples: int
    errors: int
    lower: float
    upper: float
    why: str


NO_TESTS = Decision(
    verdict=Verdict.PROCEED, samples=0, errors=0, lower=0.0, upper=1.0, why="the plan has no tests for this stage"
)
"""Of a stage that owes nothing: data is not missing, there is none."""


def policy_of(lock: Lock, gate: Gate) -> policies.Gate:
    """What the plan in a lock asks of a gate. Raises `LockError` when it does not say."""
    try:
        return policies.Gate.model_validate({"name": gate.policy, **lock.plan["gates"][gate.policy]})
    except (KeyError, TypeError, ValidationError):
        raise LockError(
            f"the lock does not say what gate {gate.policy!r} decides by",
            fix="make a new one: ci-orchestrator plan --lock-out FILE",
        ) from None


def decide(policy: policies.Gate, samples: Iterable[Sample], *, doubt: str = "") -> Decision:
    """The verdict over the tests of a stage. Skipped tests are no samples; too few samples decide nothing.

    `doubt`: why these cannot be trusted to be all there is, if they cannot; then it never proceeds.
    """
    found = [sample for sample in samples if sample[0] is not Outcome.SKIPPED]
    decision = _by_errors(policy.error_rate, [outcome for outcome, _ in found], doubt)
    if policy.latency is None or policy.latency.max is None:
        return decision
    took = [None if outcome is Outcome.NOT_PROVEN else seconds for outcome, seconds in found]
    verdict, why = judge_latency(policy.latency.max, policy.error_rate.confidence, took)
    if doubt and verdict is Verdict.PROCEED:
        verdict = Verdict.HOLD
    return replace(decision, verdict=min(decision.verdict, verdict, key=_WORST.index), why=f"{decision.why}; {why}")


def _by_errors(policy: policies.ErrorRate, outcomes: Sequence[Outcome], doubt: str) -> Decision:
    counts = Counter(outcomes)
    errors = counts[Outcome.FAILED] + counts[Outcome.ERRORED] + counts[Outcome.NOT_PROVEN]
    samples = errors + counts[Outcome.PASSED]
    least = _samples_for_errors(policy)
    lower, upper = lower_bound(errors, samples, policy.confidence), upper_bound(errors, samples, policy.confidence)
    seen = f"{errors} of {samples} tests in error"
    if samples < least:
        verdict, why = Verdict.HOLD, f"{seen}: too few to decide, it takes {least}"
    elif lower > policy.unhealthy:
        verdict, why = Verdict.ROLLBACK, f"{seen}: at least {lower:.2%}, unhealthy is above {policy.unhealthy:.2%}"
    elif doubt:
        verdict, why = Verdict.HOLD, f"{seen}, but {doubt}"
    elif upper < policy.healthy:
        verdict, why = Verdict.PROCEED, f"{seen}: at most {upper:.2%}, healthy is below {policy.healthy:.2%}"
    else:
        verdict, why = Verdict.HOLD, f"{seen}: {lower:.2%} to {upper:.2%}, neither healthy nor unhealthy"
    return Decision(verdict=verdict, samples=samples, errors=errors, lower=lower, upper=upper, why=why)


def recorded(decision: Decision, *, gate: str, stage: str, lock: str, attempt: int, now: float) -> GateDecided:
    """The decision as an event: `gate`, `stage` and the `lock`'s digest say whose, `attempt` which try, `now` when."""
    return GateDecided(
        ts=now,
        job=gate,
        attempt=attempt,
        stage=stage,
        lock=lock,
        verdict=decision.verdict,
        samples=decision.samples,
        errors=decision.errors,
        lower=decision.lower,
        upper=decision.upper,
        why=decision.why,
    )


def samples_needed(policy: policies.Gate) -> int:
    """The fewest samples with which a stage can proceed: the policy's own minimum, and enough to show without an error
    that the rate is below `healthy`, and without a slow test that few are.
    """
    judged = policy.latency is not None and policy.latency.max is not None
    for_latency = fewest_samples(LATE, policy.error_rate.confidence) if judged else 0
    return max(_samples_for_errors(policy.error_rate), for_latency)


def _samples_for_errors(policy: policies.ErrorRate) -> int:
    return max(fewest_samples(policy.healthy, policy.confidence), policy.min_samples or 0)
