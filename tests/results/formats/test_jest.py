from __future__ import annotations

import copy
import json

import pytest
from result_files import cases, items, warnings
from seeds import JEST

from ci_orchestrator.results.formats.base import Case
from ci_orchestrator.results.model import Cause, Outcome

VITEST = {key: value for key, value in JEST.items() if key != "numRuntimeErrorTestSuites"}


def report(*tests: object, top: dict | None = None, **file: object) -> str:
    told = {"assertionResults": tests, "name": "/b/a.test.js", "status": "passed", "message": "", **file}
    return json.dumps({**(JEST if top is None else top), "success": True, "testResults": [told]})


def test_names_outcomes_times_and_places():
    adds, fails, _, skipped, later, broken = cases(json.dumps(JEST), "jest")
    assert (adds.name, adds.file, adds.outcome, adds.duration) == (
        "outer › inner › adds",
        "/build/a.test.js",
        "passed",
        0.003,
    )
    assert adds.test_id("web") == "web::/build/a.test.js::outer › inner › adds"
    assert (fails.outcome, fails.message, fails.line) == (Outcome.FAILED, "Error: expect failed", 5)
    assert fails.details == "Error: expect failed\n    at Object.<anonymous> (a.js:5:37)"
    assert [skipped.outcome, later.outcome] == [Outcome.SKIPPED] * 2
    assert (broken.name, broken.file, broken.outcome) == ("(suite)", "/build/b.test.js", Outcome.ERRORED)
    assert broken.message == "Cannot find module './nothere'"


def test_retries_are_attempts():
    _, fails, flaky, *_ = cases(json.dumps(JEST), "jest")
    assert [one.outcome for one in fails.result("w").attempts] == ["failed", "failed"]
    assert [one.outcome for one in flaky.result("w").attempts] == ["failed", "failed", "passed"]
    assert flaky.result("w").flaky
    (vitest,) = cases(
        report({"title": "t", "status": "passed", "failureMessages": ["Error: first\n at a", "second"]}, top=VITEST),
        "jest",
    )
    assert [(one.message, one.details) for one in vitest.before] == [
        ("Error: first", "Error: first\n at a"),
        ("second", ""),
    ]
    (mad,) = cases(report({"title": "t", "status": "passed", "invocations": 10**12}), "jest")
    assert len(mad.before) == 100


def test_pending_is_skipped_in_jest_and_proves_nothing_in_vitest():
    (jest,) = cases(report({"title": "t", "status": "pending"}), "jest")
    (vitest,) = cases(report({"title": "t", "status": "pending"}, top=VITEST), "jest")
    assert (jest.outcome, vitest.outcome) == (Outcome.SKIPPED, Outcome.NOT_PROVEN)


@pytest.mark.parametrize("status", ["focused", "", 7, None])
def test_a_status_that_is_not_known_proves_nothing(status):
    (case,) = cases(report({"title": "t", "status": status}), "jest")
    assert case.outcome is Outcome.NOT_PROVEN
    assert "proves nothing" in case.message


def test_time_outs_of_both_tools():
    for said in ('thrown: "Exceeded timeout of 50 ms for a test.', "Error: Test timed out in 50ms."):
        (case,) = cases(report({"title": "t", "status": "failed", "failureMessages": [f"Error\n{said}"]}), "jest")
        assert (case.outcome, case.cause) == (Outcome.FAILED, Cause.TIMEOUT)


def test_two_tests_of_one_name_are_two_tests():
    told = cases(report({"title": "t", "status": "failed"}, {"title": "t", "status": "passed"}), "jest")
    assert [(case.name, case.outcome) for case in told] == [("t", "failed"), ("t (2)", "passed")]


def test_a_file_whose_hook_failed_is_an_error_beside_its_tests():
    told = cases(report({"title": "x", "status": "skipped"}, status="failed", message="before"), "jest")
    assert [(case.name, case.outcome, case.message) for case in told] == [
        ("x", "skipped", ""),
        ("(suite)", "errored", "before"),
    ]


def test_a_run_that_failed_is_never_green():
    document = copy.deepcopy(JEST)
    document["testResults"] = [
        {"assertionResults": [{"title": "t", "status": "passed"}], "name": "a", "status": "passed"}
    ]
    *_, last = cases(json.dumps(document), "jest")
    assert (last.name, last.outcome) == ("(suite)", Outcome.ERRORED)
    interrupted = json.dumps({**document, "success": True, "wasInterrupted": True})
    assert warnings(interrupted, "jest") == ["the run was interrupted: tests may be missing"]


def test_a_torn_report_keeps_the_files_that_are_whole():
    data = json.dumps(JEST)
    torn = items(data[: data.index("Test suite failed")], "jest")
    assert [item.name for item in torn if isinstance(item, Case)][:2] == ["outer › inner › adds", "outer › fails"]
    (warning,) = warnings(data[: data.index("Test suite failed")], "jest")
    assert "not well-formed JSON" in warning
