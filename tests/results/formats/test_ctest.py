from __future__ import annotations

import pytest
from result_files import cases

from ci_orchestrator.results import formats
from ci_orchestrator.results.model import Cause, Outcome


def site(body: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Site BuildName="(empty)" Name="host" Generator="ctest-3.28"><Testing>'
        f"<TestList><Test>./unit</Test></TestList>{body}<ElapsedMinutes>0</ElapsedMinutes></Testing></Site>"
    )


def one(status: str, *measured: tuple[str, str], output: str = "<Value>said</Value>") -> str:
    rows = "".join(
        f'<NamedMeasurement name="{name}"><Value>{value}</Value></NamedMeasurement>' for name, value in measured
    )
    return (
        f'<Test Status="{status}"><Name>unit</Name><Path>.</Path><FullName>./unit</FullName><Results>{rows}'
        f"<Measurement>{output}</Measurement></Results></Test>"
    )


@pytest.mark.parametrize(
    ("status", "measured", "outcome", "cause", "message"),
    [
        ("passed", [("Completion Status", "Completed")], "passed", "", ""),
        ("failed", [("Exit Code", "Failed"), ("Exit Value", "1")], "failed", "", "Failed 1"),
        ("failed", [("Exit Code", "Timeout")], "failed", "timeout", "Timeout"),
        ("notrun", [], "not-proven", "", "CTest did not run it, and does not say why"),
        ("notrun", [("Completion Status", "Disabled")], "skipped", "", "Disabled"),
        ("notrun", [("Completion Status", "SKIP_RETURN_CODE=125")], "skipped", "", "SKIP_RETURN_CODE=125"),
        ("notrun", [("Completion Status", "Unable to find executable")], "not-proven", "", "Unable to find executable"),
        ("maybe", [], "not-proven", "", "the file says 'maybe': not a known result"),
    ],
)
def test_outcomes(status, measured, outcome, cause, message):
    (case,) = cases(site(one(status, *measured)), "ctest")
    assert (case.outcome, case.cause, case.message) == (Outcome(outcome), Cause(cause), message)


def test_name_time_and_output():
    (case,) = cases(site(one("passed", ("Execution Time", "0.25"))), "ctest")
    assert (case.test_id("cpp"), case.duration, case.stdout) == ("cpp::unit::unit", 0.25, "said")
    packed = '<Value encoding="base64" compression="gzip">eJyrAAAAeQB5</Value>'
    assert cases(site(one("passed", output=packed)), "ctest")[0].stdout == ""


def test_only_files_of_tests_are_ours():
    assert formats.detect(site("").encode()) == "ctest"
    assert formats.detect(b'<Site BuildName="x"><Build><Warning/></Build></Site>') is None
