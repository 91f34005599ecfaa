from __future__ import annotations

import pytest
from result_files import cases

from ci_orchestrator.results import formats
from ci_orchestrator.results.model import Cause, Outcome


def run(body: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8" standalone="no"?><test-run id="2" result="Failed">'
        '<command-line><![CDATA[nunit3-console a.dll]]></command-line><test-suite type="Assembly" name="a.dll" '
        f'fullname="C:\\b\\a.dll" result="Passed">{body}</test-suite></test-run>'
    )


def fixture(body: str, attributes: str = 'result="Passed"') -> str:
    return run(f'<test-suite type="TestFixture" name="T(1)" fullname="N.T(1)" {attributes}>{body}</test-suite>')


def test_the_class_is_what_stands_before_the_name_arguments_of_the_fixture_included():
    one, dotted, renamed, nameless = cases(
        fixture(
            '<test-case name="M" fullname="N.T(1).M" classname="N.T" result="Passed" duration="0.5"/>'
            '<test-case name="M(&quot;a.b&quot;)" fullname="N.T(1).M(&quot;a.b&quot;)" classname="T" result="Passed"/>'
            '<test-case name="a sentence." fullname="other" classname="N.T" result="Passed" time="1,5"/>'
            '<test-case fullname="N.T.X" result="Passed" duration="1E-05"/>'
        ),
        "nunit3",
    )
    assert (one.suites, one.classname, one.name, one.duration) == (("a.dll", "T(1)"), "N.T(1)", "M", 0.5)
    assert (dotted.classname, dotted.name) == ("N.T(1)", 'M("a.b")')
    assert (renamed.classname, renamed.name, renamed.duration) == ("N.T(1)", "a sentence.", 1.5)
    assert (nameless.name, nameless.duration) == ("N.T.X", 1e-05)
    assert one.test_id("unit") == "unit::N.T(1)::M"


@pytest.mark.parametrize(
    ("attributes", "children", "outcome", "cause", "message"),
    [
        ('result="Passed"', "<reason><message>Succeeded!</message></reason>", "passed", "", "Succeeded!"),
        ('result="Warning"', "<reason><message>hm</message></reason>", "passed", "", "hm"),
        ('result="Failed"', "<failure><message>no\nmore</message></failure>", "failed", "", "no"),
        ('result="Failed" label="Error"', "<failure><message>boom</message></failure>", "errored", "", "boom"),
        ('result="Failed" label="Invalid"', "", "errored", "", "Invalid"),
        ('result="Failed" label="Cancelled"', "", "errored", "interrupted", "Cancelled"),
        (
            'result="Failed" label="Test exceeded Timeout value 1ms."',
            "<failure/>",
            "failed",
            "timeout",
            "Test exceeded Timeout value 1ms.",
        ),
        ('result="Skipped" label="Ignored"', "<reason><message>later</message></reason>", "skipped", "", "later"),
        ('result="Skipped" label="Explicit"', "", "skipped", "", "Explicit"),
        ('result="Inconclusive"', "", "skipped", "", "inconclusive"),
        ('result="Perhaps"', "", "not-proven", "", "the file says 'Perhaps': not a known result"),
        ('result="Perhaps"', "<failure><message>x</message></failure>", "failed", "", "x"),
        ("", "", "not-proven", "", "the file says '': not a known result"),
    ],
)
def test_nunit3_outcomes(attributes, children, outcome, cause, message):
    (case,) = cases(fixture(f'<test-case name="M" fullname="N.T.M" {attributes}>{children}</test-case>'), "nunit3")
    assert (case.outcome, case.cause, case.message) == (Outcome(outcome), Cause(cause), message)


def test_trace_and_output_are_the_tests_and_assertions_repeat_them():
    (case,) = cases(
        fixture(
            '<test-case name="M" fullname="N.T.M" result="Failed"><output>said</output><failure>'
            "<message>  Expected: 3\n  But was: 2\n</message><stack-trace>   at N.T.M() in T.cs:line 7\n</stack-trace>"
            '</failure><assertions><assertion result="Failed"><message>again</message></assertion></assertions>'
            "</test-case>"
        ),
        "nunit3",
    )
    assert (case.message, case.stdout) == ("Expected: 3", "said")
    assert case.details == "  Expected: 3\n  But was: 2\n   at N.T.M() in T.cs:line 7"


