"""Jenkins as a host. It has no changes, so it is no forge.

A build's artifacts are single files. What the rendered pipelines archive is read as directories again: each bundle,
the report, the lock. They are archived when the report is made: before that, a build's own are stashes, which only its
pipeline can read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from ci_orchestrator.clock import Clock, SystemClock
from ci_orchestrator.errors import ProviderError
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.access import Access, Right, tried
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.http import Meter, meter_of
from ci_orchestrator.providers.jenkins import builds
from ci_orchestrator.providers.jenkins.line import Fields, Line, job_path
from ci_orchestrator.providers.jenkins.permissions import ARTIFACTS, BUILD, BUILDS, CHECKING, RUNNERS
from ci_orchestrator.providers.online import Ability, Artifact, Build, Runner, RunnerState
from ci_orchestrator.providers.transfer import stage

ABILITIES = frozenset({Ability.LAST_GOOD, Ability.RUNNERS})
LOOKED_AT = 100
"""Builds of a job that builds several branches, the newest first. Older ones Jenkins would have to load from disk."""

_KEPT = re.compile(
    r"(?P<directory>(?:.*/)?\.ci-orchestrator/(?:bundles/(?P<bundle>[^/]+)|(?P<report>report)))/.+", re.DOTALL
)
_LOCK = re.compile(r"(?P<state>(?:.*/)?\.ci-orchestrator)/plan\.lock\.json", re.DOTALL)
_BUILD = re.compile(r"(?:(?P<job>[^#]+)#)?(?P<number>[0-9]{1,10})", re.ASCII)
_GIT = "actions[lastBuiltRevision[SHA1,branch[name]]]"
_MULTIBRANCH = "WorkflowMultiBranchProject"


class JenkinsHost:
    """See `online.Host`. `place.repository` is the full name of a job, or of a multibranch project."""

    def __init__(
        self,
        place: Place,
        token: Secret,
        *,
        context: Context,
        session: requests.Session | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._place = place
        self._context = context
        self._clock = clock or SystemClock()
        self._line = Line(place, token, session, self._clock)

    @property
    def name(self) -> str:
        return "jenkins"

    @property
    def meter(self) -> Meter:
        return meter_of(self._line.session)

    @property
    def abilities(self) -> frozenset[Ability]:
        return ABILITIES

    def artifacts(self, build: str = "") -> Iterator[Artifact]:
        """See `online.Host`. `build`: its number, or ``full/name/of/the/job#number``."""
        path = self._path(build)
        found = self._line.read(ARTIFACTS, path, "timestamp,artifacts[relativePath]")
        files = sorted(str(file.get("relativePath", "")) for file in builds.objects(found.get("artifacts")))
        created = _number(found.get("timestamp")) / 1000
        kept = {_directory(file) for file in files}
        for name, pattern in sorted(one for one in kept if one is not None):
            key = f"{path}/artifact/{quote(pattern, safe='/*')}/*zip*/{quote(name, safe='')}.zip"
            yield Artifact(name=name, key=key, build=build or self._context.build, created=created)

    def download(self, artifact: Artifact) -> Iterator[bytes]:
        """See `online.Host`. Jenkins packs the archive while it sends it."""
        return self._line.stream(ARTIFACTS, artifact.key)

    def put(self, name: str, directory: Path, *, retain: float) -> None:
        """See `online.Host`. The pipeline archives it with the bundles, for as long as its build is kept."""
        stage(name, directory, retain=retain, now=self._clock.now())

    def delete(self, artifact: Artifact) -> None:
        """Jenkins deletes builds, not what they have archived. Raises `ProviderError`."""
        raise ProviderError(
            f"Jenkins cannot delete one artifact of a build, such as {artifact.name!r}",
            fix="its build discarder deletes old builds; `artifacts: retain` of the plan says when",
        )

    def build(self, name: str) -> Build:
        """See `online.Host`. `name`: as `build` of `artifacts`. See `builds` for what Jenkins tells of a change."""
        path = self._path(name)
        found = self._line.read(BUILD, path, builds.BUILD)
        job = self._line.read(BUILD, path.rpartition("/")[0], builds.JOB)
        return builds.read(name, found, job, self._context.forge)

    def last_good(self, branch: str) -> Build | None:
        """See `online.Host`: a build that is stable. Of a multibranch project, that of the branch's own job."""
        job = self._place.repository
        tree = f"name,builds[number,url,result,{_GIT}]{{0,{LOOKED_AT}}}"
        found = self._line.read(BUILDS, job_path(job), tree)
        if _is_multibranch(found):
            return self._last_stable(job, branch)
        folder = job.rpartition("/")[0]
        if folder and _is_multibranch(self._line.find(BUILDS, job_path(folder), "name") or {}):
            return self._last_stable(folder, branch)
        good = (build for build in builds.objects(found.get("builds")) if build.get("result") == "SUCCESS")
        return next((made for made in (_build(job, build) for build in good) if made.branch == branch), None)

    def runners(self) -> Iterator[Runner]:
        """See `online.Host`. Agents that a cloud starts when they are wanted are listed while they are there."""
        tree = "computer[displayName,offline,numExecutors,executors[idle],assignedLabels[name]]"
        found = self._line.read(RUNNERS, "/computer", tree)
        every = (_runner(one) for one in builds.objects(found.get("computer")) if _number(one.get("numExecutors")))
        yield from sorted(every, key=lambda runner: runner.name)

    def check(self) -> tuple[Access, ...]:
        """See `online.Host`. Whoever asks with a user and a token that do not fit is refused at once, or is anybody."""
        if self._line.read(CHECKING, "/whoAmI", "anonymous,authenticated").get("authenticated") is not True:
            raise ProviderError("Jenkins does not know the token", fix=CHECKING.fixes[401])
        return (
            tried(Right.ARTIFACTS, lambda: self._line.read(ARTIFACTS, job_path(self._place.repository), "name")),
            tried(Right.RUNNERS, lambda: self._line.read(RUNNERS, "/computer", "displayName")),
        )

    def _last_stable(self, project: str, branch: str) -> Build | None:
        job = f"{project}/{quote(branch, safe=' ~!$()+,-.;=@_')}"
        found = self._line.find(BUILDS, job_path(job), f"lastStableBuild[number,url,{_GIT}]")
        last = (found or {}).get("lastStableBuild")
        if not isinstance(last, dict):
            return None
        made = _build(job, last)
        return Build(id=made.id, revision=made.revision, branch=branch, url=made.url)

    def _path(self, build: str) -> str:
        found = _BUILD.fullmatch(build or self._context.build)
        if found is None:
            raise ProviderError(
                f"{build or self._context.build!r} is no build of Jenkins",
                fix="give its number, or the full name of its job and the number: folder/job#42",
            )
        return f"{job_path(found['job'] or self._place.repository)}/{found['number']}"


