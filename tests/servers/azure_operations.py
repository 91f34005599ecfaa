"""What Azure DevOps keeps and does, operation by operation: the state of the contract server, and how it changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from servers.base import CHANGE, FEATURE, HEAD, MERGED, REPOSITORY, Asked, Service

from ci_orchestrator.providers.base import Place
from ci_orchestrator.providers.online import Build, RunnerState

PROJECT, _, NAME = REPOSITORY.partition("/")
PIPELINE = 12
US, THEM = "3b3ae425-0079-421f-9101-bcf15d6df041", "D291B0C4-A05C-4EA6-8DF1-4B41D5F39EFF"
POOL, POOL_NAME, HOSTED = 3, "Default", 9
SYSTEM = {"Agent.OS": "Linux", "HOME": "/home/somebody"}
DATE = "2026-11-21T20:30:00.000Z"


class AzureOperations(Service):
    """Each method takes a request and the parameters of its path; it returns a value of the published form, an empty
    text for an answer without one, and None for what is not there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.builds: list[dict[str, Any]] = []
        self.artifacts: dict[str, list[tuple[str, bytes, bool]]] = {}
        self.threads: dict[int, list[dict[str, Any]]] = {CHANGE: []}
        self.changes = [self.change(CHANGE, HEAD, FEATURE)]
        self.posted: list[dict[str, Any]] = []
        """Statuses, with ``commit``."""
        self.runs: dict[int, dict[str, Any]] = {}
        self.attachments: dict[str, bytes] = {}

    def place(self) -> Place:
        return Place(kind="azure", api=f"{self.url}/Contoso", web=f"{self.url}/Contoso", repository=REPOSITORY)

    def change(
        self, number: int, head: str, branch: str, *, fork: bool = False, status: str = "active"
    ) -> dict[str, Any]:
        """A pull request."""
        found: dict[str, Any] = {
            "pullRequestId": number,
            "status": status,
            "title": "Faster",
            "sourceRefName": f"refs/heads/{branch}",
            "targetRefName": "refs/heads/main",
            "lastMergeSourceCommit": {"commitId": head},
        }
        return (
            found | {"forkSource": {"name": f"refs/heads/{branch}", "repository": {"name": "fork"}}} if fork else found
        )

    def list_builds(self, asked: Asked, given: Mapping[str, str]) -> Any:
        if "definitions" not in asked.query:
            return self.builds[::-1][: int(asked.one("$top"))]
        wanted = {
            "definition": [int(one) for one in asked.one("definitions").split(",")],
            "status": asked.one("statusFilter"),
            "result": asked.one("resultFilter"),
            "branch": asked.one("branchName"),
        }
        found = [
            one
            for one in self.builds
            if one["definition"]["id"] in wanted["definition"]
            and one["status"] == wanted["status"]
            and one.get("result") == wanted["result"]
            and one["sourceBranch"] == wanted["branch"]
        ]
        return found[::-1][: int(asked.one("$top"))]

    def get_build(self, asked: Asked, given: Mapping[str, str]) -> Any:
        return next((one for one in self.builds if one["id"] == int(given["buildId"])), None)

    def list_artifacts(self, asked: Asked, given: Mapping[str, str]) -> Any:
        build = given["buildId"]
        if self.get_build(asked, given) is None:
            return None
        api = f"{self.place().api}/{PROJECT}/_apis/build/builds/{build}/artifacts"
        return [
            {
                "id": number,
                "name": name,
                "resource": {
                    "type": "PipelineArtifact" if far else "Container",
                    "properties": {"artifactsize": str(len(data))},
                    "downloadUrl": f"{self.url}/far/{build}/{quote(name)}/content?format=zip"
                    if far
                    else f"{api}?artifactName={quote(name)}&api-version=7.1&%24format=zip",
                },
            }
            for number, (name, data, far) in enumerate(self.artifacts.get(build, ()), 1)
        ]

    def list_queues(self, asked: Asked, given: Mapping[str, str]) -> Any:
        pools = [
            {"id": POOL, "name": POOL_NAME, "isHosted": False},
            {"id": HOSTED, "name": "Azure Pipelines", "isHosted": True},
        ]
        return [{"id": 10 + n, "name": one["name"], "pool": one} for n, one in enumerate([*pools, pools[0]])]

    def list_agents(self, asked: Asked, given: Mapping[str, str]) -> Any:
        if int(given["poolId"]) != POOL:
            return None
        states = {RunnerState.OFFLINE: "offline"}
        return [
            {
                "id": number,
                "name": one.name,
                "enabled": True,
                "status": states.get(one.state, "online"),
                "systemCapabilities": SYSTEM,
                "userCapabilities": dict.fromkeys(one.labels, ""),
            }
            | ({"assignedRequest": {"requestId": 5}} if one.state is RunnerState.BUSY else {})
            for number, one in enumerate(self.runners)
        ]

    def list_changes(self, asked: Asked, given: Mapping[str, str]) -> Any:
        branch, skip, top = (
            asked.one("searchCriteria.sourceRefName"),
            int(asked.one("$skip", "0")),
            int(asked.one("$top", "101")),
        )
        status = asked.one("searchCriteria.status", "active")
        every = [one for one in self.changes if one["status"] == status and branch in ("", one["sourceRefName"])]
        return every[skip : skip + top]

    def get_change(self, asked: Asked, given: Mapping[str, str]) -> Any:
        return next((one for one in self.changes if one["pullRequestId"] == int(given["pullRequestId"])), None)

    def list_threads(self, asked: Asked, given: Mapping[str, str]) -> Any:
        return self.threads.get(int(given["pullRequestId"]))

    def create_thread(self, asked: Asked, given: Mapping[str, str]) -> Any:
        told = asked.json()
        if int(given["pullRequestId"]) not in self.threads:
            return None
        if told.get("status", "unknown") == "active":
            self.problem("an active thread has to be resolved before the change is merged")
        return self.thread(int(given["pullRequestId"]), told["comments"][0]["content"], US)

    def update_comment(self, asked: Asked, given: Mapping[str, str]) -> Any:
        found = self._standing(given)
        if found is None:
            return None
        found["content"] = asked.json()["content"]
        return found

    def delete_comment(self, asked: Asked, given: Mapping[str, str]) -> Any:
        found = self._standing(given)
        if found is None:
            return None
        found |= {"isDeleted": True, "content": ""}
        return ""

    def _standing(self, given: Mapping[str, str]) -> dict[str, Any] | None:
        for thread in self.threads.get(int(given["pullRequestId"]), ()):
            for one in thread["comments"]:
                if (thread["id"], one["id"]) == (int(given["threadId"]), int(given["commentId"])) and not one[
                    "isDeleted"
                ]:
                    return one
        return None

    def create_status(self, asked: Asked, given: Mapping[str, str]) -> Any:
        made = {"id": len(self.posted) + 1, "creationDate": DATE, **asked.json()}
        self.posted.append(made | {"commit": given["commitId"]})
        return made

    def list_statuses(self, asked: Asked, given: Mapping[str, str]) -> Any:
        latest: dict[tuple[str, str], dict[str, Any]] = {}
        for one in self.posted:
            if one["commit"] == given["commitId"]:
                told = {key: value for key, value in one.items() if key != "commit"}
                latest[one["context"].get("genre", ""), one["context"]["name"]] = told
        skip, top = int(asked.one("skip", "0")), int(asked.one("top", "1000"))
        return list(latest.values())[::-1][skip : skip + top]

    def list_attachments(self, asked: Asked, given: Mapping[str, str]) -> Any:
        return [self._attachment(name) for name in self.attachments]

    def create_attachment(self, asked: Asked, given: Mapping[str, str]) -> Any:
        if given["fileName"] in self.attachments:
            self.problem(f"{given['fileName']} is attached twice")
        self.attachments[given["fileName"]] = asked.body
        return self._attachment(given["fileName"])

    def _attachment(self, name: str) -> dict[str, Any]:
        return {"displayName": name, "url": f"{self.place().api}/{PROJECT}/attachments/{name}", "createdDate": DATE}

    def list_runs(self, asked: Asked, given: Mapping[str, str]) -> Any:
        build = asked.one("buildUri").rpartition("/")[2]
        full = asked.one("includeRunDetails").lower() == "true"
        found = [one["run"] for one in self.runs.values() if one["run"].get("build", {}).get("id") == build]
        return [one if full else {"id": one["id"], "name": one["name"]} for one in found]

    def create_run(self, asked: Asked, given: Mapping[str, str]) -> Any:
        told = asked.json()
        number = 1 + max(self.runs, default=0)
        kept = {key: told[key] for key in ("name", "state", "comment", "build") if key in told}
        self.runs[number] = {
            "run": {"id": number, "isAutomated": told["automated"], **kept},
            "results": [],
            "files": {},
        }
        return self.runs[number]["run"]

    def update_run(self, asked: Asked, given: Mapping[str, str]) -> Any:
        one = self.runs.get(int(given["runId"]))
        if one is None:
            return None
        one["summary"] = {each["testOutcome"]: each["resultCount"] for each in asked.json().get("runSummary", ())}
        one["run"]["state"] = asked.json()["state"]
        return one["run"]

    def delete_run(self, asked: Asked, given: Mapping[str, str]) -> Any:
        return "" if self.runs.pop(int(given["runId"]), None) else None

    def add_results(self, asked: Asked, given: Mapping[str, str]) -> Any:
        told = asked.json()
        if len(told) > 1000:
            self.problem(f"{len(told)} results at a time")
        if int(given["runId"]) not in self.runs:
            return None
        self.runs[int(given["runId"])]["results"] += told
        return [{"id": number} for number, _ in enumerate(told, 100_000)]

    def attach_to_run(self, asked: Asked, given: Mapping[str, str]) -> Any:
        told = asked.json()
        if int(given["runId"]) not in self.runs:
            return None
        self.runs[int(given["runId"])]["files"][told["fileName"]] = told["stream"]
        return {"id": len(self.runs[int(given["runId"])]["files"])}

    def thread(self, change: int, body: str, author: str, kind: str = "text") -> dict[str, Any]:
        number = 1 + sum(map(len, self.threads.values()))
        first = {
            "id": 1,
            "parentCommentId": 0,
            "content": body,
            "commentType": kind,
            "author": {"id": author, "displayName": "somebody"},
            "isDeleted": False,
            "publishedDate": DATE,
        }
        self.threads[change].append({"id": number, "comments": [first], "isDeleted": False, "publishedDate": DATE})
        return self.threads[change][-1]


