"""The table of permissions in the documentation is that of the code, and has the requests that are made, no others."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from parts import PROJECT
from servers.base import BRANCH, CHANGE, HEAD, RUNNERS, TOKEN
from servers.github import GithubServer, serve

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context
from ci_orchestrator.providers.github.api import GithubHost
from ci_orchestrator.providers.github.permissions import OPERATIONS, Operation
from ci_orchestrator.providers.online import Annotation, Build, NativeResults, Status, StatusState

STATUS = Status(name="tests", state=StatusState.SUCCESS)


@pytest.fixture
def server() -> Iterator[GithubServer]:
    with serve() as service:
        yield service


def test_the_documentation_has_the_table_of_the_code() -> None:
    page = (PROJECT / "docs/how-to/github.md").read_text("utf-8")
    rows = re.findall(r"^\| ([a-z ]+) \| `([a-z_-]+: \w+)` \| (yes|no) \| (`.+?`|none) \|$", page, re.MULTILINE)
    assert rows == [
        (one.what, one.permission, "yes" if one.in_workflow else "no", f"`{one.classic}`" if one.classic else "none")
        for one in OPERATIONS
    ]


def test_all_that_is_asked_stands_in_the_table_and_all_of_the_table_is_asked(server: GithubServer) -> None:
    server.runners = RUNNERS
    server.add_artifact("dtf-unit-1", {"manifest.json": b"{}"})
    server.add_build(Build(id="31", revision="1" * 40, branch=BRANCH), good=True)
    host = server.host()
    artifact = next(host.artifacts())
    assert list(host.download(artifact))
    host.delete(artifact)
    assert host.last_good(BRANCH)
    assert GithubHost(server.place, Secret(TOKEN), context=Context(), clock=FakeClock()).last_good(BRANCH)
    assert list(host.runners())
    forge = server.forge()
    made = forge.create_comment(CHANGE, "one")
    assert list(forge.comments(CHANGE))
    assert forge.update_comment(CHANGE, made, "two")
    forge.delete_comment(CHANGE, made)
    assert forge.head_of(CHANGE) == HEAD
    assert forge.change_of("f" * 40, "none") is None
    forge.set_status(HEAD, STATUS)
    wrong = (Annotation(path="a.py", line=1, title="a", message="b"),) * 51
    forge.publish_results(HEAD, NativeResults(name="tests", status=STATUS, title="t", summary="s", annotations=wrong))
    assert list(forge.statuses(HEAD))
    assert forge.attach(CHANGE, "a.png", b"a")
    assert server.operations == {request for one in OPERATIONS for request in one.requests}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.permission)
def test_a_refusal_names_the_permission(operation: Operation) -> None:
    assert operation.permission in operation.fixes[403]
    assert operation.fixes[404].startswith(operation.fixes[403])
