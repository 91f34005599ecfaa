"""What we write ourselves, told by its first bytes: read again it would say everything twice."""

from __future__ import annotations

import re

from ci_orchestrator.results.formats.encoding import encoding_of
from ci_orchestrator.results.formats.junit_writer import ROOT_NAME
from ci_orchestrator.results.formats.xmlfeed import root_says, root_tag

FOLDERS = frozenset({"badges", "charts"})
"""Folders in that of a report."""
NAMES = frozenset({"comment.md", "merged.xml", "report.html", "results.json", "summary.md"})
"""Files of a report."""
REPORT = "results.json"
"""The one of them that says that it is ours, and that the others beside it are."""

_FORMAT = re.compile(r'\ufeff?\s*\{\s*"format"\s*:\s*"ci-orchestrator/report"')


def is_results(head: bytes) -> bool:
    """Whether a file that starts with `head` is results that we wrote as JUnit XML, of whatever run."""
    return root_tag(head) == "testsuites" and root_says(head, f'name="{ROOT_NAME}"')


def is_report(head: bytes) -> bool:
    """Whether a file that starts with `head` is the ``results.json`` of a report."""
    return _FORMAT.match(head[:200].decode(encoding_of(head)[0], "replace")) is not None