def proposing(build: Build) -> dict[str, Any]:
    """What a build of a pull request has instead: it tests a merge."""
    parameters = {
        "pullRequestId": "987654321",
        "pullRequestNumber": str(build.change),
        "sourceBranch": f"refs/heads/{build.branch}",
        "targetBranch": f"refs/heads/{build.base}",
        "sourceCommitId": build.revision,
        "isFork": str(build.fork),
    }
    return {
        "reason": "pullRequest",
        "sourceVersion": MERGED,
        "sourceBranch": f"refs/pull/{build.change}/merge",
        "parameters": json.dumps({f"system.pullRequest.{name}": value for name, value in parameters.items()}),
        "triggerInfo": {"pr.number": str(build.change), "pr.sourceSha": build.revision, "pr.isFork": str(build.fork)},
    }


DOES = {
    "Builds_List": AzureOperations.list_builds,
    "Builds_Get": AzureOperations.get_build,
    "Artifacts_List": AzureOperations.list_artifacts,
    "Queues_Get Agent Queues": AzureOperations.list_queues,
    "Agents_List": AzureOperations.list_agents,
    "Pull Requests_Get Pull Requests": AzureOperations.list_changes,
    "Pull Requests_Get Pull Request": AzureOperations.get_change,
    "Pull Request Threads_List": AzureOperations.list_threads,
    "Pull Request Threads_Create": AzureOperations.create_thread,
    "Pull Request Thread Comments_Update": AzureOperations.update_comment,
    "Pull Request Thread Comments_Delete": AzureOperations.delete_comment,
    "Statuses_Create": AzureOperations.create_status,
    "Statuses_List": AzureOperations.list_statuses,
    "Pull Request Attachments_List": AzureOperations.list_attachments,
    "Pull Request Attachments_Create": AzureOperations.create_attachment,
    "Runs_List": AzureOperations.list_runs,
    "Runs_Create": AzureOperations.create_run,
    "Runs_Update": AzureOperations.update_run,
    "Runs_Delete": AzureOperations.delete_run,
    "Results_Add": AzureOperations.add_results,
    "Attachments_Create Test Run Attachment": AzureOperations.attach_to_run,
}
