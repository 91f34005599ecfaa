"""What Jenkins says of a build of the past, and of a token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers.base import BUILD, CHANGE, FEATURE, HEAD, REPOSITORY, TOKEN, Fault
from servers.jenkins import JenkinsServer, serve

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.errors import ProviderError
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.jenkins.api import JenkinsHost
from ci_orchestrator.providers.online import Build

LIBRARY = "https://github.com/acme/pipelines.git"
SHOP = Place(kind="github", api="https://api.github.com", web="https://github.com", repository="Acme/shop")


@pytest.fixture
def server() -> Iterator[JenkinsServer]:
    with serve() as service:
        yield service


def of_shop(server: JenkinsServer) -> JenkinsHost:
    """One that knows where the repository is."""
    place = Place(kind="jenkins", api=server.url, web=server.url, repository=REPOSITORY)
    context = Context(build=BUILD, forge=SHOP)
    return JenkinsHost(place, Secret(f"ci-bot:{TOKEN}"), context=context, clock=FakeClock())


def test_libraries_of_a_pipeline_are_other_repositories(server: JenkinsServer) -> None:
    server.add_build(Build(id="50", revision=HEAD, branch=FEATURE), good=True)
    server.runs[REPOSITORY][50].libraries = {LIBRARY: "1" * 40}
    assert of_shop(server).build("50").revision == HEAD
    assert server.host().build("50").revision == "", "which of the two is meant is not guessed"


def test_a_library_of_the_same_revision_changes_nothing(server: JenkinsServer) -> None:
    server.add_build(Build(id="50", revision=HEAD, branch=FEATURE), good=True)
    server.runs[REPOSITORY][50].libraries = {"git@github.com:acme/shop.git": HEAD}
    assert server.host().build("50").revision == HEAD


def test_a_job_of_a_change_that_is_only_called_so(server: JenkinsServer) -> None:
    server.add_job("acme/multi/PR-9")
    server.add_build(Build(id="50", revision=HEAD, branch="PR-9"), good=True, job="acme/multi/PR-9")
    found = server.host().build("acme/multi/PR-9#50")
    assert (found.revision, found.branch, found.change, found.fork) == (HEAD, "", 0, True)


@pytest.mark.parametrize(
    ("opened", "change"),
    [
        ("https://gitlab.example.com/a/b/-/merge_requests/12", 12),
        ("https://dev.azure.com/o/p/_git/r/pullrequest/13", 13),
        ("https://github.com/acme/shop/tree/main", 0),
        ("javascript:/pull/7", 0),
        ("https://user:secret@github.com/acme/shop/pull/7", 0),
    ],
)
def test_the_change_is_where_the_job_says_that_it_can_be_opened(
    server: JenkinsServer, opened: str, change: int
) -> None:
    server.add_build(Build(id="50", revision=HEAD, branch=FEATURE, change=CHANGE), good=True)
    server.opened[REPOSITORY] = opened
    assert server.host().build("50").change == change


def test_a_build_that_fetched_nothing_is_of_no_revision(server: JenkinsServer) -> None:
    assert server.host().build(BUILD).revision == ""


def test_a_token_that_jenkins_takes_for_nobody_s(server: JenkinsServer) -> None:
    server.anonymous = True
    with pytest.raises(ProviderError, match="does not know the token") as caught:
        server.host().check()
    assert "JENKINS_USER_ID" in caught.value.fix


def test_what_the_user_of_a_token_may_see(server: JenkinsServer) -> None:
    assert [one.allowed for one in server.host().check()] == [True, True]
    server.fault(Fault.NOT_FOUND, on="/job/")
    server.fault(Fault.FORBIDDEN, on="/computer")
    found = server.host().check()
    assert [one.allowed for one in found] == [False, False]
    assert ["*Job/Read*" in found[0].fix, "*Overall/Read*" in found[1].fix] == [True, True]
