"""The contract server itself: what Azure has not published does not pass it."""

from __future__ import annotations

import pytest
import requests
from servers.azure import serve
from servers.base import CHANGE, HEAD, REPOSITORY, TOKEN

PROJECT, _, NAME = REPOSITORY.partition("/")
GIT = f"{PROJECT}/_apis/git/repositories/{NAME}"
STATUS = {"state": "succeeded", "context": {"name": "x"}}
THREADS = f"{GIT}/pullRequests/{CHANGE}/threads?api-version=7.1"


@pytest.mark.parametrize(
    ("method", "path", "body", "problem"),
    [
        ("GET", f"{PROJECT}/_apis/git/nothing?api-version=7.1", None, "no such operation"),
        ("PUT", THREADS, None, "no such operation"),
        ("GET", f"{THREADS}&page=2", None, "the parameter 'page'"),
        ("GET", f"{GIT}/pullRequests/{CHANGE}/threads", None, "the version ''"),
        ("GET", f"{GIT}/pullRequests/{CHANGE}/threads?api-version=3.0", None, "the version '3.0'"),
        ("GET", f"{GIT}/pullRequests/seven/threads?api-version=7.1", None, "pullRequestId='seven' is no integer"),
        ("GET", f"{GIT}/pullrequests?searchCriteria.status=open&api-version=7.1", None, "'open' is none of"),
        ("GET", THREADS, {"a": 1}, "a body, where none is known"),
        ("POST", THREADS, {"comments": [{"content": "x"}], "text": "x"}, "'text' was unexpected"),
        ("POST", THREADS, {"comments": [{"content": 7}]}, "7 is not of type 'string'"),
        (
            "POST",
            f"{GIT}/commits/{HEAD}/statuses?api-version=7.1",
            STATUS | {"state": "green"},
            "'green' is not one of",
        ),
        ("POST", f"{GIT}/commits/{HEAD}/statuses?api-version=7.1", STATUS | {"url": "x"}, "'url' was unexpected"),
    ],
)
def test_what_is_not_published_is_a_problem(method: str, path: str, body: object, problem: str) -> None:
    with pytest.raises(AssertionError) as caught, serve() as server:
        requests.request(method, f"{server.url}/Contoso/{path}", json=body, auth=("", TOKEN), timeout=10)
    assert problem in str(caught.value)


def test_what_the_server_answers_is_held_against_the_contract_too() -> None:
    with serve() as server:
        server.changes[0]["color"] = "red"
        requests.get(f"{server.url}/Contoso/{GIT}/pullrequests?api-version=7.1", auth=("", TOKEN), timeout=10)
        (problem,) = server.problems
        server._problems.clear()
    assert "'color' was unexpected" in problem


def test_a_request_without_the_token_is_a_problem() -> None:
    with pytest.raises(AssertionError, match="without the token"), serve() as server:
        requests.get(f"{server.url}/Contoso/{THREADS}", timeout=10)
