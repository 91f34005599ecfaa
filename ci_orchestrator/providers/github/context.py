"""A job of GitHub Actions, from inside.

Sources: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands (outputs, job summaries) and
…/variables (`GITHUB_*`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TextIO

from ci_orchestrator.providers.base import Finding, counted_attempt, source_path
from ci_orchestrator.providers.github.annotations import Annotation, annotate
from ci_orchestrator.results.report import NO_LINKS, Links

SUMMARY_LIMIT = 1024 * 1024
"""Bytes of a step's summary; GitHub drops one that is larger. (The page above, "Adding a job summary".)"""
_CUT = "\n\n… the rest is in the report.\n"


@dataclass(frozen=True, slots=True)
class GithubCi:
    """See `providers.base.Ci`. `output`, `summary`: the step's files, None when it has none. `out`: what the runner
    reads commands from. `within`: the project's directory, relative to the repository.
    """

    out: TextIO
    within: str = "."
    attempt: int | None = None
    output: Path | None = None
    summary: Path | None = None
    links: Links = NO_LINKS
    name: str = "github"

    @classmethod
    def read(cls, environ: Mapping[str, str], root: Path, out: TextIO) -> GithubCi:
        """From the variables that the runner sets."""
        workspace = _file(environ, "GITHUB_WORKSPACE")
        inside = workspace is not None and root.is_relative_to(workspace)
        return cls(
            out=out,
            within=root.relative_to(workspace).as_posix() if workspace and inside else ".",
            attempt=counted_attempt(environ, "GITHUB_RUN_ATTEMPT"),
            output=_file(environ, "GITHUB_OUTPUT"),
            summary=_file(environ, "GITHUB_STEP_SUMMARY"),
            links=_links(environ, root),
        )

    def publish(self, values: Mapping[str, str]) -> None:
        """As outputs of the step. No value holds the hash of itself that ends it, so nothing in it is an output."""
        if self.output is None:
            return
        lines = []
        for name, value in sorted(values.items()):
            end = f"end_{hashlib.sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()}"
            lines.append(f"{name}<<{end}\n{value}\n{end}\n")
        _append(self.output, "".join(lines).encode("utf-8", "backslashreplace"))

    def summarise(self, markdown: str) -> None:
        """As the step's summary, as much of it as there is room for."""
        if self.summary is None:
            return
        room = SUMMARY_LIMIT - (self.summary.stat().st_size if self.summary.exists() else 0)
        data = markdown.encode("utf-8", "backslashreplace")
        if len(data) > room:
            cut = _CUT.encode()
            data = data[: max(0, room - len(cut))].rpartition(b"\n")[0] + cut if room > len(cut) else b""
        _append(self.summary, data)

    def point_out(self, findings: Sequence[Finding]) -> None:
        """As annotations."""
        for command in annotate(self._annotation(one) for one in findings):
            self.out.write(f"{command}\n")
        self.out.flush()

    def _annotation(self, one: Finding) -> Annotation:
        file = (PurePosixPath(self.within) / one.file).as_posix() if one.file else ""
        return Annotation(one.kind, one.title, one.message, file, one.line)


def _file(environ: Mapping[str, str], variable: str) -> Path | None:
    return Path(environ[variable]) if environ.get(variable) else None


def _links(environ: Mapping[str, str], root: Path) -> Links:
    """By https://docs.github.com/actions/reference/workflows-and-actions/variables."""
    server, repository = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
    revision, run = environ.get("GITHUB_SHA", ""), environ.get("GITHUB_RUN_ID", "")
    if not (server and repository and revision and run):
        return NO_LINKS
    place = source_path(environ, "GITHUB_WORKSPACE", root)
    build = f"{server}/{repository}/actions/runs/{run}"
    return Links(
        source=f"{server}/{repository}/blob/{revision}/{place}#L{{line}}", build=build, artifacts=f"{build}#artifacts"
    )


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)
