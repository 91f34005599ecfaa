"""A job of Azure Pipelines, from inside.

Sources: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands (SetVariable, UploadSummary); how
values are escaped: https://github.com/microsoft/azure-pipelines-agent/blob/master/docs/design/percentEncoding.md and
azure-pipelines-task-lib, node/taskcommand.ts. The variables: https://learn.microsoft.com/azure/devops/pipelines/build/variables
and …/pipelines/repos/github (pull requests from forks).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from urllib.parse import quote, urlsplit

from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.azure.permissions import JOB_TOKEN, PERSONAL_TOKEN
from ci_orchestrator.providers.base import Context, Finding, Place, counted_attempt, source_path
from ci_orchestrator.providers.remotes import place_of
from ci_orchestrator.providers.shell import STATE
from ci_orchestrator.results.report import NO_LINKS, Links

TOKENS = (PERSONAL_TOKEN, JOB_TOKEN)
"""Variables with a token, the first that is set counts: one that somebody made for us, else the job's own."""
_EVENTS = {
    "IndividualCI": "push",
    "BatchedCI": "push",
    "PullRequest": "change",
    "Schedule": "schedule",
    "Manual": "manual",
    "BuildCompletion": "manual",
    "ResourceTrigger": "manual",
}
"""By ``BUILD_REASON``. The last two: another pipeline, or something that this one watches, started it."""
_FORGES = {"GitHub": "github", "GitHubEnterprise": "github", "TfsGit": "azure"}
"""Kinds of the places that repositories live at, by ``BUILD_REPOSITORY_PROVIDER``. Of others the address must tell."""
_LONGEST = 400
REVISION = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
NUMBER = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
PULL = re.compile(r"refs/pull/([1-9][0-9]{0,9})/(?:merge|head)", re.ASCII)
_PROJECT = re.compile(r"[^\x00-\x1f\x7f/\\:*?\"<>|;#$%{},+=\[\]]{1,64}")
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|^/|^-|//|/$")
_MACRO = re.compile(r"\$\([^)]*\)")


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


def token(environ: Mapping[str, str]) -> Secret:
    """What a job may show Azure DevOps, by the variables of `TOKENS`; empty when it has none.

    Where a pipeline has no such variable, its steps see the text ``$(NAME)`` in place of the value.
    """
    values = (environ.get(name, "").strip() for name in TOKENS)
    return Secret(next((value for value in values if value and not _MACRO.fullmatch(value)), ""))


def read_context(environ: Mapping[str, str], root: Path) -> Context:  # noqa: ARG001 - as all providers are asked
    """Where a job of Azure Pipelines runs, by its predefined variables. What has not the form of its kind is left out.

    A pull request that is not said to be of the repository itself counts as one from a fork.
    """
    event = _EVENTS.get(environ.get("BUILD_REASON", ""), "")
    proposed = event == "change"
    forge, host = _forge(environ), _host(environ)
    if forge and host and (forge.kind, forge.api) == ("azure", host.api) and _project(forge) == _project(host):
        host = forge
    return Context(
        revision=_match(REVISION, environ, "BUILD_SOURCEVERSION"),
        branch=_branch(environ, "SYSTEM_PULLREQUEST_SOURCEBRANCH" if proposed else "BUILD_SOURCEBRANCH"),
        event=event,
        change=_change(environ) if proposed else 0,
        head=_match(REVISION, environ, "SYSTEM_PULLREQUEST_SOURCECOMMITID") if proposed else "",
        base=_branch(environ, "SYSTEM_PULLREQUEST_TARGETBRANCH") if proposed else "",
        fork=proposed and environ.get("SYSTEM_PULLREQUEST_ISFORK", "").lower() != "false",
        build=_match(NUMBER, environ, "BUILD_BUILDID"),
        attempt=counted_attempt(environ, "SYSTEM_JOBATTEMPT"),
        job=_line(environ, "SYSTEM_JOBNAME") or _line(environ, "AGENT_JOBNAME"),
        host=host,
        forge=forge,
    )


def _change(environ: Mapping[str, str]) -> int:
    """GitHub's number of a pull request is not its id there; in Azure Repos it is."""
    if environ.get("BUILD_REPOSITORY_PROVIDER") == "TfsGit":
        return int(_match(NUMBER, environ, "SYSTEM_PULLREQUEST_PULLREQUESTID") or 0)
    told = _match(NUMBER, environ, "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER")
    merged = PULL.fullmatch(environ.get("BUILD_SOURCEBRANCH", ""))
    return int(told or (merged[1] if merged else 0))


def _host(environ: Mapping[str, str]) -> Place | None:
    """The organization, by its newer address, and the project."""
    project = _match(_PROJECT, environ, "SYSTEM_TEAMPROJECT")
    told = environ.get("SYSTEM_COLLECTIONURI") or environ.get("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "")
    found = place_of(f"{told.rstrip('/')}/x/_git/x", known=_known(told, "azure"))
    return Place(kind="azure", api=found.api, web=found.web, repository=project) if project and found else None


def _forge(environ: Mapping[str, str]) -> Place | None:
    address = environ.get("BUILD_REPOSITORY_URI", "")
    return place_of(address, known=_known(address, _FORGES.get(environ.get("BUILD_REPOSITORY_PROVIDER", ""), "")))


def _known(address: str, kind: str) -> Mapping[str, str]:
    """The kind of an address whose host may be anybody's own."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return {}
    return {host: kind} if kind and not host.endswith(".visualstudio.com") else {}


def _project(place: Place) -> str:
    return place.repository.partition("/")[0].lower()


def _branch(environ: Mapping[str, str], variable: str) -> str:
    """A branch, when it is one that git could have (https://git-scm.com/docs/git-check-ref-format). Of GitHub's pull
    requests the variables hold the short name.
    """
    value = environ.get(variable, "").removeprefix("refs/heads/")
    good = len(value) <= _LONGEST and value.isprintable() and not _NO_REF.search(value)
    return value if good and not value.startswith("refs/") else ""


def _match(form: re.Pattern[str], environ: Mapping[str, str], variable: str) -> str:
    value = environ.get(variable, "")
    return value if len(value) <= _LONGEST and form.fullmatch(value) else ""


def _line(environ: Mapping[str, str], variable: str) -> str:
    value = environ.get(variable, "")
    return value if len(value) <= _LONGEST and value.isprintable() else ""
