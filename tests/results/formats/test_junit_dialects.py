from __future__ import annotations

import io

import pytest

from ci_orchestrator.results import formats
from ci_orchestrator.results.formats.base import Case, ReadWarning, SuiteOutput
from ci_orchestrator.results.model import Cause, Outcome


def items(xml: str | bytes) -> list:
    return list(formats.read(io.BytesIO(xml.encode() if isinstance(xml, str) else xml), "r.xml", name="junit"))


def cases(xml: str | bytes) -> list[Case]:
    found = items(xml)
    assert not [item for item in found if isinstance(item, ReadWarning)]
    return [item for item in found if isinstance(item, Case)]


def suite(body: str, name: str = "s") -> str:
    return f'<testsuites><testsuite name="{name}">{body}</testsuite></testsuites>'


def test_pytest():
    passed, failed, xfailed, xpassed = cases(
        '<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" tests="4">'
        '<testcase classname="tests.test_a.TestA" name="test_one[x-1]" time="0.010" />'
        '<testcase classname="tests.test_a" name="test_two" time="0.020">'
        '<failure message="AssertionError: no&#10;assert 1">trace\nline</failure></testcase>'
        '<testcase classname="tests.test_a" name="test_three" time="0">'
        '<skipped type="pytest.xfail" message="known"/></testcase>'
        '<testcase classname="tests.test_a" name="test_four" time="0"><failure message="[XPASS(strict)] x"/></testcase>'
        "</testsuite></testsuites>"
    )
    assert (passed.suites, passed.classname, passed.name) == (("pytest",), "tests.test_a.TestA", "test_one[x-1]")
    assert (passed.outcome, passed.duration) == (Outcome.PASSED, 0.01)
    assert (failed.outcome, failed.message) == (Outcome.FAILED, "AssertionError: no")
    assert failed.details == "AssertionError: no\nassert 1\ntrace\nline"
    assert (xfailed.outcome, xfailed.cause, xfailed.message) == (Outcome.SKIPPED, Cause.XFAIL, "known")
    assert xpassed.outcome is Outcome.FAILED


def test_surefire_retries_are_attempts_in_their_order():
    flaky, hopeless = cases(
        suite(
            '<testcase name="flaky" classname="org.T" time="0.3">'
            '<flakyFailure message="first" type="java.A"><stackTrace>at A</stackTrace>'
            "<system-out>said</system-out><system-err>wept</system-err></flakyFailure>"
            '<flakyError message="second" type="java.B">at B</flakyError></testcase>'
            '<testcase name="hopeless" classname="org.T" time="0.1"><failure message="one" type="java.A">at 1</failure>'
            '<rerunFailure message="two" type="java.A"/><rerunError message="three" type="java.B"/></testcase>'
        )
    )
    assert flaky.outcome is Outcome.PASSED
    assert [(a.outcome, a.message, a.details, a.stdout, a.stderr) for a in flaky.before] == [
        (Outcome.FAILED, "first", "at A", "said", "wept"),
        (Outcome.ERRORED, "second", "at B", "", ""),
    ]
    result = flaky.result("unit")
    assert result.flaky
    assert [(a.number, a.outcome) for a in result.attempts] == [(1, "failed"), (2, "errored"), (3, "passed")]
    assert hopeless.outcome is Outcome.FAILED
    assert [a.message for a in hopeless.result("unit").attempts] == ["one", "two", "three"]
    assert not hopeless.result("unit").flaky


def test_gotestsum_jest_mocha_playwright_and_cypress_shapes():
    go, jest, mocha, playwright = cases(
        "<testsuites>"
        '<testsuite name="example.com/pkg"><properties><property name="go.version" value="1.22"/></properties>'
        '<testcase classname="example.com/pkg" name="TestX/sub_case" time="0.000000"><failure message="Failed" type="">'
        "    x_test.go:3: bad\n</failure></testcase></testsuite>"
        '<testsuite name="adds" errors="0" timestamp="2024-01-01T00:00:00"><testcase classname="adds two" '
        'name="adds two" time="0.004" file="src/add.test.js"><skipped/></testcase></testsuite>'
        '<testsuite name="Root Suite" file="/p/test.js"><testcase name="Array works" time="0.001" classname="works">'
        '</testcase></testsuite><testsuite name="a.spec.ts" hostname="chromium"><testcase name="page › loads" '
        'classname="a.spec.ts" time="1.5"><properties><property name="x" value="y"/></properties>'
        '<failure message="a.spec.ts:3:1" type="FAILURE"><![CDATA[ trace <b> ]]></failure><system-out><![CDATA[\n'
        "[[ATTACHMENT|a.png]]\n]]></system-out></testcase></testsuite></testsuites>"
    )
    assert (go.outcome, go.message, go.details) == (Outcome.FAILED, "Failed", "    x_test.go:3: bad\n")
    assert (jest.outcome, jest.file, jest.duration) == (Outcome.SKIPPED, "src/add.test.js", 0.004)
    assert (mocha.classname, mocha.name) == ("works", "Array works")
    assert playwright.details == " trace <b> "
    assert playwright.stdout == "\n[[ATTACHMENT|a.png]]\n"


