"""The requests to GitLab, by python-gitlab where it serves. They give plain JSON: no type of its own goes further."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, urljoin, urlsplit

import gitlab
import requests
from gitlab.base import RESTObject, RESTObjectList
from gitlab.v4.objects import Project

from ci_orchestrator.clock import Clock
from ci_orchestrator.errors import ProviderError
from ci_orchestrator.masking import Mask, Secret
from ci_orchestrator.providers.base import Place
from ci_orchestrator.providers.gitlab import reading
from ci_orchestrator.providers.gitlab.context import JobToken
from ci_orchestrator.providers.gitlab.permissions import Asks
from ci_orchestrator.providers.gitlab.reading import Fields
from ci_orchestrator.providers.http import Bearer, Meter, explained, pieces, refusal, session, unreachable

PAGE = 100
"""Entries of a page, the most that GitLab gives: https://docs.gitlab.com/api/rest/#pagination."""
_AGAIN = 3
"""How often a list is read that got shorter meanwhile, so that something may have slipped between two pages."""
_HOPS = 5
"""Redirections of a download."""
_UPLOADED = re.compile(r"/uploads/[0-9a-f]{32,64}/[A-Za-z0-9._-]+", re.ASCII)
T = TypeVar("T")


class _Client(gitlab.Gitlab):
    """Does not try again by itself: the session does, and knows when it may."""

    def http_request(self, verb: str, path: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        return super().http_request(verb, path, *args, **{**kwargs, "obey_rate_limit": False})


class Line:
    """To one project. `full`: with a token that somebody made, which may do what its role and scopes allow."""

    def __init__(self, place: Place, token: Secret, line: requests.Session | None, clock: Clock) -> None:
        self.full = bool(token) and not isinstance(token, JobToken)
        self._place = place
        self._job = isinstance(token, JobToken)
        self._mask = Mask([token.reveal()])
        self.session = line or session(Meter(), clock=clock)
        # In `Authorization` a token does not follow a redirection to another host, in GitLab's own header it would.
        self.session.auth = (
            Bearer(token.reveal(), header="JOB-TOKEN", scheme="") if self._job else Bearer(token.reveal())
        )
        address = place.api.rstrip("/").removesuffix("/api/v4")
        self._client = _Client(address, session=self.session, keep_base_url=True)
        self._project = self._client.projects.get(place.repository, lazy=True)
        self._us: int | None = None

    @contextmanager
    def _asking(self, asks: Asks) -> Iterator[Project]:
        """The project, for one operation. Refusals are raised as `ProviderError`, with what mends them."""
        may = asks.value
        if self._job and not may.job:
            host = urlsplit(self._place.web).hostname
            raise ProviderError(
                f"{may.what} of {self._place.repository} at {host}: the job's own token (CI_JOB_TOKEN) may not",
                fix=may.remedy(),
            )
        try:
            with explained(may.what, self._place, may.fixes(), self._mask):
                yield self._project
        except (gitlab.exceptions.GitlabParsingError, LookupError, TypeError, ValueError) as error:
            # python-gitlab stumbles over what is JSON, but not the list or object that it looks for.
            raise self._nonsense(asks, str(error)) from None
        except gitlab.GitlabError as error:
            body = error.response_body or str(error.error_message).encode("utf-8", "replace")
            raise refusal(
                may.what,
                self._place,
                error.response_code or 0,
                body.decode("utf-8", "replace"),
                fixes=may.fixes(),
                mask=self._mask,
            ) from None

    def _nonsense(self, asks: Asks, words: str) -> ProviderError:
        return unreachable(asks.value.what, self._place, requests.exceptions.JSONDecodeError(words, "", 0), self._mask)

    def _listed(self, asks: Asks, pages: Callable[[Project], RESTObjectList[Any]]) -> list[Fields]:
        """All entries of all pages, each once. When the list gets shorter while it is read, it is read again."""
        found: dict[object, Fields] = {}
        with self._asking(asks) as project:
            for _ in range(_AGAIN):
                page = pages(project)
                total = page.total
                found = {one.attributes.get("id", len(found)): one.attributes for one in page}
                if total is None or page.total is None or page.total >= total:
                    break
        return list(found.values())

    def jobs(self, pipeline: str) -> list[Fields]:
        """All jobs of a pipeline, also those that were tried again since."""
        return self._listed(
            Asks.ARTIFACTS,
            lambda project: project.pipelines.get(int(pipeline), lazy=True).jobs.list(
                iterator=True, per_page=PAGE, include_retried="true"
            ),
        )

    def bridges(self, pipeline: str) -> list[Fields]:
        """The jobs of a pipeline that trigger others."""
        return self._listed(
            Asks.BUILDS,
            lambda project: project.pipelines.get(int(pipeline), lazy=True).bridges.list(iterator=True, per_page=PAGE),
        )

    def archive(self, job: str, start: int) -> Iterator[bytes]:
        """What a job left, from a byte on. A store that it is kept in elsewhere is not shown the token."""
        url = (
            f"{self._place.api}/projects/{quote(self._place.repository, safe='')}/jobs/{quote(job, safe='')}/artifacts"
        )
        # Ranges count the bytes as they are stored.
        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={start}-"} if start else {})}
        with self._asking(Asks.DOWNLOAD):
            answer = self._get(url, headers)
            answer.raise_for_status()
            told = re.fullmatch(r"bytes (\d+)-.*", answer.headers.get("Content-Range", ""))
            begins = int(told[1]) if answer.status_code == requests.codes.partial_content and told else 0
            yield from _from(start - begins, pieces(answer))

    def _get(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        own = urlsplit(url)[:2]
        for _ in range(_HOPS):
            auth = None if urlsplit(url)[:2] == own else _nobody  # None is the session's
            answer = self.session.get(url, headers=headers, stream=True, allow_redirects=False, auth=auth)
            if not answer.is_redirect:
                return answer
            url = urljoin(url, answer.headers["Location"])
            answer.close()
        raise requests.TooManyRedirects(f"more than {_HOPS} redirections")

    def delete_archive(self, job: str) -> None:
        """Remove what a job left; nothing is no error."""
        with self._asking(Asks.DELETE) as project:
            _unless_gone(project.jobs.get(int(job), lazy=True).delete_artifacts)

    def pipeline(self, pipeline: str) -> Fields:
        """One pipeline."""
        with self._asking(Asks.BUILD) as project:
            return project.pipelines.get(int(pipeline)).attributes

    def parents(self, revision: str) -> frozenset[str]:
        """The revisions that a commit follows; none for one that is gone."""
        with self._asking(Asks.BUILD) as project:
            found = _unless_gone(lambda: project.commits.get(revision))
        told = None if found is None else found.attributes.get("parent_ids")
        return frozenset(map(str, told)) if isinstance(told, list) else frozenset()

    def heads(self, change: int) -> frozenset[str]:
        """All that a merge request has ever proposed."""
        versions = self._listed(
            Asks.BUILD,
            lambda project: project.mergerequests.get(change, lazy=True).diffs.list(iterator=True, per_page=PAGE),
        )
        return frozenset(reading.text(one, "head_commit_sha") for one in versions)

    def good_pipelines(self, branch: str) -> Iterator[Fields]:
        """Those of a branch that ended well, the newest first, as many as are asked for."""
        with self._asking(Asks.BUILDS) as project:
            for one in project.pipelines.list(
                ref=branch, status="success", order_by="id", sort="desc", per_page=20, iterator=True
            ):
                yield one.attributes

    def runners(self) -> Iterator[tuple[Fields, Fields]]:
        """Each as it is listed, and with its details; what is removed meanwhile is left out."""
        for listed in self._listed(Asks.RUNNERS, lambda project: project.runners.list(iterator=True, per_page=PAGE)):
            with self._asking(Asks.RUNNERS):
                details = _unless_gone(partial(self._client.runners.get, reading.number(listed, "id")))
            if details is not None:
                yield listed, details.attributes

    def token(self) -> Fields:
        """What GitLab says of the token itself; nothing where it is none that somebody made for scripts."""
        with self._asking(Asks.CHECK):
            return _unless_gone(lambda: self._client.personal_access_tokens.get("self").attributes) or {}

    def project(self) -> Fields:
        """The project, with what the token's user may do in it."""
        with self._asking(Asks.CHECK):
            return self._client.projects.get(self._place.repository).attributes

    def first_job(self, pipeline: str) -> None:
        """Whether jobs of a pipeline may be listed, and nothing else."""
        with self._asking(Asks.ARTIFACTS) as project:
            project.pipelines.get(int(pipeline), lazy=True).jobs.list(page=1, per_page=1)

    def first_change(self) -> None:
        """Whether merge requests may be listed, and nothing else."""
        with self._asking(Asks.CHANGE) as project:
            project.mergerequests.list(page=1, per_page=1)

    def us(self) -> int:
        """Our number as an author; 0 when GitLab does not say."""
        if not self.full:
            return 0
        if self._us is None:
            with self._asking(Asks.COMMENTS):
                self._client.auth()
                self._us = reading.number(self._client.user.attributes, "id") if self._client.user else 0
        return self._us or 0

    def notes(self, change: int) -> list[Fields]:
        """The notes on a merge request."""
        return self._listed(
            Asks.COMMENTS,
            lambda project: project.mergerequests.get(change, lazy=True).notes.list(
                iterator=True, per_page=PAGE, order_by="created_at", sort="asc"
            ),
        )

    def add_note(self, change: int, body: str) -> Fields:
        """A new note."""
        with self._asking(Asks.COMMENT) as project:
            return _attributes(project.mergerequests.get(change, lazy=True).notes.create({"body": body}))

    def change_note(self, change: int, note: int, body: str) -> Fields | None:
        """Another text for a note; None when it is gone."""
        with self._asking(Asks.COMMENT) as project:
            notes = project.mergerequests.get(change, lazy=True).notes
            return _unless_gone(lambda: notes.update(note, {"body": body}))

    def delete_note(self, change: int, note: int) -> None:
        """Remove a note; one that is gone is no error."""
        with self._asking(Asks.COMMENT) as project:
            _unless_gone(partial(project.mergerequests.get(change, lazy=True).notes.delete, note))

    def change(self, change: int) -> Fields | None:
        """A merge request, None when there is none."""
        with self._asking(Asks.CHANGE) as project:
            found = _unless_gone(lambda: project.mergerequests.get(change))
        return None if found is None else found.attributes

    def changes_with(self, revision: str) -> list[Fields]:
        """The merge requests that have a commit; none for a commit that is not known."""
        with self._asking(Asks.CHANGE) as project:
            commit = project.commits.get(revision, lazy=True)
            return list(_unless_gone(lambda: commit.merge_requests(get_all=True, per_page=PAGE)) or [])

    def changes_of(self, branch: str) -> list[Fields]:
        """The open merge requests of a branch."""
        return self._listed(
            Asks.CHANGE,
            lambda project: project.mergerequests.list(
                iterator=True, per_page=PAGE, source_branch=branch, state="opened"
            ),
        )

    def set_status(self, revision: str, fields: Mapping[str, str]) -> None:
        """A status of a commit. That something runs may be said again, which GitLab itself does not like."""
        with self._asking(Asks.STATUS) as project:
            try:
                project.commits.get(revision, lazy=True).statuses.create(dict(fields))
            except gitlab.GitlabCreateError as error:
                if fields["state"] != "pending" or not reading.already(str(error.error_message)):
                    raise

    def statuses(self, revision: str) -> list[Fields]:
        """The latest statuses of a commit."""
        return self._listed(
            Asks.STATUSES,
            lambda project: project.commits.get(revision, lazy=True).statuses.list(iterator=True, per_page=PAGE),
        )

    def upload(self, file: str, data: bytes) -> str:
        """Keep a file with the project; its address. (What python-gitlab sends for it cannot be sent a second time.)"""
        url = f"{self._place.api}/projects/{quote(self._place.repository, safe='')}/uploads"
        with self._asking(Asks.ATTACH):
            answer = self.session.post(url, files={"file": (file, data)}, allow_redirects=False)
            answer.raise_for_status()
            said = answer.json()
        path = reading.text(said, "url") if isinstance(said, dict) else ""
        full = reading.text(said, "full_path") if isinstance(said, dict) else ""
        if not _UPLOADED.fullmatch(path):
            raise self._nonsense(Asks.ATTACH, "it has no address of the file")
        # Older versions of GitLab tell the first alone, which they complete in the texts of the project.
        within = full if re.fullmatch(r"/-/project/\d+", full.removesuffix(path), re.ASCII) else ""
        return f"{self._place.web}{within or f'/{self._place.repository}{path}'}"


def _attributes(found: RESTObject) -> Fields:
    return found.attributes


def _unless_gone(ask: Callable[[], T]) -> T | None:
    """The answer, None where there is nothing to ask for."""
    try:
        return ask()
    except gitlab.GitlabError as error:
        if error.response_code != requests.codes.not_found:
            raise
        return None


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _from(start: int, data: Iterator[bytes]) -> Iterator[bytes]:
    """What comes after `start` bytes."""
    for piece in data:
        yield piece[start:] if start > 0 else piece
        start -= len(piece)
