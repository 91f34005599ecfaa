"""What is said of a token of GitLab, and of a pipeline of the past."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers.base import BRANCH, BUILD, CHANGE, FEATURE, HEAD, MERGED, Fault
from servers.gitlab import GitlabServer, serve

from ci_orchestrator.errors import ForbiddenError, ProviderError
from ci_orchestrator.providers.access import Right
from ci_orchestrator.providers.online import Build


@pytest.fixture
def server() -> Iterator[GitlabServer]:
    with serve() as service:
        yield service


def allowed(server: GitlabServer) -> dict[Right, bool | None]:
    return {one.what: one.allowed for one in (*server.host().check(), *server.forge().check())}


A, R, C, S = Right.ARTIFACTS, Right.RUNNERS, Right.COMMENTS, Right.STATUSES


@pytest.mark.parametrize(
    ("scopes", "level", "visibility", "expected"),
    [
        (["api"], 40, "private", {A: True, R: True, C: True, S: True}),
        (["api"], 30, "private", {A: True, R: False, C: True, S: True}),
        (["api"], 20, "private", {A: True, R: False, C: True, S: False}),
        (["api"], 10, "private", {A: False, R: False, C: False, S: False}),
        (["api"], 10, "public", {A: None, R: False, C: None, S: False}),
        (["read_api"], 50, "private", {A: True, R: True, C: False, S: False}),
        (["read_repository"], 50, "public", {A: False, R: False, C: False, S: False}),
        (["api"], 0, "private", dict.fromkeys((A, R, C, S))),
        (None, 40, "private", dict.fromkeys((A, R, C, S))),
        (None, 20, "private", {A: None, R: False, C: None, S: False}),
    ],
)
def test_a_token_is_known_by_scopes_and_role(
    server: GitlabServer, scopes: list[str] | None, level: int, visibility: str, expected: dict[Right, bool | None]
) -> None:
    server.scopes, server.level, server.visibility = scopes, level, visibility
    assert allowed(server) == expected


def test_a_job_s_own_token_reads_and_no_more(server: GitlabServer) -> None:
    found = (*server.host(server.job_token()).check(), *server.forge(server.job_token()).check())
    assert {one.what: one.allowed for one in found} == {A: True, R: False, C: False, S: False}
    assert all("GITLAB_TOKEN" in one.fix for one in found if not one.allowed)
    server.fault(Fault.FORBIDDEN, on="/jobs")
    assert server.host(server.job_token()).check()[0].allowed is False


def test_a_project_that_may_not_be_seen(server: GitlabServer) -> None:
    server.projects.clear()
    with pytest.raises(ForbiddenError, match="checking the token"):
        server.host().check()


MERGE = Build(id="50", revision=HEAD, branch=FEATURE, change=CHANGE, base=BRANCH)


def test_a_merge_is_of_what_was_proposed_then(server: GitlabServer) -> None:
    old = "a" * 40
    server.versions.append(old)
    server.add_build(Build(id="50", revision=old, branch=FEATURE, change=CHANGE), good=True)
    assert server.host().build("50").revision == old, "though another revision is proposed now"


@pytest.mark.parametrize("parents", [None, [], ["b" * 40, "d" * 40], [HEAD, "a" * 40]])
def test_what_a_merge_is_of_is_not_guessed(server: GitlabServer, parents: list[str] | None) -> None:
    server.add_build(MERGE, good=True)
    server.versions.append("a" * 40)
    del server.commits[MERGED]
    if parents is not None:
        server.commits[MERGED] = parents
    found = server.host().build("50")
    assert (found.revision, found.change) == ("", CHANGE)


def test_a_pipeline_of_the_source_branch_has_no_merge(server: GitlabServer) -> None:
    server.add_pipeline(60, ref=f"refs/merge-requests/{CHANGE}/head", sha=HEAD, status="failed")
    found = server.host().build("60")
    assert (found.revision, found.change, found.branch, found.fork) == (HEAD, CHANGE, FEATURE, False)
    assert not [asked for asked in server.asked if "commits" in asked.path]


def test_a_merge_request_s_pipeline_within_a_fork(server: GitlabServer) -> None:
    server.add_pipeline(61, ref="faster", sha=HEAD, status="failed", source="merge_request_event")
    assert server.host().build("61").fork


def test_a_pipeline_of_a_tag_has_no_branch(server: GitlabServer) -> None:
    server.add_pipeline(62, ref="v1", sha=HEAD, status="success")["tag"] = True
    assert server.host().build("62").branch == ""


def test_a_job_s_own_token_is_not_told_of_pipelines(server: GitlabServer) -> None:
    with pytest.raises(ProviderError, match=r"reading a pipeline.*CI_JOB_TOKEN"):
        server.host(server.job_token()).build(BUILD)
