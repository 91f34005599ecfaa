"""What the readers of our JUnit files document; none of their code.

- Jenkins: ``schemas/junit-10.xsd`` of the xUnit plugin (jenkinsci/xunit-plugin at 8c515de2, MIT, as it is there), the
  one schema that a consumer enforces.
- GitLab: https://docs.gitlab.com/ci/testing/unit_test_reports/, "JUnit XML format specification" and "File format and
  size limits"; https://docs.gitlab.com/user/gitlab_com/, "Maximum test cases per unit test report".
- Azure: "PublishTestResults@2", "Result formats mapping", column JUnit; the agent's ``JunitResultReader.cs`` and
  ``TestRunPublisher.cs`` (microsoft/azure-pipelines-agent at 42bde98b).
"""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Iterable

import pytest
from parts import PROJECT

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


def against_jenkins(root: ET.Element) -> list[str]:
    """What the schema forbids in the document."""
    etree = pytest.importorskip("lxml.etree")
    schema = etree.XMLSchema(etree.parse(PROJECT / "tests" / "schemas" / "junit-10.xsd"))
    schema.validate(etree.fromstring(ET.tostring(root)))
    return [error.message for error in schema.error_log]


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
