"""Builds at the contract servers: each provider's documented environment, its addresses those of a server here.

What jobs left is written by our own event log and manifest: no test runs.
"""

from __future__ import annotations

import os
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from servers import azure, github, gitlab, jenkins
from servers.base import BUILD, CHANGE, HEAD, TOKEN, Asked, Service, zipped

from ci_orchestrator.api.project import LOCK_FILE
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.lock import Lock, encode
from ci_orchestrator.results import events
from ci_orchestrator.results.model import Outcome
from ci_orchestrator.run.bundle import EventLog, bundle_name, seal_bundle
from ci_orchestrator.translate.phases import schedule

PROVIDERS = Path(__file__).parent / "providers"
JOBS = 20
PLAN = """
version: 1
name: shop
runners:
  big:
    labels:
      github: [self-hosted, gpu-a100]
      gitlab: [gpu-a100]
      jenkins: gpu-a100
      azure: {pool: Default, demands: [gpu-a100]}
  lost:
    labels:
      github: [self-hosted, gpu-a10O]
      gitlab: [gpu-a10O]
      jenkins: gpu-a10O
      azure: {pool: Default, demands: [gpu-a10O]}
suites:
  unit: {tool: pytest, shards: %d}
report: {comment: {images: true}}
"""
"""`lost`: a letter in place of a digit."""
PROPOSED = "1f0c6b0c1d9dbd0e2b0a9d3d2ed2dcd1e23bd3f1"
"""What the change of the documented environments proposes."""


def made_lock(jobs: int = JOBS, tests: int = 5, plan: str = PLAN) -> Lock:
    """A lock with so many jobs, each of so many tests."""
    names = [f"tests/test_shop.py::test_{number:06}" for number in range(jobs * tests)]
    return schedule(load_plan(plan % jobs), {"unit": names}, durations={}, tool_version="1").lock


def left_by(lock: Lock, failing: int, seconds: float, into: Path) -> Sequence[Path]:
    """The bundles of all jobs of a lock; the first `failing` tests of all fail, at a line each. Each test took so many
    `seconds`: where that is none, no chart of the slowest has to be drawn, which takes longer than all the rest.
    """
    failed = {one for job in lock.jobs for one in job.tests}
    failed = set(sorted(failed)[:failing])
    return [_left(lock, job.id, failed, seconds, into) for job in lock.jobs]


def _left(lock: Lock, job: str, failed: set[str], seconds: float, into: Path) -> Path:
    one, bundle = lock.job(job), into / bundle_name(job, 1)
    log = EventLog(bundle)
    log.append(
        events.JobStarted(ts=1.0, job=job, suite=one.suite, lock=lock.digest, tests=len(one.tests), runner="local")
    )
    for at, test in enumerate(one.tests, 1):
        bad = test in failed
        why = {"message": f"assert {at} == 0", "file": "tests/test_shop.py", "line": at} if bad else {}
        end = events.TestFinished(
            ts=1.0 + at,
            job=job,
            test=f"{one.suite}::{test}",
            number=1,
            outcome=Outcome.FAILED if bad else Outcome.PASSED,
            started=float(at),
            duration=seconds,
            **why,  # type: ignore[arg-type]
        )
        log.append(end)
    log.append(events.JobFinished(ts=2.0 + len(one.tests), job=job, exit_code=int(not failed.isdisjoint(one.tests))))
    log.close()
    seal_bundle(bundle, lock=lock.digest, job=job, attempt=1)
    return bundle


@dataclass(frozen=True)
class Left:
    """What the jobs of a build left, as artifacts of any provider: files by path, by the name of the artifact."""

    artifacts: Mapping[str, Mapping[str, bytes]]

    @classmethod
    def made(
        cls,
        place: Path,
        *,
        jobs: int = JOBS,
        tests: int = 5,
        failing: int = 1,
        seconds: float = 0.0,
        plan: str = PLAN,
    ) -> Left:
        lock = made_lock(jobs, tests, plan)
        found: dict[str, Mapping[str, bytes]] = {"ci-orchestrator-lock": {LOCK_FILE: encode(lock)}}
        for bundle in left_by(lock, failing, seconds, place):
            files = (path for path in sorted(bundle.rglob("*")) if path.is_file())
            found[bundle.name] = {path.relative_to(bundle).as_posix(): path.read_bytes() for path in files}
        return cls(found)


@dataclass
class Scene:
    """A build at a provider, and a job of it. `server`: where it runs; `wall`: where its change lives.

    `told`: what stands in the documented environment, and what here. `also`: what a job that is trusted is given
    besides. `kind`: of the documented environments, and what comes before their names.
    """

    name: str
    server: Any
    wall: Any
    told: Mapping[str, str]
    also: Mapping[str, str] = field(default_factory=dict)
    kind: tuple[str, str] = ("", "")

    def environ(self, which: str, place: Path) -> dict[str, str]:
        """The variables of a job, and none of this process' own. `place`: where an event's payload is written."""
        provider, before = self.kind if self.kind[0] else (self.name, "")
        folder = PROVIDERS / provider / "environments"
        lines = self._here((folder / f"{before}{which}.env").read_text("utf-8")).splitlines()
        found = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
        if event := found.get("GITHUB_EVENT_PATH"):
            (place / event).write_text(self._here((folder / event).read_text("utf-8")))
            found["GITHUB_EVENT_PATH"] = str(place / event)
        usual = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {**usual, **found, **({} if which == "fork" else self.also)}

    def _here(self, text: str) -> str:
        for old, new in self.told.items():
            text = text.replace(old, new)
        return text

    def bodies(self) -> Sequence[str]:
        """The comments on the change."""
        found: Sequence[str] = self.wall.bodies(CHANGE)
        return found

    def statuses(self) -> set[tuple[str, str]]:
        """Name and state of each status that was said of what the change proposes, in the provider's words."""
        match self.wall.name:
            case "github":
                return {(one["context"], one["state"]) for one in self.wall.posted}
            case "gitlab":
                return {(one["name"], one["status"]) for one in self.wall.statuses}
        return {(one["context"]["name"], one["state"]) for one in self.wall.posted}

    def forget(self) -> None:
        """Everybody's comments are deleted."""
        with self.wall.lock:
            match self.wall.name:
                case "github":
                    self.wall.comments.clear()
                case "gitlab":
                    self.wall.notes.clear()
                case "azure":
                    self.wall.threads[CHANGE].clear()

    def images(self) -> Sequence[bytes]:
        """What the forge keeps for comments to show."""
        match self.wall.name:
            case "github":
                return [b64decode(data) for data in self.wall.branches.get("ci-orchestrator-data", {}).values()]
            case "gitlab":
                return list(self.wall.uploads.values())
        return list(self.wall.attachments.values())

    @property
    def asked(self) -> Sequence[Asked]:
        """All requests, of both servers."""
        servers: Sequence[Service] = [self.server] if self.server is self.wall else [self.server, self.wall]
        return [asked for one in servers for asked in one.asked]


