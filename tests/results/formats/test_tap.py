from __future__ import annotations

import pytest
from result_files import cases, items, warnings
from seeds import TAP

from ci_orchestrator.results.formats.base import Case
from ci_orchestrator.results.model import Cause, Outcome


def told(text: str) -> list[tuple[str, str]]:
    return [(item.name, item.outcome) for item in items(text, "tap") if isinstance(item, Case)]


def test_subtests_directives_numbers_and_explanations():
    inner, bad, top, later, todo, plain = cases(TAP, "tap")
    assert inner.test_id("unit") == "unit::r::top › in # ner"
    assert (inner.outcome, inner.duration) == (Outcome.PASSED, 0.0015)
    assert (bad.name, bad.outcome, bad.message, bad.duration) == ("top › bad", Outcome.FAILED, "boom", 0.0008)
    assert bad.details == "duration_ms: 0.8\nerror: |-\n  boom\n  second"
    assert (top.name, top.outcome, top.details) == ("top", Outcome.FAILED, "")
    assert (later.name, later.outcome, later.message) == ("later", Outcome.SKIPPED, "why")
    assert (todo.name, todo.outcome, todo.cause, todo.message) == ("todo", Outcome.SKIPPED, Cause.XFAIL, "one day")
    assert (plain.name, plain.outcome) == ("test 4", Outcome.PASSED)


@pytest.mark.parametrize(
    ("line", "name", "outcome"),
    [
        ("ok 2-description 2", "description 2", "passed"),
        ("ok-no number 5", "no number 5", "passed"),
        ("not ok no number 12", "no number 12", "failed"),
        ("ok 13 - # SKIPPED skip 13", "test 13", "skipped"),
        ("not ok 14 - x # skip: why", "x", "skipped"),
        ("not ok 20 # todo number 20", "test 20", "skipped"),
        ("ok 21 - mends #12", "mends #12", "passed"),
        (r"ok 22 - a \# SKIP is no directive", "a # SKIP is no directive", "passed"),
        ("ok 23 - done # TODO", "done", "passed"),
    ],
)
def test_the_forms_of_a_line(line, name, outcome):
    assert told(f"1..1\n{line}\n") == [(name, outcome)]


def test_other_words_are_no_tests():
    assert told("1..1\nokay\nnot okay\n  ok 1\nok 1 - a\n") == [("a", "passed")]


def test_tests_of_one_description_are_told_apart():
    text = "not ok 1 - works\nok 2 - works\nok\nok\n1..4\n"
    assert told(text) == [("works", "failed"), ("works (2)", "passed"), ("test 3", "passed"), ("test 4", "passed")]


def test_a_subtest_without_a_name_has_its_number():
    assert told("TAP version 14\n    ok 1 - a\n    1..1\nok 1\n    ok 1 - a\n    1..1\nok 2\n1..2\n") == [
        ("1 › a", "passed"),
        ("test 1", "passed"),
        ("2 › a", "passed"),
        ("test 2", "passed"),
    ]


def test_comments_explain_a_failure_and_a_time_out_is_one():
    (case,) = cases("1..1\nnot ok 1 - a\n#   Failed test 'a'\n#   at t/a.t line 3.\n", "tap")
    assert (case.message, case.details) == ("Failed test 'a'", "Failed test 'a'\nat t/a.t line 3.\n".strip())
    (slow,) = cases("1..1\nnot ok 1\n  ---\n  failureType: 'testTimeoutFailure'\n  error: 'slow'\n  ...\n", "tap")
    assert (slow.cause, slow.message) == (Cause.TIMEOUT, "slow")


def test_what_is_missing_is_said():
    assert warnings("1..5\nok 1\n", "tap") == ["the plan says another number of tests than have a result"]
    assert warnings("TAP version 13\nok 1\n", "tap") == ["there is no plan: the file may end too early"]
    assert warnings("1..1\nnot ok 1\nBail out! no database\nBail out! again\n", "tap") == [
        "the tests were given up: no database"
    ]
    assert warnings("TAP version 14\n    ok 1\n    1..2\nok 1\n1..1\n", "tap") == [
        "the plan of a subtest says another number of tests than have a result"
    ]
    assert warnings("TAP version 13\n", "tap")[-1] == "the file holds no test cases"


def test_a_program_that_is_skipped_as_a_whole():
    (case,) = cases("1..0 # skip no translator\n", "tap")
    assert (case.name, case.outcome, case.message) == ("(suite)", Outcome.SKIPPED, "no translator")


def test_a_line_that_is_cut_proves_nothing_but_the_last_of_a_plan_may_lack_its_end():
    assert told("TAP version 13\nok 1 - a\nok 2 - later # SK") == [("a", "passed"), ("later # SK", "not-proven")]
    assert told("1..1\nok 1 - a") == [("a", "passed")]
