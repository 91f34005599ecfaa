"""What is said of a token of GitHub: by its scopes and its user's role, or by what it is let read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers.base import Fault
from servers.github import GithubServer, serve

from ci_orchestrator.errors import ForbiddenError
from ci_orchestrator.providers.access import Right


@pytest.fixture
def server() -> Iterator[GithubServer]:
    with serve() as service:
        yield service


def allowed(server: GithubServer) -> dict[Right, bool | None]:
    return {one.what: one.allowed for one in (*server.host().check(), *server.forge().check())}


WRITES = (Right.COMMENTS, Right.STATUSES, Right.RESULTS)


@pytest.mark.parametrize(
    ("scopes", "private", "role", "can"),
    [
        ("repo, admin:org", True, "admin", {Right.ARTIFACTS, Right.RUNNERS, Right.COMMENTS, Right.STATUSES}),
        ("repo", True, "admin", {Right.ARTIFACTS, Right.COMMENTS, Right.STATUSES}),
        ("repo, admin:org", True, "push", {Right.ARTIFACTS, Right.COMMENTS, Right.STATUSES}),
        ("repo", True, "pull", {Right.ARTIFACTS, Right.COMMENTS}),
        ("repo:status", True, "push", {Right.STATUSES}),
        ("public_repo", True, "push", set()),
        ("public_repo", False, "push", {Right.ARTIFACTS, Right.COMMENTS, Right.STATUSES}),
        ("gist", False, "pull", {Right.ARTIFACTS}),
    ],
)
def test_a_classic_token(server: GithubServer, scopes: str, private: bool, role: str, can: set[Right]) -> None:
    server.scopes, server.private = scopes, private
    server.role = {"pull": True, "push": role != "pull", "admin": role == "admin"}
    assert {what for what, told in allowed(server).items() if told} == can
    assert None not in allowed(server).values()


def test_a_user_s_own_repository_has_no_groups_of_runners(server: GithubServer) -> None:
    server.scopes, server.organization, server.role = "repo", False, {"admin": True}
    assert allowed(server)[Right.RUNNERS] is True


@pytest.mark.parametrize("scopes", [None, ""])
def test_of_other_tokens_only_what_they_read_is_known(server: GithubServer, scopes: str | None) -> None:
    server.scopes = scopes
    assert allowed(server) == {Right.ARTIFACTS: True, Right.RUNNERS: True, **dict.fromkeys(WRITES)}
    server.fault(Fault.FORBIDDEN, on="/actions/runners")
    runners = server.host().check()[1]
    assert runners.allowed is False
    assert "administration: read" in runners.fix
    server.fault(Fault.NOT_FOUND, on=r"/actions/runs\?")
    artifacts = server.host().check()[0]
    assert artifacts.allowed is False
    assert "actions: read" in artifacts.fix


def test_a_limit_is_no_answer(server: GithubServer) -> None:
    server.fault(Fault.SECONDARY, on="/actions/runners")
    assert server.host().check()[1].allowed is True, "it was asked again"


def test_a_repository_that_may_not_be_seen(server: GithubServer) -> None:
    server.fault(Fault.NOT_FOUND, times=9)
    with pytest.raises(ForbiddenError, match="checking the token"):
        server.forge().check()
