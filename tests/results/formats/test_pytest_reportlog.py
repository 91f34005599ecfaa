from __future__ import annotations

import pytest
from result_files import cases, items, warnings
from seeds import PYTEST_REPORTLOG, lines, phase

from ci_orchestrator.results.formats.base import Case
from ci_orchestrator.results.model import Cause, Outcome

FINISH = {"exitstatus": 0, "$report_type": "SessionFinish"}


def one(*phases: object) -> Case:
    (case,) = cases(lines(*phases, FINISH), "pytest_reportlog")
    return case


def test_three_phases_are_one_test():
    (case,) = cases(PYTEST_REPORTLOG, "pytest_reportlog")
    assert (case.test_id("unit"), case.line, case.duration) == ("unit::t/test_a.py::test_a", 5, 0.75)
    assert (case.outcome, case.message, case.stdout) == (Outcome.FAILED, "assert 1 == 2", "x")


@pytest.mark.parametrize(
    ("setup", "call", "teardown", "outcome"),
    [
        ("passed", "passed", "passed", "passed"),
        ("skipped", None, "passed", "skipped"),
        ("failed", None, "passed", "errored"),
        ("passed", "passed", "failed", "errored"),
        ("passed", "failed", "failed", "errored"),
        ("passed", "brilliant", "passed", "failed"),
    ],
)
def test_a_test_is_as_good_as_its_worst_phase(setup, call, teardown, outcome):
    calls = [phase("call", call)] if call else []
    assert one(phase("setup", setup), *calls, phase("teardown", teardown)).outcome == outcome


def test_expected_failures_and_reasons_of_skips():
    xfail = one(phase("setup"), phase("call", "skipped", wasxfail="known"), phase("teardown"))
    assert (xfail.outcome, xfail.cause, xfail.message) == (Outcome.SKIPPED, Cause.XFAIL, "known")
    xpass = one(phase("setup"), phase("call", "passed", wasxfail="known"), phase("teardown"))
    assert (xpass.outcome, xpass.cause) == (Outcome.PASSED, Cause.XPASS)
    skip = one(phase("setup", "skipped", longrepr=["t/test_a.py", 3, "Skipped: no display"]), phase("teardown"))
    assert skip.message == "no display"


def test_collection_errors_and_torn_logs():
    broken = {"nodeid": "t/b.py", "outcome": "failed", "longrepr": "ImportError: x", "$report_type": "CollectReport"}
    case = one(broken)
    assert (case.name, case.file, case.outcome, case.message) == (
        "(suite)",
        "t/b.py",
        Outcome.ERRORED,
        "ImportError: x",
    )
    torn = lines(phase("setup"), phase("call"))
    (running,) = [item for item in items(torn, "pytest_reportlog") if isinstance(item, Case)]
    assert running.outcome is Outcome.NOT_PROVEN
    assert warnings(torn, "pytest_reportlog") == ["the log ends before the session did"]
    stopped = lines(phase("setup"), phase("teardown"), {"exitstatus": 2, "$report_type": "SessionFinish"})
    assert warnings(stopped, "pytest_reportlog") == ["the session was interrupted: tests may be missing"]
