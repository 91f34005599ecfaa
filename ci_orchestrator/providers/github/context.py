"""A job of GitHub Actions, from inside.

Sources: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands (outputs, job summaries) and
…/variables (`GITHUB_*`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TextIO

from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context, Finding, Place, counted_attempt, source_path
from ci_orchestrator.providers.github import event
from ci_orchestrator.providers.github.annotations import Annotation, annotate
from ci_orchestrator.results.report import NO_LINKS, Links

SUMMARY_LIMIT = 1024 * 1024
"""Bytes of a step's summary; GitHub drops one that is larger. (The page above, "Adding a job summary".)"""
TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")
"""Variables that a token is looked for in, in this order."""
API, WEB = "https://api.github.com", "https://github.com"
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?")
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


def read_context(environ: Mapping[str, str], root: Path) -> Context:  # noqa: ARG001 - as all providers
    """Where a job of GitHub Actions runs, by the variables of its runner and the payload of its event.

    In a workflow that follows another (``workflow_run``) all is of the run that it follows: the build whose artifacts
    are wanted, its revision, and the change that it was for, which is not known when that is from a fork. `branch` is
    ``owner:branch`` for a fork. A pull request whose payload cannot be read counts as one from a fork.
    """
    name = environ.get("GITHUB_EVENT_NAME", "")
    payload = event.read(environ.get("GITHUB_EVENT_PATH", ""))
    place = _place(environ)
    if name == "workflow_run":
        return _following(payload, place)
    kind = event.EVENTS.get(name, "")
    proposed = event.proposal(payload) if kind == "change" else None
    return Context(
        revision=event.revision(environ.get("GITHUB_SHA")),
        branch=(proposed.branch if proposed else "") or _branch(environ),
        event=kind,
        change=(proposed.number or _number_in(environ.get("GITHUB_REF", ""))) if proposed else 0,
        head=proposed.head if proposed else "",
        base=(proposed.base or event.text(environ.get("GITHUB_BASE_REF"))) if proposed else "",
        fork=proposed is not None and proposed.fork,
        build=_digits(environ.get("GITHUB_RUN_ID", "")),
        attempt=counted_attempt(environ, "GITHUB_RUN_ATTEMPT"),
        job=event.text(environ.get("GITHUB_JOB")),
        host=place,
        forge=place,
    )


def token(environ: Mapping[str, str]) -> Secret:
    """The token that the job was handed, in the first of `TOKENS` that is set; empty when none is."""
    return Secret(next((environ[name].strip() for name in TOKENS if environ.get(name, "").strip()), ""))


def _following(payload: object, place: Place | None) -> Context:
    run, proposed = event.at(payload, "workflow_run"), event.finished_run(payload)
    return Context(
        revision=proposed.head,
        branch=proposed.branch,
        event=event.EVENTS.get(event.text(event.at(run, "event")), ""),
        change=proposed.number,
        head=proposed.head,
        base=proposed.base,
        fork=proposed.fork,
        follows=True,
        build=str(event.number(event.at(run, "id")) or ""),
        attempt=event.number(event.at(run, "run_attempt")) or None,
        host=place,
        forge=place,
    )


def _place(environ: Mapping[str, str]) -> Place | None:
    repository = environ.get("GITHUB_REPOSITORY", "")
    api, web = environ.get("GITHUB_API_URL") or API, environ.get("GITHUB_SERVER_URL") or WEB
    if not (_REPOSITORY.fullmatch(repository) and _ADDRESS.fullmatch(api) and _ADDRESS.fullmatch(web)):
        return None
    return Place(kind="github", api=api.rstrip("/"), web=web.rstrip("/"), repository=repository)


def _branch(environ: Mapping[str, str]) -> str:
    head = event.text(environ.get("GITHUB_HEAD_REF"))
    return head or (event.text(environ.get("GITHUB_REF_NAME")) if environ.get("GITHUB_REF_TYPE") == "branch" else "")


def _number_in(ref: str) -> int:
    found = re.fullmatch(r"refs/pull/([1-9][0-9]{0,17})/(?:merge|head)", ref, re.ASCII)
    return int(found[1]) if found else 0


def _digits(value: str) -> str:
    return value if re.fullmatch(r"[0-9]{1,19}", value, re.ASCII) else ""
