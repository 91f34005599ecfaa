from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.analysis.slower import LEAST_SAMPLES, LEAST_SECONDS, PACE_SAMPLE, PACE_TESTS, slower, worth_asking
from ci_orchestrator.results.findings import DurationChange
from ci_orchestrator.results.model import Attempt, Outcome, TestResult

STEADY = (2.0, 2.1, 1.9, 2.0, 2.05)


def took(seconds: float, test: str = "s::f::t", outcome: Outcome = Outcome.PASSED) -> TestResult:
    return TestResult(id=test, outcome=outcome, attempts=(Attempt(outcome=outcome, duration=seconds),))


def test_a_test_that_doubled_is_named_with_what_it_used_to_take() -> None:
    assert slower([took(4.0)], {"s::f::t": STEADY}) == (DurationChange(test="s::f::t", now=4.0, before=2.0, samples=5),)


@pytest.mark.parametrize(
    ("seconds", "earlier"),
    [
        pytest.param(2.6, STEADY, id="within what runners differ by"),
        pytest.param(0.4, (0.02,) * 5, id="twenty times a trifle"),
        pytest.param(4.0, (2.0, 4.1, 2.0, 2.0, 2.0), id="it took as long before"),
        pytest.param(4.0, (2.0, 3.9, 1.0, 3.5, 2.0), id="it always varies"),
        pytest.param(9.0, STEADY[:4], id="too few durations"),
        pytest.param(9.0, (), id="no durations"),
        pytest.param(1.0, STEADY, id="faster"),
    ],
)
def test_noise_is_not_called_slower(seconds: float, earlier: tuple[float, ...]) -> None:
    assert slower([took(seconds)], {"s::f::t": earlier}) == ()


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.PASSED])
def test_only_a_pass_tells_how_long_passing_takes(outcome: Outcome) -> None:
    assert slower([took(60.0, outcome=outcome)], {"s::f::t": STEADY}) == ()


def test_a_slow_machine_is_not_the_tests_fault_but_what_is_beyond_it_is() -> None:
    tests = [f"s::f::t{number:02}" for number in range(PACE_TESTS)]
    history = dict.fromkeys(tests, STEADY)
    assert slower([took(4.0, test) for test in tests], history) == ()
    assert [one.test for one in slower([took(4.0, test) for test in tests[1:]] + [took(9.0, tests[0])], history)] == [
        tests[0]
    ]
    assert len(slower([took(4.0, test) for test in tests[1:]], history, limit=99)) == PACE_TESTS - 1  # too few to tell


def test_the_most_seconds_lost_come_first_and_ties_by_name() -> None:
    history = {"s::f::a": STEADY, "s::f::b": (20.0,) * 5, "s::f::c": STEADY}
    results = [took(9.0, "s::f::c"), took(9.0, "s::f::a"), took(40.0, "s::f::b")]
    assert [one.test for one in slower(results, history)] == ["s::f::b", "s::f::a", "s::f::c"]
    assert [one.test for one in slower(results, history, limit=1)] == ["s::f::b"]
    assert slower(results, history, limit=0) == ()


SECONDS = st.floats(0, 1e9)


@given(st.dictionaries(st.sampled_from("abcdef"), st.tuples(SECONDS, st.lists(SECONDS, max_size=8))))
def test_whatever_is_named_took_longer_than_ever_before(tests: dict[str, tuple[float, list[float]]]) -> None:
    results = [took(now, test) for test, (now, _) in tests.items()]
    history = {test: tuple(earlier) for test, (_, earlier) in tests.items()}
    found = slower(results, history)
    assert found == slower(results[::-1], history)
    for one in found:
        assert one.samples == len(history[one.test]) >= LEAST_SAMPLES
        assert one.now > max(history[one.test])
        assert one.now - one.before >= LEAST_SECONDS


def test_of_many_tests_only_a_sample_and_what_took_long_is_asked_for() -> None:
    quick = [took(0.001, f"s::f::{number:06}") for number in range(2 * PACE_SAMPLE)]
    late = [took(LEAST_SECONDS, "s::f::late"), took(9.0, "s::f::failed", Outcome.FAILED)]
    asked = worth_asking([*quick, *late])
    assert "s::f::late" in asked
    assert PACE_SAMPLE <= len(asked) <= PACE_SAMPLE + 2


def test_of_few_tests_all_are_asked_for() -> None:
    results = [took(0.001, f"s::f::{number}") for number in range(9)]
    assert worth_asking(results) == [one.id for one in results]
