from __future__ import annotations

import json

from result_files import cases
from seeds import PLAYWRIGHT

from ci_orchestrator.results.model import Cause, Outcome


def report(
    *results: dict, expected: str = "passed", project: str = "", errors: list | None = None, **test: object
) -> str:
    told = {"results": results, "expectedStatus": expected, "projectName": project, **test}
    spec = {"title": "t", "file": "a.spec.ts", "line": 3, "tests": [told]}
    return json.dumps(
        {
            "config": PLAYWRIGHT["config"],
            "suites": [{"title": "a.spec.ts", "file": "a.spec.ts", "specs": [spec]}],
            "errors": errors or [],
        }
    )


def test_names_projects_attempts_and_output():
    loads, later = cases(json.dumps(PLAYWRIGHT), "playwright")
    assert loads.test_id("web") == "web::a.spec.ts::[chromium] › loads"
    assert (loads.outcome, loads.line, loads.duration, loads.stdout) == (Outcome.PASSED, 3, 0.008, "hi\n")
    assert [(one.outcome, one.message, one.duration) for one in loads.before] == [("failed", "Error: flaked", 0.017)]
    assert "  3 | code" in loads.before[0].details
    assert loads.result("web").flaky
    assert (later.name, later.outcome, later.message) == ("[chromium] › outer › later", Outcome.SKIPPED, "not yet")


def test_no_repetition_hides_the_failure_of_another():
    told = json.loads(report({"status": "failed"}))
    spec = told["suites"][0]["specs"][0]
    spec["tests"].append({**spec["tests"][0], "results": [{"status": "passed"}]})
    found = [(case.name, case.outcome) for case in cases(json.dumps(told), "playwright")]
    assert found == [("t", Outcome.FAILED), ("t (2)", Outcome.PASSED)]


def test_without_projects_there_is_no_prefix():
    (case,) = cases(report({"status": "passed", "duration": 5}), "playwright")
    assert case.name == "t"


def test_what_was_expected_decides():
    def ended(status: str, expected: str) -> tuple[Outcome, Cause]:
        (case,) = cases(report({"status": status}, expected=expected), "playwright")
        return case.outcome, case.cause

    assert ended("failed", "failed") == (Outcome.SKIPPED, Cause.XFAIL)
    assert ended("passed", "failed") == (Outcome.FAILED, Cause.XPASS)
    assert ended("timedOut", "passed") == (Outcome.FAILED, Cause.TIMEOUT)
    assert ended("timedOut", "failed") == (Outcome.FAILED, Cause.TIMEOUT)
    assert ended("interrupted", "passed") == (Outcome.NOT_PROVEN, Cause.INTERRUPTED)
    assert ended("skipped", "skipped") == (Outcome.SKIPPED, Cause.NONE)
    assert ended("brilliant", "passed") == (Outcome.NOT_PROVEN, Cause.NONE)


def test_a_test_that_did_not_run_proves_nothing_unless_that_was_wanted():
    (missing,) = cases(report(status="skipped"), "playwright")
    (wanted,) = cases(report(expected="skipped", annotations=[{"type": "skip"}]), "playwright")
    assert (missing.outcome, missing.message) == (Outcome.NOT_PROVEN, "the test was not run")
    assert (wanted.outcome, wanted.message) == (Outcome.SKIPPED, "skip")


def test_a_worker_that_dies_is_no_failing_test():
    died = "Error: worker process exited unexpectedly (code=3, signal=null)"
    (case,) = cases(report({"status": "failed", "errors": [{"message": died}]}), "playwright")
    assert (case.outcome, case.cause, case.message) == (Outcome.ERRORED, Cause.WORKER_LOST, died)
    (old,) = cases(report({"status": "failed", "error": {"message": "plain"}}), "playwright")
    assert (old.outcome, old.message) == (Outcome.FAILED, "plain")


def test_errors_outside_of_tests_are_cases():
    error = {
        "message": "Error: no module",
        "stack": "Error: no module\n  at b",
        "location": {"file": "/b.ts", "line": 1},
    }
    _, case = cases(report({"status": "passed"}, errors=[error]), "playwright")
    assert (case.name, case.file, case.line, case.outcome) == ("(suite)", "/b.ts", 1, Outcome.ERRORED)
    assert case.message == "Error: no module"
