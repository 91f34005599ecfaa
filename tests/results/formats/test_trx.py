from __future__ import annotations

import pytest
from result_files import cases, items

from ci_orchestrator.results import formats
from ci_orchestrator.results.formats.base import Case, ReadWarning
from ci_orchestrator.results.formats.tests import trx
from ci_orchestrator.results.model import Cause, Outcome

DEFINITIONS = (
    '<TestDefinitions><UnitTest name="M" storage="c:\\b\\a.dll" id="1"><Execution id="e"/><TestMethod '
    'codeBase="C:\\b\\A.dll" className="N.T, A, Version=1.0.0.0" name="M"/></UnitTest>'
    '<UnitTest name="M" storage="b.dll" id="2"><TestMethod className="N.U" name="M"/></UnitTest></TestDefinitions>'
)


def run(results: str, summary: str = '<ResultSummary outcome="Completed"/>', *, before: bool = False) -> str:
    parts = (DEFINITIONS, f"<Results>{results}</Results>")
    return (
        '﻿<?xml version="1.0" encoding="utf-8"?><TestRun id="x" name="me@HOST 2025-06-22 14:17" '
        'xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">'
        f"{''.join(parts if before else parts[::-1])}{summary}</TestRun>"
    )


def result(attributes: str, children: str = "") -> str:
    return f'<UnitTestResult executionId="e" {attributes}>{children}</UnitTestResult>'


@pytest.mark.parametrize("before", [True, False])
def test_the_class_is_found_wherever_the_definitions_stand(before):
    mstest, xunit, elsewhere, lost = cases(
        run(
            result('testId="1" testName="M" outcome="Passed" duration="00:02:10.5000000"')
            + result('testId="1" testName="N.T.Theory(x: 1)" outcome="Passed" duration="1.00:00:01"')
            + result('testId="2" testName="M" outcome="Passed" duration="soon"')
            + result('testId="3" testName="N.V.M" outcome="Passed"'),
            before=before,
        ),
        "trx",
    )
    assert (mstest.suites, mstest.classname, mstest.name, mstest.duration) == (("A.dll",), "N.T", "M", 130.5)
    assert (xunit.name, xunit.duration) == ("Theory(x: 1)", 86401.0)
    assert (elsewhere.suites, elsewhere.test_id("s"), elsewhere.duration) == (("b.dll",), "s::N.U::M", 0.0)
    assert (lost.suites, lost.classname, lost.name) == ((), "", "N.V.M")


@pytest.mark.parametrize(
    ("attribute", "outcome", "cause"),
    [
        ('outcome="Passed"', "passed", ""),
        ('outcome="PassedButRunAborted"', "passed", ""),
        ('outcome="Failed"', "failed", ""),
        ('outcome="Timeout"', "failed", "timeout"),
        ('outcome="Error"', "errored", ""),
        ("", "errored", ""),  # the default of the enumeration is left out
        ('outcome="Aborted"', "errored", "interrupted"),
        ('outcome="Disconnected"', "errored", "infrastructure"),
        ('outcome="NotRunnable"', "errored", ""),
        ('outcome="NotExecuted"', "skipped", ""),
        ('outcome="Inconclusive"', "skipped", ""),
        ('outcome="Completed"', "not-proven", ""),
        ('outcome="InProgress"', "not-proven", ""),
        ('outcome="Great"', "not-proven", ""),
    ],
)
def test_outcomes(attribute, outcome, cause):
    (case,) = cases(run(result(f'testId="1" testName="M" {attribute}')), "trx")
    assert (case.outcome, case.cause) == (Outcome(outcome), Cause(cause))
    assert bool(case.message) == (outcome != "passed")


def test_texts():
    (case,) = cases(
        run(
            result(
                'testId="1" testName="M" outcome="Failed"',
                "<Output><StdOut>said</StdOut><StdErr>wept</StdErr><ErrorInfo><Message>Expected: 1\nActual: 2</Message>"
                "<StackTrace>   at M</StackTrace></ErrorInfo><TextMessages><Message>a</Message><Message>b</Message>"
                "</TextMessages></Output>",
            )
        ),
        "trx",
    )
    assert (case.message, case.details) == ("Expected: 1", "Expected: 1\nActual: 2\n   at M")
    assert (case.stdout, case.stderr) == ("said\na\nb", "wept")


def test_rows_of_data_are_the_tests_and_their_sum_is_not():
    rows = "".join(
        result(f'parentExecutionId="e" testId="1" testName="M" dataRowInfo="{row}" outcome="{outcome}"')
        for row, outcome in enumerate(("Failed", "Passed"))
    )
    whole = run(result('testId="1" testName="M" outcome="Failed"', f"<InnerResults>{rows}</InnerResults>"))
    found = cases(whole, "trx")
    assert [(case.name, case.outcome) for case in found] == [
        ("M (Data Row 0)", Outcome.FAILED),
        ("M (Data Row 1)", Outcome.PASSED),
    ]
    *_, own = cases(whole.replace('"0" outcome="Failed"', '"0" outcome="Passed"'), "trx")  # told by nothing else
    assert (own.name, own.outcome) == ("M", Outcome.FAILED)


@pytest.mark.parametrize("before", [True, False])
def test_a_run_that_failed_alone_is_a_case(before):
    crash = (
        '<ResultSummary outcome="Failed"><RunInfos><RunInfo outcome="Error"><Text>The active test run was aborted. '
        "Reason: Test host process crashed</Text></RunInfo></RunInfos></ResultSummary>"
    )
    good = result('testId="1" testName="M" outcome="Passed"')
    fine, broken = cases(run(good, crash, before=before), "trx")
    assert (fine.name, broken.name, broken.outcome) == ("M", "(suite)", Outcome.ERRORED)
    assert broken.message.endswith("Test host process crashed")
    assert len(cases(run(good.replace("Passed", "Failed"), crash, before=before), "trx")) == 1
    (nameless,) = cases(run("", '<ResultSummary outcome="Aborted"/>', before=before), "trx")
    assert nameless.message == "the run ended as Aborted"


def test_a_torn_file_tells_what_was_whole_and_the_rest_is_not_proven():
    whole = run(result('testId="1" testName="M" outcome="Passed"') + result('testId="2" testName="X" outcome="Passed"'))
    torn = whole[: whole.index("</UnitTestResult>", whole.index('testName="X"'))]
    found = items(torn, "trx")
    assert {case.name: case.outcome for case in found if isinstance(case, Case)} == {
        "M": Outcome.PASSED,
        "X": Outcome.NOT_PROVEN,
    }
    assert any(isinstance(item, ReadWarning) and "too early" in item.what for item in found)


def test_what_waits_for_its_class_is_bounded(monkeypatch):
    monkeypatch.setattr(trx, "WAITING", 10)
    output = "<Output><StdOut>123456</StdOut></Output>"
    first, second = cases(
        run("".join(result(f'testId="{n}" testName="M{n}" outcome="Passed"', output) for n in "12")), "trx"
    )
    assert (first.stdout, second.stdout, second.outcome) == ("123456", "", Outcome.PASSED)


def test_only_microsofts_runs_are_ours():
    assert formats.detect(run("").encode()) == "trx"
    assert formats.detect(run("").encode("utf-16")) == "trx"
    assert formats.detect(b'<?xml version="1.0"?><TestRun><FailedTests/><Statistics/></TestRun>') is None
