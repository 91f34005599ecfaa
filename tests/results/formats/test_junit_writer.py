from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import junitparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from junit_examples import EVERY_KIND, NAMES, one, some_test

from ci_orchestrator.results import formats
from ci_orchestrator.results.formats.base import Case, to_results
from ci_orchestrator.results.formats.junit_writer import case_names, write_junit
from ci_orchestrator.results.formats.text import visible
from ci_orchestrator.results.merge import merge, totals
from ci_orchestrator.results.merge import result as folded
from ci_orchestrator.results.model import Attempt, Cause, Outcome, TestResult


def written(results, **options) -> bytes:
    out = io.BytesIO()
    write_junit(results, out, **options)
    return out.getvalue()


def read_back(data: bytes) -> tuple[TestResult, ...]:
    items = list(formats.read(io.BytesIO(data), "own.xml"))
    cases = [item for item in items if isinstance(item, Case)]
    assert len(cases) == len(items) or not cases  # no warning but that there are none
    return merge(to_results(cases))


def told(result: TestResult) -> tuple:
    """What a JUnit file carries of a result."""
    attempts = [(a.outcome, a.cause, a.message, a.details, a.stdout) for a in result.attempts]
    return result.id, result.outcome, result.flaky, round(result.duration, 6), attempts


def test_every_kind_reads_back():
    by_id = {result.id: result for result in read_back(written(EVERY_KIND))}
    assert list(by_id) == [result.id for result in EVERY_KIND]
    for result in EVERY_KIND:
        back = by_id[result.id]
        assert (back.outcome, back.flaky, back.duration) == (
            result.outcome,
            result.flaky,
            pytest.approx(result.duration),
        )
    counted, expected = totals(by_id.values()), totals(EVERY_KIND)
    assert (counted.passed, counted.failed, counted.errored, counted.not_proven) == (
        expected.passed,
        expected.failed,
        expected.errored,
        expected.not_proven,
    )


def test_retries_read_back_in_order():
    by_name = {result.name: result for result in read_back(written(EVERY_KIND))}
    flaky = by_name["test_flaky"]
    assert [(a.outcome, a.cause, a.message) for a in flaky.attempts] == [
        (Outcome.FAILED, Cause.NONE, "first"),
        (Outcome.ERRORED, Cause.WORKER_LOST, "SIGSEGV"),
        (Outcome.PASSED, Cause.NONE, ""),
    ]
    assert (flaky.attempts[0].details, flaky.attempts[0].stdout, flaky.attempts[0].stderr) == ("t1", "o1", "e1")
    assert [a.message for a in by_name["test_hopeless"].attempts] == ["first", "second"]


@given(st.lists(some_test(), max_size=8, unique_by=lambda result: result.id))
def test_whatever_is_written_reads_back(results):
    ordered = sorted(results, key=lambda result: result.id)
    assert [told(result) for result in read_back(written(results))] == [told(result) for result in ordered]


@given(st.lists(st.sampled_from((Outcome.FAILED, Outcome.ERRORED)), min_size=1, max_size=4), st.booleans())
def test_failed_and_errored_attempts_read_back_in_the_order_in_which_they_were_made(outcomes, passed_at_last):
    made = [*outcomes, Outcome.PASSED] if passed_at_last else outcomes
    attempts = [Attempt(outcome=outcome, number=number) for number, outcome in enumerate(made, 1)]
    (back,) = read_back(written([folded("s::a.py::t", attempts)]))
    assert [attempt.outcome for attempt in back.attempts] == made
    assert (back.outcome, back.flaky) == (made[-1], passed_at_last)


@given(st.text(), st.text(), st.text())
def test_any_text_gives_well_formed_xml_and_keeps_all_that_xml_can_carry(name, message, output):
    result = one(name or "n", Attempt(outcome=Outcome.FAILED, message=message, details=output, stdout=output))
    (case,) = ET.fromstring(written([result])).iter("testcase")
    failure = case.find("failure")
    assert failure.get("message") == visible(message)
    assert (failure.text or "") == visible(output or message)
    assert case.get("file") == "tests/test_a.py"


@given(NAMES)
def test_names_are_split_without_loss(name):
    classname, leaf = case_names("tests/test_a.py", name)
    inner = classname.removeprefix("tests.test_a").removeprefix(".").replace(".", "::")
    assert (f"{inner}::{leaf}" if inner else leaf) == name


def test_the_same_results_give_the_same_bytes_in_any_order():
    assert written(EVERY_KIND) == written(reversed(EVERY_KIND))


def test_junitparser_counts_the_same():
    xml = junitparser.JUnitXml.fromstring(written(EVERY_KIND))
    found = totals(EVERY_KIND)
    cases = [case for suite in xml for case in suite]
    kinds = [type(case.result[0]).__name__ if case.result else "Passed" for case in cases]
    assert len(cases) == found.tests
    assert kinds.count("Passed") == found.passed
    assert kinds.count("Failure") == found.failed == sum(suite.failures for suite in xml)
    assert kinds.count("Error") == found.errored + found.not_proven == sum(suite.errors for suite in xml)
    assert kinds.count("Skipped") == found.skipped == sum(suite.skipped for suite in xml)
    assert sum(suite.tests for suite in xml) == found.tests
    assert sum(case.time for case in cases) == pytest.approx(sum(result.duration for result in EVERY_KIND))


def test_a_test_that_is_not_proven_is_an_error_of_its_own_type():
    data = written([one("lost", reason="its job vanished")])
    (error,) = ET.fromstring(data).iter("error")
    assert (error.get("type"), error.get("message")) == ("not-proven", "its job vanished")
    (back,) = read_back(data)
    assert (back.outcome, back.reason, back.attempts) == (Outcome.NOT_PROVEN, "its job vanished", ())


def test_properties_stand_in_the_suite():
    root = ET.fromstring(
        written([one("t", Attempt(outcome=Outcome.PASSED))], properties={"lock": "sha256:0", "a": "\x00"})
    )
    assert [(p.get("name"), p.get("value")) for p in root.find("testsuite/properties")] == [
        ("a", "␀"),
        ("lock", "sha256:0"),
    ]


def test_no_results_are_an_empty_report():
    assert (
        written([]) == b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="ci-orchestrator">\n</testsuites>\n'
    )
