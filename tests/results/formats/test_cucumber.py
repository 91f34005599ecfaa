from __future__ import annotations

import json

import pytest
from result_files import cases, warnings
from seeds import CUCUMBER, step

from ci_orchestrator.results.formats.base import Case
from ci_orchestrator.results.model import Outcome


def scenario(*steps: dict, background: list[dict] | None = None, **more: object) -> Case:
    elements = [{"type": "background", "steps": background}] if background is not None else []
    told = {"uri": "file:a.feature", "name": "f", "elements": [*elements, {"name": "s", "steps": steps, **more}]}
    (case,) = cases(json.dumps([told]), "cucumber")
    return case


def test_scenarios_and_the_rows_of_an_outline():
    first, second = cases(json.dumps(CUCUMBER), "cucumber")
    assert (first.test_id("e2e"), first.line) == ("e2e::features/shop.feature::shop › buys", 7)
    assert (first.outcome, round(first.duration, 6)) == (Outcome.PASSED, 0.002)
    assert (second.name, second.outcome) == ("shop › buys (2)", Outcome.FAILED)
    assert (second.message, second.details) == ("expected 1", "expected 1\n  at x")


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        (["passed", "passed"], "passed"),
        (["passed", "skipped"], "skipped"),
        (["passed", "failed", "skipped"], "failed"),
        (["undefined", "skipped"], "errored"),
        (["pending"], "errored"),
        (["ambiguous", "failed"], "failed"),
        (["passed", "splendid"], "not-proven"),
        (["passed", ""], "not-proven"),
        ([], "skipped"),
    ],
)
def test_a_scenario_is_as_good_as_its_worst_step(statuses, outcome):
    assert scenario(*(step(status) for status in statuses)).outcome == outcome


def test_a_background_that_fails_fails_the_scenario_whose_steps_are_only_skipped():
    case = scenario(step("skipped"), background=[step("failed", error_message="no database")])
    assert (case.outcome, case.message, case.file) == (Outcome.FAILED, "no database", "a.feature")
    undefined = scenario(step("undefined", "buys"))
    assert undefined.message == "undefined: Given buys"


def test_hooks_count():
    bad = {"result": {"status": "failed", "error_message": "hook"}}
    assert scenario(step("passed"), before=[bad]).outcome is Outcome.FAILED
    assert scenario(step("passed"), after=[bad]).message == "hook"
    assert scenario(step("passed") | {"after": [bad]}).outcome is Outcome.FAILED


def test_a_feature_without_scenarios():
    assert warnings(json.dumps([{"uri": "a", "name": "f", "elements": []}]), "cucumber") == [
        "the file holds no scenarios"
    ]
