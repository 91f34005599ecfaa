"""A build of Jenkins, from inside.

Sources: https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables, and the list that each
Jenkins has at ``/env-vars.html`` (``BRANCH_NAME`` and ``CHANGE_*`` are those of multibranch projects, ``GIT_*`` those
of the Git plugin).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context, Finding, Place
from ci_orchestrator.providers.jenkins.permissions import TOKEN, USER
from ci_orchestrator.providers.remotes import place_of
from ci_orchestrator.providers.shell import STATE
from ci_orchestrator.results.report import NO_LINKS, Links

OUTPUTS = f"{STATE}/gate.json"
"""Where outputs are left, for ``readJSON``."""
DESCRIPTION = f"{STATE}/description.json"
"""Where the line is left that describes the build, in the same way."""

_REVISION = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|^/|^-|//|/$")
_NO_JOB = re.compile(r"[\x00-\x1f\x7f?*\\<>|#:;]|(?:^|/)\.{0,2}(?:/|$)")
_CHANGE = re.compile(r"(?P<project>.+?)/(?P<form>pull|-/merge_requests|pullrequest)/[0-9]+", re.ASCII)
_KINDS = {"pull": "github", "-/merge_requests": "gitlab", "pullrequest": "azure"}
"""Of a forge, by the form of its changes' addresses: for hosts of a company's own."""
_LONGEST = 500
_NOT_OURS = re.compile(r"[^A-Za-z0-9 ,;:.()?!%=✓✗–−-]")
"""Characters that no verdict of ours has. Jenkins shows a description as its administrator wants: as HTML, too."""


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
        self._leave(OUTPUTS, values)

    def summarise(self, markdown: str) -> None:
        """Jenkins has no place for it but the build's description, one line: its heading and the sentence below that,
        for the pipeline to set (``currentBuild.description``).
        """
        lines = [line for line in markdown.splitlines() if line]
        line = ": ".join(lines[:2]).lstrip("# ")
        self._leave(DESCRIPTION, {"description": _NOT_OURS.sub("", line)[:_LONGEST]})

    def point_out(self, findings: Sequence[Finding]) -> None:
        """Jenkins shows the JUnit report."""

    def _leave(self, name: str, values: Mapping[str, str]) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(dict(values), sort_keys=True, indent=1) + "\n", encoding="ascii")


def token(environ: Mapping[str, str]) -> Secret:
    """``user:token`` of `JENKINS_USER_ID` and `JENKINS_API_TOKEN`, the token alone without a user."""
    user, found = environ.get(USER, "").strip(), environ.get(TOKEN, "").strip()
    return Secret(f"{user}:{found}" if user and found else found)


def read_context(environ: Mapping[str, str], root: Path) -> Context:  # noqa: ARG001 - as all providers are asked
    """Where a build of Jenkins runs. What has not the form of its kind is left out.

    A pipeline with a ``checkout scm`` of its own, such as ours, has no ``GIT_*``: git is asked for the revision then.
    Why a build runs is told to nobody, but that it is of a change.
    """
    job = _job(environ)
    number = _match(_NUMBER, environ, "BUILD_NUMBER")
    change = int(_match(_NUMBER, environ, "CHANGE_ID") or 0)
    return Context(
        revision=_match(_REVISION, environ, "GIT_COMMIT"),
        branch=_ref(environ, "CHANGE_BRANCH") if change else _ref(environ, "BRANCH_NAME") or _checked_out(environ),
        event="change" if change else "",
        change=change,
        base=_ref(environ, "CHANGE_TARGET") if change else "",
        fork=bool(change and environ.get("CHANGE_FORK")),
        build=f"{job}#{number}" if job and number else "",
        job=_line(environ, "STAGE_NAME"),
        host=_host(environ, job),
        forge=_forge(environ, bool(change)),
    )


def _host(environ: Mapping[str, str], job: str) -> Place | None:
    address = _address(environ.get("JENKINS_URL", ""))
    return Place(kind="jenkins", api=address, web=address, repository=job) if address and job else None


def _forge(environ: Mapping[str, str], change: bool) -> Place | None:
    """By the address of the change, which is the target's also for a fork; else by what git fetched."""
    if not change:
        return place_of(environ.get("GIT_URL", ""), known={})
    found = _CHANGE.fullmatch(_address(environ.get("CHANGE_URL", "")))
    if found is None:
        return None
    host = urlsplit(found["project"]).hostname or ""
    return place_of(found["project"], known={host: _KINDS[found["form"]]})


def change_at(address: str) -> int:
    """The number of the change that is at an address of a forge, 0 when it is none."""
    found = _CHANGE.fullmatch(_address(address))
    return int(address.rpartition("/")[2]) if found else 0


def _checked_out(environ: Mapping[str, str]) -> str:
    """``GIT_BRANCH`` has the remote's name before the branch."""
    return _ref(environ, "GIT_BRANCH").removeprefix("origin/")


def _address(text: str) -> str:
    """An address without credentials, query and fragment; empty when it is none."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc or not text.isprintable():
        return ""
    if len(text) > _LONGEST or re.search(r"[^A-Za-z0-9.:\[\]-]", parts.netloc):
        return ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def _job(environ: Mapping[str, str]) -> str:
    name = _line(environ, "JOB_NAME")
    return "" if _NO_JOB.search(name) else name


def _ref(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    return "" if _NO_REF.search(value) or len(value) > _LONGEST else value


def _line(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    return value if value.isprintable() and len(value) <= _LONGEST else ""


def _match(form: re.Pattern[str], environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    return value if form.fullmatch(value) else ""
