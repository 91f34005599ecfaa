from __future__ import annotations

from result_files import cases, items, warnings
from seeds import DART, lines

from ci_orchestrator.results.formats.base import Case
from ci_orchestrator.results.model import Cause, Outcome

START = {"protocolVersion": "0.1.1", "type": "start", "time": 0}


def run(*ends: dict, platform: str = "vm", done: dict | None = None, skip: str = "") -> bytes:
    """One test called `t`, and how it ended."""
    return lines(
        START,
        {"suite": {"id": 0, "platform": platform, "path": "a_test.dart"}, "type": "suite"},
        {
            "test": {"id": 1, "name": "t", "suiteID": 0, "metadata": {"skipReason": skip}},
            "type": "testStart",
            "time": 5,
        },
        *({"testID": 1, **end} for end in ends),
        done or {"success": True, "type": "done"},
    )


def ended(result: str = "success", **more: object) -> dict:
    return {"type": "testDone", "result": result, "skipped": False, "hidden": False, "time": 9, **more}


def test_a_failure_and_the_loading_that_is_no_test():
    (case,) = cases(DART, "dart")
    assert (case.test_id("app"), case.line) == ("app::test/a_test.dart::g adds", 5)
    assert (case.outcome, case.duration, case.message) == (Outcome.FAILED, 0.025, "Expected: <2>")
    assert (case.details, case.stdout) == ("Expected: <2>\n  Actual: <1>\na 5:1", "hello\n")


def test_errors_time_outs_skips_and_platforms():
    (error,) = cases(run({"type": "error", "error": "TimeoutException after 1"}, ended("error")), "dart")
    assert (error.outcome, error.cause) == (Outcome.ERRORED, Cause.TIMEOUT)
    (skipped,) = cases(run(ended(skipped=True), skip="later"), "dart")
    assert (skipped.outcome, skipped.message) == (Outcome.SKIPPED, "later")
    (chrome,) = cases(run(ended(), platform="chrome"), "dart")
    assert chrome.name == "[chrome] t"
    (hidden,) = cases(run(ended("error", hidden=True)), "dart")
    assert hidden.outcome is Outcome.ERRORED
    (unknown,) = cases(run(ended("superb")), "dart")
    assert unknown.outcome is Outcome.NOT_PROVEN


def test_a_run_that_failed_on_its_own_was_interrupted_or_is_torn():
    *_, last = cases(run(ended(), done={"type": "done", "success": False}), "dart")
    assert (last.name, last.outcome) == ("(suite)", Outcome.ERRORED)
    interrupted = run(done={"type": "done", "success": None})
    assert warnings(interrupted, "dart") == ["the run was interrupted: tests may be missing"]
    (case,) = [item for item in items(interrupted, "dart") if isinstance(item, Case)]
    assert case.outcome is Outcome.NOT_PROVEN
    assert warnings(lines(START), "dart") == ["the file ends before the run did", "the file holds no test cases"]


def test_lines_of_others_are_passed_by():
    assert len(cases(b'[{"event":"test.startedProcess"}]\nhello\n{"a": 1}\n' + DART, "dart")) == 1
