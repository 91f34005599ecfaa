"""Azure Repos, where changes live.

The operations are described at https://learn.microsoft.com/rest/api/azure/devops/git and …/test.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import quote

import requests

from ci_orchestrator.clock import Clock
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers import http
from ci_orchestrator.providers.access import Access, Right, granted, tried
from ci_orchestrator.providers.azure import runs
from ci_orchestrator.providers.azure.permissions import ATTACHMENTS, CODE, RESULTS, STATUSES, THREADS
from ci_orchestrator.providers.azure.sdk import MissingIsFine, Sdk, git_models
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.online import Ability, Comment, NativeResults, Status, StatusState

PAGE = 100
"""Entries of a page, where the service has pages."""
FIRST = 1
"""The number of a thread's first comment ("IDs start at 1": the models of the client library)."""
GENRE = "ci-orchestrator"
"""What our statuses have before their name."""
_STATES = {
    StatusState.SUCCESS: "succeeded",
    StatusState.FAILURE: "failed",
    StatusState.ERROR: "error",
    StatusState.PENDING: "pending",
    StatusState.NEUTRAL: "notApplicable",
}
_MEANS = {state: ours for ours, state in _STATES.items()} | {"notSet": StatusState.NEUTRAL}
_UNNAMED = re.compile(r"[^A-Za-z0-9._-]+")


class AzureForge:
    """See `providers.online.Forge`. A comment is the first of a thread, and has the thread's number as its id: what
    others reply belongs to it.
    """

    name = "azure"
    abilities = frozenset({Ability.ATTACH, Ability.RESULTS, Ability.STATUSES})

    def __init__(
        self, place: Place, token: Secret, *, context: Context, session: requests.Session | None = None, clock: Clock
    ) -> None:
        self._sdk = Sdk(place, token, session, clock)
        self._repository = place.repository.partition("/")[2]
        self._build = context.build if _same_project(context.host, place) else ""
        self._attached: dict[int, dict[str, str]] = {}

    @property
    def meter(self) -> http.Meter:
        return http.meter_of(self._sdk.session)

    def comments(self, change: int) -> Iterator[Comment]:
        """One request, and one to learn who we are: threads come without pages."""
        with self._sdk.asking(f"listing the comments of change {change}", THREADS):
            threads = self._sdk.git.get_threads(self._repository, change, project=self._sdk.project) or ()
            found = [self._comment(change, thread.id, first) for thread in threads if (first := _first(thread))]
        yield from sorted(found, key=lambda comment: comment.id)

    def create_comment(self, change: int, body: str) -> Comment:
        """A thread without a status: an active one would have to be resolved before the change may be merged."""
        thread = git_models.GitPullRequestCommentThread(
            comments=[git_models.Comment(content=body, comment_type="text", parent_comment_id=0)]
        )
        with self._sdk.asking(f"commenting on change {change}", THREADS):
            made = self._sdk.git.create_thread(thread, self._repository, change, project=self._sdk.project)
            return self._comment(change, made.id, made.comments[0], ours=True)

    def update_comment(self, change: int, comment: Comment, body: str) -> Comment | None:
        said = git_models.Comment(content=body)
        with self._sdk.asking(f"changing a comment on change {change}", THREADS), MissingIsFine():
            made = self._sdk.git.update_comment(
                said, self._repository, change, comment.id, FIRST, project=self._sdk.project
            )
            return None if made.is_deleted else self._comment(change, comment.id, made, ours=True)
        return None

    def delete_comment(self, change: int, comment: Comment) -> None:
        with self._sdk.asking(f"deleting a comment on change {change}", THREADS), MissingIsFine():
            self._sdk.git.delete_comment(self._repository, change, comment.id, FIRST, project=self._sdk.project)

    def head_of(self, change: int) -> str:
        with self._sdk.asking(f"reading change {change}", CODE), MissingIsFine():
            return _head(self._sdk.git.get_pull_request(self._repository, change, project=self._sdk.project))
        return ""

    def change_of(self, revision: str, branch: str) -> int | None:
        """Among the open ones of the branch; of all when none is named. A fork's branch is told by its revision only:
        others may have one of the same name.
        """
        with self._sdk.asking("looking for the change", CODE):
            every = list(self._open(branch))
            proposing = [one.pull_request_id for one in every if revision and _head(one) == revision]
            if not proposing and branch:
                proposing = [one.pull_request_id for one in every if not one.fork_source]
        return proposing[0] if len(proposing) == 1 else None

    def set_status(self, revision: str, status: Status) -> None:
        """The service keeps all of a name, and shows the latest."""
        said = git_models.GitStatus(
            context=git_models.GitStatusContext(name=status.name, genre=GENRE),
            state=_STATES[status.state],
            description=status.description,
            target_url=status.url or None,
        )
        with self._sdk.asking(f"setting the status {status.name!r}", STATUSES):
            self._sdk.git.create_commit_status(said, revision, self._repository, project=self._sdk.project)

    def statuses(self, revision: str) -> Iterator[Status]:
        """Ours by their name, others' with their genre before it."""
        with self._sdk.asking("reading statuses", STATUSES):
            found = {(one := _status(each)).name: one for each in self._statuses(revision)}
        yield from (found[name] for name in sorted(found))

    def publish_results(self, revision: str, results: NativeResults) -> None:
        """As a test run of the build, which has the revision. See `runs`."""
        runs.publish(self._sdk, self._build, results)

    def attach(self, change: int, name: str, data: bytes) -> str:
        """By a name that has the digest of the bytes, for a name can be taken once."""
        stem, dot, end = _UNNAMED.sub("-", name).rpartition(".")
        wanted = f"{stem or end}-{hashlib.sha256(data).hexdigest()[:12]}{f'{dot}{end}' if stem else ''}"
        with self._sdk.asking(f"attaching {wanted!r} to change {change}", ATTACHMENTS):
            there = self._attachments(change)
            if wanted not in there:
                made = self._sdk.git.create_attachment(
                    io.BytesIO(data), wanted, self._repository, change, project=self._sdk.project
                )
                there[wanted] = made.url
            return there[wanted]

    def check(self) -> tuple[Access, ...]:
        """Who the token is of, and whether it reads the repository: without that it writes nothing there either."""
        self._sdk.authenticate(CODE)
        read = tried(Right.COMMENTS, self._any_change).allowed
        fixes = {
            Right.COMMENTS: THREADS.fixes(self._sdk.project)[403],
            Right.STATUSES: STATUSES.fixes(self._sdk.project)[403],
        }
        results = RESULTS.fixes(self._sdk.project)[403]
        found = tuple(granted(what, None if read else False, fix) for what, fix in fixes.items())
        return (*found, granted(Right.RESULTS, None, results))

    def _any_change(self) -> None:
        with self._sdk.asking("listing changes", CODE):
            wanted = git_models.GitPullRequestSearchCriteria(status="active")
            self._sdk.git.get_pull_requests(self._repository, wanted, project=self._sdk.project, top=1)

    @cached_property
    def _me(self) -> str:
        return self._sdk.identity()

    def _comment(self, change: int, thread: int, first: Any, *, ours: bool = False) -> Comment:  # noqa: ANN401
        author = (first.author.id or "").lower() if first.author else ""
        where = "/".join(quote(part, safe="") for part in (self._sdk.project, "_git", self._repository, "pullrequest"))
        return Comment(
            id=thread,
            body=first.content or "",
            ours=ours or bool(author and author == self._me),
            url=f"{self._sdk.place.web}/{where}/{change}?discussionId={thread}",
        )

    def _open(self, branch: str) -> Iterator[Any]:
        """The client library puts the name of the branch into the address as it is."""
        wanted = git_models.GitPullRequestSearchCriteria(
            status="active", source_ref_name=quote(f"refs/heads/{branch}", safe="") if branch else None
        )
        found = _pages(
            lambda seen: self._sdk.git.get_pull_requests(
                self._repository, wanted, project=self._sdk.project, skip=seen, top=PAGE
            )
        )
        return iter({one.pull_request_id: one for one in found}.values())  # pages move while changes are closed

    def _statuses(self, revision: str) -> Iterator[Any]:
        return _pages(
            lambda seen: self._sdk.git.get_statuses(
                revision, self._repository, project=self._sdk.project, top=PAGE, skip=seen, latest_only=True
            )
        )

    def _attachments(self, change: int) -> dict[str, str]:
        """Address by name, asked once for each change."""
        if change not in self._attached:
            found = self._sdk.git.get_attachments(self._repository, change, project=self._sdk.project) or ()
            self._attached[change] = {one.display_name: one.url for one in found}
        return self._attached[change]


