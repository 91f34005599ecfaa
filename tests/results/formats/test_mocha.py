from __future__ import annotations

import copy
import json

from result_files import cases, warnings
from seeds import MOCHA

from ci_orchestrator.results.model import Cause, Outcome


def test_the_lists_tell_the_outcome():
    skipped, slow, hook, passes = cases(json.dumps(MOCHA), "mocha")
    assert (skipped.test_id("web"), skipped.outcome) == ("web::/b/t.js::g skipped", Outcome.SKIPPED)
    assert (slow.outcome, slow.cause, slow.duration) == (Outcome.FAILED, Cause.TIMEOUT, 0.008)
    assert (slow.message, slow.details) == ("Timeout of 1ms", "Error: Timeout of 1ms\n    at x")
    assert (hook.name, hook.outcome, hook.message) == ('g "before each" hook for "x"', Outcome.ERRORED, "h")
    assert passes.outcome is Outcome.PASSED
    assert [attempt.outcome for attempt in passes.result("web").attempts] == ["failed", "passed"]


def test_a_report_that_lost_tests_is_told():
    document = copy.deepcopy(MOCHA)
    document["passes"] = []
    assert warnings(json.dumps(document), "mocha") == ["the statistics count more tests than the report holds"]


def test_two_tests_of_one_title_are_two():
    document = copy.deepcopy(MOCHA)
    document["failures"] = [{"title": "passes", "fullTitle": "g passes", "file": "/b/t.js", "err": {"message": "no"}}]
    document["stats"]["failures"] = 1
    told = {case.name: case.outcome for case in cases(json.dumps(document), "mocha")}
    assert told == {"g skipped": "skipped", "g passes": "failed", "g passes (2)": "passed"}
