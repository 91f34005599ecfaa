"""What a gate decides, from counts: proceed when surely healthy, rollback when surely unhealthy, otherwise hold.

The bounds are the exact one-sided ones of Clopper and Pearson (Biometrika 26, 1934): with 59 samples and no error the
rate is below 5 % with 95 % confidence, with 58 it is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import exp, lgamma, log

from pydantic import ValidationError

from ci_orchestrator.errors import LockError
from ci_orchestrator.plan.gates import ErrorRate
from ci_orchestrator.plan.lock import Gate, Lock
from ci_orchestrator.results.events import GateDecided
from ci_orchestrator.results.model import Outcome, Verdict

_STEPS = 60
"""Halvings of [0, 1]: more than a float can tell apart."""
_NEGLIGIBLE = 1e-18
"""The part of a sum that changes nothing in it any more."""


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


def policy_of(lock: Lock, gate: Gate) -> ErrorRate:
    """What the plan in a lock asks of a gate. Raises `LockError` when it does not say."""
    try:
        return ErrorRate.model_validate(lock.plan["gates"][gate.policy]["error-rate"])
    except (KeyError, TypeError, ValidationError):
        raise LockError(
            f"the lock does not say what gate {gate.policy!r} decides by",
            fix="make a new one: ci-orchestrator plan --lock-out FILE",
        ) from None


def decide(policy: ErrorRate, outcomes: Iterable[Outcome], *, doubt: str = "") -> Decision:
    """The verdict over the final outcomes of a stage. Skipped tests are no samples; too few samples decide nothing.

    `doubt`: why these outcomes cannot be trusted to be all there is, if they cannot; then it never proceeds.
    """
    counts = Counter(outcomes)
    errors = counts[Outcome.FAILED] + counts[Outcome.ERRORED] + counts[Outcome.NOT_PROVEN]
    samples = errors + counts[Outcome.PASSED]
    least = samples_needed(policy)
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


def samples_needed(policy: ErrorRate) -> int:
    """The fewest samples with which a stage can proceed: the policy's own minimum, and enough to show without an error
    that the rate is below `healthy`.
    """
    without_error = _ceil_log(1 - policy.confidence, 1 - policy.healthy)
    return max(without_error, policy.min_samples or 0)


def upper_bound(errors: int, samples: int, confidence: float) -> float:
    """The highest rate under which as few errors as these are not surprising; 1 without samples."""
    if errors >= samples:
        return 1.0
    return _solve(lambda rate: _at_most(errors, samples, rate) > 1 - confidence)


def lower_bound(errors: int, samples: int, confidence: float) -> float:
    """The lowest rate under which as many errors as these are not surprising; 0 without errors."""
    if errors <= 0:
        return 0.0
    return _solve(lambda rate: 1 - _at_most(errors - 1, samples, rate) < 1 - confidence)


def _ceil_log(target: float, base: float) -> int:
    """The smallest n with base**n < target."""
    n = max(1, int(log(target) / log(base)) - 1)
    while base**n >= target:
        n += 1
    return n


def _solve(below: Callable[[float], bool]) -> float:
    """Where `below` turns from true to false, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if below(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_most(errors: int, samples: int, rate: float) -> float:
    """The binomial chance of at most so many errors; of its two tails the smaller one is summed."""
    if not 0 < rate < 1:
        return 1.0 if rate <= 0 or errors >= samples else 0.0
    if errors < samples * rate:
        return _tail(errors, samples, rate, 1 - rate)
    return 1 - _tail(samples - errors - 1, samples, 1 - rate, rate)


def _tail(most: int, samples: int, yes: float, no: float) -> float:
    """The chance of at most `most`, which are fewer than expected: the terms fall from the last one down."""
    term = exp(_log_choose(samples, most) + most * log(yes) + (samples - most) * log(no)) if most >= 0 else 0.0
    total = 0.0
    for k in range(most, -1, -1):
        total += term
        if term <= total * _NEGLIGIBLE:
            break
        term *= k / (samples - k + 1) * (no / yes)
    return total


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
