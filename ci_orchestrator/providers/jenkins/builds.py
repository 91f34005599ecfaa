"""What a build of Jenkins was of: the revision by the Git plugin, the change by its job in a multibranch project.

Sources: https://github.com/jenkinsci/git-plugin (``BuildData``, ``Build``: a build has a revision, and *marked* the one
that it was made from, which differ where Jenkins merged) and https://github.com/jenkinsci/scm-api-plugin
(``ObjectMetadataAction``: where the change of a job can be opened). Nothing tells whether a change is of a fork.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ci_orchestrator.providers.base import Place
from ci_orchestrator.providers.jenkins.context import change_at
from ci_orchestrator.providers.online import Build
from ci_orchestrator.providers.remotes import place_of

BUILD = (
    "url,number,actions[remoteUrls,lastBuiltRevision[SHA1],"
    "buildsByBranchName[buildNumber,marked[SHA1],revision[SHA1,branch[name]]]]"
)
JOB = "name,actions[objectUrl]"
_REMOTE = re.compile(r"(?:refs/remotes/[^/]+/|refs/heads/|origin/)")
_REVISION = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_PROPOSED = re.compile(r"(?:PR|MR)-[0-9]+(?:-(?:head|merge))?", re.ASCII)
"""What jobs of changes are called."""
Fields = Mapping[str, Any]


def read(name: str, build: Fields, job: Fields, forge: Place | None) -> Build:
    """A build, by what Jenkins says of it and of its job. `forge`: where its repository is, when that is known: among
    several that a build fetched, libraries of its pipeline, it is the one that counts.
    """
    made = sorted(set(_made(build, forge)))
    marked, branch = made[0] if len({one for one, _ in made}) == 1 else ("", "")
    change = next(filter(None, (change_at(_text(one, "objectUrl")) for one in objects(job.get("actions")))), 0)
    proposed = bool(change or _PROPOSED.fullmatch(_text(job, "name")))
    return Build(
        id=name,
        revision=marked,
        branch="" if proposed else branch,
        url=_text(build, "url"),
        change=change,
        fork=proposed,
    )


def branch_called(name: str) -> str:
    """A branch, by what the Git plugin calls it: with its remote."""
    found = _REMOTE.match(name)
    return name[found.end() :] if found else name


def _made(build: Fields, forge: Place | None) -> Iterator[tuple[str, str]]:
    """What the build fetched: each revision, before Jenkins merged anything, with its branch."""
    every = [one for one in objects(build.get("actions")) if isinstance(one.get("lastBuiltRevision"), dict)]
    ours = [one for one in every if _is_of(one, forge)]
    for one in ours or every:
        by_branch = one.get("buildsByBranchName")
        for entry in objects(list(by_branch.values()) if isinstance(by_branch, dict) else None):
            revision = _inside(entry, "revision")
            current = _text(revision, "SHA1") == _text(one["lastBuiltRevision"], "SHA1")
            marked = _text(_inside(entry, "marked"), "SHA1")
            if entry.get("buildNumber") == build.get("number") and current and _REVISION.fullmatch(marked):
                branch = next((_text(each, "name") for each in objects(revision.get("branch"))), "")
                yield marked, branch_called(branch)


def _is_of(data: Fields, forge: Place | None) -> bool:
    urls = data.get("remoteUrls")
    if forge is None or not isinstance(urls, list):
        return False
    known = {forge.web.partition("://")[2].partition("/")[0]: forge.kind}
    found = (place_of(url, known=known) for url in urls if isinstance(url, str))
    return any(one is not None and one.repository.lower() == forge.repository.lower() for one in found)


def objects(value: object) -> list[Fields]:
    """The objects of a list; none of anything else that Jenkins says."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _inside(fields: Fields, name: str) -> Fields:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
