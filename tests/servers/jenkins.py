"""A Jenkins to test against: folders, jobs, builds with what they archived, agents; by `jenkins_operations.yaml`."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

import yaml
from servers.base import BRANCH, BUILD, MERGED, REPOSITORY, TOKEN, Answer, Asked, Service, json_answer, serving, zipped

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.jenkins.api import JenkinsHost
from ci_orchestrator.providers.online import Build, Runner, RunnerState

_DESCRIBED = yaml.safe_load(Path(__file__).with_name("jenkins_operations.yaml").read_text("utf-8"))
OPERATIONS: Mapping[str, Any] = _DESCRIBED["operations"]
TYPES: Mapping[str, Any] = _DESCRIBED["types"]
USER = "ci-bot"
BUNDLES = ".ci-orchestrator/bundles"
_PARTS = {"item": r"(?:/job/[^/]+)+", "number": "[0-9]+", "path": ".+", "file": "[^/]+"}
_NAMED = re.compile(r"\{(\w+)\}")
_TOKEN = re.compile(r"[A-Za-z0-9_]+|[\[\],]|\{[0-9]*,[0-9]*\}")
_PLAIN = {"string": str, "integer": int, "boolean": bool}


@dataclass
class Run:
    """A build. `result`: None while it runs."""

    number: int
    result: str | None = None
    revision: str = ""
    branch: str = ""
    marked: str = ""
    """What was merged, where `revision` is a merge that Jenkins made."""
    libraries: Mapping[str, str] = field(default_factory=dict)
    """Revisions by address, of what the pipeline fetched before its own repository."""
    files: dict[str, bytes] = field(default_factory=dict)


class JenkinsServer(Service):
    """See `servers.base.Server`. `items`: folders and projects by full name, jobs with their builds."""

    name = "jenkins"

    def __init__(self, prefix: str = "") -> None:
        super().__init__()
        self.prefix = prefix
        self.kinds: dict[str, str] = {"acme": "Folder", REPOSITORY: "WorkflowJob"}
        self.runs: dict[str, dict[int, Run]] = {REPOSITORY: {int(BUILD): Run(int(BUILD))}}
        self.opened: dict[str, str] = {}
        """Where the changes of jobs can be opened."""
        self.anonymous = False
        """Take whoever asks for anybody."""
        self.executors: dict[str, Sequence[bool]] = {}
        """Of agents with several: whether each is idle."""

    # -- seeds -----------------------------------------------------------------------------------------

    def host(self, repository: str = REPOSITORY, build: str = BUILD, token: str = f"{USER}:{TOKEN}") -> JenkinsHost:
        address = f"{self.url}{self.prefix}/"
        place = Place(kind="jenkins", api=address, web=address, repository=repository)
        return JenkinsHost(place, Secret(token), context=Context(build=build, branch=BRANCH), clock=FakeClock())

    def forge(self) -> None:
        return None

    def add_job(self, name: str, *, multibranch: bool = False) -> None:
        self.kinds[name] = "WorkflowMultiBranchProject" if multibranch else "WorkflowJob"
        if not multibranch:
            self.runs[name] = {}

    def add_build(self, build: Build, *, good: bool, job: str = REPOSITORY) -> None:
        run = self._run(job, int(build.id))
        run.result, run.revision, run.branch = "SUCCESS" if good else "FAILURE", build.revision, build.branch
        if build.change:
            run.revision, run.branch, run.marked = MERGED, f"PR-{build.change}", build.revision
            self.opened[job] = f"https://github.com/{REPOSITORY}/pull/{build.change}"

    def told(self, build: Build) -> Build:
        """Of a change neither the branch is told, nor whether it is of a fork."""
        told = replace(build, id=f"{REPOSITORY}#{build.id}")
        return replace(told, branch="", base="", fork=True) if build.change else told

    def add_artifact(self, name: str, files: Mapping[str, bytes], *, build: str = BUILD) -> None:
        job, _, number = build.rpartition("#")
        run = self._run(job or REPOSITORY, int(number))
        run.files |= {f"{BUNDLES}/{name}/{path}": data for path, data in files.items()}

    def add_comment(self, body: str, *, ours: bool = False, change: int = 0) -> int:
        raise AssertionError("Jenkins has no comments")

    def bodies(self, change: int = 0) -> Sequence[str]:
        return ()

    def expected(self, runner: Runner) -> Runner:
        """An agent can be asked for by its name, too."""
        return replace(runner, labels=tuple(sorted({*runner.labels, runner.name})))

    def _run(self, job: str, number: int) -> Run:
        return self.runs[job].setdefault(number, Run(number))

    # -- answers ---------------------------------------------------------------------------------------

    def refusal(self, status: int) -> Answer:
        """Jenkins answers with pages."""
        page = (
            f"<html><head><style>b{{}}</style></head><body><h2>HTTP ERROR {status}</h2>ci-bot is missing</body></html>"
        )
        return Answer(status, page.encode(), {"Content-Type": "text/html;charset=utf-8"})

    def answer(self, asked: Asked) -> Answer:
        if not self._known(asked):
            return self.refusal(401)
        path = asked.path.removeprefix(self.prefix)
        for name, operation in OPERATIONS.items():
            found = _matched(operation["path"], path) if operation["method"] == asked.method else None
            if found is not None:
                if unknown := sorted(set(asked.query) - set(operation["parameters"])):
                    self.problem(f"{asked.method} {path}: unknown parameters {unknown}")
                if asked.body:
                    self.problem(f"{asked.method} {path}: nothing is to be sent")
                return getattr(self, f"_{name}")(asked, **found)
        self.problem(f"{asked.method} {path}: no such operation")
        return self.refusal(404)

    def _known(self, asked: Asked) -> bool:
        right = base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
        return asked.headers.get("authorization") in {f"Basic {right}", f"Bearer {TOKEN}"}

    def _whoami(self, asked: Asked) -> Answer:
        who = {"name": "anonymous" if self.anonymous else USER, "anonymous": self.anonymous}
        return self._exported(asked, "WhoAmI", {**who, "authenticated": not self.anonymous})

    def _computers(self, asked: Asked) -> Answer:
        every = [
            {
                "displayName": runner.name,
                "offline": runner.state is RunnerState.OFFLINE,
                "temporarilyOffline": False,
                "idle": runner.state is not RunnerState.BUSY,
                "numExecutors": len(self._executors(runner)),
                "executors": [{"idle": idle, "number": at} for at, idle in enumerate(self._executors(runner))],
                "assignedLabels": [{"name": label} for label in (*runner.labels, runner.name)],
            }
            for runner in self.runners
        ]
        controller = {
            "displayName": "Built-In Node",
            "offline": False,
            "temporarilyOffline": False,
            "idle": True,
            "numExecutors": 0,
            "executors": [],
            "assignedLabels": [{"name": "built-in"}],
        }
        return self._exported(asked, "ComputerSet", {"displayName": "Nodes", "computer": [controller, *every]})

    def _executors(self, runner: Runner) -> Sequence[bool]:
        return self.executors.get(runner.name, [runner.state is not RunnerState.BUSY])

    def _item(self, asked: Asked, item: str) -> Answer:
        name = _full_name(item)
        if name not in self.kinds:
            return self.refusal(404)
        told: dict[str, Any] = {"name": name.rpartition("/")[2], "url": f"{self.url}{self.prefix}{item}/"}
        if self.kinds[name] == "WorkflowJob":
            runs = [self.runs[name][number] for number in sorted(self.runs[name], reverse=True)]
            told["builds"] = [self._told(item, run) for run in runs[:100]]
            told["actions"] = (
                [{}, {"objectUrl": self.opened[name], "objectDisplayName": "Faster"}] if name in self.opened else [{}]
            )
            told["lastStableBuild"] = next((self._told(item, run) for run in runs if run.result == "SUCCESS"), None)
        return self._exported(asked, self.kinds[name], told)

    def _build(self, asked: Asked, item: str, number: str) -> Answer:
        run = self.runs.get(_full_name(item), {}).get(int(number))
        return self._exported(asked, "WorkflowRun", self._told(item, run)) if run else self.refusal(404)

    def _told(self, item: str, run: Run) -> Mapping[str, Any]:
        fetched = [
            _fetched(run.number, url, revision, revision, "main") for url, revision in sorted(run.libraries.items())
        ]
        if run.revision:
            address = f"https://github.com/{REPOSITORY}.git"
            fetched.append(_fetched(run.number, address, run.revision, run.marked or run.revision, run.branch))
        return {
            "number": run.number,
            "url": f"{self.url}{self.prefix}{item}/{run.number}/",
            "result": run.result,
            "building": run.result is None,
            "timestamp": 1_700_000_000_000 + run.number,
            "actions": [{}, *fetched],
            "artifacts": [
                {"displayPath": None, "fileName": PurePosixPath(path).name, "relativePath": path} for path in run.files
            ],
        }

    def _archive(self, asked: Asked, item: str, number: str, path: str, file: str) -> Answer:
        run = self.runs.get(_full_name(item), {}).get(int(number))
        if run is None:
            return self.refusal(404)
        parts = [unquote(part) for part in path.split("/")]
        at = next(
            (at for at, part in enumerate(parts) if "*" in part and not self._is_there(run, parts[: at + 1])), None
        )
        base, pattern = "/".join(parts[:at]), "/".join(parts[at:]) if at is not None else ""
        inside = {name[len(base) + 1 :]: data for name, data in run.files.items() if name.startswith(f"{base}/")}
        if not inside:
            return self.refusal(404)
        found = {name: data for name, data in inside.items() if _has_pattern(name, pattern)}
        return Answer(200, zipped(found, around="" if pattern else parts[-1]), {"Content-Type": "application/zip"})

    def _is_there(self, run: Run, parts: Sequence[str]) -> bool:
        return any(name.startswith("/".join(parts) + "/") for name in run.files)

    def _exported(self, asked: Asked, kind: str, value: Mapping[str, Any]) -> Answer:
        """What is left of a value by `tree`; every name in that must be one of the type's fields.

        Where it may be of several types, Jenkins leaves out what the one that it is does not have.
        """
        may = next(operation["answers"] for operation in OPERATIONS.values() if kind in operation.get("answers", []))
        others = {name for other in may for name in TYPES[other]["fields"]} - set(TYPES[kind]["fields"])
        try:
            tree = {name: inner for name, inner in _parsed(asked.one("tree")).items() if name not in others}
            return json_answer(_filtered(kind, value, tree))
        except ValueError as error:
            self.problem(f"{asked.path}: {error}")
            return self.refusal(400)


def _fetched(number: int, address: str, revision: str, marked: str, branch: str) -> dict[str, Any]:
    """What the Git plugin keeps of a repository that a build fetched, with what the build before it did."""

    def commit(sha: str) -> dict[str, Any]:
        return {"SHA1": sha, "branch": [{"SHA1": sha, "name": f"refs/remotes/origin/{branch}"}]}

    before = {"buildNumber": number - 1, "marked": commit("0" * 40), "revision": commit("0" * 40)}
    this = {"buildNumber": number, "marked": commit(marked), "revision": commit(revision)}
    return {
        "lastBuiltRevision": commit(revision),
        "buildsByBranchName": {"refs/remotes/origin/before": before, f"refs/remotes/origin/{branch}": this},
        "remoteUrls": [address],
    }


def _matched(template: str, path: str) -> dict[str, str] | None:
    words = _NAMED.split(template)
    form = "".join(f"(?P<{word}>{_PARTS[word]})" if at % 2 else re.escape(word) for at, word in enumerate(words))
    found = re.fullmatch(form, path)
    return found.groupdict() if found else None


def _full_name(item: str) -> str:
    return "/".join(unquote(part) for part in item.removeprefix("/job/").split("/job/"))


def _has_pattern(name: str, pattern: str) -> bool:
    """Patterns as Ant has them, as far as they are asked for."""
    if pattern in ("", "**"):
        return True
    return "/" not in name and fnmatchcase(name, pattern)


Tree = dict[str, tuple["Tree", slice]]


def _parsed(text: str) -> Tree:
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text or not text:
        raise ValueError(f"tree={text!r} cannot be read")
    tree, rest = _branches(tokens)
    if rest:
        raise ValueError(f"tree={text!r} goes on with {rest}")
    return tree


def _branches(tokens: Sequence[str]) -> tuple[Tree, Sequence[str]]:
    tree: Tree = {}
    while tokens:
        name, tokens = tokens[0], tokens[1:]
        inner: Tree = {}
        if tokens[:1] == ["["]:
            inner, tokens = _branches(tokens[1:])
            if tokens[:1] != ["]"]:
                raise ValueError("a bracket is not closed")
            tokens = tokens[1:]
        part = slice(None)
        if tokens and tokens[0].startswith("{"):
            begin, end = tokens[0][1:-1].split(",")
            part, tokens = slice(int(begin or 0), int(end) if end else None), tokens[1:]
        tree[name] = (inner, part)
        if tokens[:1] != [","]:
            return tree, tokens
        tokens = tokens[1:]
    return tree, tokens


def _filtered(kind: str, value: Mapping[str, Any], tree: Tree) -> Mapping[str, Any]:
    fields = TYPES[kind]["fields"]
    if unknown := sorted(set(tree) - set(fields)):
        raise ValueError(f"{kind} has no {unknown}")
    if wrong := sorted(set(value) - set(fields)):
        raise ValueError(f"the server told {wrong} of {kind}")
    told = {name: _typed(fields[name], value[name], tree[name]) for name in tree if name in value}
    return {"_class": TYPES[kind]["class"], **told} if value else {}


def _typed(kind: str, value: Any, tree: tuple[Tree, slice]) -> Any:
    inner, part = tree
    if value is None and kind.endswith("?"):
        return None
    kind = kind.rstrip("?")
    if kind.startswith("["):
        return [_typed(kind[1:-1], one, (inner, slice(None))) for one in value[part]]
    if kind.startswith("{"):
        return {name: _filtered(kind[1:-1], one, inner) for name, one in value.items()}
    if kind in _PLAIN:
        if not isinstance(value, _PLAIN[kind]) or inner:
            raise ValueError(f"{value!r} is no {kind}")
        return value
    return _filtered(kind, value, inner)


def job_url(name: str) -> str:
    return "".join(f"/job/{quote(part, safe='')}" for part in name.split("/"))


def serve() -> AbstractContextManager[JenkinsServer]:
    return serving(JenkinsServer())
