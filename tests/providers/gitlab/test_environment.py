"""The context of a job, by the environments that GitLab documents (`environments/*.env`)."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.api.online import connect
from ci_orchestrator.clock import FakeClock
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.gitlab.context import JobToken, read_context, token

HERE = Path(__file__).parent / "environments"
ROOT = Path("/builds/acme/web/shop")
SHOP = Place(kind="gitlab", api="https://gitlab.com/api/v4", web="https://gitlab.com", repository="acme/web/shop")
HEAD = "1f0c6b0c1d9dbd0e2b0a9d3d2ed2dcd1e23bd3f1"
PUSH = Context(
    revision=HEAD, branch="main", event="push", build="98765432", job="unit: [unit_cpu_1]", host=SHOP, forge=SHOP
)
CHANGE = Context(
    revision=HEAD,
    branch="faster",
    event="change",
    change=7,
    head=HEAD,
    base="main",
    build="98765432",
    job="unit: [unit_cpu_1]",
    host=SHOP,
    forge=SHOP,
)


def environment(name: str) -> dict[str, str]:
    lines = (HERE / f"{name}.env").read_text("utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if not line.startswith("#"))
    return {name: value.replace("\\n", "\n").replace("\\x1b", "\x1b") for name, _, value in pairs}


def read(name: str) -> Context:
    return read_context(environment(name), ROOT)


def with_(context: Context, **changes: object) -> Context:
    fields = {name: getattr(context, name) for name in Context.__dataclass_fields__}
    return Context(**{**fields, **changes})  # type: ignore[arg-type]


def test_every_environment_says_where_it_is_from() -> None:
    texts = [path.read_text("utf-8") for path in sorted(HERE.glob("*.env"))]
    assert len(texts) == 10
    assert all(text.startswith("# Source: https://docs.gitlab.com/") for text in texts)


def test_a_push() -> None:
    assert read("push") == PUSH


def test_a_tag_is_on_no_branch() -> None:
    assert read("tag") == with_(PUSH, branch="")


def test_a_schedule() -> None:
    assert read("schedule") == with_(PUSH, event="schedule")


def test_a_merge_request() -> None:
    assert read("change") == CHANGE


def test_of_a_merged_result_the_head_is_not_what_is_tested() -> None:
    assert read("merged-result") == with_(CHANGE, revision="beefbeef" + HEAD[8:])


def test_a_child_pipeline_is_of_its_merge_request() -> None:
    assert read("child") == CHANGE


def test_a_child_pipeline_of_a_push_is_told_no_event() -> None:
    environ = environment("push") | {"CI_PIPELINE_SOURCE": "parent_pipeline"}
    assert read_context(environ, ROOT) == with_(PUSH, event="")


def test_a_fork_builds_at_home_and_its_change_lives_in_the_target() -> None:
    fork = Place(kind="gitlab", api=SHOP.api, web=SHOP.web, repository="mallory/shop")
    assert read("fork") == with_(CHANGE, fork=True, host=fork)


def test_a_change_whose_source_is_not_told_is_not_trusted() -> None:
    environ = environment("change")
    del environ["CI_MERGE_REQUEST_SOURCE_PROJECT_PATH"]
    assert read_context(environ, ROOT).fork


def test_a_pull_request_of_github_lives_there() -> None:
    forge = Place(kind="github", api="https://api.github.com", web="https://github.com", repository="acme/shop")
    assert read("external") == with_(CHANGE, change=12, forge=forge)


def test_a_server_of_ones_own() -> None:
    web = "https://code.acme.example:8443/gitlab"
    place = Place(kind="gitlab", api=f"{web}/api/v4", web=web, repository="acme/web/shop")
    revision = "1f0c6b0c1d9dbd0e" * 4
    assert read("enterprise") == with_(PUSH, revision=revision, event="manual", host=place, forge=place)


def test_what_has_not_its_form_is_left_out_and_what_has_stays_a_value() -> None:
    odd = "$(id)`id`${{x}};<b>"
    environ = environment("hostile") | {"CI_COMMIT_BRANCH": odd}
    assert read_context(environ, ROOT) == Context(event="change", change=7)
    assert read_context(environment("push") | {"CI_COMMIT_BRANCH": odd}, ROOT).branch == odd


@given(st.sampled_from(sorted(environment("change"))), st.text() | st.just("x" * 10_000))
def test_any_value_can_be_read(name: str, value: str) -> None:
    found = read_context(environment("change") | {name: value}, ROOT)
    assert all(text.isprintable() and len(text) <= 400 for text in (found.branch, found.base, found.job, found.build))


def test_a_token_that_somebody_made_goes_before_the_jobs_own() -> None:
    made, own = token(environment("schedule")), token(environment("push"))
    assert (made.reveal(), type(made)) == ("glpat-not-a-real-token", Secret)
    assert (own.reveal(), type(own)) == ("glcbt-64_not-a-real-token", JobToken)
    assert "real" not in f"{made}{own!r}"


def test_no_token_is_no_token() -> None:
    assert not token({"GITLAB_TOKEN": "  "})


def test_a_jobs_own_token_fetches_and_tells_nothing(tmp_path: Path) -> None:
    own = connect(environment("change"), tmp_path, FakeClock())
    assert own.host is not None
    assert (own.forge, own.why) == (
        None,
        ("no comments and statuses at gitlab: there is no token; set GITLAB_TOKEN",),
    )
    made = connect({**environment("change"), "GITLAB_TOKEN": "glpat-not-a-real-token"}, tmp_path, FakeClock())
    assert made.forge is not None
    assert made.why == ()