@contextmanager
def on_github(left: Left, revision: str) -> Iterator[Scene]:
    """A workflow's own token is an app's."""
    with github.serve() as server:
        server.app = True
        for name, files in left.artifacts.items():
            server.add_artifact(name, files)
        yield Scene("github", server, server, _told_github(server), {"GITHUB_TOKEN": f"ghs_{TOKEN}"})


@contextmanager
def on_gitlab(left: Left, revision: str) -> Iterator[Scene]:
    """Each job keeps one archive, with the paths that it has in the repository."""
    with gitlab.serve() as server:
        server.projects.add("mallory/shop")
        for name, files in left.artifacts.items():
            state = ".ci-orchestrator" if LOCK_FILE in files else f".ci-orchestrator/bundles/{name}"
            server.add_job(f"job of {name}", zipped({f"{state}/{path}": data for path, data in files.items()}))
        told = {
            "https://gitlab.com": server.url,
            "acme/web/shop": "acme/shop",
            "98765432": BUILD,
            PROPOSED: HEAD,
            "glcbt-64_not-a-real-token": gitlab.JOB_TOKEN,
        }
        yield Scene("gitlab", server, server, told, {"GITLAB_TOKEN": TOKEN})


@contextmanager
def on_azure(left: Left, revision: str) -> Iterator[Scene]:
    """A repository of Azure Repos."""
    with azure.serve() as server:
        yield Scene("azure", server, server, _told_azure(server, left))


@contextmanager
def on_azure_of_github(left: Left, revision: str) -> Iterator[Scene]:
    """A repository at GitHub, with a token for there."""
    with azure.serve() as server, github.serve() as wall:
        told = {**_told_github(wall), **_told_azure(server, left)}
        yield Scene("azure-github", server, wall, told, {"GITHUB_TOKEN": TOKEN}, ("azure", "github-"))


@contextmanager
def on_jenkins(left: Left, revision: str) -> Iterator[Scene]:
    """A multibranch project of a repository at GitHub; what a change proposes is checked out."""
    with jenkins.serve() as server, github.serve() as wall:
        wall.pulls[CHANGE] = (revision, *wall.pulls[CHANGE][1:])
        server.add_job("acme/shop", multibranch=True)
        server.add_job("acme/shop/PR-7")
        for name, files in left.artifacts.items():
            server.add_artifact(name, files, build=f"acme/shop/PR-7#{BUILD}")
        told = {"https://ci.example/jenkins": server.url, "https://github.com": wall.url}
        also = {"JENKINS_USER_ID": jenkins.USER, "JENKINS_API_TOKEN": TOKEN, "GITHUB_TOKEN": TOKEN}
        yield Scene("jenkins", server, wall, told, also)


def _told_github(server: github.GithubServer) -> dict[str, str]:
    return {
        "https://api.github.com": f"{server.url}/api/v3",
        "https://github.com": server.url,
        "1658821493": BUILD,
        PROPOSED: HEAD,
        "ghs_not-a-real-token": f"ghs_{TOKEN}",
    }


def _told_azure(server: azure.AzureServer, left: Left) -> dict[str, str]:
    for name, files in left.artifacts.items():
        server.add_artifact(name, files)
    return {
        "https://contoso@dev.azure.com/contoso/": f"{server.url}/Contoso/",
        "https://dev.azure.com/contoso/": f"{server.url}/Contoso/",
        "Fabrikam%20Fiber": "acme",
        "Fabrikam Fiber": "acme",
        "4711": BUILD,
        "eyJ0eXAi.bm90LWE.cmVhbC10b2tlbg": TOKEN,
    }


SCENES: Mapping[str, Callable[[Left, str], AbstractContextManager[Scene]]] = {
    "azure": on_azure,
    "azure-github": on_azure_of_github,
    "github": on_github,
    "gitlab": on_gitlab,
    "jenkins": on_jenkins,
}


def make_repository(root: Path) -> str:
    """A project with the plan, in a repository of its own, and the revision that is checked out."""
    (root / "tests").mkdir(parents=True)
    (root / "tests" / "test_shop.py").write_text("def test_000000(): assert 1 == 0\n")
    (root / "testplan.yaml").write_text(PLAN % JOBS)
    for words in (["init", "-q", "-b", "faster"], ["add", "."], ["commit", "-qm", "Faster"]):
        git(root, *words)
    return git(root, "rev-parse", "HEAD")


def git(root: Path, *words: str) -> str:
    """What git says."""
    command = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@example.com", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
