"""That the contract server does hold against GitHub's OpenAPI what it is asked: each mistake is one of the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from parts import need
from servers.base import TOKEN, json_answer, serving
from servers.github import GithubServer
from servers.github_state import SPEC

from ci_orchestrator.providers.http import Bearer

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
    need(SPEC.is_file(), "GitHub's OpenAPI is not here: make specs")
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
