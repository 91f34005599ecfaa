from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.coordinator.policies import Backoff, RetryPolicy
from ci_orchestrator.results.model import Cause, Outcome

DEFAULT = RetryPolicy()
FLAKY = RetryPolicy(2, frozenset({Cause.FAILURE}))
NEVER = RetryPolicy(0, frozenset(Cause))
ALWAYS = RetryPolicy(3, frozenset(Cause))


@pytest.mark.parametrize(
    ("policy", "number", "outcome", "cause", "again"),
    [
        # by default only what is not the test's own fault, once
        (DEFAULT, 1, Outcome.NOT_PROVEN, Cause.WORKER_LOST, True),
        (DEFAULT, 2, Outcome.NOT_PROVEN, Cause.WORKER_LOST, False),
        (DEFAULT, 1, Outcome.NOT_PROVEN, Cause.INFRASTRUCTURE, True),
        (DEFAULT, 1, Outcome.FAILED, Cause.FAILURE, False),
        (DEFAULT, 1, Outcome.FAILED, Cause.TIMEOUT, False),
        (DEFAULT, 1, Outcome.NOT_PROVEN, Cause.INTERRUPTED, False),
        # `max` counts what follows the first attempt
        (FLAKY, 1, Outcome.FAILED, Cause.FAILURE, True),
        (FLAKY, 2, Outcome.FAILED, Cause.FAILURE, True),
        (FLAKY, 3, Outcome.FAILED, Cause.FAILURE, False),
        (FLAKY, 1, Outcome.ERRORED, Cause.FAILURE, True),
        (FLAKY, 1, Outcome.NOT_PROVEN, Cause.WORKER_LOST, False),
        (FLAKY, 1, Outcome.FAILED, Cause.NONE, False),
        # what has not failed is never tried again, whatever its cause
        (ALWAYS, 1, Outcome.PASSED, Cause.XPASS, False),
        (ALWAYS, 1, Outcome.SKIPPED, Cause.XFAIL, False),
        (ALWAYS, 1, Outcome.SKIPPED, Cause.WITHHELD, False),
        (ALWAYS, 3, Outcome.FAILED, Cause.TIMEOUT, True),
        (ALWAYS, 4, Outcome.FAILED, Cause.TIMEOUT, False),
        (NEVER, 1, Outcome.FAILED, Cause.FAILURE, False),
        (NEVER, 1, Outcome.NOT_PROVEN, Cause.WORKER_LOST, False),
    ],
)
def test_what_is_tried_again(policy: RetryPolicy, number: int, outcome: Outcome, cause: Cause, again: bool) -> None:
    assert policy.again(number, outcome, cause) is again


@given(st.integers(0, 5), st.sampled_from(list(Outcome)), st.sampled_from(list(Cause)))
def test_no_policy_tries_for_ever(most: int, outcome: Outcome, cause: Cause) -> None:
    policy = RetryPolicy(most, frozenset(Cause))
    assert sum(policy.again(number, outcome, cause) for number in range(1, 100)) <= most


@pytest.mark.parametrize(
    ("number", "middle"), [(1, 0.2), (2, 0.4), (3, 0.8), (4, 1.6), (8, 25.6), (9, 30.0), (50, 30.0), (10_000, 30.0)]
)
def test_the_wait_doubles_up_to_its_most_give_or_take_a_half(number: int, middle: float) -> None:
    waits = [Backoff().delay(f"unit::t.py::t{index}", number) for index in range(200)]
    assert all(middle * 0.5 <= wait <= middle * 1.5 for wait in waits)
    assert len(set(waits)) == len(waits)  # they do not come back together
    assert sum(waits) / len(waits) == pytest.approx(middle, rel=0.1)


@given(st.text(), st.integers(1, 100), st.text())
def test_any_test_has_a_wait_and_always_the_same(test: str, number: int, seed: str) -> None:
    assert Backoff(seed=seed).delay(test, number) == Backoff(seed=seed).delay(test, number) > 0
    assert Backoff(seed=seed).delay(f"{test}\udcff", number) > 0


def test_another_seed_waits_otherwise() -> None:
    assert Backoff(seed="a").delay("t", 1) != Backoff(seed="b").delay("t", 1)


def test_another_process_waits_the_same() -> None:
    code = "from ci_orchestrator.coordinator.policies import Backoff; print(Backoff(seed='s').delay('unit::é', 2))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True
    )
    assert float(done.stdout) == Backoff(seed="s").delay("unit::é", 2)
