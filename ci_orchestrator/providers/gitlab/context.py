"""A job of GitLab CI, from inside.

Source: https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv (one variable a line, no quotation, no
lines in values, 5 KB).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_orchestrator.providers.base import Finding
from ci_orchestrator.providers.shell import STATE

DOTENV = f"{STATE}/gate.env"
"""Where outputs are left, for ``artifacts: reports: dotenv``."""
_UNSAFE = re.compile(r"[^A-Za-z0-9 .,:%/+()-]")
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class GitlabCi:
    """See `providers.base.Ci`. GitLab does not count attempts: a job that is tried again is a new job."""

    root: Path
    attempt: None = None
    name: str = "gitlab"

    def publish(self, values: Mapping[str, str]) -> None:
        """As ``GATE_<NAME>`` in the dotenv file. It has no quotation, so of each value only what is plain text is kept;
        variables may be expanded where they are used, and ``$`` is no plain text.
        """
        path = self.root / DOTENV
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            f"GATE_{name.upper()}={_UNSAFE.sub('_', value)[:_LONGEST]}\n" for name, value in sorted(values.items())
        ]
        path.write_text("".join(lines), encoding="ascii")

    def summarise(self, markdown: str) -> None:
        """GitLab has no place for it; the job's log has the summary."""

    def point_out(self, findings: Sequence[Finding]) -> None:
        """GitLab shows the JUnit report with the change."""
