"""Azure DevOps as a contract server: Azure Repos, Azure Pipelines, test runs and agents of one project.

Every request and every answer is held against the published Swagger. What that lacks: ``OPTIONS …/_apis``, with which
the client library asks where operations are (as
https://github.com/alexneo2003/playwright-azure-reporter has recorded it), ``connectionData``
(https://learn.microsoft.com/azure/devops/extend/develop/work-with-urls names it), and downloads.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import unquote

from parts import need
from servers.azure_operations import (
    DATE,
    DOES,
    NAME,
    PIPELINE,
    POOL_NAME,
    PROJECT,
    THEM,
    US,
    AzureOperations,
    proposing,
)
from servers.azure_swagger import SPECS, Operation, operation_of, problems_of_answer, problems_of_request
from servers.base import (
    BUILD,
    CHANGE,
    FEATURE,
    HEAD,
    TOKEN,
    Answer,
    Asked,
    json_answer,
    serving,
    zipped,
)

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.azure.api import AzureForge, AzureHost
from ci_orchestrator.providers.azure.permissions import EVERY
from ci_orchestrator.providers.base import Context
from ci_orchestrator.providers.http import Meter, Patience, session
from ci_orchestrator.providers.online import Build, Runner

_LOCATIONS = {
    "00d9565f-ed9c-4a06-9a50-00e7896ccab4": "_apis/{resource}|connectionData",
    "0cd358e1-9217-4d94-8269-1c1ee6f93dcf": "{project}/_apis/build/{resource}/{buildId}|Builds",
    "1db06c96-014e-44e1-ac91-90b2d4b3e984": "{project}/_apis/build/builds/{buildId}/{resource}|artifacts",
    "428dd4fb-fda5-4722-af02-9313b80305da": "GIT/commits/{commitId}/{resource}|statuses",
    "4637d869-3a76-4468-8057-0bb02aa385cf": "{project}/_apis/test/Runs/{runId}/{resource}/{testCaseResultId}|Results",
    "4f004af4-a507-489c-9b13-cb62060beb11": "{project}/_apis/test/Runs/{runId}/{resource}/{attachmentId}|Attachments",
    "900fa995-c559-4923-aae7-f8424fe4fbea": "{project}/_apis/distributedtask/{resource}/{queueId}|queues",
    "965a3ec7-5ed8-455a-bdcb-835a5ea7fe7b": "GIT/pullRequests/{pullRequestId}/threads/{threadId}/{resource}/{commentId}"
    "|comments",
    "965d9361-878b-413b-a494-45d5b5fd8ab7": "GIT/pullRequests/{pullRequestId}/{resource}/{fileName}|attachments",
    "9946fd70-0d40-406e-b686-b4744cbbcc37": "GIT/{resource}/{pullRequestId}|pullRequests",
    "ab6e2e5d-a0b7-4153-b64a-a4efe0d49449": "GIT/pullRequests/{pullRequestId}/{resource}/{threadId}|threads",
    "cadb3810-d47d-4a3c-a234-fe5f3be50138": "{project}/_apis/test/{resource}/{runId}|Runs",
    "e298ef32-5878-4cab-993c-043836571f42": "_apis/distributedtask/pools/{poolId}/{resource}/{agentId}|agents",
}
"""Route templates and names of resources, by the ids that the client library knows."""


class AzureServer(AzureOperations):
    """See `servers.base.Server`."""

    name = "azure"

    def __init__(self) -> None:
        super().__init__()
        self.granted = {one.scope for one in EVERY}
        """Scopes of the token."""
        self.operations: dict[str, Operation] = {}
        """Those that were asked, by id."""
        self.instead: bytes | None = None
        """Answers every operation, when it is set."""
        self.identity = US
        """Whom the token is of."""
        self.signed_out = False
        """Answer with a page to sign in at, as the service does to a token that is not one."""
        self.add_build(Build(id=BUILD, revision=HEAD, branch=FEATURE), good=False)
        self.builds[-1] |= {"status": "inProgress"}
        del self.builds[-1]["result"]

    # What the suites seed and ask.

    def host(self) -> AzureHost:
        return AzureHost(self.place(), Secret(TOKEN), **self._line())

    def forge(self) -> AzureForge:
        return AzureForge(self.place(), Secret(TOKEN), **self._line())

    def add_artifact(self, name: str, files: Mapping[str, bytes], *, build: str = BUILD, far: bool = True) -> None:
        """`far`: downloaded from elsewhere, as pipeline artifacts are; else from the API."""
        with self.lock:
            self.artifacts.setdefault(build, []).append((name, zipped(files, around=name), far))

    def add_build(self, build: Build, *, good: bool, pipeline: int = PIPELINE) -> None:
        made = {
            "id": int(build.id),
            "definition": {"id": pipeline, "name": "ci"},
            "status": "completed",
            "result": "succeeded" if good else "failed",
            "reason": "individualCI",
            "sourceVersion": build.revision,
            "sourceBranch": f"refs/heads/{build.branch}",
            "finishTime": DATE,
        }
        with self.lock:
            self.builds.append(made | (proposing(build) if build.change else {}))

    def told(self, build: Build) -> Build:
        return build

    def add_comment(self, body: str, *, ours: bool = False, change: int = CHANGE, kind: str = "text") -> int:
        with self.lock:
            return self.thread(change, body, US if ours else THEM, kind)["id"]

    def bodies(self, change: int = CHANGE) -> Sequence[str]:
        with self.lock:
            firsts = (thread["comments"][0] for thread in self.threads[change])
            return [one["content"] for one in firsts if not one["isDeleted"] and one["commentType"] == "text"]

    def expected(self, runner: Runner) -> Runner:
        labels = (*runner.labels, "Agent.OS", "Agent.OS -equals Linux", "HOME")
        return Runner(name=runner.name, state=runner.state, labels=tuple(sorted(labels)), group=POOL_NAME)

    # The service.

    def answer(self, asked: Asked) -> Answer:
        if self.signed_out:
            return Answer(
                203, b"<html><title>Azure DevOps Services | Sign In</title></html>", {"Content-Type": "text/html"}
            )
        if asked.headers.get("authorization") != f"Basic {b64encode(f':{TOKEN}'.encode()).decode()}":
            self.problem(f"{asked.method} {asked.path}: without the token")
            return self.refusal(401)
        if asked.path.startswith("/far/"):
            return self._download(*asked.path.split("/")[2:4])
        where = asked.path.removeprefix("/Contoso/").lower()
        if asked.method == "OPTIONS" and asked.path.lower() == "/contoso/_apis":
            return _listed(list(_locations()))
        if self.instead is not None:
            return Answer(200, self.instead, {"Content-Type": "application/json"})
        if where == "_apis/connectiondata":
            return json_answer(
                {"authenticatedUser": {"id": self.identity, "providerDisplayName": "shop Build Service"}}
            )
        if where.endswith(f"builds/{BUILD}/artifacts") and "$format" in asked.query:
            return self._download(BUILD, asked.one("artifactName"))
        return self._operated(asked)

    def refusal(self, status: int) -> Answer:
        wrapped = {
            "$id": "1",
            "innerException": None,
            "message": f"TF4000{status}: the request was refused, token or not.",
            "typeName": "Microsoft.TeamFoundation.Server.Core.ServiceException, Microsoft.TeamFoundation.Server.Core",
            "typeKey": "ServiceException",
            "errorCode": 0,
            "eventId": 3000,
        }
        return json_answer(wrapped, status)

    def _operated(self, asked: Asked) -> Answer:
        operation = operation_of(asked)
        line = f"{asked.method} {asked.path}?{dict(asked.query)}"
        if operation is None:
            self.problem(f"{line}: no such operation")
            return self.refusal(404)
        for problem in problems_of_request(operation, asked):
            self.problem(f"{line}: {operation.id} does not know {problem}")
        self.operations[operation.id] = operation
        if not operation.scopes & _implied(self.granted):
            return self.refusal(403)
        match = operation.path.fullmatch(asked.path)
        given = dict(zip(operation.names, map(unquote, match.groups() if match else ()), strict=True))
        if given.get("repositoryId", NAME) != NAME or given.get("project", PROJECT) != PROJECT:
            return self.refusal(404)
        value = DOES[operation.id](self, asked, given)
        if value is None:
            return self.refusal(404)
        status = 201 if operation.id == "Pull Request Attachments_Create" else 200
        for problem in problems_of_answer(operation, status, value):
            self.problem(f"{line}: the server's answer of {operation.id} has {problem}")
        if value == "":
            return Answer(status)
        return _listed(value) if isinstance(value, list) else json_answer(value, status)

    def _line(self) -> dict[str, Any]:
        clock = FakeClock()
        line = session(Meter(), patience=Patience(backoff=0.0), clock=clock)
        context = Context(
            build=BUILD, revision=HEAD, branch=FEATURE, change=CHANGE, host=self.place(), forge=self.place()
        )
        return {"context": context, "session": line, "clock": clock}

    def _download(self, build: str, name: str) -> Answer:
        for one, data, _ in self.artifacts.get(build, ()):
            if one == unquote(name):
                return Answer(200, data, {"Content-Type": "application/zip"})
        return self.refusal(404)


def serve() -> AbstractContextManager[AzureServer]:
    """Azure DevOps on this machine. Needs the published specifications."""
    need(SPECS.is_dir(), f"{SPECS} has Azure's Swagger files; see its README")
    return serving(AzureServer())


def _locations() -> Iterator[dict[str, Any]]:
    git = "{project}/_apis/git/repositories/{repositoryId}"
    for key, told in _LOCATIONS.items():
        template, _, resource = told.replace("GIT", git).partition("|")
        yield {
            "id": key,
            "area": "any",
            "resourceName": resource,
            "routeTemplate": template,
            "resourceVersion": 9,
            "minVersion": "1.0",
            "maxVersion": "7.1",
            "releasedVersion": "7.0",
        }


def _listed(values: list[Any]) -> Answer:
    return json_answer({"count": len(values), "value": values})


def _implied(scopes: set[str]) -> set[str]:
    """A scope to write is one to read, too; but that of code, so that the narrower ones are seen to be needed."""
    return scopes | ({"vso.test"} if "vso.test_write" in scopes else set())
