"""GitLab, as far as we ask it (`gitlab_operations.yaml`). A store elsewhere keeps archives when `elsewhere` is set."""

from __future__ import annotations

import re
import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from servers.base import (
    BRANCH,
    BUILD,
    CHANGE,
    FEATURE,
    HEAD,
    MERGED,
    REPOSITORY,
    TOKEN,
    Answer,
    Asked,
    Service,
    json_answer,
    serving,
    zipped,
)
from servers.gitlab_contract import find, wrong_answer, wrong_request

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.gitlab.api import GitlabForge, GitlabHost
from ci_orchestrator.providers.gitlab.context import JobToken
from ci_orchestrator.providers.http import Meter, Patience, session
from ci_orchestrator.providers.online import Build, Runner, RunnerState

JOB_TOKEN = "glcbt-3v3ryth1ng-1s-s3cr3t"
NOW = "2026-01-02T03:04:05.678Z"
LATER = "2026-02-02T03:04:05.678Z"
PROJECT, FORK = 17, 18
US, THEM = 900, 901
Json = dict[str, Any]


class GitlabServer(Service):
    """See `servers.base.Server`."""

    name = "gitlab"

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root
        self.clock = FakeClock()
        self.elsewhere = False
        self.ranges = True
        self.pipelines: dict[int, Json] = {}
        self.jobs: list[Json] = []
        self.bridges: list[Json] = []
        self.archives: dict[int, bytes] = {}
        self.changes: list[Json] = []
        self.versions: list[str] = []
        """What changes proposed before."""
        self.commits: dict[str, list[str]] = {}
        """The parents of commits."""
        self.scopes: list[str] | None = ["api"]
        """Of the token; None: it is none that GitLab tells them of."""
        self.level, self.visibility = 40, "private"
        self.notes: list[Json] = []
        self.statuses: list[Json] = []
        self.uploads: dict[str, bytes] = {}
        self.projects = {REPOSITORY}
        """Those that are known, of which all the rest is."""
        self.old = False
        """A version that does not tell what runners do, and gives uploads no full path."""
        self._next = 1000
        self.add_pipeline(int(BUILD), ref=FEATURE, sha=HEAD, status="running")
        self.add_change(CHANGE, branch=FEATURE, head=HEAD)

    # -- how it is reached ---------------------------------------------------------------------------

    @property
    def place(self) -> Place:
        return Place(kind="gitlab", api=f"{self.url}/api/v4", web=self.url, repository=REPOSITORY)

    @property
    def context(self) -> Context:
        return Context(build=BUILD, revision=HEAD, branch=FEATURE, host=self.place, forge=self.place)

    def options(self) -> dict[str, Any]:
        line = session(Meter(), patience=Patience(tries=3), clock=self.clock)
        return {"context": self.context, "clock": self.clock, "session": line}

    def host(self, token: Secret | None = None) -> GitlabHost:
        return GitlabHost(self.place, token or Secret(TOKEN), **self.options())

    def forge(self, token: Secret | None = None) -> GitlabForge:
        return GitlabForge(self.place, token or Secret(TOKEN), root=self.root, **self.options())

    def job_token(self) -> JobToken:
        return JobToken(JOB_TOKEN)

    # -- seeds ---------------------------------------------------------------------------------------

    def number(self) -> int:
        self._next += 1
        return self._next

    def add_pipeline(self, number: int, *, ref: str, sha: str, status: str, source: str = "push") -> Json:
        address = f"{self.url}/{REPOSITORY}/-/pipelines/{number}"
        made = {"id": number, "iid": 1, "project_id": PROJECT, "ref": ref, "sha": sha, "status": status}
        self.pipelines[number] = {**made, "source": source, "web_url": address, "created_at": NOW, "updated_at": NOW}
        return self.pipelines[number]

    def add_build(self, build: Build, *, good: bool) -> None:
        """Of a change: a merged results pipeline."""
        status = "success" if good else "failed"
        ref, sha, source = build.branch, build.revision, "push"
        if build.change:
            ref, sha, source = f"refs/merge-requests/{build.change}/merge", MERGED, "merge_request_event"
            self.commits[MERGED] = ["b" * 40, build.revision]
            if build.fork:
                self.add_change(build.change, branch=build.branch, head=build.revision, source=FORK)
        self.add_pipeline(int(build.id), ref=ref, sha=sha, status=status, source=source)

    def told(self, build: Build) -> Build:
        return build

    def add_artifact(self, name: str, files: Mapping[str, bytes], *, build: str = BUILD) -> None:
        self.add_job(f"job of {name}", zipped(files), build=build, file=f"{name}.zip")

    def add_job(self, name: str, archive: bytes | None, *, build: str = BUILD, file: str = "artifacts.zip") -> int:
        """A job that has ended. One of the same name before it was tried again."""
        with self.lock:
            number = self.number()
            default = {"ref": FEATURE, "sha": HEAD, "status": "success"}
            pipeline = self.pipelines.get(int(build)) or self.add_pipeline(int(build), **default)
            job: Json = {"id": number, "name": name, "status": "failed", "pipeline": pipeline, "tag": False}
            job |= {"created_at": NOW, "finished_at": NOW, "artifacts_expire_at": LATER, "artifacts": []}
            if archive is not None:
                size = len(archive)
                job["artifacts_file"] = {"filename": file, "size": size}
                job["artifacts"] = [{"file_type": "archive", "size": size, "filename": file, "file_format": "zip"}]
                self.archives[number] = archive
            self.jobs.append(job)
            return number

    def add_child(self, parent: str, number: int, *, project: int = PROJECT) -> None:
        """A child pipeline, or one of another project."""
        child = self.add_pipeline(number, ref=FEATURE, sha=HEAD, status="success", source="parent_pipeline")
        child["project_id"] = project
        own = self.pipelines[int(parent)]
        self.bridges.append(
            {"id": self.number(), "name": "run the plan", "pipeline": own, "downstream_pipeline": child}
        )

    def add_change(self, number: int, *, branch: str, head: str, state: str = "opened", source: int = PROJECT) -> None:
        made: Json = {"id": 70_000 + number, "iid": number, "state": state, "sha": head, "source_branch": branch}
        made |= {"target_branch": BRANCH, "source_project_id": source, "target_project_id": PROJECT}
        self.changes.append(made)

    def add_comment(self, body: str, *, ours: bool = False, change: int = CHANGE, system: bool = False) -> int:
        with self.lock:
            author = US if ours else THEM
            note: Json = {"id": self.number(), "body": body, "system": system, "noteable_iid": change}
            note |= {"author": {"id": author, "username": f"user{author}"}, "created_at": NOW, "updated_at": NOW}
            self.notes.append(note)
            return int(note["id"])

    def bodies(self, change: int = CHANGE) -> Sequence[str]:
        with self.lock:
            return [note["body"] for note in self.notes if note["noteable_iid"] == change and not note["system"]]

    def expected(self, runner: Runner) -> Runner:
        return replace(runner, labels=tuple(sorted(runner.labels)), group="project")

    # -- answers -------------------------------------------------------------------------------------

    def refusal(self, status: int) -> Answer:
        words = {401: "401 Unauthorized", 403: "403 Forbidden", 404: "404 Not Found"}
        return json_answer({"message": words.get(status, f"{status} refused")}, status)

    def answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/store/"):
            return self._stored(asked)
        found = find(asked, asked.path.removeprefix("/api/v4"))
        if found is None or not asked.path.startswith("/api/v4/"):
            self.problem(f"{asked.method} {asked.path}: nothing that is described")
            return self.refusal(404)
        operation, path = found
        for words in wrong_request(operation, asked):
            self.problem(f"{operation.name}: {words}")
        if refused := self._refused(asked, job=operation.job):
            return refused
        if path.get("id", REPOSITORY) not in self.projects and operation.name != "get_runner":
            return json_answer({"message": "404 Project Not Found"}, 404)
        answer: Answer = getattr(self, operation.name)(asked, path)
        for words in wrong_answer(operation, answer):
            self.problem(f"{operation.name}, the server: {words}")
        return answer

    def _refused(self, asked: Asked, *, job: bool) -> Answer | None:
        if "authorization" in asked.headers and "job-token" in asked.headers:
            self.problem("there are two tokens")
        if asked.headers.get("authorization") == f"Bearer {TOKEN}":
            return None
        return None if asked.headers.get("job-token") == JOB_TOKEN and job else self.refusal(401)

    def _stored(self, asked: Asked) -> Answer:
        """Another host, which must not see any token."""
        if {"authorization", "job-token", "private-token"} & asked.headers.keys():
            self.problem("the store was shown a token")
        return self._ranged(asked, self.archives[int(asked.path.rpartition("/")[2])])

    def _ranged(self, asked: Asked, data: bytes) -> Answer:
        kind = {"Content-Type": "application/zip"}
        wanted = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("range", ""))
        if not (wanted and self.ranges):
            return Answer(200, data, kind)
        start = int(wanted[1])
        return Answer(206, data[start:], {**kind, "Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"})

    def _paged(self, asked: Asked, rows: Sequence[Json]) -> Answer:
        page, size = int(asked.one("page", "1")), int(asked.one("per_page", "20"))
        headers = {"X-Total": str(len(rows)), "X-Page": str(page), "X-Per-Page": str(size)}
        if page * size < len(rows):
            query = "&".join(f"{name}={values[0]}" for name, values in asked.query.items() if name != "page")
            headers["Link"] = f'<{self.url}{asked.path}?{query}&page={page + 1}>; rel="next"'
        return json_answer(rows[(page - 1) * size : page * size], **headers)

    def list_jobs(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        if int(path["pipeline_id"]) not in self.pipelines:
            return json_answer({"message": "404 Not found"}, 404)
        rows = [job for job in self.jobs if job["pipeline"]["id"] == int(path["pipeline_id"])]
        if asked.one("include_retried") != "true":
            rows = list({job["name"]: job for job in rows}.values())
        return self._paged(asked, rows[::-1])

    def list_bridges(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        return self._paged(asked, [one for one in self.bridges if one["pipeline"]["id"] == int(path["pipeline_id"])])

    def download_archive(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        number = int(path["job_id"])
        if number not in self.archives:
            return json_answer({"message": "404 Not Found"}, 404)
        if self.elsewhere:
            return Answer(302, b"", {"Location": f"{self.url.replace('127.0.0.1', 'localhost')}/store/{number}"})
        return self._ranged(asked, self.archives[number])

    def delete_archive(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        if self.archives.pop(int(path["job_id"]), None) is None:
            return json_answer({"message": "404 Not Found"}, 404)
        for job in self.jobs:
            if job["id"] == int(path["job_id"]):
                job.pop("artifacts_file")
                job["artifacts"] = []
        return Answer(204)

    def list_pipelines(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        rows = [one for one in self.pipelines.values() if one["source"] != "parent_pipeline"]
        rows = [one for one in rows if (one["ref"], one["status"]) == (asked.one("ref"), asked.one("status"))]
        return self._paged(asked, sorted(rows, key=lambda one: -one["id"]))

    def _runner(self, number: int, runner: Runner) -> Json:
        online = runner.state is not RunnerState.OFFLINE
        told: Json = {"id": number, "description": runner.name, "paused": False, "online": online}
        return told | {"status": "online" if online else "offline", "runner_type": f"{runner.group or 'project'}_type"}

    def get_pipeline(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        found = self.pipelines.get(int(path["pipeline_id"]))
        return json_answer(found) if found else json_answer({"message": "404 Not found"}, 404)

    def get_commit(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        found = self.commits.get(path["sha"])
        if found is None:
            return json_answer({"message": "404 Commit Not Found"}, 404)
        return json_answer({"id": path["sha"], "parent_ids": found, "title": "Merge"})

    def list_versions(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        heads = [one["sha"] for one in self.changes if one["iid"] == int(path["merge_request_iid"])]
        every = [*self.versions, *heads]
        rows = [{"id": number, "head_commit_sha": head, "created_at": NOW} for number, head in enumerate(every, 1)]
        return self._paged(asked, rows[::-1])

    def get_project(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        access = {"access_level": self.level, "notification_level": 3} if self.level else None
        permissions = {"project_access": access, "group_access": None}
        told = {"id": PROJECT, "path_with_namespace": REPOSITORY, "visibility": self.visibility}
        return json_answer({**told, "permissions": permissions})

    def get_token(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        if self.scopes is None:
            return json_answer({"message": "404 Not Found"}, 404)
        return json_answer(
            {"id": 5, "name": "ci", "revoked": False, "active": True, "scopes": self.scopes, "user_id": US}
        )

    def list_runners(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        rows = []
        for number, runner in enumerate(self.runners, 1):
            does = (
                {} if self.old else {"job_execution_status": "active" if runner.state is RunnerState.BUSY else "idle"}
            )
            rows.append({**self._runner(number, runner), "is_shared": runner.group == "instance", **does})
        return self._paged(asked, rows)

    def get_runner(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        number = int(path["id"])
        if not 0 < number <= len(self.runners):
            return self.refusal(404)
        runner = self.runners[number - 1]
        return json_answer(
            {**self._runner(number, runner), "tag_list": list(runner.labels)[::-1], "run_untagged": False}
        )

    def get_user(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        return json_answer({"id": US, "username": f"user{US}", "bot": True})

    def get_change(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        found = [one for one in self.changes if one["iid"] == int(path["merge_request_iid"])]
        return json_answer(found[0]) if found else json_answer({"message": "404 Not found"}, 404)

    def list_changes(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        wanted = asked.one("source_branch"), asked.one("state")
        return self._paged(asked, [one for one in self.changes if (one["source_branch"], one["state"]) == wanted])

    def list_changes_of_commit(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        found = [one for one in self.changes if one["sha"] == path["sha"]]
        return self._paged(asked, found) if found else json_answer({"message": "404 Commit Not Found"}, 404)

    def list_notes(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        rows = [note for note in self.notes if note["noteable_iid"] == int(path["merge_request_iid"])]
        return self._paged(asked, rows if asked.one("sort") == "asc" else rows[::-1])

    def create_note(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        number = self.add_comment(self._body(asked), ours=True, change=int(path["merge_request_iid"]))
        return json_answer(next(note for note in self.notes if note["id"] == number), 201)

    def update_note(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        for note in self.notes:
            if note["id"] == int(path["note_id"]):
                note["body"] = self._body(asked)
                return json_answer(note)
        return json_answer({"message": "404 Not found"}, 404)

    def delete_note(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        kept = [note for note in self.notes if note["id"] != int(path["note_id"])]
        gone = len(kept) == len(self.notes)
        self.notes = kept
        return json_answer({"message": "404 Not found"}, 404) if gone else Answer(204)

    def set_status(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        wanted: Any = asked.json()
        same = [one for one in self.statuses if one["sha"] == path["sha"] and one["name"] == wanted["name"]]
        going = [one for one in same if one["status"] in ("pending", "running")]
        if going and wanted["state"] == "pending":
            said = f"Cannot transition status via :enqueue from :{going[0]['status']}"
            return json_answer({"message": f'{said} (Reason(s): Status cannot transition via "enqueue")'}, 400)
        status = going[0] if going else {"id": self.number(), "sha": path["sha"], "allow_failure": False}
        status |= {"name": wanted["name"], "status": wanted["state"], "created_at": NOW}
        status |= {"description": wanted.get("description"), "target_url": wanted.get("target_url")}
        self.statuses = [*(one for one in self.statuses if one is not status), status]
        return json_answer(status, 201)

    def list_statuses(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        latest = {one["name"]: one for one in self.statuses if one["sha"] == path["sha"]}
        return self._paged(asked, list(latest.values()))

    def upload(self, asked: Asked, path: Mapping[str, str]) -> Answer:
        found = re.search(rb'filename="([^"]*)".*?\r\n\r\n(.*)\r\n--', asked.body, re.DOTALL)
        if found is None:
            return json_answer({"error": "file is invalid"}, 400)
        name = found[1].decode()
        url = f"/uploads/{secrets.token_hex(16)}/{name}"
        self.uploads[url] = found[2]
        full = {} if self.old else {"full_path": f"/-/project/{PROJECT}{url}"}
        return json_answer({"alt": name, "url": url, "markdown": f"![{name}]({url})", **full}, 201)

    def _body(self, asked: Asked) -> str:
        fields: Any = asked.json()
        if re.search(r"^/[a-z_]+\s*", str(fields["body"]).replace("\r", ""), re.MULTILINE | re.IGNORECASE):
            self.problem(f"a note runs a quick action: {fields['body']!r}")
        return str(fields["body"])


@contextmanager
def serve() -> Iterator[GitlabServer]:
    with tempfile.TemporaryDirectory() as root, serving(GitlabServer(Path(root))) as server:
        yield server
