"""The rules of `results.merge`, one by one, as properties of whatever files tell."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from ci_orchestrator.results import formats
from ci_orchestrator.results.formats.base import Case, to_results
from ci_orchestrator.results.merge import FAILURES, SEVERITY, merge, totals
from ci_orchestrator.results.model import Attempt, Outcome, TestResult

RAN = st.sampled_from((Outcome.PASSED, Outcome.FAILED, Outcome.ERRORED, Outcome.SKIPPED))
FAILED = st.sampled_from((Outcome.FAILED, Outcome.ERRORED))
NAMES = st.sampled_from(("t", "t[1]", "t[2]", "t(x: 1)", "t (Data Row 1)", "other"))

attempts = st.builds(Attempt, outcome=FAILED, message=st.sampled_from(("one", "two")))


@st.composite
def told(draw: st.DrawFn, names: st.SearchStrategy[str] = NAMES) -> Case:
    """A case as any format hands it on; one that passed may have failed before, one that failed may again after."""
    outcome = draw(RAN)
    retries = tuple(draw(st.lists(attempts, max_size=2)))
    return Case(
        ("s",),
        "c",
        draw(names),
        duration=draw(st.sampled_from((0.0, 0.5))),
        outcome=outcome,
        before=retries if outcome is Outcome.PASSED else (),
        after=retries if outcome in FAILURES else (),
    )


files = st.lists(told(), max_size=8)
shards = st.sampled_from(("unit_1of3", "unit_2of3", "unit_3of3"))


def lasting(case: Case, seconds: float) -> Case:
    """The case with all its attempts made to differ from those of a case that took another time."""
    before, after = (tuple(replace(each, duration=seconds) for each in part) for part in (case.before, case.after))
    return replace(case, duration=seconds, before=before, after=after)


def results(cases: list[Case], job: str = "j") -> list[TestResult]:
    return list(to_results(cases, "unit", job=job))


def outcomes(tests: tuple[TestResult, ...]) -> dict[str, tuple[Outcome, bool, int]]:
    return {test.id: (test.outcome, test.flaky, len(test.attempts)) for test in tests}


@given(told())
def test_a_case_that_holds_its_retries_is_one_test_with_all_attempts_in_order(case):
    (test,) = merge(results([case]))
    expected = [*(one.outcome for one in case.before), case.outcome, *(one.outcome for one in case.after)]
    assert [one.outcome for one in test.attempts] == expected
    assert [one.number for one in test.attempts] == list(range(1, len(expected) + 1))
    assert test.outcome is expected[-1]
    assert test.flaky == bool(case.before)


@given(st.lists(RAN, min_size=1, max_size=6))
def test_a_test_that_a_file_tells_again_is_its_next_attempt(told_again):
    (test,) = merge(results([Case(("s",), "c", "t", outcome=outcome) for outcome in told_again]))
    assert [one.outcome for one in test.attempts] == told_again
    assert test.outcome is told_again[-1]
    assert test.flaky == (test.outcome is Outcome.PASSED and not FAILURES.isdisjoint(told_again))


@given(st.lists(RAN, min_size=1, max_size=6))
@settings(max_examples=30)
def test_where_tools_never_write_a_rerun_so_tests_of_one_name_stay_apart(told_again):
    words = {Outcome.PASSED: "Pass", Outcome.FAILED: "Fail", Outcome.SKIPPED: "Skip", Outcome.ERRORED: "?"}
    rows = "".join(f'<test name="c.t" type="c" result="{words[outcome]}"/>' for outcome in told_again)
    data = f'<assemblies><assembly name="a">{rows}</assembly></assemblies>'.encode()
    cases = [item for item in formats.read(io.BytesIO(data), "r.xml") if isinstance(item, Case)]
    tests = merge(results(cases))
    assert len(tests) == len(told_again)
    expected = Counter(Outcome.NOT_PROVEN if outcome is Outcome.ERRORED else outcome for outcome in told_again)
    assert Counter(test.outcome for test in tests) == expected


@given(st.sets(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1), max_size=6))
def test_tests_that_differ_in_their_parameters_are_tests_of_their_own(parameters):
    names = sorted(f"t[{parameter}]" for parameter in parameters)
    tests = merge(results([Case(("s",), "c", name) for name in names]))
    assert sorted(test.name for test in tests) == names


@given(files)
def test_the_same_file_twice_counts_once(cases):
    once = merge(results(cases))
    assert merge(results(cases), results(cases)) == merge(once, results(cases)) == once
    assert totals(merge(once, once)) == totals(once)


@given(files, st.lists(shards, min_size=8, max_size=8))
def test_the_tests_of_one_file_divided_over_shards_come_to_the_same(cases, drawn):
    shard_of = dict(zip(sorted({case.name for case in cases}), drawn, strict=False))
    parts = (results([case for case in cases if shard_of[case.name] == job], job) for job in sorted(set(drawn)))
    divided, whole = merge(*parts), merge(results(cases))
    assert outcomes(divided) == outcomes(whole)
    assert totals(divided) == totals(whole)


@given(told(st.just("t")), told(st.just("t")))
def test_of_two_shards_that_report_the_same_test_the_worse_decides_and_both_ran(one, two):
    (first,), (second,) = merge(results([one], "unit_1of3")), merge(results([two], "unit_2of3"))
    (test,) = merge([first], [second])
    assert test.outcome is max((first.outcome, second.outcome), key=SEVERITY.__getitem__)
    assert len(test.attempts) == len(first.attempts) + len(second.attempts)
    assert not test.flaky or first.flaky or second.flaky


@given(told(st.just("t")), told(st.just("t")))
def test_of_two_files_of_one_job_that_disagree_the_worse_decides_retries_or_not(one, two):
    one, two = lasting(one, 1.0), lasting(two, 2.0)
    (first,), (second,) = merge(results([one])), merge(results([two]))
    (test,) = merge([first], [second])
    worse = max((first.outcome, second.outcome), key=SEVERITY.__getitem__)
    assert SEVERITY[test.outcome] >= SEVERITY[worse]
    if len(first.attempts) == len(second.attempts):
        assert test.outcome is worse
    assert set(test.attempts) == {*first.attempts, *second.attempts}


@given(st.lists(st.tuples(shards, files), max_size=4))
def test_totals_always_add_up_and_runs_are_not_tests(reports):
    tests = merge(*(results(cases, job) for job, cases in reports))
    counts = totals(tests)
    parts = counts.passed + counts.failed + counts.errored + counts.skipped + counts.not_proven
    assert counts.tests == parts == len({case.name for _, cases in reports for case in cases})
    assert counts.tests <= counts.runs == sum(len(test.attempts) for test in tests)
    assert counts.flaky <= counts.passed
