from __future__ import annotations

import sys

import junitparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from junit_examples import EVERY_KIND, some_test

from ci_orchestrator.errors import MissingPartError
from ci_orchestrator.results.junitparser_bridge import from_junitparser, to_junitparser
from ci_orchestrator.results.merge import totals
from ci_orchestrator.results.model import Outcome


def test_our_results_are_junitparser_objects():
    xml = to_junitparser(EVERY_KIND)
    assert isinstance(xml, junitparser.JUnitXml)
    cases = {case.name: case for suite in xml for case in suite if suite.name == "unit"}
    assert cases["test_pass"].is_passed
    assert cases["test_error"].is_error
    assert cases["test_error"].result[0].type == "timeout"
    assert cases["test_skip"].result[0].message == "not here"
    xml.update_statistics()
    assert (xml.tests, xml.failures) == (totals(EVERY_KIND).tests, totals(EVERY_KIND).failed)


def test_theirs_become_ours():
    case = junitparser.TestCase("test_x", "tests.test_a.TestA", 1.5)
    case.result = [junitparser.Failure("bad <&>", "AssertionError")]
    suite = junitparser.TestSuite("pytest")
    suite.add_testcase(case)
    suite.add_testcase(junitparser.TestCase("test_y", "tests.test_a", 0.5))
    xml = junitparser.JUnitXml()
    xml.add_testsuite(suite)
    for source in (xml, suite):
        failed, passed = sorted(from_junitparser(source), key=lambda result: result.outcome)
        assert (failed.id, failed.outcome) == ("pytest::tests.test_a.TestA::test_x", Outcome.FAILED)
        assert (failed.last.message, failed.duration) == ("bad <&>", 1.5)
        assert (passed.id, passed.outcome) == ("pytest::tests.test_a::test_y", Outcome.PASSED)
    assert from_junitparser(xml, suite="unit")[0].suite == "unit"


@given(st.lists(some_test(), max_size=5, unique_by=lambda result: result.id))
def test_there_and_back(results):
    if not results:
        return
    back = from_junitparser(to_junitparser(results))
    ordered = sorted(results, key=lambda result: result.id)
    assert [(one.id, one.outcome, one.flaky) for one in back] == [(one.id, one.outcome, one.flaky) for one in ordered]


def test_what_cannot_be_taken_is_warned_of():
    suite = junitparser.TestSuite("s")
    case = junitparser.TestCase("t", "c")
    case._elem.set("time", "soon")
    suite.append(case)
    with pytest.warns(UserWarning, match="not a number of seconds"):
        assert len(from_junitparser(suite)) == 1


def test_without_the_package_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "junitparser", None)
    with pytest.raises(MissingPartError, match="junitparser") as caught:
        to_junitparser([])
    assert "ci-orchestrator[junitparser]" in caught.value.fix
