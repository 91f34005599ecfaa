"""The context of a build, by the environments that Jenkins documents (`environments/*.env`)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.jenkins.context import read_context, token

HERE = Path(__file__).parent / "environments"
ROOT = Path("/home/jenkins/workspace/acme_shop_main")
ADDRESS = "https://ci.example/jenkins"
REVISION = "1f0c6b0c1d9dbd0e2b0a9d3d2ed2dcd1e23bd3f1"
GITHUB = Place(kind="github", api="https://api.github.com", web="https://github.com", repository="acme/shop")


def environment(name: str) -> dict[str, str]:
    lines = (HERE / f"{name}.env").read_text("utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if not line.startswith("#"))
    return {name: value.replace("\\n", "\n").replace("\\x1b", "\x1b") for name, _, value in pairs}


def read(name: str) -> Context:
    return read_context(environment(name), ROOT)


def host(job: str) -> Place:
    return Place(kind="jenkins", api=ADDRESS, web=ADDRESS, repository=job)


def change(forge: Place | None, job: str = "acme/shop/PR-7", *, fork: bool = False) -> Context:
    return Context(
        branch="faster",
        event="change",
        change=7,
        base="main",
        fork=fork,
        build=f"{job}#42",
        job="report",
        host=host(job),
        forge=forge,
    )


def test_every_environment_says_where_it_is_from() -> None:
    texts = [path.read_text("utf-8") for path in sorted(HERE.glob("*.env"))]
    assert len(texts) == 9
    assert all(text.startswith("# Source: https://www.jenkins.io/doc/") for text in texts)


def test_a_branch_of_a_multibranch_project() -> None:
    assert read("push") == Context(branch="main", build="acme/shop/main#42", job="report", host=host("acme/shop/main"))


def test_a_branch_with_slashes_and_what_git_was_told() -> None:
    job = "acme/shop/release%2F1.x"
    assert read("slashes") == Context(
        revision=REVISION, branch="release/1.x", build=f"{job}#42", job="report", host=host(job), forge=GITHUB
    )


def test_a_plain_pipeline_knows_its_branch_by_git() -> None:
    gitlab = Place(kind="gitlab", api="https://gitlab.com/api/v4", web="https://gitlab.com", repository="acme/shop")
    assert read("schedule") == Context(
        revision=REVISION, branch="main", build="nightly#42", host=host("nightly"), forge=gitlab
    )


def test_a_change_and_one_from_a_fork() -> None:
    assert read("change") == change(GITHUB)
    assert read("fork") == change(GITHUB, fork=True)


def test_forges_of_a_companys_own_are_known_by_the_form_of_their_addresses() -> None:
    github = "https://github.company.example"
    assert read("github-enterprise") == change(
        Place(kind="github", api=f"{github}/api/v3", web=github, repository="acme/shop")
    )
    gitlab = "https://git.company.example:8443"
    assert read("gitlab-enterprise") == change(
        Place(kind="gitlab", api=f"{gitlab}/api/v4", web=gitlab, repository="acme/web/shop"), "acme/shop/MR-7"
    )


def test_a_forge_that_nobody_knows() -> None:
    assert read("bitbucket") == change(None)


def test_hostile_values_are_left_out() -> None:
    assert read("hostile") == Context(event="change", change=7, fork=True)


def test_nothing_is_told() -> None:
    assert read_context({}, ROOT) == Context()


@pytest.mark.parametrize("url", ["http://[::1]:8080/", "https://ci.example:8443/a/b/"])
def test_addresses(url: str) -> None:
    found = read_context({"JENKINS_URL": url, "JOB_NAME": "x"}, ROOT).host
    assert found is not None
    assert found.api == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["https://user:pass@ci.example/", "ftp://x/", "https://[::1", "https://x:99999/", "http://"]
)
def test_what_is_no_address(url: str) -> None:
    assert read_context({"JENKINS_URL": url, "JOB_NAME": "x"}, ROOT).host is None


@given(st.dictionaries(st.sampled_from(sorted(environment("fork") | environment("slashes"))), st.text()))
def test_nothing_that_is_told_raises(environ: dict[str, str]) -> None:
    found = read_context({**environment("fork"), **environ}, ROOT)
    assert found.revision == "" or len(found.revision) in (40, 64)


def test_tokens() -> None:
    assert token({}) == Secret("")
    assert token({"JENKINS_USER_ID": "ci-bot"}) == Secret("")
    assert token({"JENKINS_API_TOKEN": "t0ken"}) == Secret("t0ken")
    both = token({"JENKINS_USER_ID": "ci-bot", "JENKINS_API_TOKEN": " t0ken\n"})
    assert both == Secret("ci-bot:t0ken")
    assert "t0ken" not in repr(both)
