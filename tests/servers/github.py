"""GitHub, as far as we ask it anything: holds state, and holds each request and answer against GitHub's own OpenAPI.

The document comes from the npm package of GitHub's Octokit (`make engines`); answers begin as its examples.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from parts import need
from servers.base import BUILD, FEATURE, HEAD, REPOSITORY, TOKEN, Answer, Asked, Fault, json_answer, serving
from servers.github_changes import HANDLERS, GithubChanges
from servers.github_state import FORK, OWNER, SPEC, WORKFLOW, R, Values

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.github.api import GithubForge, GithubHost
from ci_orchestrator.providers.http import Meter, session
from ci_orchestrator.providers.online import Build, Forge, Host, Runner, RunnerState

_STORAGE = "/storage/"
_ARTIFACTS = f"GET {R}/actions/runs/{{run_id}}/artifacts"
_RUN = f"GET {R}/actions/runs/{{run_id}}"


class GithubServer(GithubChanges):
    """See `Server`."""

    @property
    def place(self) -> Place:
        return Place(kind="github", api=f"{self.url}/api/v3", web=self.url, repository=REPOSITORY)

    def host(self, meter: Meter | None = None) -> Host:
        clock = FakeClock()
        line = session(meter or Meter(), clock=clock)
        return GithubHost(self.place, Secret(TOKEN), context=Context(build=BUILD), session=line, clock=clock)

    def forge(self, meter: Meter | None = None, token: str = TOKEN) -> Forge:
        clock = FakeClock()
        line = session(meter or Meter(), clock=clock)
        return GithubForge(self.place, Secret(token), context=Context(build=BUILD), session=line, clock=clock)

    def expected(self, runner: Runner) -> Runner:
        labels = tuple(sorted({*runner.labels, "self-hosted"}))
        return Runner(name=runner.name, state=runner.state, labels=labels, group=runner.group)

    # -- as the client sees it -------------------------------------------------------------------

    def answer(self, asked: Asked) -> Answer:
        if asked.path.startswith(_STORAGE):
            return self._stored(asked)
        inner = asked.path.removeprefix("/api/v3")
        asked = Asked(method=asked.method, path=inner, query=asked.query, headers=asked.headers, body=asked.body)
        if asked.headers.get("authorization") not in {f"Bearer {TOKEN}", f"Bearer ghs_{TOKEN}"}:
            return self.refusal(Fault.UNAUTHORIZED.value)
        known = self.contract.operation(asked)
        if known is None:
            self.problem(f"GitHub knows no {asked.method} {asked.path}")
            return self.refusal(404)
        operation, values = known
        self.operations.add(operation)
        found = list(self.contract.request_problems(operation, values, asked))
        for words in found:
            self.problem(words)
        handler = _HANDLERS.get(operation)
        if handler is None:
            self.problem(f"the server has no {operation}")
            return self.refusal(404)
        answer = self.refusal(422) if found else handler(self, values, asked)
        for words in self.contract.answer_problems(operation, answer):
            self.problem(f"the server's own answer: {words}")
        return _tagged(asked, answer, self.scopes)

    def refusal(self, status: int) -> Answer:
        return json_answer(
            {"message": f"refused with {status}", "documentation_url": "https://docs.github.com"}, status
        )

    def _stored(self, asked: Asked) -> Answer:
        """Storage elsewhere, whose address is the key: a token that comes along would be given away."""
        if "authorization" in asked.headers:
            self.problem("the token went to the storage of artifacts")
        if asked.one("sig") != "s3":
            return Answer(403)
        data = self.artifacts[int(asked.path.removeprefix(_STORAGE))][2]
        found = re.fullmatch(r"bytes=([0-9]+)-", asked.headers.get("range", ""))
        if found:
            start = int(found[1])
            return Answer(206, data[start:], {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"})
        return Answer(200, data, {"Content-Type": "application/zip"})

    # -- actions ---------------------------------------------------------------------------------

    def list_artifacts(self, values: Values, asked: Asked) -> Answer:
        example = self.example(_ARTIFACTS)["artifacts"][0]
        entries = [
            {
                **example,
                "id": number,
                "name": name,
                "size_in_bytes": len(data),
                "digest": f"sha256:{hashlib.sha256(data).hexdigest()}",
                "expired": False,
            }
            for number, (name, build, data) in sorted(self.artifacts.items(), reverse=True)
            if build == values["run_id"]
        ]
        return self.listed(asked, entries, "artifacts")

    def download_artifact(self, values: Values, asked: Asked) -> Answer:
        number = int(values["artifact_id"])
        if number not in self.artifacts:
            return self.refusal(410)
        elsewhere = self.url.replace("127.0.0.1", "localhost")
        return Answer(302, b"", {"Location": f"{elsewhere}{_STORAGE}{number}?sig=s3"})

    def delete_artifact(self, values: Values, asked: Asked) -> Answer:
        return Answer(204) if self.artifacts.pop(int(values["artifact_id"]), None) else self.refusal(404)

    def _run(self, build: Build, conclusion: str | None, event: str, head: str) -> dict[str, Any]:
        made: dict[str, Any] = self.example(_RUN)
        made |= {
            "id": int(build.id),
            "head_sha": build.revision or HEAD,
            "head_branch": build.branch or FEATURE,
            "pull_requests": [self._minimal(build)] if build.change and not build.fork else [],
            "html_url": build.url or f"{self.url}/{REPOSITORY}/actions/runs/{build.id}",
            "workflow_id": WORKFLOW,
            "event": event,
            "status": "completed" if conclusion else "in_progress",
            "conclusion": conclusion,
        }
        made["repository"]["full_name"] = REPOSITORY
        made["head_repository"]["full_name"] = head
        made["head_repository"]["owner"]["login"] = head.partition("/")[0]
        return made

    def _minimal(self, build: Build) -> dict[str, Any]:
        """A pull request of this repository, as a run names it; GitHub names none of a fork."""
        repository = {"id": 1, "url": f"{self.url}/api/v3/repos/{REPOSITORY}", "name": "shop"}
        return {
            "id": 70_000 + build.change,
            "number": build.change,
            "url": f"{self.url}/api/v3/repos/{REPOSITORY}/pulls/{build.change}",
            "head": {"ref": build.branch, "sha": build.revision, "repo": repository},
            "base": {"ref": build.base, "sha": "b" * 40, "repo": repository},
        }

    def told(self, build: Build) -> Build:
        if not build.fork:
            return build
        return replace(build, branch=f"{FORK}:{build.branch}", change=0, base="")

    def get_run(self, values: Values, asked: Asked) -> Answer:
        if values["run_id"] == BUILD:
            return json_answer(self._run(Build(id=BUILD), None, "pull_request", REPOSITORY))
        found = [one for one in self.builds if one[0].id == values["run_id"]]
        return json_answer(self._run(*found[0])) if found else self.refusal(404)

    def list_runs(self, values: Values, asked: Asked) -> Answer:
        entries = [
            self._run(*one)
            for one in self.builds
            if asked.one("branch", one[0].branch) == one[0].branch and asked.one("status", one[1]) == one[1]
        ]
        return self.listed(asked, entries, "workflow_runs")

    def get_repository(self, values: Values, asked: Asked) -> Answer:
        made = self.example("GET /repos/{owner}/{repo}")
        for wrong in ("template_repository", "parent", "source"):  # the example does not keep to its own schema
            del made[wrong]
        made["language"] = None
        made |= {"private": self.private, "permissions": {**made["permissions"], **self.role}}
        made["owner"] |= {"login": OWNER, "type": "Organization" if self.organization else "User"}
        return json_answer(made)

    def list_runners(self, values: Values, asked: Asked) -> Answer:
        shared = "runner_group_id" in values
        runners = (self.shared if values.get("runner_group_id") == "3" else ()) if shared else self.runners
        entries = [
            {
                "id": number,
                "name": one.name,
                "os": "linux",
                "status": "offline" if one.state is RunnerState.OFFLINE else "online",
                "busy": one.state is RunnerState.BUSY,
                "labels": [{"id": 1, "name": name, "type": "custom"} for name in ("self-hosted", *one.labels)],
            }
            for number, one in enumerate(runners, 1)
        ]
        return self.listed(asked, entries, "runners")

    def list_groups(self, values: Values, asked: Asked) -> Answer:
        groups = self.example("GET /orgs/{org}/actions/runner-groups")["runner_groups"]
        return self.listed(asked, [one for one in groups if one["id"] != 2], "runner_groups")


_HANDLERS: Mapping[str, Callable[[GithubServer, Values, Asked], Answer]] = {
    _ARTIFACTS: GithubServer.list_artifacts,
    f"GET {R}/actions/artifacts/{{artifact_id}}/{{archive_format}}": GithubServer.download_artifact,
    f"DELETE {R}/actions/artifacts/{{artifact_id}}": GithubServer.delete_artifact,
    _RUN: GithubServer.get_run,
    f"GET {R}/actions/runs": GithubServer.list_runs,
    f"GET {R}/actions/workflows/{{workflow_id}}/runs": GithubServer.list_runs,
    f"GET {R}": GithubServer.get_repository,
    f"GET {R}/actions/runners": GithubServer.list_runners,
    "GET /orgs/{org}/actions/runner-groups": GithubServer.list_groups,
    "GET /orgs/{org}/actions/runner-groups/{runner_group_id}/runners": GithubServer.list_runners,
    **HANDLERS,
}


def _tagged(asked: Asked, answer: Answer, scopes: str | None) -> Answer:
    """With a tag that the next request may name, to be told that nothing has changed; and with a token's scopes."""
    if asked.method != "GET" or answer.status != 200:
        return answer
    tag = f'"{hashlib.sha256(answer.body).hexdigest()}"'
    if asked.headers.get("if-none-match") == tag:
        return Answer(304, b"", {"ETag": tag})
    told = {} if scopes is None else {"X-OAuth-Scopes": scopes}
    return Answer(200, answer.body, {**answer.headers, **told, "ETag": tag, "X-RateLimit-Remaining": "4000"})


def serve() -> AbstractContextManager[GithubServer]:
    """On a free port. Needs GitHub's OpenAPI."""
    need(SPEC.is_file(), "GitHub's OpenAPI is not here: make engines")
    return serving(GithubServer())
