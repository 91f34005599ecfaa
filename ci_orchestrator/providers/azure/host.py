"""Azure Pipelines, where builds run.

The operations are described at https://learn.microsoft.com/rest/api/azure/devops/build and …/distributedtask. The
service takes artifacts from a pipeline's own steps, and removes them with their build only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from ci_orchestrator.clock import Clock
from ci_orchestrator.errors import ProviderError
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers import http
from ci_orchestrator.providers.access import Access, Right, tried
from ci_orchestrator.providers.azure import builds
from ci_orchestrator.providers.azure.agents import runner
from ci_orchestrator.providers.azure.permissions import BUILDS, POOLS
from ci_orchestrator.providers.azure.sdk import Sdk
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.online import Ability, Artifact, Build, Runner
from ci_orchestrator.providers.transfer import stage

_NUMBER = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


class AzureHost:
    """See `providers.online.Host`. `place`: its repository begins with the project whose builds are meant."""

    name = "azure"
    abilities = frozenset({Ability.LAST_GOOD, Ability.RUNNERS})

    def __init__(
        self, place: Place, token: Secret, *, context: Context, session: requests.Session | None = None, clock: Clock
    ) -> None:
        self._sdk = Sdk(place, token, session, clock)
        self._build = context.build
        self._clock = clock

    @property
    def meter(self) -> http.Meter:
        return http.meter_of(self._sdk.session)

    def artifacts(self, build: str = "") -> Iterator[Artifact]:
        """One request: the service has no pages of them."""
        number = self._number(build)
        with self._sdk.asking(f"listing the artifacts of build {number}", BUILDS):
            every = self._sdk.build.get_artifacts(self._sdk.project, number) or ()
            found = sorted((_artifact(one, str(number)) for one in every), key=lambda artifact: artifact.name)
        yield from found

    def download(self, artifact: Artifact) -> Iterator[bytes]:
        """From where the service says, which may be another host of its own. The client library fails there, for it
        comes without its token (https://github.com/microsoft/azure-devops-python-api/issues/508).
        """
        with self._sdk.asking(f"downloading the artifact {artifact.name!r}", BUILDS):
            yield from self._sdk.stream(artifact.key)

    def put(self, name: str, directory: Path, *, retain: float) -> None:
        """Left for ``PublishPipelineArtifact``."""
        stage(name, directory, retain=retain, now=self._clock.now())

    def delete(self, artifact: Artifact) -> None:
        """Always refused."""
        raise ProviderError(
            f"Azure DevOps does not remove an artifact ({artifact.name!r}) without its build",
            fix="*Project settings* → *Pipelines* → *Settings* say how long builds are kept",
        )

    def build(self, name: str) -> Build:
        """One request. See `builds`."""
        number = self._number(name)
        with self._sdk.asking(f"reading build {number}", BUILDS):
            return builds.read(self._sdk.build.get_build(self._sdk.project, number), self._sdk)

    def last_good(self, branch: str) -> Build | None:
        """Two requests: which pipeline this build is of, and its newest good build."""
        number = self._number("")
        with self._sdk.asking(f"looking for a good build of {branch}", BUILDS):
            mine = self._sdk.build.get_build(self._sdk.project, number)
            found = self._sdk.build.get_builds(
                self._sdk.project,
                definitions=[mine.definition.id],
                branch_name=f"refs/heads/{branch}",
                status_filter="completed",
                result_filter="succeeded",
                query_order="finishTimeDescending",
                top=1,
            )
            return builds.of_branch(found[0], self._sdk) if found else None

    def runners(self) -> Iterator[Runner]:
        """The agents of the project's pools, a request for each. Microsoft's own come as they are asked for: its pools
        are left out.
        """
        with self._sdk.asking("listing agents", POOLS):
            queues = self._sdk.agents.get_agent_queues(self._sdk.project) or ()
            pools = {queue.pool.id: queue.pool.name for queue in queues if queue.pool and not queue.pool.is_hosted}
            found = [
                runner(agent, name)
                for pool, name in sorted(pools.items())
                for agent in self._sdk.agents.get_agents(pool, include_capabilities=True, include_assigned_request=True)
            ]
        yield from sorted(found, key=lambda one: (one.group, one.name))

    def check(self) -> tuple[Access, ...]:
        """Who the token is of, builds, and pools: three requests."""
        self._sdk.authenticate(BUILDS)
        return (tried(Right.ARTIFACTS, self._any_build), tried(Right.RUNNERS, self._any_pool))

    def _any_build(self) -> None:
        with self._sdk.asking("listing builds", BUILDS):
            self._sdk.build.get_builds(self._sdk.project, top=1)

    def _any_pool(self) -> None:
        with self._sdk.asking("listing agents", POOLS):
            self._sdk.agents.get_agent_queues(self._sdk.project)

    def _number(self, build: str) -> int:
        wanted = build or self._build
        if not _NUMBER.fullmatch(wanted):
            raise ProviderError(
                f"{wanted!r} is no build of Azure Pipelines" if wanted else "no build of Azure Pipelines is named",
                fix="the number after `buildId=` in the address of a build, which is BUILD_BUILDID in its jobs",
            )
        return int(wanted)


def _artifact(one: Any, build: str) -> Artifact:  # noqa: ANN401 - a model of the client library, which has no types
    """The size is that of its files: the service compresses them, and tells no other."""
    size = (one.resource.properties or {}).get("artifactsize", "")
    address = one.resource.download_url or one.resource.data or ""
    return Artifact(name=one.name, key=address, build=build, size=int(size) if size.isdecimal() else 0)
