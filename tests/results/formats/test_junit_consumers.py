"""What we write, held against what each consumer documents, in our own words.

- Jenkins: ``junit-10.xsd`` of the xUnit plugin (jenkinsci/xunit-plugin), the one schema that a consumer enforces.
- GitLab: https://docs.gitlab.com/ci/testing/unit_test_reports/, "JUnit XML format specification".
- Azure: "PublishTestResults@2", "Result formats mapping", column JUnit.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junit_examples import EVERY_KIND, some_test

from ci_orchestrator.results.formats.junit_writer import write_junit
from ci_orchestrator.results.merge import totals
from ci_orchestrator.results.model import Outcome, TestResult


def document(results, **options) -> ET.Element:
    out = io.BytesIO()
    write_junit(results, out, **options)
    return ET.fromstring(out.getvalue())


@dataclass(frozen=True)
class Rule:
    """An element of Jenkins' schema: attributes that must and may be there, children, and if they have an order."""

    must: frozenset[str]
    may: frozenset[str]
    children: tuple[str, ...] = ()
    ordered: bool = False


def rule(must: str = "", may: str = "", children: str = "", *, ordered: bool = False) -> Rule:
    return Rule(frozenset(must.split()), frozenset(may.split()), tuple(children.split()), ordered)


_RETRY = rule("type", "message", "stackTrace system-out system-err", ordered=True)
_PROBLEM = rule("", "type message")
_RETRIES = ("rerunFailure", "rerunError", "flakyFailure", "flakyError")
JENKINS = {
    "testsuites": rule("", "name time tests failures errors", "testsuite"),
    "testsuite": rule(
        "name tests failures errors",
        "group time skipped timestamp hostname id package file log url version",
        "testsuite properties testcase system-out system-err",
    ),
    "testcase": rule(
        "name", "time classname group", f"skipped error failure system-out system-err {' '.join(_RETRIES)}"
    ),
    "properties": rule(children="property"),
    "property": rule("name value"),
    **dict.fromkeys(_RETRIES, _RETRY),
    **dict.fromkeys(("failure", "error", "skipped"), _PROBLEM),
    **dict.fromkeys(("system-out", "system-err", "stackTrace"), rule()),
}
JENKINS_TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")


def against_jenkins(element: ET.Element) -> list[str]:
    """What the schema forbids in `element` and below."""
    known = JENKINS[element.tag]
    wrong = [f"{element.tag} lacks {name}" for name in sorted(known.must - set(element.attrib))]
    wrong += [f"{element.tag} has {name}" for name in sorted(set(element.attrib) - known.must - known.may)]
    names = [child.tag for child in element]
    wrong += [f"{element.tag} holds {name}" for name in names if name not in known.children]
    if known.ordered and names != sorted(set(names), key=known.children.index):
        wrong.append(f"{element.tag} has its children in disorder")
    if element.tag in ("testsuites", "testsuite") and not JENKINS_TIME.fullmatch(element.get("time", "")):
        wrong.append(f"time {element.get('time')}")
    return wrong + [problem for child in element if child.tag in known.children for problem in against_jenkins(child)]


def test_jenkins_schema_accepts_the_strict_form_and_only_file_and_line_are_beyond_it():
    strict = document(EVERY_KIND, strict=True, properties={"lock": "sha256:0"})
    assert against_jenkins(strict) == []
    assert {tag.split("}")[-1] for tag in (element.tag for element in strict.iter())} >= {
        "flakyFailure",
        "rerunFailure",
    }
    assert set(against_jenkins(document(EVERY_KIND))) <= {"testcase has file", "testcase has line"}


@given(st.lists(some_test(), max_size=5, unique_by=lambda result: result.id))
def test_jenkins_schema_accepts_whatever_is_written_strictly(results):
    assert against_jenkins(document(results, strict=True)) == []


def gitlab(root: ET.Element) -> dict[tuple[str, str], tuple[str, str, str]]:
    """What GitLab keeps: (classname, name) → status, what it shows, file. The first of equal names wins."""
    shown: dict[tuple[str, str], tuple[str, str, str]] = {}
    for case in root.iter("testcase"):
        status, text = "success", ""
        for tag, name in (("skipped", "skipped"), ("error", "error"), ("failure", "failed")):
            if (child := case.find(tag)) is not None:
                status, text = name, child.text or ""
        shown.setdefault((case.get("classname", ""), case.get("name", "")), (status, text, case.get("file", "")))
    return shown


def test_gitlab_shows_every_test_with_its_reason_and_file():
    shown = gitlab(document(EVERY_KIND))
    assert len(shown) == len(EVERY_KIND)  # none is dropped for its name
    assert shown["unit.tests.test_a.py.TestB", "test_fail[a::b]"][:2] == ("failed", "trace <b>&amp;")
    assert shown["tests.test_a", "test_error"] == ("error", "after 3 s", "tests/test_a.py")
    assert shown["tests.test_a", "test_skip"][:2] == ("skipped", "not here")
    assert shown["tests.test_a", "test_missing"][:2] == ("error", "no result")
    assert all(text for status, text, _ in shown.values() if status != "success")


@given(st.lists(some_test(), max_size=8, unique_by=lambda result: result.id))
def test_gitlab_never_loses_a_test_of_real_paths(results):
    kept = [result for result in results if result.path in ("tests/test_a.py", "a/b.test.ts", "pkg")]
    assert len(gitlab(document(kept))) == len(kept)


AZURE = {Outcome.PASSED: "Passed", Outcome.SKIPPED: "Not Executed"}


def azure(case: ET.Element) -> dict[str, str]:
    """The fields of a test result that Azure fills, by its mapping."""
    problem = next((found for tag in ("failure", "error") if (found := case.find(tag)) is not None), None)
    skipped = case.find("skipped")
    told = problem if problem is not None else skipped
    return {
        "title": case.get("name", ""),
        "duration": case.get("time", ""),
        "outcome": "Failed" if problem is not None else "Not Executed" if skipped is not None else "Passed",
        "message": "" if told is None else told.get("message", ""),
        "trace": "" if problem is None else problem.text or "",
        "test file": case.get("classname", ""),
    }


def test_azure_maps_every_field():
    root = document(EVERY_KIND)
    assert root.tag == "testsuites"  # its paths begin /testsuites/testsuite/testcase
    assert [suite.tag for suite in root] == ["testsuite", "testsuite"]
    assert root[1].get("timestamp") == "2023-11-14T22:13:20"
    rows = [azure(case) for suite in root for case in suite.iter("testcase")]
    for row, result in zip(rows, EVERY_KIND, strict=True):
        assert row["outcome"] == AZURE.get(result.outcome, "Failed")
        assert float(row["duration"]) == pytest.approx(result.duration)
        assert result.name.endswith(row["title"])
        assert row["title"]
        assert row["test file"]
        assert row["message"] == message_of(result)


def message_of(result: TestResult) -> str:
    if result.outcome is Outcome.PASSED:
        return ""
    if result.outcome is Outcome.NOT_PROVEN:
        return result.reason
    return next(a.message for a in result.attempts if a.outcome is result.outcome)


def test_the_counts_that_all_three_show_add_up():
    root, found = document(EVERY_KIND), totals(EVERY_KIND)
    counts = {key: sum(int(suite.get(key)) for suite in root) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {
        "tests": found.tests,
        "failures": found.failed,
        "errors": found.errored + found.not_proven,
        "skipped": found.skipped,
    }
