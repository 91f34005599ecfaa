from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.analysis.flaky import flaky_tests
from ci_orchestrator.results.findings import FlakyTest
from ci_orchestrator.results.model import Outcome, TestResult

T = "s::f::t"
OUTCOMES = {"P": Outcome.PASSED, "F": Outcome.FAILED, "E": Outcome.ERRORED, "S": Outcome.SKIPPED, "R": Outcome.PASSED}


def ended(letter: str, test: str = T) -> TestResult:
    return TestResult(id=test, outcome=OUTCOMES[letter], flaky=letter == "R")


def told(now: str, oldest_first: str, revisions: str | None = None) -> FlakyTest | None:
    """What is said of one test; histories read better from the oldest build on. One revision a letter."""
    pattern = oldest_first[::-1]
    names = list(revisions[::-1]) if revisions else [f"r{place}" for place in range(len(pattern))]
    found = flaky_tests([ended(now)], {T: pattern}, names, "now")
    return found[0] if found else None


def test_a_pass_at_a_later_attempt_is_enough() -> None:
    assert told("R", "PPPP") == FlakyTest(test=T, retried=True, builds=5, new=True)


def test_pass_and_fail_on_one_revision_is_enough_and_what_lies_between_does_not_matter() -> None:
    assert told("P", "PF.SP", "abcdb") == FlakyTest(test=T, contradictions=1, transitions=2, builds=4)
    assert told("P", "PPR") == FlakyTest(test=T, contradictions=1, builds=4)
    assert told("P", "PPR", "abb") == FlakyTest(test=T, contradictions=1, builds=4)


def test_this_build_contradicts_an_earlier_one_of_its_revision() -> None:
    found = flaky_tests([ended("F")], {T: "PP"}, ["now", "old"], "now")
    assert found == (FlakyTest(test=T, contradictions=1, transitions=1, builds=3, new=True),)
    assert flaky_tests([ended("F")], {T: "PP"}, ["other", "old"], "now") == ()


def test_builds_of_no_known_revision_contradict_only_themselves() -> None:
    assert flaky_tests([ended("F")], {T: "PP"}, ["", ""], "") == ()
    assert flaky_tests([ended("P")], {T: "PR"}, ["", ""], "")[0].contradictions == 1


@pytest.mark.parametrize("history", ["PPPFFFPPP", "PPFPP", "FFFFP", "PPPPF", "P.F.SNP", "FFFFFF", ""])
def test_what_broke_and_was_mended_once_is_not_flaky(history: str) -> None:
    assert told("P", history) is None


def test_going_back_and_forth_is_flaky() -> None:
    found = told("P", "PPFPPEPP")
    assert found == FlakyTest(test=T, transitions=4, builds=9)
    fourth = told("P", "PPFPPF")
    assert fourth == FlakyTest(test=T, transitions=4, builds=7, new=True)


def test_a_test_stays_flaky_until_it_was_quiet_for_long() -> None:
    assert told("P", "FPFPFP" + "P" * 12) is not None
    assert told("P", "FPFPFP" + "P" * 20) is None
    quiet = "PFPPPPPPPPPPPPPPPP"
    assert told("P", quiet) is None
    assert told("P", "FPFP" + quiet) is not None  # the same last builds, of one that was flaky before


def test_a_build_in_which_most_tests_failed_tells_nothing() -> None:
    tests = [f"s::f::t{number}" for number in range(12)]
    down = dict.fromkeys(tests, "FPFP")  # on one revision each failed, then passed
    assert flaky_tests([ended("P", test) for test in tests], down, ["b", "b", "a", "a"], "c") == ()
    assert flaky_tests([ended("F", test) for test in tests], dict.fromkeys(tests, "P"), ["c"], "c") == ()
    few = {**down, **dict.fromkeys(tests[1:], "PPPP")}
    assert [one.test for one in flaky_tests([ended("P", test) for test in tests], few, ["b", "b", "a", "a"], "c")] == [
        tests[0]
    ]


def test_the_worst_come_first_and_only_tests_of_this_build() -> None:
    patterns = {"s::f::a": "PFPFP", "s::f::b": "PFPFP", "s::f::c": "PRRPP", "s::f::gone": "RRRRR"}
    results = [ended("P", test) for test in ("s::f::b", "s::f::a", "s::f::c", "s::f::sound")]
    found = flaky_tests(results, patterns, ["1", "2", "3", "4", "5"], "6")
    assert [one.test for one in found] == ["s::f::c", "s::f::a", "s::f::b"]


LETTERS = st.sampled_from("PFERSN.")
HISTORIES = st.dictionaries(st.sampled_from("abcdef"), st.text(LETTERS, min_size=8, max_size=8), min_size=1)


@given(HISTORIES, st.text(st.sampled_from("xyz"), min_size=8, max_size=8), st.sampled_from("PFESR"))
def test_the_order_of_tests_does_not_matter_and_every_sign_is_explained(
    patterns: dict[str, str], revisions: str, now: str
) -> None:
    results = [ended(now, test) for test in sorted(patterns)]
    found = flaky_tests(results, patterns, list(revisions), "x")
    assert found == flaky_tests(results[::-1], patterns, list(revisions), "x")
    for one in found:
        assert one.retried or one.contradictions or one.transitions
        assert one.transitions < max(one.builds, 1)
        assert one.builds <= sum(letter in "PFER" for letter in patterns[one.test]) + 1


@given(st.dictionaries(st.sampled_from("abcdef"), st.text(st.sampled_from("P.SN"), max_size=8)))
def test_what_never_failed_is_never_flaky(patterns: dict[str, str]) -> None:
    assert flaky_tests([ended("P", test) for test in patterns], patterns, ["r"] * 8, "r") == ()
