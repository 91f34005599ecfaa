from __future__ import annotations

import json

import pytest
from result_files import cases, warnings
from seeds import CTRF

from ci_orchestrator.results import formats
from ci_orchestrator.results.formats.base import Case
from ci_orchestrator.results.model import Outcome


def one(**test: object) -> Case:
    told = {"name": "t", "status": "passed", "duration": 1, **test}
    document = {"results": {"tool": {"name": "x"}, "summary": {"tests": 1}, "tests": [told]}}
    (case,) = cases(json.dumps(document), "ctrf")
    return case


def test_names_places_and_attempts():
    adds, fails, waits = cases(json.dumps(CTRF), "ctrf")
    assert adds.test_id("web") == "web::web/a.spec.ts::math › adds"
    assert (adds.line, adds.duration, adds.stdout) == (7, 0.801, "one\ntwo")
    assert [(a.outcome, a.message, a.details) for a in adds.before] == [("failed", "no", "no\n  at a")]
    assert adds.result("web").flaky
    assert (fails.outcome, fails.message, fails.details) == (Outcome.FAILED, "bad", "Error: bad\n  at b")
    assert (waits.name, waits.outcome) == ("old › form › waits", Outcome.SKIPPED)


def test_retries_may_be_listed_all_in_part_or_only_counted():
    last = [{"attempt": 1, "status": "failed"}, {"attempt": 2, "status": "passed"}]
    assert [a.outcome for a in one(retries=1, retryAttempts=last).result("s").attempts] == ["failed", "passed"]
    assert [a.outcome for a in one(retries=2).result("s").attempts] == ["failed", "failed", "passed"]
    assert len(one(retries=10**15).before) == 100
    assert one(retries=-3).before == ()


@pytest.mark.parametrize("status", ["other", "weird", None])
def test_what_is_neither_passed_nor_failed_nor_skipped_proves_nothing(status):
    assert one(status=status, rawStatus="broken").outcome is Outcome.NOT_PROVEN
    assert one(status="other", rawStatus="todo").outcome is Outcome.SKIPPED


def test_a_summary_that_counts_more_is_told():
    document = json.loads(json.dumps(CTRF))
    document["results"]["tests"].pop()
    assert warnings(json.dumps(document), "ctrf") == ["the summary counts more tests than the report holds"]


def test_the_old_form_is_known_without_its_name():
    assert formats.detect(b'{"results": {"tool": {"name": "jest"}, "summary": {"tests": 1}, "tests": []}}') == "ctrf"
