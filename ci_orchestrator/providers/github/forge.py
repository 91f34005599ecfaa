"""GitHub as a forge: comments, statuses and checks of a change (https://docs.github.com/rest)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from itertools import islice
from typing import Any

import requests
from github.CheckRun import CheckRun
from github.CommitStatus import CommitStatus
from github.IssueComment import IssueComment
from github.PaginatedList import PaginatedList
from github.PullRequest import PullRequest

from ci_orchestrator.clock import Clock
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers import http
from ci_orchestrator.providers.access import Access
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.github import checking, checks, images, permissions
from ci_orchestrator.providers.github.line import Line, is_gone, status_of
from ci_orchestrator.providers.online import Ability, Comment, NativeResults, Status, StatusState

DESCRIPTION = 140
"""Characters of a status's description (https://docs.github.com/rest/commits/statuses)."""
_WORST = (StatusState.FAILURE, StatusState.ERROR, StatusState.PENDING, StatusState.NEUTRAL, StatusState.SUCCESS)
_STATES: Mapping[str, StatusState] = {
    "success": StatusState.SUCCESS,
    "pending": StatusState.PENDING,
    "error": StatusState.ERROR,
}


class GithubForge:
    """See `Forge`. `summary_limit`: bytes of the summary of a check."""

    name = "github"
    abilities = frozenset(
        {Ability.ANNOTATIONS, Ability.ATTACH, Ability.COMMITS, Ability.RESULTS, Ability.STATUSES},
    )
    summary_limit = checks.SUMMARY

    def __init__(
        self,
        place: Place,
        token: Secret,
        *,
        context: Context,
        session: requests.Session | None = None,
        clock: Clock,
    ) -> None:
        self._line = Line(place, token, session or http.session(http.Meter(), clock=clock))
        self._of_app = token.reveal().startswith("ghs_")
        self._login = ""

    @property
    def meter(self) -> http.Meter:
        return http.meter_of(self._line.session)

    def comments(self, change: int) -> Iterator[Comment]:
        with self._line.asking(permissions.READING):
            url = f"{self._line.repository}/issues/{change}/comments"
            seen: set[int] = set()
            for one in PaginatedList(IssueComment, self._line, url, None):
                if one.id not in seen:  # one that was deleted meanwhile shifts the pages
                    seen.add(one.id)
                    yield self._comment(one)

    def create_comment(self, change: int, body: str) -> Comment:
        with self._line.asking(permissions.COMMENTING):
            return _written(self._line.call("POST", f"/issues/{change}/comments", {"body": body}))

    def update_comment(self, change: int, comment: Comment, body: str) -> Comment | None:
        with self._line.asking(permissions.COMMENTING):
            try:
                return _written(self._line.call("PATCH", f"/issues/comments/{comment.id}", {"body": body}))
            except requests.HTTPError as error:
                if is_gone(error):
                    return None
                raise

    def delete_comment(self, change: int, comment: Comment) -> None:
        with self._line.asking(permissions.COMMENTING):
            try:
                self._line.call("DELETE", f"/issues/comments/{comment.id}")
            except requests.HTTPError as error:
                if not is_gone(error):
                    raise

    def head_of(self, change: int) -> str:
        with self._line.asking(permissions.READING):
            try:
                return PullRequest(self._line, url=f"{self._line.repository}/pulls/{change}").head.sha
            except requests.HTTPError as error:
                if is_gone(error):
                    return ""
                raise

    def change_of(self, revision: str, branch: str) -> int | None:
        """As `Forge.change_of`; `branch`: ``owner:branch`` of a fork. A fork's revisions may not be found by
        themselves, so that both ways are tried.
        """
        with self._line.asking(permissions.READING):
            if revision:
                proposed = {one.number for one in self._proposing(revision)}
                if proposed:
                    return proposed.pop() if len(proposed) == 1 else None
            if not branch:
                return None
            named = branch if ":" in branch else f"{self._line.place.repository.partition('/')[0]}:{branch}"
            pulls = PaginatedList(
                PullRequest, self._line, f"{self._line.repository}/pulls", {"state": "open", "head": named}
            )
            found = {one.number for one in pulls if one.head.ref == named.partition(":")[2]}
        return found.pop() if len(found) == 1 else None

    def set_status(self, revision: str, status: Status) -> None:
        state = "success" if status.state is StatusState.NEUTRAL else status.state.value
        said: dict[str, Any] = {"state": state, "context": status.name, "description": status.description[:DESCRIPTION]}
        if status.url:
            said["target_url"] = status.url
        with self._line.asking(permissions.STATUS):
            self._line.call("POST", f"/statuses/{revision}", said)

    def statuses(self, revision: str) -> Iterator[Status]:
        """As `Forge.statuses`, checks included. Of several with a name, and not of one origin, the worst counts."""
        latest: dict[str, Status] = {}
        for one in (*self._said(revision), *self._checked(revision)):
            known = latest.get(one.name)
            if known is None or _WORST.index(one.state) < _WORST.index(known.state):
                latest[one.name] = one
        yield from (latest[name] for name in sorted(latest))

    def publish_results(self, revision: str, results: NativeResults) -> None:
        """As a check run with annotations; see `checks`."""
        with self._line.asking(permissions.CHECK):
            made = self._line.call("POST", "/check-runs", checks.first(revision, results))
            for output in islice(checks.outputs(results), 1, None):
                self._line.call("PATCH", f"/check-runs/{made['id']}", {"output": output})

    def attach(self, change: int, name: str, data: bytes) -> str:
        return images.keep(self._line, name, data)

    def check(self) -> tuple[Access, ...]:
        return checking.forge(self._line)

    def _proposing(self, revision: str) -> Iterator[PullRequest]:
        try:
            for one in PaginatedList(
                PullRequest, self._line, f"{self._line.repository}/commits/{revision}/pulls", None
            ):
                if one.state == "open" and one.head.sha == revision:
                    yield one
        except requests.HTTPError as error:
            if status_of(error) not in {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}:  # no such commit here
                raise

    def _said(self, revision: str) -> list[Status]:
        with self._line.asking(permissions.SAID):
            url = f"{self._line.repository}/commits/{revision}/status"
            found = self._line.all_of(
                permissions.SAID.what,
                lambda: PaginatedList(CommitStatus, self._line, url, None, list_item="statuses"),
            )
        return [
            Status(
                name=one.context,
                state=_STATES.get(one.state, StatusState.FAILURE),
                description=one.description or "",
                url=one.target_url or "",
            )
            for one in found
        ]

    def _checked(self, revision: str) -> list[Status]:
        with self._line.asking(permissions.CHECKED):
            url = f"{self._line.repository}/commits/{revision}/check-runs"
            found = self._line.all_of(
                permissions.CHECKED.what,
                lambda: PaginatedList(CheckRun, self._line, url, {"filter": "latest"}, list_item="check_runs"),
            )
        return [_check(one) for one in found]

    def _comment(self, one: IssueComment) -> Comment:
        return Comment(id=one.id, body=one.body or "", ours=self._is_ours(one), url=one.html_url)

    def _is_ours(self, one: IssueComment) -> bool:
        """Whether we wrote it. An app's token, such as a workflow's, is not told its name: then any app's counts."""
        if not self._of_app and not self._login:
            try:
                _, user = self._line.requestJsonAndCheck("GET", "/user")
                self._login = str(user["login"])
            except requests.HTTPError as error:
                if status_of(error) != HTTPStatus.FORBIDDEN:
                    raise
                self._of_app = True
        key, ours = ("type", "Bot") if self._of_app else ("login", self._login)
        return getattr(one.user, key, None) == ours  # there is no user when the account is gone


def _check(one: CheckRun) -> Status:
    state = checks.STATES.get(one.conclusion or "", StatusState.FAILURE) if one.status == "completed" else None
    return Status(
        name=one.name,
        state=state or StatusState.PENDING,
        description=one.output.title or "",
        url=one.html_url or "",
    )


def _written(made: Mapping[str, Any]) -> Comment:
    return Comment(id=int(made["id"]), body=str(made.get("body") or ""), url=str(made.get("html_url") or ""))
