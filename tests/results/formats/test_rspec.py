from __future__ import annotations

import json

from result_files import cases
from seeds import RSPEC

from ci_orchestrator.results.model import Outcome


def test_examples():
    adds, fails, waits = cases(json.dumps(RSPEC), "rspec")
    assert (adds.test_id("unit"), adds.line, adds.duration) == ("unit::spec/cart_spec.rb::Cart adds", 3, 0.5)
    assert (fails.outcome, fails.message) == (Outcome.FAILED, "expected: 1")
    assert fails.details == "RSpec::Error: expected: 1\n  got: 2\n./x.rb:1"
    assert (waits.outcome, waits.message) == (Outcome.SKIPPED, "xit")


def test_shared_examples_of_one_name_and_a_status_that_is_not_known():
    examples = [
        {"full_description": "a", "status": "failed"},
        {"full_description": "a", "status": "passed"},
        {"status": ""},
    ]
    told = cases(json.dumps({"examples": examples, "summary": {"example_count": 3}}), "rspec")
    assert [(case.name, case.outcome) for case in told] == [("a", "failed"), ("a (2)", "passed"), ("", "not-proven")]


def test_errors_outside_of_examples_are_a_case():
    summary = {"example_count": 0, "errors_outside_of_examples_count": 1}
    told = {"messages": ["An error occurred while loading ./spec/a.rb.\nNameError"], "examples": [], "summary": summary}
    (case,) = cases(json.dumps(told), "rspec")
    assert (case.name, case.outcome) == ("(suite)", Outcome.ERRORED)
    assert case.message == "An error occurred while loading ./spec/a.rb."
