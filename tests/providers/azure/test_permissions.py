"""What a token must be allowed: as little as there is for what the code asks, and as the documentation says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from parts import PROJECT
from servers.azure import AzureServer, serve
from servers.base import BRANCH, CHANGE, FEATURE, HEAD

from ci_orchestrator.errors import ProviderError
from ci_orchestrator.providers.azure.context import TOKENS
from ci_orchestrator.providers.azure.permissions import (
    ATTACHMENTS,
    BUILDS,
    CODE,
    EVERY,
    POOLS,
    RESULTS,
    STATUSES,
    THREADS,
    Permission,
)
from ci_orchestrator.providers.online import Comment, NativeResults, Status, StatusState

STATUS = Status(name="tests", state=StatusState.SUCCESS)
RESULT = NativeResults(name="t", status=STATUS, title="t", summary="s")
ASKED: list[tuple[Permission, Callable[[AzureServer], object]]] = [
    (BUILDS, lambda server: list(server.host().artifacts())),
    (BUILDS, lambda server: server.host().last_good(BRANCH)),
    (POOLS, lambda server: list(server.host().runners())),
    (CODE, lambda server: server.forge().head_of(CHANGE)),
    (CODE, lambda server: server.forge().change_of(HEAD, FEATURE)),
    (THREADS, lambda server: list(server.forge().comments(CHANGE))),
    (THREADS, lambda server: server.forge().create_comment(CHANGE, "text")),
    (THREADS, lambda server: server.forge().update_comment(CHANGE, Comment(id=1, body=""), "text")),
    (THREADS, lambda server: server.forge().delete_comment(CHANGE, Comment(id=1, body=""))),
    (STATUSES, lambda server: server.forge().set_status(HEAD, STATUS)),
    (STATUSES, lambda server: list(server.forge().statuses(HEAD))),
    (RESULTS, lambda server: server.forge().publish_results(HEAD, RESULT)),
    (ATTACHMENTS, lambda server: server.forge().attach(CHANGE, f"{len(server.attachments)}.png", b"x")),
]


@pytest.mark.parametrize("number", range(len(ASKED)))
def test_one_scope_is_enough_and_without_it_the_refusal_names_it(number: int) -> None:
    permission, ask = ASKED[number]
    with serve() as server:
        server.add_comment("text", ours=True)
        server.granted = {permission.scope} | ({CODE.scope} if permission is ATTACHMENTS else set())
        ask(server)
        server.granted = {one.scope for one in EVERY} - {permission.scope, ATTACHMENTS.scope}
        if permission in (THREADS, STATUSES):
            server.granted -= {CODE.scope}
        with pytest.raises(ProviderError, match="HTTP 403") as caught:
            ask(server)
    assert permission.label in caught.value.fix
    assert permission.role in caught.value.fix


SHAPES = [
    b"",
    b"null",
    b"{}",
    b"[]",
    b"7",
    b'"text"',
    b'{"count": 1, "value": [null]}',
    b'{"count": 1, "value": [{}]}',
    b'{"count": 1, "value": {}}',
    b'{"count": 1, "value": ["text"]}',
    b'{"id": "x", "comments": [], "definition": {}, "resource": 1, "pool": [], "context": 3, "name": null}',
    b'{"count": 1, "value": [{"id": [], "comments": [{}], "context": {}, "pool": {}, "resource": {}, "name": 1}]}',
]


@pytest.mark.parametrize("shape", SHAPES)
def test_an_answer_of_another_form_is_an_error_of_the_provider_or_nothing(shape: bytes) -> None:
    with serve() as server:
        server.instead = shape
        for _, ask in ASKED:
            with suppress(ProviderError):
                ask(server)


def test_every_permission_is_tried() -> None:
    assert {permission.scope for permission, _ in ASKED} == {one.scope for one in EVERY}


def test_the_page_has_every_permission_and_every_variable() -> None:
    page = (PROJECT / "docs" / "how-to" / "azure.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("|")]
    for one in EVERY:
        assert any(f"| {one.label} |" in row and one.role in row for row in rows), one
    assert all(f"`{name}`" in page for name in TOKENS)
