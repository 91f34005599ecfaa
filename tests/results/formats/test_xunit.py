from __future__ import annotations

import pytest
from result_files import cases

from ci_orchestrator.results import formats
from ci_orchestrator.results.model import Outcome


def assembly(body: str, errors: str = "") -> str:
    return (
        '﻿<assemblies timestamp="01/26/2024 13:49:51" schema-version="3"><assembly name="/home/x/a.dll" '
        f'run-date="2024-01-26"><errors>{errors}</errors><collection name="Test collection for N.T">{body}</collection>'
        "</assembly></assemblies>"
    )


def test_the_shown_name_loses_its_class_and_may_be_any_sentence():
    one, row, sentence, nameless = cases(
        assembly(
            '<test name="N.T.M" type="N.T" method="M" time="0.0026206" result="Pass"/>'
            '<test name="N.T.M(x: &quot;N.T.a&quot;)" type="N.T" method="M" time="1" result="Pass"/>'
            '<test name="adds two numbers" type="N.T" method="M" time="1" result="Pass"/>'
            '<test type="N.T" method="M3" time="soon" result="Pass"/>'
        ),
        "xunit",
    )
    assert one.suites == ("a.dll", "Test collection for N.T")
    assert (one.classname, one.name, one.duration) == ("N.T", "M", 0.0026206)
    assert row.name == 'M(x: "N.T.a")'
    assert sentence.name == "adds two numbers"
    assert (nameless.name, nameless.duration) == ("M3", 0.0)


@pytest.mark.parametrize(
    ("result", "children", "outcome", "message", "details"),
    [
        ("Pass", "<output>said</output>", "passed", "", ""),
        ("Skip", "<reason><![CDATA[later]]></reason>", "skipped", "later", ""),
        ("Skip", "<reason><message>later</message></reason>", "skipped", "later", ""),
        ("NotRun", "", "skipped", "", ""),
        (
            "Fail",
            '<failure exception-type="E"><message>a\nb</message><stack-trace>at M</stack-trace></failure>',
            "failed",
            "a",
            "a\nb\nat M",
        ),
        ("Fail", '<failure exception-type="N.E"/>', "failed", "N.E", ""),
        ("Fail", "", "failed", "", ""),
        ("invalid", "", "not-proven", "the file says 'invalid': not a known result", ""),
        ("invalid", "<failure><message>x</message></failure>", "failed", "x", ""),
    ],
)
def test_outcomes(result, children, outcome, message, details):
    (case,) = cases(assembly(f'<test name="M" type="N.T" result="{result}">{children}</test>'), "xunit")
    assert (case.outcome, case.message, case.details) == (Outcome(outcome), message, details)
    assert case.stdout == ("said" if "output" in children else "")


def test_an_error_of_the_assembly_is_a_case_although_all_tests_passed():
    failure = '<failure exception-type="E"><message>boom</message><stack-trace>at D</stack-trace></failure>'
    cleanup, nameless, fine = cases(
        assembly(
            '<test name="M" type="N.T" result="Pass"/>',
            f'<error type="test-class-cleanup" name="N.T">{failure}</error><error type="fatal"/>',
        ),
        "xunit",
    )
    assert (cleanup.classname, cleanup.name, cleanup.outcome) == ("N.T", "(suite)", Outcome.ERRORED)
    assert (cleanup.message, cleanup.details) == ("boom", "at D")
    assert (nameless.outcome, nameless.message) == (Outcome.ERRORED, "fatal")
    assert fine.outcome is Outcome.PASSED


def test_rows_whose_shown_values_are_cut_alike_stay_two_tests():
    row = '<test name="N.T.M(text: &quot;aaaa···&quot;)" type="N.T" result="{}"/>'
    failed, passed = cases(assembly(row.format("Fail") + row.format("Pass")), "xunit")
    assert (failed.name, failed.outcome) == ('M(text: "aaaa···")', Outcome.FAILED)
    assert (passed.name, passed.outcome) == ('M(text: "aaaa···") (2)', Outcome.PASSED)


def test_version_1_has_classes_and_other_assemblies_are_not_ours():
    old = (
        '<assembly name="C:\\a.dll" run-date="2010-01-01"><class name="N.T">'
        '<test name="N.T.M" type="N.T" method="M" result="Pass" time="0.1"/></class></assembly>'
    )
    (case,) = cases(old, "xunit")
    assert (case.suites, case.test_id("u")) == (("a.dll", "N.T"), "u::N.T::M")
    assert formats.detect(old.encode()) == "xunit"
    assert formats.detect(assembly("").encode()) == "xunit"
    assert formats.detect(b'<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0"/>') is None
