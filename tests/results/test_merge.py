from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.results.merge import NO_RESULT, merge, result, totals
from ci_orchestrator.results.model import Attempt, Cause, Outcome, TestResult

TESTS = ("unit::a.py::one", "unit::a.py::two", "e2e::b.py::é")

attempts = st.builds(
    Attempt,
    outcome=st.sampled_from(Outcome),
    cause=st.sampled_from(Cause),
    number=st.integers(0, 3),
    job=st.sampled_from(("", "unit_1of2", "unit_2of2")),
    job_attempt=st.integers(1, 2),
    worker=st.sampled_from(("w1", "w2")),
    started=st.sampled_from((0.0, 5.0, 7.5)),
    duration=st.sampled_from((0.0, 1.5)),
    message=st.sampled_from(("", "boom")),
)
bare = st.builds(
    TestResult, id=st.sampled_from(TESTS), outcome=st.just(Outcome.NOT_PROVEN), reason=st.sampled_from(("", "a", "zz"))
)
told = st.builds(result, st.sampled_from(TESTS), st.lists(attempts, min_size=1, max_size=4))
reports = st.lists(told | bare | st.builds(result, st.sampled_from(TESTS), st.just(())), max_size=6)


@given(reports, reports, reports)
def test_merging_is_associative(one: list[TestResult], two: list[TestResult], three: list[TestResult]) -> None:
    assert merge(merge(one, two), three) == merge(one, merge(two, three)) == merge(one, two, three)


@given(reports, reports)
def test_merging_is_commutative(one: list[TestResult], two: list[TestResult]) -> None:
    assert merge(one, two) == merge(two, one)


@given(reports)
def test_merging_is_idempotent(one: list[TestResult]) -> None:
    merged = merge(one)
    assert merge(one, one) == merge(merged) == merge(merged, one) == merged


@given(reports, reports)
def test_merging_is_folding_the_union_of_attempts(one: list[TestResult], two: list[TestResult]) -> None:
    for merged in merge(one, two):
        union = {attempt for each in (*one, *two) if each.id == merged.id for attempt in each.attempts}
        assert set(merged.attempts) == union
        assert len(merged.attempts) == len(union)
        if union:
            assert merged == result(merged.id, union)


@given(st.lists(attempts, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_attempts_does_not_matter(tried: list[Attempt], random: object) -> None:
    shuffled = list(tried)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert result("t", shuffled) == result("t", tried) == result("t", [*tried, *shuffled])


@given(reports, reports)
def test_totals_add_up(one: list[TestResult], two: list[TestResult]) -> None:
    merged = merge(one, two)
    counts = totals(merged)
    assert counts.tests == len(merged) == len({each.id for each in (*one, *two)})
    assert counts.runs == sum(len(each.attempts) for each in merged)
    assert counts.flaky <= counts.passed
    assert [each.id for each in merged] == sorted(each.id for each in merged)


@given(reports)
def test_the_attempt_that_decided_stands_last(one: list[TestResult]) -> None:
    for merged in merge(one):
        assert merged.last is None or merged.last.outcome is merged.outcome
        assert (merged.last is None) == (merged.attempts == ())


def tried(*outcomes: Outcome, job: str = "j", job_attempt: int = 1) -> list[Attempt]:
    return [
        Attempt(outcome=outcome, number=number, job=job, job_attempt=job_attempt)
        for number, outcome in enumerate(outcomes, 1)
    ]


P, F, E, S, N = Outcome.PASSED, Outcome.FAILED, Outcome.ERRORED, Outcome.SKIPPED, Outcome.NOT_PROVEN


@pytest.mark.parametrize(
    ("attempts", "outcome", "flaky"),
    [
        (tried(), N, False),
        (tried(P), P, False),
        (tried(F, P), P, True),
        (tried(E, P), P, True),
        (tried(N, P), P, False),  # its worker was lost: that says nothing of the test
        (tried(P, F), F, False),
        (tried(F, N), N, False),
        (tried(F, S), S, False),
        (tried(F) + tried(P, job_attempt=2), P, True),
        (tried(P, job_attempt=2) + tried(F, F, F), P, True),  # whatever came first in the list
        # over jobs, the worse
        (tried(P) + tried(F, job="k"), F, False),
        (tried(P) + tried(N, job="k"), N, False),
        (tried(N) + tried(E, job="k"), E, False),
        (tried(E) + tried(F, job="k"), F, False),
        (tried(S) + tried(P, job="k"), P, False),
        (tried(F, S) + tried(P, job="k"), P, False),  # flaky is said of one job's attempts
        # two of the same number: the worse
        ([*tried(P), Attempt(outcome=F, job="j")], F, False),
        # one report ended with a failure, another retried: the retry is not known to come after that failure
        ([*tried(F, P), Attempt(outcome=F, job="j", duration=9.0)], F, False),
        ([*tried(F, P), *(replace(one, duration=9.0) for one in tried(F, P))], P, True),
        ([*tried(P), Attempt(outcome=F, job="j"), *tried(P, job_attempt=2)], P, True),
    ],
)
def test_what_a_set_of_attempts_comes_to(attempts: list[Attempt], outcome: Outcome, flaky: bool) -> None:
    one = result("t", attempts)
    assert (one.outcome, one.flaky) == (outcome, flaky)
    assert result("t", attempts[::-1]) == one


@pytest.mark.parametrize(
    ("attempt", "reason"),
    [
        (Attempt(outcome=S, message="not today"), "not today"),
        (Attempt(outcome=N, cause=Cause.WORKER_LOST, message="its worker was lost"), "its worker was lost"),
        (Attempt(outcome=P, cause=Cause.XPASS, message="bug 7"), "bug 7"),
        (Attempt(outcome=P, message="noise"), ""),
        (Attempt(outcome=F, message="assert 1 == 2"), ""),
    ],
)
def test_a_reason_is_told_where_the_outcome_needs_one(attempt: Attempt, reason: str) -> None:
    assert result("t", [attempt]).reason == reason


def test_knowing_why_there_is_no_result_beats_not_knowing() -> None:
    nothing = result("t", ())
    assert nothing.reason == NO_RESULT
    [merged] = merge([nothing], [TestResult(id="t", outcome=N, reason="parked")])
    assert merged.reason == "parked"
