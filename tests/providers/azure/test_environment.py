"""The context of a job, by the environments that Azure Pipelines documents (`environments/*.env`)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.providers.azure.context import read_context, token
from ci_orchestrator.providers.base import Context, Place

HERE = Path(__file__).parent / "environments"
ROOT = Path("/home/vsts/work/1/s")
SITE = "https://dev.azure.com/contoso"
SHOP = Place(kind="azure", api=SITE, web=SITE, repository="Fabrikam Fiber/shop")
PROJECT = replace(SHOP, repository="Fabrikam Fiber")
GITHUB = Place(kind="github", api="https://api.github.com", web="https://github.com", repository="acme/shop")
PUSH = Context(
    revision="1f0c6b0c1d9dbd0e2b0a9d3d2ed2dcd1e23bd3f1",
    branch="main",
    event="push",
    build="4711",
    attempt=1,
    job="unit unit_cpu_1",
    host=SHOP,
    forge=SHOP,
)
CHANGE = replace(
    PUSH, branch="users/ann/faster", event="change", change=7, head="c0ffee00" * 5, base="main", fork=False
)
OVER_GITHUB = replace(CHANGE, branch="faster", host=PROJECT, forge=GITHUB)
SERVER = "https://tfs.corp.example:8443/tfs/DefaultCollection"


def environment(name: str) -> dict[str, str]:
    lines = (HERE / f"{name}.env").read_text("utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if not line.startswith("#"))
    return {name: value.replace("\\n", "\n").replace("\\x1b", "\x1b") for name, _, value in pairs}


EXPECTED = {
    "push": replace(PUSH, attempt=2),
    "change": CHANGE,
    "fork": replace(CHANGE, fork=True),
    "schedule": replace(PUSH, event="schedule"),
    "manual": replace(PUSH, event="manual", branch=""),
    "github-push": replace(PUSH, host=PROJECT, forge=GITHUB),
    "github-change": OVER_GITHUB,
    "github-fork": replace(OVER_GITHUB, fork=True),
    "github-enterprise": replace(
        PUSH,
        host=PROJECT,
        forge=replace(GITHUB, api="https://ghe.corp.example/api/v3", web="https://ghe.corp.example"),
    ),
    "server": replace(CHANGE, host=replace(SHOP, api=SERVER, web=SERVER), forge=replace(SHOP, api=SERVER, web=SERVER)),
    "visualstudio": PUSH,
    "other-git": replace(
        PUSH,
        host=PROJECT,
        forge=Place(
            kind="gitlab", api="https://gitlab.com/api/v4", web="https://gitlab.com", repository="acme/web/shop"
        ),
    ),
    "subversion": replace(PUSH, revision="", branch="trunk", host=PROJECT, forge=None),
    "hostile": Context(event="change", fork=True),
}


def test_every_environment_is_read_and_says_where_it_is_from() -> None:
    texts = {path.stem: path.read_text("utf-8") for path in HERE.glob("*.env")}
    assert texts.keys() == EXPECTED.keys()
    assert all(text.startswith("# Source: https://learn.microsoft.com/") for text in texts.values())


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_job_knows_where_it_runs_and_what_it_proposes(name: str) -> None:
    assert read_context(environment(name), ROOT) == EXPECTED[name]


def test_what_is_not_said_to_be_no_fork_is_one() -> None:
    environ = environment("change")
    del environ["SYSTEM_PULLREQUEST_ISFORK"]
    assert read_context(environ, ROOT).fork


def test_the_number_of_githubs_pull_request_is_in_the_ref_of_what_is_built_too() -> None:
    environ = environment("github-change")
    del environ["SYSTEM_PULLREQUEST_PULLREQUESTNUMBER"]
    assert read_context(environ, ROOT).change == 7


def test_a_repository_of_another_project_is_not_the_hosts() -> None:
    environ = environment("push") | {"BUILD_REPOSITORY_URI": f"{SITE}/Other/_git/shop"}
    context = read_context(environ, ROOT)
    assert context.host == PROJECT
    assert context.forge == replace(SHOP, repository="Other/shop")


def test_an_older_agent_names_the_collection_otherwise() -> None:
    environ = environment("push")
    del environ["SYSTEM_COLLECTIONURI"]
    assert read_context(environ, ROOT).host == SHOP


def test_a_token_made_for_us_comes_before_the_jobs_own() -> None:
    environ = environment("push")
    assert token(environ).reveal() == environ["SYSTEM_ACCESSTOKEN"]
    assert token(environ | {"AZURE_DEVOPS_EXT_PAT": " mine "}).reveal() == "mine"


@pytest.mark.parametrize("environ", [{}, {"SYSTEM_ACCESSTOKEN": " "}, environment("fork")])
def test_a_macro_that_was_not_replaced_is_no_token(environ: dict[str, str]) -> None:
    assert not token(environ)


NAMES = sorted(set().union(*(environment(name) for name in EXPECTED)))
VALUES = st.text(max_size=30) | st.sampled_from(sorted(set().union(*(environment(n).values() for n in EXPECTED))))


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_no_environment_raises_and_what_is_read_has_its_form(environ: dict[str, str]) -> None:
    context = read_context(environ, ROOT)
    assert context.change >= 0
    assert context.build == "" or context.build.isdigit()
    assert all(text.isprintable() for text in (context.branch, context.base, context.job, context.build))
    assert context.event == "change" or not (context.change or context.fork or context.head)
    for place in (context.host, context.forge):
        assert place is None or place.api.startswith(("https://", "http://"))
