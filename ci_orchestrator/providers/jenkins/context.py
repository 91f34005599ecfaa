"""A build of Jenkins, from inside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_orchestrator.providers.base import Finding
from ci_orchestrator.providers.shell import STATE
from ci_orchestrator.results.report import NO_LINKS, Links

OUTPUTS = f"{STATE}/gate.json"
"""Where outputs are left, for ``readJSON``."""


@dataclass(frozen=True, slots=True)
class JenkinsCi:
    """See `providers.base.Ci`. Jenkins does not count the tries of a stage."""

    root: Path
    links: Links = NO_LINKS
    attempt: None = None
    name: str = "jenkins"

    @classmethod
    def read(cls, environ: Mapping[str, str], root: Path) -> JenkinsCi:
        """From the variables that Jenkins sets (`BUILD_URL`; it does not know where the source can be opened)."""
        build = environ.get("BUILD_URL", "")
        return cls(root, Links(build=build, artifacts=f"{build.rstrip('/')}/artifact/") if build else NO_LINKS)

    def publish(self, values: Mapping[str, str]) -> None:
        """As one JSON object of texts."""
        path = self.root / OUTPUTS
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(dict(values), sort_keys=True, indent=1) + "\n", encoding="ascii")

    def summarise(self, markdown: str) -> None:
        """Jenkins has no place for it; the build's log has the summary."""

    def point_out(self, findings: Sequence[Finding]) -> None:
        """Jenkins shows the JUnit report."""