def _pages(ask: Callable[[int], Sequence[Any] | None]) -> Iterator[Any]:
    """All entries. `ask`: for a page, by how many came before."""
    seen = 0
    while page := ask(seen):
        yield from page
        seen += len(page)
        if len(page) < PAGE:
            return


def _first(thread: Any) -> Any:  # noqa: ANN401 - a model of the client library, which has no types
    """The comment that a thread begins with; None when it was deleted, or when the service itself wrote it."""
    if thread.is_deleted:
        return None
    first = next((one for one in thread.comments or () if one.id == FIRST), None)
    return first if first and not first.is_deleted and first.comment_type != "system" else None


def _head(change: Any) -> str:  # noqa: ANN401
    return (change.last_merge_source_commit.commit_id if change.last_merge_source_commit else "") or ""


def _status(one: Any) -> Status:  # noqa: ANN401
    genre = one.context.genre or ""
    name = one.context.name if genre in ("", GENRE) else f"{genre}/{one.context.name}"
    return Status(
        name=name,
        state=_MEANS.get(one.state, StatusState.PENDING),
        description=one.description or "",
        url=one.target_url or "",
    )


def _same_project(host: Place | None, place: Place) -> bool:
    """Whether a build that runs at `host` is of the project of `place`."""
    if host is None or host.kind != place.kind or host.api != place.api:
        return False
    return host.repository.partition("/")[0].lower() == place.repository.partition("/")[0].lower()
