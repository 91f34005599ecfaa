"""GitLab as a host: its pipelines are builds, and each job keeps one archive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import requests

from ci_orchestrator.clock import Clock, SystemClock
from ci_orchestrator.errors import ProviderError
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.access import Access
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.gitlab import checking, reading
from ci_orchestrator.providers.gitlab.line import Line
from ci_orchestrator.providers.http import Meter, meter_of
from ci_orchestrator.providers.online import Ability, Artifact, Build, Runner
from ci_orchestrator.providers.transfer import CARRIED, stage

_DEEPEST = 2
"""Child pipelines have children, and these none: https://docs.gitlab.com/ci/pipelines/downstream_pipelines/."""


class GitlabHost:
    """See `online.Host`. `root`: the project's directory, in which `put` leaves what the pipeline carries."""

    name = "gitlab"

    def __init__(
        self,
        place: Place,
        token: Secret,
        *,
        context: Context,
        session: requests.Session | None = None,
        clock: Clock | None = None,
        root: Path | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._line = Line(place, token, session, self._clock)
        self._build = context.build
        self._root = root or Path()

    @property
    def meter(self) -> Meter:
        return meter_of(self._line.session)

    @property
    def abilities(self) -> frozenset[Ability]:
        """A job's own token may only list and download."""
        more = (Ability.DELETE, Ability.LAST_GOOD, Ability.RUNNERS)
        return frozenset(more if self._line.full else ())

    def artifacts(self, build: str = "") -> Iterator[Artifact]:
        """The archives of a pipeline and its child pipelines, also of jobs that were tried again: one a job.

        For a job's own token only those of the pipeline itself, as it may not ask for child pipelines.
        """
        wanted = self._number(build)
        jobs = self._line.jobs(wanted)
        jobs += chain.from_iterable(map(self._line.jobs, self._children(wanted)))
        found = filter(None, (reading.artifact(job, wanted) for job in jobs))
        return iter(sorted(found, key=lambda one: (one.name, int(one.key))))

    def _number(self, build: str) -> str:
        wanted = build or self._build
        if not re.fullmatch("[1-9][0-9]{0,18}", wanted, re.ASCII):
            raise ProviderError(
                f"{wanted!r} is no pipeline of GitLab" if wanted else "no pipeline is named, and this is no job of one",
                fix="name one by its number, as it stands in its address",
            )
        return wanted

    def _children(self, pipeline: str) -> list[str]:
        found, level = [pipeline], [pipeline]
        for _ in range(_DEEPEST if self._line.full else 0):
            bridges = chain.from_iterable(map(self._line.bridges, level))
            level = [child for child in map(reading.child, bridges) if child and child not in found]
            found += level
        return found[1:]

    def download(self, artifact: Artifact) -> Iterator[bytes]:
        """See `online.Host`."""
        return self._line.archive(artifact.key, 0)

    def download_from(self, artifact: Artifact, start: int) -> Iterator[bytes]:
        """See `online.Resuming`."""
        return self._line.archive(artifact.key, start)

    def put(self, name: str, directory: Path, *, retain: float) -> None:
        """GitLab takes what a job left in the directory of its ``artifacts: paths``, after the job."""
        stage(name, directory, self._root / CARRIED, retain=retain, now=self._clock.now())

    def delete(self, artifact: Artifact) -> None:
        """See `online.Host`."""
        self._line.delete_archive(artifact.key)

    def build(self, name: str) -> Build:
        """See `online.Host`.

        The pipeline of a merge request is of a ref of GitLab's own. Where that is of a merge with the target branch,
        GitLab tells the merge alone: what the merge request proposed is the one parent of it that is among all that it
        has ever proposed.
        """
        pipeline = self._line.pipeline(self._number(name))
        found = reading.change_ref(pipeline)
        if found is None:
            return reading.any_build(pipeline)
        number, merged = found
        change = self._line.change(number)
        revision = reading.text(pipeline, "sha")
        if merged:
            proposed = sorted(self._line.parents(revision) & self._line.heads(number))
            revision = proposed[0] if len(proposed) == 1 else ""
        return reading.build_of_change(pipeline, change or {}, number, revision)

    def last_good(self, branch: str) -> Build | None:
        """See `online.Host`."""
        return next(filter(None, map(reading.build, self._line.good_pipelines(branch))), None)

    def check(self) -> tuple[Access, ...]:
        """See `online.Host`."""
        return checking.host(self._line, self._build)

    def runners(self) -> Iterator[Runner]:
        """Those of the project, of its groups and of the server, which are the groups here."""
        found = [reading.runner(listed, details) for listed, details in self._line.runners()]
        return iter(sorted(found, key=lambda one: (one.group, one.name)))
