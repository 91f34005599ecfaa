"""That the contract server does hold against GitHub's OpenAPI what it is asked: each mistake is one of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
import requests
from parts import need
from servers.base import TOKEN, json_answer, serving
from servers.github import GithubServer
from servers.github_state import SPEC

from ci_orchestrator.errors import ProviderError
from ci_orchestrator.providers.http import Bearer
from ci_orchestrator.providers.online import Annotation, Comment, NativeResults, Status, StatusState

REPOSITORY = "/repos/acme/shop"
MISTAKES = [
    ("GET", "/repos/acme/shop/comments-of/7", None, "GitHub knows no GET"),
    ("GET", f"{REPOSITORY}/issues/7/comments?per-page=100", None, "there is no parameter per-page"),
    ("GET", f"{REPOSITORY}/issues/seven/comments", None, "issue_number='seven'"),
    ("GET", f"{REPOSITORY}/pulls?state=opened", None, "state='opened'"),
    ("POST", f"{REPOSITORY}/issues/7/comments", {"body": "x", "colour": "red"}, "there is no field $.colour"),
    ("POST", f"{REPOSITORY}/issues/7/comments", {"body": 7}, "$.body: 7 is not of type 'string'"),
    ("POST", f"{REPOSITORY}/issues/7/comments", {}, "'body' is a required property"),
    ("POST", f"{REPOSITORY}/issues/7/comments", None, "without a body"),
    ("DELETE", f"{REPOSITORY}/issues/comments/7", {"body": "x"}, "a body that nobody reads"),
    (
        "POST",
        f"{REPOSITORY}/check-runs",
        {"name": "x", "head_sha": "y", "output": {"title": "t", "summary": "s", "annotations": [{"path": "a"}] * 51}},
        "is too long",
    ),
    (
        "POST",
        f"{REPOSITORY}/check-runs",
        {"name": "x", "head_sha": "y", "output": {"title": "t", "summary": "s", "annotations": [{"file": "a"}]}},
        "there is no field $.output.annotations[0].file",
    ),
    ("POST", f"{REPOSITORY}/statuses/abc", {"state": "neutral"}, "'neutral' is not one of"),
]


@contextmanager
def failing(words: str) -> Iterator[GithubServer]:
    """A server that is to find a problem, in these words."""
    need(SPEC.is_file(), "GitHub's OpenAPI is not here: make engines")
    with pytest.raises(AssertionError) as caught, serving(GithubServer()) as server:
        yield server
    assert words in str(caught.value)


@pytest.mark.parametrize(("method", "path", "body", "words"), MISTAKES, ids=[words for *_, words in MISTAKES])
def test_a_mistake_in_a_request_fails_the_test(method: str, path: str, body: object, words: str) -> None:
    with failing(words) as server:
        requests.request(method, f"{server.url}/api/v3{path}", json=body, auth=Bearer(TOKEN), timeout=10)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (json_answer({"id": 7}), "is a required property"),
        (json_answer([], 201), "status 201 is not promised"),
        (json_answer({"message": 7}, 404), "7 is not of type 'string'"),
    ],
)
def test_a_mistake_of_the_server_does_too(monkeypatch: pytest.MonkeyPatch, answer: object, words: str) -> None:
    with failing(words) as server:
        monkeypatch.setattr(server, "refusal", lambda status: answer)
        address = f"{server.url}/api/v3{REPOSITORY}/pulls/9999"
        requests.get(address, auth=Bearer(TOKEN), timeout=10)


SHAPES = [
    {},
    [],
    None,
    7,
    "text",
    {"message": "x"},
    [{}],
    [7],
    {"total_count": 1, "artifacts": [{}], "statuses": [{}], "check_runs": [{}], "workflow_runs": [{}], "runners": [{}]},
    {"total_count": 1, "artifacts": "x", "statuses": "x", "check_runs": 7, "workflow_runs": {}, "runners": None},
    {"total_count": "x", "artifacts": [{"id": "x", "name": []}], "workflow_runs": [7], "runners": [[]]},
    {"owner": 7, "runner_groups": 7, "id": "x", "body": [], "head": 7, "tree": {}, "sha": None},
    {"owner": {"type": "Organization"}, "runner_groups": [7], "runners": [], "total_count": 0},
]


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_json_that_is_none_of_githubs_is_an_error_of_the_provider_or_empty(shape: object) -> None:
    """As from a proxy. Whatever becomes of it, it is never our bug."""
    with serving(GithubServer()) as server:
        server.answer = lambda asked: json_answer(shape)  # type: ignore[method-assign]
        host, forge = server.host(), server.forge()
        status = Status(name="tests", state=StatusState.SUCCESS)
        comment = Comment(id=1, body="")
        wrong = (Annotation(path="a.py", line=1, title="a", message="b"),) * 51
        results = NativeResults(name="tests", status=status, title="t", summary="s", annotations=wrong)
        asking: list[Callable[[], object]] = [
            lambda: list(host.artifacts()),
            lambda: host.last_good("main"),
            lambda: list(host.runners()),
            lambda: list(forge.comments(7)),
            lambda: forge.create_comment(7, "x"),
            lambda: forge.update_comment(7, comment, "x"),
            lambda: forge.head_of(7),
            lambda: forge.change_of("f" * 40, "main"),
            lambda: list(forge.statuses("f" * 40)),
            lambda: forge.publish_results("f" * 40, results),
            lambda: forge.attach(7, "a.png", b"x"),
        ]
        for one in asking:
            with suppress(ProviderError):
                one()
