"""What we write, held against what each consumer documents (see tests/junit_consumers.py)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junit_consumers import against_jenkins, azure, document, gitlab
from junit_examples import EVERY_KIND, some_test

from ci_orchestrator.results.merge import totals
from ci_orchestrator.results.model import Attempt, Outcome, TestResult


def test_jenkins_schema_accepts_the_strict_form_and_only_file_and_line_are_beyond_it():
    strict = document(EVERY_KIND, strict=True, properties={"lock": "sha256:0"})
    assert against_jenkins(strict) == []
    assert {tag.split("}")[-1] for tag in (element.tag for element in strict.iter())} >= {
        "flakyFailure",
        "rerunFailure",
    }
    beyond = against_jenkins(document(EVERY_KIND))
    assert beyond
    assert all("attribute 'file'" in said or "attribute 'line'" in said for said in beyond)


@given(st.lists(some_test(), max_size=5, unique_by=lambda result: result.id))
def test_jenkins_schema_accepts_whatever_is_written_strictly(results):
    assert against_jenkins(document(results, strict=True)) == []


def test_gitlab_shows_every_test_with_its_reason_and_file():
    shown = gitlab(document(EVERY_KIND))
    assert len(shown) == len(EVERY_KIND)  # none is dropped for its name
    assert shown["unit.tests.test_a.py.TestB", "test_fail[a::b]"][:2] == ("failed", "trace <b>&amp;")
    assert shown["tests.test_a", "test_error"] == ("error", "after 3 s", "tests/test_a.py")
    assert shown["tests.test_a", "test_skip"][:2] == ("skipped", "not here")
    assert shown["tests.test_a", "test_missing"][:2] == ("error", "no result")
    assert all(text for status, text, _ in shown.values() if status != "success")


@given(st.lists(some_test(), max_size=8, unique_by=lambda result: result.id))
def test_gitlab_never_loses_a_test_of_real_paths(results):
    kept = [result for result in results if result.path in ("tests/test_a.py", "a/b.test.ts", "pkg")]
    assert len(gitlab(document(kept))) == len(kept)


AZURE = {Outcome.PASSED: "Passed", Outcome.SKIPPED: "Not Executed"}


def test_azure_maps_every_field():
    root = document(EVERY_KIND)
    assert root.tag == "testsuites"  # its paths begin /testsuites/testsuite/testcase
    assert [suite.tag for suite in root] == ["testsuite", "testsuite"]
    assert root[1].get("timestamp") == "2023-11-14T22:13:20"
    rows = [azure(case) for suite in root for case in suite.iter("testcase")]
    for row, result in zip(rows, EVERY_KIND, strict=True):
        assert row["outcome"] == AZURE.get(result.outcome, "Failed")
        assert float(row["duration"]) == pytest.approx(result.duration)
        assert result.name.endswith(row["title"])
        assert row["title"]
        assert row["test file"]
        assert row["message"] == message_of(result)


def message_of(result: TestResult) -> str:
    if result.outcome is Outcome.PASSED:
        return ""
    if result.outcome is Outcome.NOT_PROVEN:
        return result.reason
    return next(a.message for a in result.attempts if a.outcome is result.outcome)


def test_the_counts_that_all_three_show_add_up():
    root, found = document(EVERY_KIND), totals(EVERY_KIND)
    counts = {key: sum(int(suite.get(key)) for suite in root) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {
        "tests": found.tests,
        "failures": found.failed,
        "errors": found.errored + found.not_proven,
        "skipped": found.skipped,
    }


def test_a_case_without_a_name_gets_one_and_absurd_times_stay_in_range():
    strange = [
        TestResult(id="s::a.py::", outcome=Outcome.PASSED, attempts=(Attempt(outcome=Outcome.PASSED, duration=1e12),)),
        TestResult(id="s::a.py::TestA::", outcome=Outcome.PASSED),
    ]
    root = document(strange, strict=True)
    assert [azure(case)["title"] for case in root.iter("testcase")] == ["(no name)", "(no name)"]
    assert against_jenkins(root) == []
    assert float(root[0].get("time", "")) < 922_337_203_685  # .NET's TimeSpan.MaxValue, in seconds
