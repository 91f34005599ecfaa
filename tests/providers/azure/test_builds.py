"""What Azure Pipelines says of a build of the past, and of a token."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from servers.azure import AzureServer, serve
from servers.base import BRANCH, CHANGE, FEATURE, HEAD, Fault

from ci_orchestrator.errors import ForbiddenError, ProviderError
from ci_orchestrator.providers.access import Right
from ci_orchestrator.providers.azure.permissions import BUILDS, CODE, EVERY, POOLS
from ci_orchestrator.providers.azure.sdk import ANYBODY
from ci_orchestrator.providers.online import Build

OF_CHANGE = Build(id="50", revision=HEAD, branch=FEATURE, change=CHANGE, base=BRANCH)


@pytest.fixture
def server() -> Iterator[AzureServer]:
    with serve() as service:
        yield service


def built(server: AzureServer, **other: object) -> Build:
    """A build of a pull request, in which something is otherwise."""
    server.add_build(OF_CHANGE, good=False)
    server.builds[-1] |= other
    return server.host().build("50")


def test_what_triggered_a_build_tells_it_too(server: AzureServer) -> None:
    trigger = {"pr.number": "9", "pr.sourceSha": "a" * 40, "pr.sourceBranch": "theirs", "pr.isFork": "False"}
    found = built(server, parameters="", triggerInfo=trigger, sourceBranch="refs/pull/9/merge")
    assert (found.revision, found.change, found.branch, found.fork) == ("a" * 40, 9, "theirs", False)


@pytest.mark.parametrize(
    "parameters", ["", "{", "[]", "7", "[" * 100_000, '{"system.pullRequest.sourceCommitId": ["x"]}', "null"]
)
def test_what_was_proposed_is_not_guessed(server: AzureServer, parameters: str) -> None:
    found = built(server, parameters=parameters, triggerInfo={})
    assert (found.revision, found.change, found.fork) == ("", CHANGE, True)


def test_texts_that_are_no_revision_and_no_number(server: AzureServer) -> None:
    told = {"system.pullRequest.sourceCommitId": "main; rm", "system.pullRequest.pullRequestNumber": "7/../8"}
    found = built(server, parameters=json.dumps(told))
    assert (found.revision, found.change) == ("", 0)


def test_a_merge_that_somebody_started_by_hand_is_of_no_revision_that_is_known(server: AzureServer) -> None:
    found = built(server, reason="manual", parameters="", triggerInfo={})
    assert (found.revision, found.change) == ("", CHANGE)


@pytest.mark.parametrize(("ref", "branch"), [("refs/tags/v1", ""), ("main", "main"), ("refs/heads/a/b", "a/b")])
def test_branches_and_tags(server: AzureServer, ref: str, branch: str) -> None:
    found = built(server, reason="manual", sourceBranch=ref, sourceVersion=HEAD)
    assert (found.revision, found.branch, found.change) == (HEAD, branch, 0)


def test_sources_that_are_no_git_have_no_revision(server: AzureServer) -> None:
    assert built(server, reason="manual", sourceBranch="$/shop", sourceVersion="C4711").revision == ""


def test_what_the_scopes_of_a_token_allow(server: AzureServer) -> None:
    server.granted = {one.scope for one in EVERY} - {BUILDS.scope, POOLS.scope}
    for one, permission in zip(server.host().check(), (BUILDS, POOLS), strict=True):
        assert one.allowed is False
        assert permission.label in one.fix
    assert {one.what: one.allowed for one in server.forge().check()} == dict.fromkeys(list(Right)[2:])
    server.granted = {BUILDS.scope, POOLS.scope}
    assert [one.allowed for one in server.host().check()] == [True, True]
    assert [one.allowed for one in server.forge().check()] == [False, False, None], "who reads nothing writes nothing"
    assert CODE.scope not in server.granted


def test_a_scope_that_is_missing_may_be_said_to_be_no_token(server: AzureServer) -> None:
    server.fault(Fault.UNAUTHORIZED, on="/queues")
    assert [one.allowed for one in server.host().check()] == [True, False]


@pytest.mark.parametrize("identity", ["", ANYBODY, ANYBODY.upper()])
def test_who_is_anybody_has_no_token(server: AzureServer, identity: str) -> None:
    server.identity = identity
    for adapter in (server.host(), server.forge()):
        with pytest.raises(ForbiddenError, match="does not know the token"):
            adapter.check()


def test_a_page_to_sign_in_at(server: AzureServer) -> None:
    server.signed_out = True
    with pytest.raises(ProviderError, match="401"):
        server.host().check()