def test_a_suite_that_failed_alone_is_a_case_and_one_that_repeats_its_cases_is_not():
    told = "<failure><message>One or more child tests had errors</message></failure>"
    alone = "<failure><message>TearDown : boom</message></failure>"
    good = '<test-case name="M" fullname="N.T.M" result="Passed"/>'
    bad = '<test-case name="M" fullname="N.T.M" result="Failed"/>'
    fine, broken = cases(fixture(alone + good, 'result="Failed" site="TearDown"'), "nunit3")
    assert fine.outcome is Outcome.PASSED
    assert (broken.classname, broken.name, broken.outcome) == ("N.T(1)", "(suite)", Outcome.ERRORED)
    assert broken.message == "TearDown : boom"
    assert [case.name for case in cases(fixture(told + bad, 'result="Failed" site="Child"'), "nunit3")] == ["M"]


def test_two_cases_of_one_name_are_two_tests():
    twice = (
        '<test-case name="M" fullname="N.T.M" result="Failed"/><test-case name="M" fullname="N.T.M" result="Passed"/>'
    )
    assert [(case.name, case.outcome) for case in cases(fixture(twice), "nunit3")] == [
        ("M", Outcome.FAILED),
        ("M (2)", Outcome.PASSED),
    ]


def results(body: str, attributes: str = 'result="Success"') -> str:
    return (
        '<test-results name="/home/x/a.dll" total="1"><culture-info current-culture="de-DE"/>'
        f'<test-suite type="Assembly" name="/home/x/a.dll" {attributes}><results>'
        f'<test-suite type="TestFixture" name="T"><results>{body}</results></test-suite></results></test-suite>'
        "</test-results>"
    )


@pytest.mark.parametrize(
    ("full", "classname", "name"),
    [
        ("N.T.M", "N.T", "M"),
        ('N.T.M("a.b",1.5d)', "N.T", 'M("a.b",1.5d)'),
        ('N.T.M("a) .b")', "N.T", 'M("a) .b")'),
        ("N.T<System.Int32>(1.5).M<A.B>(2)", "N.T<System.Int32>(1.5)", "M<A.B>(2)"),
        ("first input", "", "first input"),
        ("N.T.first input", "N.T", "first input"),
        (")).a", "))", "a"),
    ],
)
def test_nunit2_names_are_divided_outside_of_brackets_and_quotes(full, classname, name):
    written = full.replace("<", "&lt;").replace('"', "&quot;")
    (case,) = cases(results(f'<test-case name="{written}" executed="True" result="Success"/>'), "nunit2")
    assert (case.suites, case.classname, case.name) == (("a.dll", "T"), classname, name)


@pytest.mark.parametrize(
    ("attributes", "children", "outcome", "message"),
    [
        ('executed="True" result="Success" success="True"', "", "passed", ""),
        ('executed="True" success="True"', "", "passed", ""),
        ("executed='true' success='true'", "", "passed", ""),
        ('executed="True" success="False"', "<failure><message>no</message></failure>", "failed", "no"),
        ('executed="True" success="Turue"', "", "not-proven", "the file says 'Turue': not a known result"),
        ('executed="False"', "<reason><message>later</message></reason>", "skipped", "later"),
        ('executed="False" result="Ignored"', "<reason><message></message></reason>", "skipped", "Ignored"),
        ('executed="False" result="NotRunnable"', "<reason><message>bad</message></reason>", "errored", "bad"),
        ('executed="True" result="Error"', "<failure><message>boom</message></failure>", "errored", "boom"),
        ('executed="True" result="Inconclusive"', "", "skipped", "Inconclusive"),
        ('executed="True" result="Cancelled"', "", "errored", "Cancelled"),
    ],
)
def test_nunit2_outcomes(attributes, children, outcome, message):
    (case,) = cases(results(f'<test-case name="N.T.M" time="0.25" {attributes}>{children}</test-case>'), "nunit2")
    assert (case.outcome, case.message, case.duration) == (Outcome(outcome), message, 0.25)


def test_nunit2_suites_that_failed_alone():
    good = '<test-case name="N.T.M" executed="True" result="Success"/>'
    bad = '<test-case name="N.T.M" executed="True" result="Error"/>'
    fine, broken = cases(results(good, 'result="Failure"'), "nunit2")
    assert (fine.outcome, broken.name, broken.outcome) == (Outcome.PASSED, "(suite)", Outcome.ERRORED)
    assert len(cases(results(bad, 'result="Failure"'), "nunit2")) == 1
    assert len(cases(results(good, 'result="Inconclusive" success="False"'), "nunit2")) == 1


def test_each_is_told_by_its_root():
    assert formats.detect(run("").encode()) == "nunit3"
    assert formats.detect(results("").encode()) == "nunit2"