def test_phpunit_nests_suites_and_says_the_class_twice():
    (case,) = cases(
        '<testsuites><testsuite name="all"><testsuite name="App\\FooTest" file="/app/FooTest.php">'
        '<testsuite name="App\\FooTest::testX"><testcase name="testX with data set #0" class="App\\FooTest" '
        'file="/app/FooTest.php" line="13" assertions="1" time="0.002"/>'
        "</testsuite></testsuite></testsuite></testsuites>"
    )
    assert case.suites == ("all", "App\\FooTest", "App\\FooTest::testX")
    assert (case.classname, case.line) == ("App\\FooTest", 13)


@pytest.mark.parametrize(
    ("attributes", "children", "outcome"),
    [
        ('status="notrun"', "", Outcome.SKIPPED),
        ('status="disabled"', '<failure type="x">no</failure>', Outcome.SKIPPED),
        ('status="run" result="suppressed"', "", Outcome.SKIPPED),
        ('status="run" result="skipped"', "", Outcome.SKIPPED),
        ('status="run" result="completed"', "", Outcome.PASSED),
        ('status="fail"', "", Outcome.FAILED),
        ('status="fail"', "<skipped/>", Outcome.FAILED),
        ('status="errored"', "", Outcome.ERRORED),
        ("", "<failure/><error/>", Outcome.ERRORED),
        ("", "<skipped/><failure/>", Outcome.FAILED),
        ("", '<error type="not-proven" message="no result"/>', Outcome.NOT_PROVEN),
    ],
)
def test_what_decides_the_outcome(attributes, children, outcome):
    (case,) = cases(suite(f'<testcase classname="c" name="n" time="0" {attributes}>{children}</testcase>'))
    assert case.outcome is outcome


def test_several_failures_in_one_case_are_one_failed_test_with_all_texts():
    (case,) = cases(
        suite(
            '<testcase name="n"><failure message="one">first</failure>'
            '<failure message="two">second</failure></testcase>'
        )
    )
    assert (case.outcome, case.message, case.details) == (Outcome.FAILED, "one", "first\n\nsecond")


@pytest.mark.parametrize(
    ("message", "text", "told"),
    [
        ("one", "one", ("one", "")),
        ("one", "", ("one", "")),
        ("", "\n  one\n  two\n", ("one", "\n  one\n  two\n")),
        ("one&#10;two", "one\ntwo", ("one", "one\ntwo")),
        ("one&#10;two", "", ("one", "one\ntwo\n")),
        ("one&#10;two", "three", ("one", "one\ntwo\nthree")),
        ("one", "two", ("one", "two")),
    ],
)
def test_a_message_is_one_line_and_nothing_of_it_is_lost(message, text, told):
    (case,) = cases(suite(f'<testcase name="n"><failure message="{message}">{text}</failure></testcase>'))
    assert (case.message, case.details) == told


def test_an_outcome_of_a_suite_is_a_case_of_its_own():
    broken, fine = cases(
        suite(
            '<error message="setUp died" type="E">trace</error><testcase classname="c" name="n" time="1"/>', "fixture"
        )
    )
    assert (broken.name, broken.suites, broken.outcome, broken.message) == (
        "(suite)",
        ("fixture",),
        Outcome.ERRORED,
        "setUp died",
    )
    assert fine.outcome is Outcome.PASSED


def test_output_of_a_suite_is_kept_apart_and_of_a_case_with_it():
    found = items(
        suite(
            '<testcase name="n" time="1"><system-out>case</system-out><system-out>more</system-out>'
            "<system-err>err</system-err></testcase><system-out>whole</system-out><system-err> \n </system-err>"
        )
    )
    assert [(case.stdout, case.stderr) for case in found if isinstance(case, Case)] == [("case\nmore", "err")]
    assert [item for item in found if isinstance(item, SuiteOutput)] == [SuiteOutput(("s",), "whole", "")]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("1,234.5", 1234.5),
        ("1,234", 1234.0),
        ("12,345,678.25", 12345678.25),
        ("0,125", 0.125),
        ("3,5", 3.5),
        (" 2.5 ", 2.5),
        ("1.7e-05", 1.7e-05),
        ("", 0.0),
    ],
)
def test_times(said, seconds):
    (case,) = cases(suite(f'<testcase classname="c" name="n" time="{said}"/>'))
    assert case.duration == pytest.approx(seconds)


@pytest.mark.parametrize("said", ["-3", "nan", "inf", "1e300", "soon", "1.2.3"])
def test_a_time_that_is_none_is_zero_and_said(said):
    warning, case = items(suite(f'<testcase classname="c" name="n" time="{said}"/>'))
    assert case.duration == 0.0
    assert "time" in warning.what
    assert str(warning.where) == "r.xml:1"


