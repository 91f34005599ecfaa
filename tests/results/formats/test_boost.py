from __future__ import annotations

import pytest
from result_files import cases, items

from ci_orchestrator.results import formats
from ci_orchestrator.results.formats.base import Case
from ci_orchestrator.results.model import Outcome


def log(body: str) -> str:
    return (
        '<TestLog><BuildInfo platform="linux"/><TestSuite name="Master Test Suite"><TestSuite name="a" file="t.cpp" '
        f'line="5">{body}</TestSuite></TestSuite></TestLog>'
    )


def case(children: str, attributes: str = "") -> Case:
    (found,) = cases(log(f'<TestCase name="one" {attributes}>{children}</TestCase>'), "boost")
    return found


@pytest.mark.parametrize(
    ("children", "outcome"),
    [
        ("", "passed"),
        ('<Info file="t.cpp" line="8">check passed</Info><Warning>hm</Warning><Message>m</Message>', "passed"),
        ('<Error file="t.cpp" line="8">check x failed</Error>', "failed"),
        ('<Error file="t.cpp" line="8">check x failed</Error><FatalError>require y failed</FatalError>', "errored"),
        ('<Exception file="unknown location" line="0">signal: SIGABRT</Exception>', "errored"),
    ],
)
def test_outcomes(children, outcome):
    assert case(children).outcome is Outcome(outcome)


def test_names_times_and_texts():
    found = case(
        '<Error file="t.cpp" line="8"><![CDATA[check x failed\n[1 != 2]]]></Error>\n<Exception file="unknown location" '
        'line="0"><![CDATA[std::exception: no]]><LastCheckpoint file="t.cpp" line="9"><![CDATA["one" entry.]]>'
        "</LastCheckpoint><Context><Frame><![CDATA[sample = 2; ]]></Frame></Context></Exception>"
        "<TestingTime>2313000</TestingTime>",
        'file="t.cpp" line="7"',
    )
    assert (found.suites, found.classname, found.name) == (("Master Test Suite", "a"), "a", "one")
    assert found.test_id("cpp") == "cpp::a::one"
    assert (found.duration, found.message) == (pytest.approx(2.313), "check x failed")
    assert found.details == (
        "t.cpp:8: check x failed\n[1 != 2]\nunknown location:0: std::exception: no\n"
        "  in the context of sample = 2;\n  last seen at t.cpp:9"
    )


def test_skipped_cases_have_the_same_id_as_run_ones():
    found = case("", 'skipped="yes" reason="precondition failed"')
    assert (found.outcome, found.message) == (Outcome.SKIPPED, "precondition failed")
    assert found.test_id("cpp") == "cpp::a::one"


def test_parametrised_cases_of_one_name_are_tests_of_their_own():
    failed, passed = cases(log('<TestCase name="p"><Error>no</Error></TestCase><TestCase name="p"/>'), "boost")
    assert (failed.name, failed.outcome) == ("p", Outcome.FAILED)
    assert (passed.name, passed.outcome) == ("p (2)", Outcome.PASSED)


def test_a_fixture_that_failed_outside_of_any_case_is_one():
    fine, broken = cases(log('<TestCase name="p"/><Exception file="f.cpp" line="3">boom</Exception>'), "boost")
    assert fine.outcome is Outcome.PASSED
    assert (broken.name, broken.outcome, broken.message) == ("(suite)", Outcome.ERRORED, "boom")


def test_cases_that_hold_suites():
    inner, outer = cases(
        log('<TestCase name="o"><TestSuite name="s"><TestCase name="i"/></TestSuite></TestCase>'), "boost"
    )
    assert (inner.test_id("u"), outer.test_id("u")) == ("u::a/s/o::i", "u::a::o")


def test_a_signal_that_ended_the_log_leaves_the_case_not_proven():
    found = items('<TestLog><TestSuite name="s"><TestCase name="a"/><TestCase name="b"><Info>x</Info>', "boost")
    assert [(one.name, one.outcome) for one in found if isinstance(one, Case)] == [
        ("a", Outcome.PASSED),
        ("b", Outcome.NOT_PROVEN),
    ]


def test_it_is_told_by_its_root():
    assert formats.detect(log("").encode()) == "boost"
