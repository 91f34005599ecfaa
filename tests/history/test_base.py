from __future__ import annotations

import pytest

from ci_orchestrator.history.base import Observation, observe
from ci_orchestrator.results import merge
from ci_orchestrator.results.model import Attempt, Cause, Outcome

TEST = "unit::t.py::a"
PASSED = Attempt(outcome=Outcome.PASSED, duration=60.0, number=2)


def test_a_pass_is_remembered_with_its_duration() -> None:
    assert observe(merge.result(TEST, [PASSED])) == Observation(TEST, Outcome.PASSED, 60.0)


def test_a_retried_test_takes_its_deciding_attempt_not_the_sum() -> None:
    failed = Attempt(outcome=Outcome.FAILED, cause=Cause.FAILURE, duration=0.1, number=1)
    assert observe(merge.result(TEST, [failed, PASSED])) == Observation(TEST, Outcome.PASSED, 60.0, 2, flaky=True)


@pytest.mark.parametrize(
    "cause", sorted({Cause.FAILURE, Cause.TIMEOUT, Cause.WORKER_LOST, Cause.INTERRUPTED, Cause.WITHHELD})
)
@pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.PASSED}))
def test_what_did_not_run_to_its_normal_end_feeds_no_estimate(outcome: Outcome, cause: Cause) -> None:
    seen = observe(merge.result(TEST, [Attempt(outcome=outcome, cause=cause, duration=900.0)]))
    assert (seen.outcome, seen.usable) == (outcome, False)


def test_a_test_that_was_retried_after_losing_its_worker_feeds_no_estimate() -> None:
    lost = Attempt(outcome=Outcome.ERRORED, cause=Cause.WORKER_LOST, number=1)
    seen = observe(merge.result(TEST, [lost, PASSED]))
    assert (seen.outcome, seen.attempts, seen.usable) == (Outcome.PASSED, 2, False)


@pytest.mark.parametrize(("outcome", "cause"), [(Outcome.SKIPPED, Cause.XFAIL), (Outcome.PASSED, Cause.XPASS)])
def test_an_expected_failure_and_an_unexpected_pass_took_their_time(outcome: Outcome, cause: Cause) -> None:
    assert observe(merge.result(TEST, [Attempt(outcome=outcome, cause=cause, duration=3)])).usable


def test_a_test_without_a_result_is_remembered_as_such() -> None:
    assert observe(merge.result(TEST, [])) == Observation(TEST, Outcome.NOT_PROVEN, 0.0, attempts=0, usable=False)
