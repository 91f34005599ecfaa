"""A job of Azure Pipelines, from inside.

Sources: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands (SetVariable, UploadSummary); how
values are escaped: https://github.com/microsoft/azure-pipelines-agent/blob/master/docs/design/percentEncoding.md and
azure-pipelines-task-lib, node/taskcommand.ts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

from ci_orchestrator.providers.base import Finding, counted_attempt, source_path
from ci_orchestrator.providers.shell import STATE
from ci_orchestrator.results.report import NO_LINKS, Links


@dataclass(frozen=True, slots=True)
class AzureCi:
    """See `providers.base.Ci`. `out`: what the agent reads commands from."""

    root: Path
    out: TextIO
    attempt: int | None = None
    links: Links = NO_LINKS
    name: str = "azure"

    @classmethod
    def read(cls, environ: Mapping[str, str], root: Path, out: TextIO) -> AzureCi:
        """From the variables that the agent sets."""
        return cls(root, out, counted_attempt(environ, "SYSTEM_JOBATTEMPT"), _links(environ, root))

    def publish(self, values: Mapping[str, str]) -> None:
        """As output variables of the step."""
        for name, value in sorted(values.items()):
            self._say(f"##vso[task.setvariable variable={_property(name)};isOutput=true]{_data(value)}")

    def summarise(self, markdown: str) -> None:
        """As a page of the build's summary. The agent takes the file some time later: each text has its own."""
        data = markdown.encode("utf-8", "backslashreplace")
        path = self.root / STATE / f"summary-{hashlib.sha256(data).hexdigest()[:8]}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self._say(f"##vso[task.uploadsummary]{_data(str(path.absolute()))}")

    def point_out(self, findings: Sequence[Finding]) -> None:
        """Azure shows the JUnit report."""

    def _say(self, command: str) -> None:
        self.out.write(f"{command}\n")
        self.out.flush()


def _links(environ: Mapping[str, str], root: Path) -> Links:
    """By https://learn.microsoft.com/azure/devops/pipelines/build/variables. A source elsewhere than in Azure Repos or
    GitHub has no address that is known.
    """
    collection, project = environ.get("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", ""), environ.get("SYSTEM_TEAMPROJECT", "")
    build, revision = environ.get("BUILD_BUILDID", ""), environ.get("BUILD_SOURCEVERSION", "")
    repository, kind = environ.get("BUILD_REPOSITORY_URI", ""), environ.get("BUILD_REPOSITORY_PROVIDER", "")
    place = source_path(environ, "BUILD_SOURCESDIRECTORY", root)
    sources = {
        "GitHub": f"{repository.removesuffix('.git')}/blob/{revision}/{place}#L{{line}}",
        "TfsGit": f"{repository}?path=/{place}&version=GC{revision}&line={{line}}",
    }
    known = collection and project and build
    return Links(
        source=sources.get(kind, "") if repository and revision else "",
        build=f"{collection}{quote(project)}/_build/results?buildId={build}" if known else "",
    )


def _data(text: str) -> str:
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace("]", "%5D").replace(";", "%3B")
