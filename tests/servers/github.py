"""GitHub, as far as we ask it anything: holds state, and holds each request and answer against GitHub's own OpenAPI.

The document comes from the npm package of GitHub's Octokit (`make specs`); answers begin as its examples.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from parts import PROJECT, need
from servers.base import (
    BRANCH,
    BUILD,
    CHANGE,
    FEATURE,
    HEAD,
    REPOSITORY,
    TOKEN,
    Answer,
    Asked,
    Fault,
    Service,
    json_answer,
    serving,
    zipped,
)
from servers.openapi import contract

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.github.api import GithubForge, GithubHost
from ci_orchestrator.providers.http import Meter, session
from ci_orchestrator.providers.online import Build, Forge, Host, Runner, RunnerState

SPEC = PROJECT / "tests/specs/node_modules/@octokit/openapi/generated/api.github.com.json"
OWNER = REPOSITORY.partition("/")[0]
LOGIN = "ci-bot"
WORKFLOW = 161335
POOL = "expensive-hardware"
"""The group of the organization whose runners are `GithubServer.shared`."""

Values = Mapping[str, str]
_STORAGE = "/storage/"


class GithubServer(Service):
    """See `Server`."""

    name = "github"

    def __init__(self) -> None:
        super().__init__()
        self.contract = contract(SPEC)
        self.operations: set[str] = set()
        """What was asked, as ``METHOD /template``: for the table of permissions."""
        self.shared: Sequence[Runner] = ()
        self.app = False
        """The token is an app's, which is not told who it is."""
        self.organization = True
        self.artifacts: dict[int, tuple[str, str, bytes]] = {}
        self.builds: list[tuple[Build, str, str, str]] = []
        """Build, conclusion, event, repository of its head; the newest first."""
        self.comments: dict[int, tuple[int, str, str]] = {}
        self.said: list[dict[str, str]] = []
        self.checks: dict[int, dict[str, Any]] = {}
        self.annotations: dict[int, list[dict[str, Any]]] = {}
        self.pulls: dict[int, tuple[str, str, str]] = {CHANGE: (HEAD, f"{OWNER}:{FEATURE}", "open")}
        """Head, owner:branch, and state by number."""
        self.branches: dict[str, dict[str, bytes]] = {BRANCH: {}}
        self._numbers = iter(range(1000, 10_000_000))
        self._objects: set[str] = set()

    # -- as the suite sees it --------------------------------------------------------------------

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

    def add_artifact(self, name: str, files: Mapping[str, bytes], *, build: str = BUILD) -> None:
        with self.lock:
            self.artifacts[next(self._numbers)] = (name, build, zipped(files))

    def add_build(self, build: Build, *, good: bool, event: str = "push", head: str = REPOSITORY) -> None:
        with self.lock:
            self.builds.insert(0, (build, "success" if good else "failure", event, head))

    def add_comment(self, body: str, *, ours: bool = False, change: int = CHANGE) -> int:
        with self.lock:
            number = next(self._numbers)
            self.comments[number] = (change, LOGIN if ours else "somebody", body)
            return number

    def bodies(self, change: int = CHANGE) -> Sequence[str]:
        with self.lock:
            return [body for _, (of, _, body) in sorted(self.comments.items()) if of == change]

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
        return _tagged(asked, answer)

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

    def _listed(self, asked: Asked, entries: Sequence[object], key: str = "") -> Answer:
        """A page of a list, counted where GitHub counts, with links to those around it."""
        size, page = int(asked.one("per_page", "30")), int(asked.one("page", "1"))
        some = list(entries[(page - 1) * size : page * size])
        links = {}
        if page * size < len(entries):
            query = "&".join(f"{name}={value}" for name in asked.query for value in asked.query[name] if name != "page")
            links["Link"] = f'<{self.url}/api/v3{asked.path}?{query}&page={page + 1}>; rel="next"'
        return json_answer({"total_count": len(entries), key: some} if key else some, **links)

    def _example(self, operation: str, status: int = 200) -> Any:
        return self.contract.example(operation, status)

    # -- actions ---------------------------------------------------------------------------------

    def list_artifacts(self, values: Values, asked: Asked) -> Answer:
        example = self._example(_ARTIFACTS)["artifacts"][0]
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
        return self._listed(asked, entries, "artifacts")

    def download_artifact(self, values: Values, asked: Asked) -> Answer:
        number = int(values["artifact_id"])
        if number not in self.artifacts:
            return self.refusal(410)
        elsewhere = self.url.replace("127.0.0.1", "localhost")
        return Answer(302, b"", {"Location": f"{elsewhere}{_STORAGE}{number}?sig=s3"})

    def delete_artifact(self, values: Values, asked: Asked) -> Answer:
        return Answer(204) if self.artifacts.pop(int(values["artifact_id"]), None) else self.refusal(404)

    def _run(self, build: Build, conclusion: str | None, event: str, head: str) -> dict[str, Any]:
        made: dict[str, Any] = self._example(_RUN)
        made |= {
            "id": int(build.id),
            "head_sha": build.revision or HEAD,
            "head_branch": build.branch or FEATURE,
            "html_url": build.url or f"{self.url}/{REPOSITORY}/actions/runs/{build.id}",
            "workflow_id": WORKFLOW,
            "event": event,
            "status": "completed" if conclusion else "in_progress",
            "conclusion": conclusion,
        }
        made["head_repository"]["full_name"] = head
        return made

    def get_run(self, values: Values, asked: Asked) -> Answer:
        if values["run_id"] == BUILD:
            return json_answer(self._run(Build(id=BUILD), None, "pull_request", REPOSITORY))
        return self.refusal(404)

    def list_runs(self, values: Values, asked: Asked) -> Answer:
        entries = [
            self._run(*one)
            for one in self.builds
            if asked.one("branch", one[0].branch) == one[0].branch and asked.one("status", one[1]) == one[1]
        ]
        return self._listed(asked, entries, "workflow_runs")

    def get_repository(self, values: Values, asked: Asked) -> Answer:
        made = self._example("GET /repos/{owner}/{repo}")
        for wrong in ("template_repository", "parent", "source"):  # the example does not keep to its own schema
            del made[wrong]
        made["language"] = None
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
        return self._listed(asked, entries, "runners")

    def list_groups(self, values: Values, asked: Asked) -> Answer:
        groups = self._example("GET /orgs/{org}/actions/runner-groups")["runner_groups"]
        return self._listed(asked, [one for one in groups if one["id"] != 2], "runner_groups")

    # -- comments and changes --------------------------------------------------------------------

    def get_user(self, values: Values, asked: Asked) -> Answer:
        if self.app:
            return _said(403, "Resource not accessible by integration")
        return json_answer({**self._example("GET /user"), "login": LOGIN, "user_view_type": "private"})

    def _comment(self, number: int) -> dict[str, Any]:
        _, login, body = self.comments[number]
        made: dict[str, Any] = self._example(_COMMENT)
        made |= {"id": number, "body": body, "html_url": f"{self.url}/{REPOSITORY}/pull/{CHANGE}#issuecomment-{number}"}
        made["user"] |= {"login": login, "type": "Bot" if login == LOGIN and self.app else "User"}
        return made

    def list_comments(self, values: Values, asked: Asked) -> Answer:
        of = int(values["issue_number"])
        return self._listed(asked, [self._comment(key) for key in sorted(self.comments) if self.comments[key][0] == of])

    def create_comment(self, values: Values, asked: Asked) -> Answer:
        number = self.add_comment(_body(asked)["body"], ours=True, change=int(values["issue_number"]))
        return json_answer(self._comment(number), 201)

    def update_comment(self, values: Values, asked: Asked) -> Answer:
        number = int(values["comment_id"])
        if number not in self.comments:
            return self.refusal(404)
        self.comments[number] = (*self.comments[number][:2], _body(asked)["body"])
        return json_answer(self._comment(number))

    def delete_comment(self, values: Values, asked: Asked) -> Answer:
        return Answer(204) if self.comments.pop(int(values["comment_id"]), None) else self.refusal(404)

    def _pull(self, example: dict[str, Any], number: int) -> dict[str, Any]:
        head, branch, state = self.pulls[number]
        example |= {"number": number, "state": state, "requested_teams": []}
        example["head"] |= {"sha": head, "label": branch, "ref": branch.partition(":")[2]}
        return example

    def get_pull(self, values: Values, asked: Asked) -> Answer:
        number = int(values["pull_number"])
        if number not in self.pulls:
            return self.refusal(404)
        return json_answer(self._pull(self._example("GET /repos/{owner}/{repo}/pulls/{pull_number}"), number))

    def list_pulls(self, values: Values, asked: Asked) -> Answer:
        wanted, state = values.get("commit_sha"), asked.one("state")
        entries = [
            self._pull(self._example("GET /repos/{owner}/{repo}/pulls")[0], number)
            for number, (head, branch, is_) in sorted(self.pulls.items())
            if (head == wanted if wanted else asked.one("head", branch) == branch and state in {is_, "all"})
        ]
        return self._listed(asked, entries)

    # -- statuses and checks ---------------------------------------------------------------------

    def set_status(self, values: Values, asked: Asked) -> Answer:
        made = {**self._example("POST /repos/{owner}/{repo}/statuses/{sha}", 201), **_body(asked)}
        self.said.append({**made, "id": next(self._numbers), "sha": values["sha"]})
        return json_answer(made, 201)

    def combined_status(self, values: Values, asked: Asked) -> Answer:
        latest = {one["context"]: one for one in self.said if one["sha"] == values["ref"]}
        simple = self._example(_COMBINED)["statuses"][0]
        entries = [{name: latest[context].get(name) for name in simple} for context in sorted(latest)]
        page = json.loads(self._listed(asked, entries, "statuses").body)
        return json_answer({**self._example(_COMBINED), **page})

    def create_check(self, values: Values, asked: Asked) -> Answer:
        number = next(self._numbers)
        self.checks[number] = {"status": "queued", "conclusion": None, **_body(asked)}
        self._annotate(number, asked)
        return json_answer(self._check(number), 201)

    def update_check(self, values: Values, asked: Asked) -> Answer:
        number = int(values["check_run_id"])
        self.checks[number] |= _body(asked)
        self._annotate(number, asked)
        return json_answer(self._check(number))

    def _annotate(self, number: int, asked: Asked) -> None:
        output = _body(asked).get("output", {})
        if any(len(str(output.get(name, "")).encode()) > 65_535 for name in ("summary", "text")):
            self.problem("GitHub takes 65,535 bytes of a summary")
        self.annotations.setdefault(number, []).extend(output.get("annotations", []))

    def _check(self, number: int) -> dict[str, Any]:
        given, made = self.checks[number], self._example(_CHECK, 201)
        made |= {"id": number, **{name: given[name] for name in ("name", "head_sha", "status", "conclusion")}}
        made["output"] |= {"title": given["output"]["title"], "annotations_count": len(self.annotations[number])}
        return dict(made)

    def list_checks(self, values: Values, asked: Asked) -> Answer:
        entries = [self._check(key) for key in sorted(self.checks) if self.checks[key]["head_sha"] == values["ref"]]
        return self._listed(asked, entries, "check_runs")

    # -- the data branch -------------------------------------------------------------------------

    def put_file(self, values: Values, asked: Asked) -> Answer:
        body = _body(asked)
        files = self.branches.get(body["branch"])
        if files is None:
            return _said(404, f"Branch {body['branch']} not found")
        if values["path"] in files:
            return _said(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
        files[values["path"]] = body["content"].encode()
        return json_answer(self._example(_FILE, 201), 201)

    def create_tree(self, values: Values, asked: Asked) -> Answer:
        return self._object("POST /repos/{owner}/{repo}/git/trees", asked)

    def create_commit(self, values: Values, asked: Asked) -> Answer:
        if _body(asked)["tree"] not in self._objects:
            return self.refusal(422)
        return self._object("POST /repos/{owner}/{repo}/git/commits", asked)

    def _object(self, operation: str, asked: Asked) -> Answer:
        name = hashlib.sha1(asked.body).hexdigest()
        self._objects.add(name)
        return json_answer({**self._example(operation, 201), "sha": name}, 201)

    def create_ref(self, values: Values, asked: Asked) -> Answer:
        branch = _body(asked)["ref"].removeprefix("refs/heads/")
        if branch in self.branches or _body(asked)["sha"] not in self._objects:
            return _said(422, "Reference already exists")
        self.branches[branch] = {}
        return json_answer(self._example("POST /repos/{owner}/{repo}/git/refs", 201), 201)


_R = "/repos/{owner}/{repo}"
_ARTIFACTS = f"GET {_R}/actions/runs/{{run_id}}/artifacts"
_RUN = f"GET {_R}/actions/runs/{{run_id}}"
_COMMENT = f"PATCH {_R}/issues/comments/{{comment_id}}"
_COMBINED = f"GET {_R}/commits/{{ref}}/status"
_CHECK = f"POST {_R}/check-runs"
_FILE = f"PUT {_R}/contents/{{path}}"
_HANDLERS: Mapping[str, Callable[[GithubServer, Values, Asked], Answer]] = {
    _ARTIFACTS: GithubServer.list_artifacts,
    f"GET {_R}/actions/artifacts/{{artifact_id}}/{{archive_format}}": GithubServer.download_artifact,
    f"DELETE {_R}/actions/artifacts/{{artifact_id}}": GithubServer.delete_artifact,
    _RUN: GithubServer.get_run,
    f"GET {_R}/actions/runs": GithubServer.list_runs,
    f"GET {_R}/actions/workflows/{{workflow_id}}/runs": GithubServer.list_runs,
    f"GET {_R}": GithubServer.get_repository,
    f"GET {_R}/actions/runners": GithubServer.list_runners,
    "GET /orgs/{org}/actions/runner-groups": GithubServer.list_groups,
    "GET /orgs/{org}/actions/runner-groups/{runner_group_id}/runners": GithubServer.list_runners,
    "GET /user": GithubServer.get_user,
    f"GET {_R}/issues/{{issue_number}}/comments": GithubServer.list_comments,
    f"POST {_R}/issues/{{issue_number}}/comments": GithubServer.create_comment,
    _COMMENT: GithubServer.update_comment,
    f"DELETE {_R}/issues/comments/{{comment_id}}": GithubServer.delete_comment,
    f"GET {_R}/pulls/{{pull_number}}": GithubServer.get_pull,
    f"GET {_R}/pulls": GithubServer.list_pulls,
    f"GET {_R}/commits/{{commit_sha}}/pulls": GithubServer.list_pulls,
    f"POST {_R}/statuses/{{sha}}": GithubServer.set_status,
    _COMBINED: GithubServer.combined_status,
    _CHECK: GithubServer.create_check,
    f"PATCH {_R}/check-runs/{{check_run_id}}": GithubServer.update_check,
    f"GET {_R}/commits/{{ref}}/check-runs": GithubServer.list_checks,
    _FILE: GithubServer.put_file,
    f"POST {_R}/git/trees": GithubServer.create_tree,
    f"POST {_R}/git/commits": GithubServer.create_commit,
    f"POST {_R}/git/refs": GithubServer.create_ref,
}


def _body(asked: Asked) -> dict[str, Any]:
    value = asked.json()
    assert isinstance(value, dict)
    return value


def _said(status: int, message: str) -> Answer:
    return json_answer({"message": message, "documentation_url": "https://docs.github.com/rest"}, status)


def _tagged(asked: Asked, answer: Answer) -> Answer:
    """With a tag that the next request may name, to be told that nothing has changed."""
    if asked.method != "GET" or answer.status != 200:
        return answer
    tag = f'"{hashlib.sha256(answer.body).hexdigest()}"'
    if asked.headers.get("if-none-match") == tag:
        return Answer(304, b"", {"ETag": tag})
    return Answer(200, answer.body, {**answer.headers, "ETag": tag, "X-RateLimit-Remaining": "4000"})


def serve() -> AbstractContextManager[GithubServer]:
    """On a free port. Needs GitHub's OpenAPI."""
    need(SPEC.is_file(), "GitHub's OpenAPI is not here: make specs")
    return serving(GithubServer())
