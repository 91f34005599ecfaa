"""What the contract server of GitHub holds, how it is seeded, and what all its answers are made with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parts import PROJECT
from servers.base import BRANCH, BUILD, CHANGE, FEATURE, HEAD, REPOSITORY, Answer, Asked, Service, json_answer, zipped
from servers.openapi import contract

from ci_orchestrator.providers.online import Build, Runner

SPEC = PROJECT / "tests/specs/node_modules/@octokit/openapi/generated/api.github.com.json"
OWNER = REPOSITORY.partition("/")[0]
LOGIN = "ci-bot"
FORK = "eve"
"""Who owns the fork."""
WORKFLOW = 161335
POOL = "expensive-hardware"
"""The group of the organization whose runners are `GithubServer.shared`."""

Values = Mapping[str, str]
R = "/repos/{owner}/{repo}"


class GithubState(Service):
    """Seeds are as `Server` has them."""

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
        self.scopes: str | None = None
        """Of a classic token, as each answer tells them."""
        self.private, self.role = True, {"pull": True, "push": True, "admin": False}
        self.builds: list[tuple[Build, str, str, str]] = []
        """Build, conclusion, event, repository of its head; the newest first."""
        self.comments: dict[int, tuple[int, str, str]] = {}
        self.posted: list[dict[str, str]] = []
        self.checks: dict[int, dict[str, Any]] = {}
        self.annotations: dict[int, list[dict[str, Any]]] = {}
        self.pulls: dict[int, tuple[str, str, str]] = {CHANGE: (HEAD, f"{OWNER}:{FEATURE}", "open")}
        """Head, owner:branch, and state by number."""
        self.branches: dict[str, dict[str, bytes]] = {BRANCH: {}}
        self.numbers = iter(range(1000, 10_000_000))
        self._objects: set[str] = set()

    def add_artifact(self, name: str, files: Mapping[str, bytes], *, build: str = BUILD) -> None:
        with self.lock:
            self.artifacts[next(self.numbers)] = (name, build, zipped(files))

    def add_build(self, build: Build, *, good: bool, event: str = "push", head: str = REPOSITORY) -> None:
        if build.change or build.fork:
            event, head = "pull_request", f"{FORK}/shop" if build.fork else head
        with self.lock:
            self.builds.insert(0, (build, "success" if good else "failure", event, head))

    def add_comment(self, body: str, *, ours: bool = False, change: int = CHANGE) -> int:
        with self.lock:
            number = next(self.numbers)
            self.comments[number] = (change, LOGIN if ours else "somebody", body)
            return number

    def bodies(self, change: int = CHANGE) -> Sequence[str]:
        with self.lock:
            return [body for _, (of, _, body) in sorted(self.comments.items()) if of == change]

    def listed(self, asked: Asked, entries: Sequence[object], key: str = "") -> Answer:
        """A page of a list, counted where GitHub counts, with links to those around it."""
        size, page = int(asked.one("per_page", "30")), int(asked.one("page", "1"))
        some = list(entries[(page - 1) * size : page * size])
        links = {}
        if page * size < len(entries):
            query = "&".join(f"{name}={value}" for name in asked.query for value in asked.query[name] if name != "page")
            links["Link"] = f'<{self.url}/api/v3{asked.path}?{query}&page={page + 1}>; rel="next"'
        return json_answer({"total_count": len(entries), key: some} if key else some, **links)

    def example(self, operation: str, status: int = 200) -> Any:
        return self.contract.example(operation, status)


def body_of(asked: Asked) -> dict[str, Any]:
    value = asked.json()
    assert isinstance(value, dict)
    return value


def said(status: int, message: str) -> Answer:
    return json_answer({"message": message, "documentation_url": "https://docs.github.com/rest"}, status)
