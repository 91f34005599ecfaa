"""GitHub as a host: artifacts, builds and runners (https://docs.github.com/rest/actions)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from itertools import islice
from pathlib import Path

import requests
from github.Artifact import Artifact as GithubArtifact
from github.PaginatedList import PaginatedList
from github.SelfHostedActionsRunner import SelfHostedActionsRunner
from github.WorkflowRun import WorkflowRun

from ci_orchestrator.clock import Clock
from ci_orchestrator.errors import ProviderError
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers import http, transfer
from ci_orchestrator.providers.access import Access
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.github import checking, event, permissions
from ci_orchestrator.providers.github.line import PAGE, Line, is_gone
from ci_orchestrator.providers.online import Ability, Artifact, Build, Runner, RunnerState

LOOKED_AT = 300
"""Builds among which the last good one is looked for."""


class GithubHost:
    """See `Host`. Artifacts are uploaded by a step of the workflow, for which `put` stages them."""

    name = "github"
    abilities = frozenset({Ability.DELETE, Ability.LAST_GOOD, Ability.RUNNERS})

    def __init__(
        self,
        place: Place,
        token: Secret,
        *,
        context: Context,
        session: requests.Session | None = None,
        clock: Clock,
    ) -> None:
        self._line = Line(place, token, session or http.session(http.Meter(), clock=clock))
        self._context = context
        self._clock = clock

    @property
    def meter(self) -> http.Meter:
        return http.meter_of(self._line.session)

    def artifacts(self, build: str = "") -> Iterator[Artifact]:
        run = self._number(build)
        with self._line.asking(permissions.ARTIFACTS):
            url = f"{self._line.repository}/actions/runs/{run}/artifacts"
            found = self._line.all_of(
                permissions.ARTIFACTS.what,
                lambda: PaginatedList(GithubArtifact, self._line, url, None, list_item="artifacts"),
            )
            kept = sorted((_artifact(one, run) for one in found if not one.expired), key=_by_name)
        yield from kept

    def download(self, artifact: Artifact) -> Iterator[bytes]:
        return self.download_from(artifact, 0)

    def download_from(self, artifact: Artifact, start: int) -> Iterator[bytes]:
        """The bytes of an artifact from `start` on. GitHub sends us on to its storage, where the token does not go."""
        url = self._line.address(f"{self._line.repository}/actions/artifacts/{artifact.key}/zip")
        asked = {"Range": f"bytes={start}-"} if start else {}
        with self._line.asking(permissions.ARTIFACTS):
            answer = self._line.session.get(url, headers=asked | {"Accept-Encoding": "identity"}, stream=True)
            with answer:
                answer.raise_for_status()
                # Storage that knows no ranges sends it all again.
                passed = 0 if answer.status_code == HTTPStatus.PARTIAL_CONTENT else start
                for piece in http.pieces(answer):
                    if len(piece) > passed:
                        yield piece[passed:]
                    passed = max(0, passed - len(piece))

    def put(self, name: str, directory: Path, *, retain: float) -> None:
        transfer.stage(name, directory, retain=retain, now=self._clock.now())

    def delete(self, artifact: Artifact) -> None:
        with self._line.asking(permissions.CLEANING):
            try:
                self._line.call("DELETE", f"/actions/artifacts/{artifact.key}")
            except requests.HTTPError as error:
                if not is_gone(error):
                    raise

    def build(self, name: str) -> Build:
        """As `Host.build`. A run of a pull request has the revision that is proposed, also where a merge was tested."""
        with self._line.asking(permissions.BUILD):
            run = self._line.call("GET", f"/actions/runs/{self._number(name)}")
        told = event.finished_run({"workflow_run": run})
        return Build(
            id=name,
            revision=told.head,
            branch=told.branch,
            url=event.text(run.get("html_url")),
            change=told.number,
            base=told.base,
            fork=told.fork,
        )

    def last_good(self, branch: str) -> Build | None:
        """As `Host.last_good`. A branch of a fork may be called as ours is; its builds are none of this branch's."""
        with self._line.asking(permissions.BUILDS):
            runs: PaginatedList[WorkflowRun] = PaginatedList(
                WorkflowRun,
                self._line,
                f"{self._line.repository}/actions{self._workflow()}/runs",
                {"branch": branch, "status": "success"},
                list_item="workflow_runs",
            )
            good = (run for run in islice(runs, LOOKED_AT) if self._is_good(run, branch))
            found = next(good, None)
            if found is None:
                return None
            return Build(id=str(found.id), revision=found.head_sha, branch=branch, url=found.html_url)

    def runners(self) -> Iterator[Runner]:
        """As `Host.runners`: the repository's own, and those of the organization's groups that it may use."""
        with self._line.asking(permissions.RUNNERS):
            owner = self._line.call("GET", "").get("owner", {})
            found = self._runners(f"{self._line.repository}/actions/runners", "")
        if owner.get("type") == "Organization":
            with self._line.asking(permissions.SHARED_RUNNERS):
                found += self._shared_runners(str(owner.get("login")))
        yield from sorted(found, key=lambda one: (one.group, one.name, one.labels))

    def check(self) -> tuple[Access, ...]:
        return checking.host(self._line)

    def _number(self, build: str) -> str:
        run = build or self._context.build
        if not (run.isascii() and run.isdigit()):
            raise ProviderError(
                f"{run!r} is no build of {self._line.place.repository}"
                if run
                else f"no build of {self._line.place.repository} is known to list artifacts of",
                fix="the number in its address; within GitHub Actions GITHUB_RUN_ID has it",
            )
        return run

    def _workflow(self) -> str:
        """The part of a path that names the workflow of this build; without a build, builds of any count."""
        if not self._context.build:
            return ""
        run = self._line.call("GET", f"/actions/runs/{self._context.build}")
        return f"/workflows/{run['workflow_id']}" if isinstance(run.get("workflow_id"), int) else ""

    def _is_good(self, run: WorkflowRun, branch: str) -> bool:
        return (
            run.conclusion == "success"
            and run.head_branch == branch
            and not run.event.startswith("pull_request")
            and str(run.id) != self._context.build
            and _name_of(run).lower() == self._line.place.repository.lower()
        )

    def _shared_runners(self, organization: str) -> list[Runner]:
        found: list[Runner] = []
        base = f"/orgs/{organization}/actions/runner-groups"
        repository = self._line.place.repository.partition("/")[2]
        page = 0
        while True:
            page += 1
            _, data = self._line.requestJsonAndCheck(
                "GET", base, {"visible_to_repository": repository, "per_page": PAGE, "page": page}
            )
            groups = data.get("runner_groups", [])
            for group in groups:
                found += self._runners(f"{base}/{group['id']}/runners", str(group["name"]))
            if len(groups) < PAGE:
                return found

    def _runners(self, url: str, group: str) -> list[Runner]:
        listed = self._line.all_of(
            "listing runners",
            lambda: PaginatedList(SelfHostedActionsRunner, self._line, url, None, list_item="runners"),
        )
        return [_runner(one, group) for one in listed]


def _artifact(one: GithubArtifact, build: str) -> Artifact:
    return Artifact(
        name=one.name,
        key=str(one.id),
        build=build,
        size=one.size_in_bytes,
        digest=one.digest or "",
        created=_seconds(one.created_at),
        expires=_seconds(one.expires_at),
    )


def _name_of(run: WorkflowRun) -> str:
    """The repository that a revision is from; empty for a fork that is gone, which PyGithub does not foresee."""
    return str(getattr(run.head_repository, "full_name", ""))


def _by_name(one: Artifact) -> tuple[str, int]:
    return one.name, int(one.key)


def _runner(one: SelfHostedActionsRunner, group: str) -> Runner:
    state = RunnerState.BUSY if one.busy else RunnerState.IDLE
    labels = tuple(sorted({str(label["name"]) for label in one.labels if "name" in label}))
    return Runner(
        name=one.name, state=state if one.status == "online" else RunnerState.OFFLINE, labels=labels, group=group
    )


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0
