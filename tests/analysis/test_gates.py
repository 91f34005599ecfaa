from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.analysis.bounds import lower_bound, upper_bound
from ci_orchestrator.analysis.gates import Decision, decide, samples_needed
from ci_orchestrator.plan.gates import ErrorRate, Gate, Latency
from ci_orchestrator.results.model import Outcome, Verdict

DEFAULT = Gate(name="default")
BAD = (Outcome.FAILED, Outcome.ERRORED, Outcome.NOT_PROVEN)


def at_most(errors: int, samples: int, rate: Fraction) -> Fraction:
    """The binomial chance of at most so many errors, exactly: another way than the logarithms of the product."""
    return sum((comb(samples, k) * rate**k * (1 - rate) ** (samples - k) for k in range(errors + 1)), start=Fraction(0))


def policy(healthy: float = 0.05, unhealthy: float = 0.10, least: int | None = None, sure: float = 0.95) -> Gate:
    rate = ErrorRate(healthy=healthy, unhealthy=unhealthy, confidence=sure, min_samples=least)
    return Gate(name="canary", error_rate=rate)


def judged(policy: Gate, outcomes: Sequence[Outcome], doubt: str = "") -> Decision:
    """By the outcomes alone: how long these took is not known."""
    return decide(policy, [(outcome, None) for outcome in outcomes], doubt=doubt)


def run(passed: int, bad: int = 0, skipped: int = 0, kind: Outcome = Outcome.FAILED) -> list[Outcome]:
    return [Outcome.PASSED] * passed + [kind] * bad + [Outcome.SKIPPED] * skipped


# The one-sided upper bounds that textbooks list (for no error: the "rule of three" in its exact form).
@pytest.mark.parametrize(
    ("errors", "samples", "confidence", "upper"),
    [
        (0, 58, 0.95, 0.050341),
        (0, 59, 0.95, 0.049508),
        (0, 299, 0.95, 0.009969),
        (0, 22, 0.90, 0.099372),
        (1, 10, 0.95, 0.394163),
        (2, 20, 0.95, 0.282619),
        (5, 100, 0.95, 0.102253),
    ],
)
def test_upper_bounds_are_those_of_clopper_and_pearson(
    errors: int, samples: int, confidence: float, upper: float
) -> None:
    assert upper_bound(errors, samples, confidence) == pytest.approx(upper, abs=2e-6)