def test_a_suite_at_the_root_a_case_at_the_root_and_prefixes():
    assert cases('<testsuite name="s"><testcase name="n"/></testsuite>')[0].suites == ("s",)
    (alone,) = cases('<testcase name="n"><failure>x</failure></testcase>')
    assert (alone.suites, alone.outcome) == ((), Outcome.FAILED)
    (case,) = cases('<j:testsuite xmlns:j="u" name="s"><j:testcase name="n"><j:error/></j:testcase></j:testsuite>')
    assert (case.suites, case.outcome) == (("s",), Outcome.ERRORED)


def test_cases_within_cases_are_told_each_once():
    found = cases(suite('<testcase name="outer"><testcase name="inner"><failure/></testcase><error/></testcase>'))
    assert [(case.name, case.outcome) for case in found] == [("inner", Outcome.FAILED), ("outer", Outcome.ERRORED)]


def test_unknown_elements_within_a_text_do_not_confuse():
    (case,) = cases(
        suite(
            '<testcase name="n"><failure message="m">a<b><failure>c</failure></b>d</failure>'
            "<system-out>o</system-out></testcase>"
        )
    )
    assert (case.outcome, case.details, case.stdout) == (Outcome.FAILED, "acd", "o")


@pytest.mark.parametrize("tag", ["testcase", "testsuite", "failure", "x"])
def test_an_element_within_a_text_is_text_and_ends_nothing(tag):
    within = f'a<{tag} classname="c" name="x" time="1">b<{tag}/></{tag}>c'
    failed, alone, after = cases(
        suite(
            f'<testcase classname="c" name="n" time="1"><failure message="m">{within}</failure></testcase>'
            f'<error message="e">{within}</error><testcase classname="c" name="m" time="1"/>'
        )
    )
    assert (failed.name, failed.outcome, failed.details) == ("n", Outcome.FAILED, "abc")
    assert (alone.name, alone.outcome, alone.details) == ("(suite)", Outcome.ERRORED, "abc")
    assert (after.name, after.outcome) == ("m", Outcome.PASSED)


def test_a_case_is_the_same_value_however_its_attributes_are_written():
    same = Case(("s",), "c", "n", duration=1.5)
    for attributes in (
        'classname="c" name="n" time="1.5"',
        'name="n" classname="c" time="1.5"',
        'time="1.5" classname="c" name="n"',
        'name="n" class="c" duration="1,5" x="y"',
    ):
        (case,) = cases(suite(f"<testcase {attributes}/>"))
        assert (case, repr(case)) == (same, repr(same))


def test_a_warning_tells_the_line():
    odd = '<testcase classname="c" name="n" time="soon"/>'
    warned = [item for item in items(suite(f"\n{odd}\n\n{odd}")) if isinstance(item, ReadWarning)]
    assert [str(warning.where) for warning in warned] == ["r.xml:2", "r.xml:4"]


@pytest.mark.parametrize(
    ("attributes", "test"),
    [
        ('classname="tests.test_a.TestB" name="t" file="tests/test_a.py"', "unit::tests/test_a.py::TestB::t"),
        ('classname="tests.test_a" name="t[1]" file="tests/test_a.py"', "unit::tests/test_a.py::t[1]"),
        ('classname="org.acme.FooTest" name="t"', "unit::org.acme.FooTest::t"),
        ('classname="adds" name="two" file="src/a.test.js"', "unit::src/a.test.js::adds::two"),
        ('name="t"', "unit::outer/inner::t"),
    ],
)
def test_ids(attributes, test):
    (case,) = cases(
        f'<testsuites><testsuite name="outer"><testsuite name="inner"><testcase {attributes}/>'
        "</testsuite></testsuite></testsuites>"
    )
    assert case.result("unit").id == test
    assert case.test_id() == test.replace("unit", "outer", 1)


def test_retries_that_tell_their_time_keep_it():
    nextest = cases(
        suite(
            '<testcase name="n" classname="c" time="0.3"><flakyFailure timestamp="2024-01-01T00:00:00.000+00:00" '
            'time="1.500" message="m" type="test failure">out</flakyFailure><flakyFailure type="x"/></testcase>'
        )
    )
    assert [attempt.duration for attempt in nextest[0].result("unit").attempts] == [1.5, 0.0, 0.3]


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ('name="TestMessage" package="com.sample" id="0"', "com.sample.TestMessage"),  # Ant's file of all classes
        ('name="com.sample.TestMessage" package="com.sample" id="0"', "com.sample.TestMessage"),
        ('name="A.dll" package="A.dll" id="0"', "A.dll"),
        ('name="TestMessage" package="com.sample"', "TestMessage"),
        ('name="Chrome" package="" id="0"', "Chrome"),
    ],
)
def test_ant_divides_the_name_of_a_suite(attributes, name):
    inner = '<testcase classname="c" name="n" time="1"/>'
    (case,) = cases(f"<testsuites><testsuite {attributes}>{inner}</testsuite></testsuites>")
    assert case.suites == (name,)


def test_files_of_check_begin_alike_and_are_not_junit():
    check = b'<?xml version="1.0"?><testsuites xmlns="http://check.sourceforge.net/ns"><suite/></testsuites>'
    assert formats.detect(check) is None
    assert formats.detect(b'<testsuites xmlns="urn:other"><testsuite/></testsuites>') == "junit"
