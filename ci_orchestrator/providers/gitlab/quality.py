"""Annotations as a Code Quality report, which GitLab shows with the merge request and at its lines.

Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format (a list of objects with description,
check_name, fingerprint, severity and location; findings are told apart, and compared between branches, by fingerprint).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence

from ci_orchestrator.providers.online import Annotation

CHECK = "ci-orchestrator"
LONGEST = 1000
"""Characters of a description; GitLab shows it in one paragraph."""


def report(annotations: Sequence[Annotation]) -> bytes:
    """The file. The same finding has the same fingerprint in each build, wherever its line has moved to."""
    seen: Counter[str] = Counter()
    entries = []
    for one in annotations:
        path = one.path.removeprefix("./")
        identity = "\0".join((path, one.title, one.message))
        seen[identity] += 1
        entries.append(
            {
                "description": " ".join(f"{one.title}: {one.message}".split())[:LONGEST],
                "check_name": CHECK,
                "fingerprint": _digest(f"{identity}\0{seen[identity]}"),
                "severity": "major" if one.failure else "minor",
                "location": {"path": path, "lines": {"begin": max(1, one.line)}},
            }
        )
    return (json.dumps(entries, indent=1) + "\n").encode("ascii")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