@given(st.integers(1, 80), st.integers(0, 80), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_the_bounds_are_exactly_where_the_chance_is_what_confidence_leaves(n: int, k: int, confidence: float) -> None:
    k = min(k, n)
    left, step = Fraction(1) - Fraction(confidence), Fraction(1, 10**9)
    if k < n:
        upper = Fraction(upper_bound(k, n, confidence))
        assert at_most(k, n, upper - step) > left > at_most(k, n, upper + step)
    if k:
        lower = Fraction(lower_bound(k, n, confidence))
        assert 1 - at_most(k - 1, n, lower - step) < left < 1 - at_most(k - 1, n, lower + step)


@given(st.integers(0, 400), st.integers(0, 400), st.floats(0.51, 0.999))
def test_the_rate_lies_between_the_bounds_and_more_errors_raise_both(k: int, more: int, confidence: float) -> None:
    n = k + more
    lower, upper = lower_bound(k, n, confidence), upper_bound(k, n, confidence)
    assert 0 <= lower <= (k / n if n else 0.5) <= upper <= 1
    if more:
        assert lower <= lower_bound(k + 1, n, confidence)
        assert upper <= upper_bound(k + 1, n, confidence)
    assert upper_bound(k, n + 1, confidence) <= upper


def test_huge_stages_are_counted_too() -> None:
    assert upper_bound(100, 1_000_000, 0.95) == pytest.approx(1.1818e-4, rel=1e-3)
    assert lower_bound(100_000, 1_000_000, 0.95) == pytest.approx(0.0995, rel=1e-3)


@pytest.mark.parametrize(
    ("given", "least"),
    [
        (DEFAULT, 59),
        (policy(healthy=0.01), 299),
        (policy(least=500), 500),
        (policy(least=3), 59),
        (policy(healthy=0.10, sure=0.90), 22),
        (policy(healthy=0.5, unhealthy=0.6, sure=0.6), 2),
    ],
)
def test_the_fewest_samples_that_let_a_stage_proceed(given: Gate, least: int) -> None:
    assert samples_needed(given) == least
    assert judged(given, run(least)).verdict is Verdict.PROCEED
    assert judged(given, run(least - 1)).verdict is Verdict.HOLD


@pytest.mark.parametrize(
    ("outcomes", "verdict", "why"),
    [
        (run(59), "proceed", "0 of 59 tests in error: at most 4.95%, healthy is below 5.00%"),
        (run(58), "hold", "0 of 58 tests in error: too few to decide, it takes 59"),
        (run(58, skipped=100), "hold", "0 of 58 tests in error: too few to decide, it takes 59"),
        (run(59, skipped=1), "proceed", "0 of 59 tests in error: at most 4.95%, healthy is below 5.00%"),
        (run(58, 1), "hold", "1 of 59 tests in error: 0.09% to 7.79%, neither healthy nor unhealthy"),
        (run(50, 11), "rollback", "11 of 61 tests in error: at least 10.45%, unhealthy is above 10.00%"),
        (run(0, 58), "hold", "58 of 58 tests in error: too few to decide, it takes 59"),
        (run(0, skipped=1000), "hold", "0 of 0 tests in error: too few to decide, it takes 59"),
        ([], "hold", "0 of 0 tests in error: too few to decide, it takes 59"),
        (run(1000, 40), "proceed", "40 of 1040 tests in error: at most 4.98%, healthy is below 5.00%"),
    ],
)
def test_verdicts(outcomes: list[Outcome], verdict: str, why: str) -> None:
    decision = judged(DEFAULT, outcomes)
    assert (decision.verdict, decision.why) == (verdict, why)


@pytest.mark.parametrize("kind", BAD)
def test_failed_errored_and_not_proven_are_errors_alike(kind: Outcome) -> None:
    decision = judged(DEFAULT, run(50, 50, kind=kind))
    assert (decision.verdict, decision.samples, decision.errors) == (Verdict.ROLLBACK, 100, 50)


OUTCOMES = st.lists(st.sampled_from(Outcome), max_size=100)
POLICIES = st.builds(
    lambda rates, confidence, least: policy(min(rates), max(rates), least, confidence),
    st.tuples(st.floats(0.01, 0.9), st.floats(0.01, 0.9)),
    st.floats(0.5, 0.99),
    st.none() | st.integers(1, 200),
)


@given(POLICIES, OUTCOMES)
def test_nothing_proceeds_without_enough_samples_or_without_being_surely_healthy(
    given: Gate, outcomes: list[Outcome]
) -> None:
    decision = judged(given, outcomes)
    assert decision.samples == sum(one is not Outcome.SKIPPED for one in outcomes)
    if decision.verdict is Verdict.PROCEED:
        assert decision.samples >= samples_needed(given)
        assert decision.upper < given.error_rate.healthy
    if decision.verdict is Verdict.ROLLBACK:
        assert decision.samples >= samples_needed(given)
        assert decision.lower > given.error_rate.unhealthy


@given(POLICIES, OUTCOMES, st.integers(0, 150), st.sampled_from(BAD))
def test_an_outcome_that_turns_bad_never_makes_the_verdict_better(
    given: Gate, outcomes: list[Outcome], at: int, kind: Outcome
) -> None:
    rank = (Verdict.ROLLBACK, Verdict.HOLD, Verdict.PROCEED)
    worse = [kind if index == at and one is Outcome.PASSED else one for index, one in enumerate(outcomes)]
    assert rank.index(judged(given, worse).verdict) <= rank.index(judged(given, outcomes).verdict)


@given(POLICIES, OUTCOMES)
def test_the_order_of_outcomes_does_not_matter(given: Gate, outcomes: list[Outcome]) -> None:
    assert judged(given, outcomes) == judged(given, sorted(outcomes))


@given(POLICIES, OUTCOMES)
def test_what_is_in_doubt_never_proceeds(given: Gate, outcomes: list[Outcome]) -> None:
    plain, doubted = judged(given, outcomes), judged(given, outcomes, doubt="job unit_1of2 left no bundle")
    assert doubted.verdict is (Verdict.HOLD if plain.verdict is Verdict.PROCEED else plain.verdict)
    if plain.verdict is Verdict.PROCEED:
        assert doubted.why.endswith("tests in error, but job unit_1of2 left no bundle")


FAST = Gate(name="fast", latency=Latency(max=0.2))


def timed(*groups: tuple[int, float | None], outcome: Outcome = Outcome.PASSED) -> list[tuple[Outcome, float | None]]:
    """So many tests each that took so many seconds."""
    return [(outcome, seconds) for number, seconds in groups for _ in range(number)]


@pytest.mark.parametrize(
    ("samples", "verdict", "why"),
    [
        (timed((59, 0.2)), "proceed", "0 of 59 took longer than 200ms: at most 4.95%, 5% may"),
        (timed((58, 0.1)), "hold", "0 of 58 took longer than 200ms: too few to decide, it takes 59"),
        (timed((91, 0.1), (1, 0.3)), "hold", "1 of 92 took longer than 200ms: 0.06% to 5.05%, 5% may"),
        (timed((92, 0.1), (1, 0.3)), "proceed", "1 of 93 took longer than 200ms: at most 5.00%, 5% may"),
        (timed((80, 0.1), (20, 0.3)), "rollback", "20 of 100 took longer than 200ms: at least 13.67%, 5% may"),
        (timed((59, None)), "hold", "0 of 59 took longer than 200ms, of 59 it is not known: 0.00% to 100.00%, 5% may"),
        (timed((1, 0.1), (59, 0.0)), "proceed", "0 of 60 took longer than 200ms: at most 4.87%, 5% may"),
        (timed((60, 0.0)), "hold", "0 of 60 took longer than 200ms, of 60 it is not known: 0.00% to 100.00%, 5% may"),
        (timed((59, float("nan"))), "rollback", "59 of 59 took longer than 200ms: at least 95.05%, 5% may"),
    ],
)
def test_a_stage_is_held_against_the_longest_time(
    samples: list[tuple[Outcome, float | None]], verdict: str, why: str
) -> None:
    decision = decide(FAST, samples)
    assert (decision.verdict, decision.why.partition("; ")[2]) == (verdict, why)


def test_the_worse_of_the_two_verdicts_counts() -> None:
    fine, failed = timed((100, 0.1)), timed((100, 0.1), outcome=Outcome.FAILED)
    assert decide(FAST, fine).verdict is Verdict.PROCEED
    assert decide(FAST, failed).verdict is Verdict.ROLLBACK
    assert decide(FAST, fine, doubt="a job left no bundle").verdict is Verdict.HOLD
    assert decide(FAST, timed((100, 9.0)), doubt="a job left no bundle").verdict is Verdict.ROLLBACK
    assert decide(FAST, [*fine, *timed((500, 9.0), outcome=Outcome.SKIPPED)]).verdict is Verdict.PROCEED


def test_a_test_without_a_result_is_no_fast_one() -> None:
    lenient = Gate(name="g", error_rate=ErrorRate(healthy=0.5, unhealthy=0.6), latency=Latency(max=1.0))
    lost = timed((20, 0.001), outcome=Outcome.NOT_PROVEN)
    decision = decide(lenient, [*timed((100, 0.1)), *lost])
    assert decision.verdict is Verdict.HOLD
    assert "of 20 it is not known" in decision.why


def test_a_gate_that_only_compares_is_not_judged_by_time() -> None:
    only = Gate(name="g", latency=Latency(compare="baseline"))
    assert decide(only, timed((59, 100.0))) == decide(DEFAULT, timed((59, 100.0)))
    assert samples_needed(only) == 59


def percentile_bound(took: list[float], confidence: Fraction) -> float:
    """The upper confidence bound of the 95th percentile by order statistics, exactly as textbooks have it."""
    chance = Fraction(0)
    for rank in range(1, len(took) + 1):
        below = rank - 1
        chance += comb(len(took), below) * Fraction(95, 100) ** below * Fraction(5, 100) ** (len(took) - below)
        if chance > confidence:
            return sorted(took)[rank - 1]
    return float("inf")


@given(st.lists(st.sampled_from([0.1, 0.2, 0.3]), min_size=59, max_size=130))
def test_it_proceeds_exactly_when_the_bound_of_the_percentile_is_within_the_limit(took: list[float]) -> None:
    decision = decide(FAST, [(Outcome.PASSED, seconds) for seconds in took])
    assert (decision.verdict is Verdict.PROCEED) == (percentile_bound(took, Fraction(95, 100)) <= 0.2)


def test_slow_tests_need_samples_too() -> None:
    assert samples_needed(Gate(name="g", error_rate=ErrorRate(healthy=0.5, unhealthy=0.6))) == 5
    assert (
        samples_needed(Gate(name="g", error_rate=ErrorRate(healthy=0.5, unhealthy=0.6), latency=Latency(max=1.0))) == 59
    )