def _directory(file: str) -> tuple[str, str] | None:
    """The artifact that a file belongs to: its name, and the pattern of its files. None for anybody else's.

    With a pattern, Jenkins puts no directory around them.
    """
    if found := _KEPT.fullmatch(file):
        return found["bundle"] or "ci-orchestrator-report", f"{found['directory']}/**"
    if found := _LOCK.fullmatch(file):
        return "ci-orchestrator-lock", f"{found['state']}/*.lock.json"
    return None


def _is_multibranch(found: Fields) -> bool:
    return str(found.get("_class", "")).endswith(f".{_MULTIBRANCH}")


def _build(job: str, fields: Fields) -> Build:
    git = next(
        (one for one in builds.objects(fields.get("actions")) if isinstance(one.get("lastBuiltRevision"), dict)), {}
    )
    revision = git.get("lastBuiltRevision", {})
    branch = next((str(one.get("name", "")) for one in builds.objects(revision.get("branch"))), "")
    return Build(
        id=f"{job}#{fields.get('number')}",
        revision=str(revision.get("SHA1", "")),
        branch=builds.branch_called(branch),
        url=str(fields.get("url", "")),
    )


def _runner(fields: Fields) -> Runner:
    free = any(one.get("idle") is True for one in builds.objects(fields.get("executors")))
    state = (
        RunnerState.OFFLINE if fields.get("offline") is not False else RunnerState.IDLE if free else RunnerState.BUSY
    )
    labels = {str(one.get("name", "")) for one in builds.objects(fields.get("assignedLabels"))}
    return Runner(name=str(fields.get("displayName", "")), state=state, labels=tuple(sorted(labels)))


def _number(value: Any) -> float:  # noqa: ANN401
    return float(value) if isinstance(value, (int, float)) else 0.0
