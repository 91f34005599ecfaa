"""What the readers of our JUnit files document, in our own words; none of their code.

- Jenkins: ``junit-10.xsd`` of the xUnit plugin (jenkinsci/xunit-plugin at 8c515de2), the one schema that a consumer
  enforces.
- GitLab: https://docs.gitlab.com/ci/testing/unit_test_reports/, "JUnit XML format specification" and "File format and
  size limits"; https://docs.gitlab.com/user/gitlab_com/, "Maximum test cases per unit test report".
- Azure: "PublishTestResults@2", "Result formats mapping", column JUnit; the agent's ``JunitResultReader.cs`` and
  ``TestRunPublisher.cs`` (microsoft/azure-pipelines-agent at 42bde98b).
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass

from ci_orchestrator.results.formats.junit_writer import write_junit
from ci_orchestrator.results.model import TestResult

GITLAB_FILE = 30 * 1024 * 1024
"""Bytes of one file; of all files of a job it is 100 MB."""
GITLAB_CASES = 500_000
"""Cases of one report, on gitlab.com."""
GITLAB_NODE = 10_000_000
"""Characters of one text: libxml2 refuses longer ones, and GitLab does not ask it for more."""
AZURE_FILE = 75 * 1024 * 1024
"""Bytes of a file that the agent attaches to the run (``TCM_MAX_FILESIZE``)."""


def written(results: Iterable[TestResult], **options: object) -> bytes:
    """What the writer writes."""
    out = io.BytesIO()
    write_junit(results, out, **options)  # type: ignore[arg-type]
    return out.getvalue()


def document(results: Iterable[TestResult], **options: object) -> ET.Element:
    """What the writer writes, parsed."""
    return ET.fromstring(written(results, **options))


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
JENKINS_TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]{0,3})?")


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


def azure(case: ET.Element) -> dict[str, str]:
    """The fields of a test result that Azure fills, by its mapping."""
    assert case.get("name"), "the agent drops a case without a name"
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
