"""The context of a job, by the environments and events that GitHub documents (`environments/`)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.github.context import read_context, token
from ci_orchestrator.providers.github.event import finished_run, proposal

HERE = Path(__file__).parent / "environments"
ROOT = Path("/home/runner/work/shop/shop")
SHOP = Place(kind="github", api="https://api.github.com", web="https://github.com", repository="acme/shop")
HEAD = "1f0c6b0c1d9dbd0e2b0a9d3d2ed2dcd1e23bd3f1"
MERGE = "9a1c6b0c1d9dbd0e2b0a9d3d2ed2dcd1e23bd3f1"
PUSH = Context(
    revision=HEAD,
    branch="main",
    event="push",
    build="1658821493",
    attempt=1,
    job="report",
    host=SHOP,
    forge=SHOP,
)
CHANGE = replace(PUSH, revision=MERGE, branch="faster", event="change", change=7, head=HEAD, base="main")
FORK = replace(CHANGE, branch="eve:faster", fork=True)
FOLLOWING = replace(CHANGE, revision=HEAD, attempt=2, job="", follows=True)
CONTEXTS = {
    "push": PUSH,
    "tag": replace(PUSH, branch=""),
    "schedule": replace(PUSH, event="schedule"),
    "manual": replace(PUSH, event="manual", attempt=2),
    "queue": replace(PUSH, branch=f"gh-readonly-queue/main/pr-7-{HEAD}"),
    "change": CHANGE,
    "dependabot": CHANGE,
    "fork": FORK,
    "gone": replace(FORK, branch="faster"),
    "unread": replace(FORK, branch="faster", head=""),
    "following": FOLLOWING,
    "following-fork": replace(FOLLOWING, change=0, branch="eve:faster", base="", fork=True),
    "hostile": replace(
        FORK, revision="", branch="eve:a$(rm -rf .)`x`;${{y}}", change=0, head="", build="", attempt=None, job=""
    ),
}


def environment(name: str) -> dict[str, str]:
    lines = (HERE / f"{name}.env").read_text("utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if not line.startswith("#"))
    found = {name: value.replace("\\n", "\n").replace("\\x1b", "\x1b") for name, _, value in pairs}
    path = found["GITHUB_EVENT_PATH"]
    return {**found, "GITHUB_EVENT_PATH": str(HERE / path) if path else ""}


@pytest.mark.parametrize("name", sorted(CONTEXTS))
def test_the_context_of_each_event(name: str) -> None:
    assert read_context(environment(name), ROOT) == CONTEXTS[name]


def test_every_environment_says_where_it_is_from_and_is_read() -> None:
    paths = sorted(HERE.glob("*.env"))
    assert {path.stem for path in paths} == {*CONTEXTS, "enterprise"}
    assert all(path.read_text("utf-8").startswith("# Source: https://docs.github.com/") for path in paths)


def test_a_server_of_ones_own() -> None:
    place = replace(SHOP, api="https://github.example.com/api/v3", web="https://github.example.com")
    assert read_context(environment("enterprise"), ROOT) == replace(PUSH, host=place, forge=place)


def test_no_token_is_in_a_context() -> None:
    assert "not-a-real-token" not in repr(read_context(environment("push"), ROOT))


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ""),
        ({"GITHUB_TOKEN": "one", "GH_TOKEN": "two"}, "one"),
        ({"GITHUB_TOKEN": " ", "GH_TOKEN": "two\n"}, "two"),
    ],
)
def test_the_token_is_that_of_the_first_variable(environ: dict[str, str], expected: str) -> None:
    assert token(environ) == Secret(expected)


def test_a_fork_is_not_made_ours_by_the_pull_requests_that_a_run_lists() -> None:
    told = json.loads((HERE / "following.json").read_text())
    told["workflow_run"]["head_repository"]["full_name"] = "eve/shop"
    assert (finished_run(told).number, finished_run(told).fork) == (0, True)
    told["workflow_run"]["head_repository"]["full_name"] = "ACME/Shop"
    assert (finished_run(told).number, finished_run(told).fork) == (7, False)
    told["workflow_run"]["pull_requests"][0]["head"]["sha"] = "f" * 40
    assert finished_run(told).number == 0, "a pull request that proposes something else is not what was tested"


@pytest.mark.parametrize(
    "place",
    [
        {"GITHUB_REPOSITORY": "acme/shop/../x"},
        {"GITHUB_REPOSITORY": ""},
        {"GITHUB_API_URL": "file:///etc/passwd"},
        {"GITHUB_API_URL": "https://user@evil.example"},
        {"GITHUB_SERVER_URL": "javascript:x"},
    ],
)
def test_what_is_no_place_is_none(place: dict[str, str]) -> None:
    context = read_context({**environment("push"), **place}, ROOT)
    assert (context.host, context.forge) == (None, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    "pull_request",
                    "workflow_run",
                    "head",
                    "base",
                    "repo",
                    "sha",
                    "number",
                    "pull_requests",
                    "owner",
                    "ref",
                )
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_a_payload_of_any_shape_is_read(payload: object) -> None:
    for found in (proposal(payload), finished_run(payload)):
        assert found.number >= 0


@given(st.binary(max_size=40), st.sampled_from(("pull_request", "workflow_run", "push")))
def test_a_file_of_any_bytes_is_read(tmp_path_factory: pytest.TempPathFactory, data: bytes, event: str) -> None:
    path = tmp_path_factory.mktemp("event") / "event.json"
    path.write_bytes(data)
    context = read_context({"GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": str(path)}, ROOT)
    assert context.fork == (event != "push")
    assert not context.change
