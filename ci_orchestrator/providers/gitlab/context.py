"""A job of GitLab CI, from inside.

Source: https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv (one variable a line, no quotation, no
lines in values, 5 KB).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_orchestrator.providers.base import Finding, source_path
from ci_orchestrator.providers.shell import STATE
from ci_orchestrator.results.report import NO_LINKS, Links

DOTENV = f"{STATE}/gate.env"
"""Where outputs are left, for ``artifacts: reports: dotenv``."""
_UNSAFE = re.compile(r"[^A-Za-z0-9 .,:%/+()-]")
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class GitlabCi:
    """See `providers.base.Ci`. GitLab does not count attempts: a job that is tried again is a new job."""

    root: Path
    links: Links = NO_LINKS
    attempt: None = None
    name: str = "gitlab"

    @classmethod
    def read(cls, environ: Mapping[str, str], root: Path) -> GitlabCi:
        """From the variables that the runner sets (https://docs.gitlab.com/ci/variables/predefined_variables/)."""
        project, revision = environ.get("CI_PROJECT_URL", ""), environ.get("CI_COMMIT_SHA", "")
        job = environ.get("CI_JOB_URL", "")
        place = source_path(environ, "CI_PROJECT_DIR", root)
        links = Links(
            source=f"{project}/-/blob/{revision}/{place}#L{{line}}" if project and revision else "",
            build=environ.get("CI_PIPELINE_URL", ""),
            artifacts=f"{job}/artifacts/browse" if job else "",
        )
        return cls(root, links)

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
