"""GitHub as a forge, beyond what the contract suite asks of every provider."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.base import CHANGE, FEATURE, HEAD, REPOSITORY, TOKEN, Answer, Fault
from servers.github import GithubServer, serve
from servers.github_state import LOGIN

from ci_orchestrator.errors import ProviderError
from ci_orchestrator.providers.github import checks
from ci_orchestrator.providers.github.images import BRANCH as DATA
from ci_orchestrator.providers.online import Annotation, Forge, NativeResults, Status, StatusState

STATUS = Status(name="tests", state=StatusState.FAILURE, description="x", url="https://ci.example/1")


@pytest.fixture
def server() -> Iterator[GithubServer]:
    with serve() as service:
        yield service


@pytest.fixture
def forge(server: GithubServer) -> Forge:
    return server.forge()


def results(count: int = 0, **more: str) -> NativeResults:
    wrong = tuple(
        Annotation(path=f"tests/test_{number}.py", line=number, title=f"test {number}", message="no")
        for number in range(count)
    )
    return NativeResults(
        name="tests", status=STATUS, title="failed", **{"summary": "## Tests", **more}, annotations=wrong
    )


# -- comments --------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [TOKEN, f"ghs_{TOKEN}"])
def test_an_app_that_is_not_told_its_name_knows_comments_of_apps(server: GithubServer, token: str) -> None:
    server.app = True
    server.add_comment("theirs")
    server.add_comment("ours", ours=True)
    assert [one.ours for one in server.forge(token=token).comments(CHANGE)] == [False, True]
    assert [asked.path.endswith("/user") for asked in server.asked].count(True) == (token == TOKEN)


def test_a_comment_of_an_account_that_is_gone_is_not_ours(server: GithubServer, forge: Forge) -> None:
    server.add_comment("theirs")
    comment = server._comment
    server._comment = lambda number: {**comment(number), "user": None}  # type: ignore[method-assign]
    assert [one.ours for one in forge.comments(CHANGE)] == [False]


def test_who_we_are_is_asked_once(server: GithubServer, forge: Forge) -> None:
    for _ in range(3):
        server.add_comment(f"of {LOGIN}", ours=True)
    assert all(one.ours for one in [*forge.comments(CHANGE), *forge.comments(CHANGE)])
    assert [asked.path.endswith("/user") for asked in server.asked].count(True) == 1


def test_a_token_that_only_reads_is_told_of_forks(server: GithubServer, forge: Forge) -> None:
    server.fault(Fault.FORBIDDEN)
    with pytest.raises(ProviderError) as caught:
        forge.create_comment(CHANGE, "red")
    assert caught.value.what.startswith(f"writing a comment of {REPOSITORY} at ")
    assert "`pull-requests: write`" in caught.value.fix
    assert "workflow_run" in caught.value.fix


def test_a_repository_that_has_moved_is_not_written_to_by_a_get(server: GithubServer, forge: Forge) -> None:
    moved = Answer(301, b"", {"Location": f"{server.url}/api/v3/repositories/1/issues/7/comments"})
    server.answer = lambda asked: moved  # type: ignore[method-assign]
    with pytest.raises(ProviderError, match="HTTP 301"):
        forge.create_comment(CHANGE, "red")
    assert [asked.method for asked in server.asked] == ["POST"]


def test_a_page_elsewhere_does_not_get_the_token(server: GithubServer, forge: Forge) -> None:
    for number in range(101):
        server.add_comment(f"{number}")
    server.url = server.url.replace("127.0.0.1", "localhost")  # what the server's links begin with
    with pytest.raises(ProviderError, match="none of GitHub's"):
        list(forge.comments(CHANGE))
    assert not [asked for asked in server.asked if asked.one("page") == "2"]


# -- changes ---------------------------------------------------------------------------------------


def test_the_change_of_a_fork_is_found_by_its_branch(server: GithubServer, forge: Forge) -> None:
    server.pulls[8] = ("d" * 40, f"eve:{FEATURE}", "open")
    assert forge.change_of("e" * 40, f"eve:{FEATURE}") == 8
    assert forge.change_of("e" * 40, FEATURE) == CHANGE
    assert forge.change_of("e" * 40, f"mallory:{FEATURE}") is None


def test_a_revision_of_two_changes_is_of_none(server: GithubServer, forge: Forge) -> None:
    server.pulls[8] = (HEAD, f"eve:{FEATURE}", "open")
    assert forge.change_of(HEAD, FEATURE) is None
    server.pulls[8] = (HEAD, f"eve:{FEATURE}", "closed")
    assert forge.change_of(HEAD, FEATURE) == CHANGE


# -- statuses and checks ---------------------------------------------------------------------------


def test_checks_are_statuses_too_and_the_worst_of_a_name_counts(server: GithubServer, forge: Forge) -> None:
    forge.publish_results(HEAD, results())
    forge.set_status(HEAD, Status(name="tests", state=StatusState.SUCCESS))
    forge.set_status(HEAD, Status(name="lint", state=StatusState.NEUTRAL, description="d" * 300))
    assert [(one.name, one.state) for one in forge.statuses(HEAD)] == [
        ("lint", StatusState.SUCCESS),
        ("tests", StatusState.FAILURE),
    ]
    assert [len(one.description) for one in forge.statuses(HEAD)] == [140, 6]


@pytest.mark.parametrize(
    ("status", "conclusion", "state"),
    [
        ("completed", "success", StatusState.SUCCESS),
        ("completed", "skipped", StatusState.NEUTRAL),
        ("completed", "neutral", StatusState.NEUTRAL),
        ("completed", "cancelled", StatusState.ERROR),
        ("completed", "failure", StatusState.FAILURE),
        ("completed", "timed_out", StatusState.FAILURE),
        ("completed", "action_required", StatusState.FAILURE),
        ("in_progress", None, StatusState.PENDING),
        ("queued", None, StatusState.PENDING),
    ],
)
def test_how_a_check_ended(
    server: GithubServer, forge: Forge, status: str, conclusion: str | None, state: StatusState
) -> None:
    forge.publish_results(HEAD, results())
    next(iter(server.checks.values())).update(status=status, conclusion=conclusion)
    assert [one.state for one in forge.statuses(HEAD)] == [state]


def test_many_statuses_are_all_read(server: GithubServer, forge: Forge) -> None:
    for number in range(130):
        forge.set_status(HEAD, Status(name=f"s{number:03}", state=StatusState.SUCCESS))
    assert [one.name for one in forge.statuses(HEAD)] == [f"s{number:03}" for number in range(130)]


@pytest.mark.parametrize(("count", "requests", "kept"), [(0, 1, 0), (50, 1, 50), (51, 2, 51), (1000, 10, 500)])
def test_annotations_come_in_batches(server: GithubServer, forge: Forge, count: int, requests: int, kept: int) -> None:
    forge.publish_results(HEAD, results(count))
    assert [asked.method for asked in server.asked] == ["POST", *["PATCH"] * (requests - 1)]
    ((_, annotations),) = server.annotations.items()
    assert [one["title"] for one in annotations] == [f"test {number}" for number in range(kept)]


def test_a_check_has_ended_even_when_its_last_annotations_are_refused(server: GithubServer, forge: Forge) -> None:
    server.fault(Fault.UNPROCESSABLE, on="^PATCH ")
    with pytest.raises(ProviderError):
        forge.publish_results(HEAD, results(120))
    (check,) = server.checks.values()
    assert (check["status"], check["conclusion"]) == ("completed", "failure")


def test_a_summary_of_any_length_is_taken(server: GithubServer, forge: Forge) -> None:
    forge.publish_results(HEAD, results(summary="ü😀" * 40_000))
    (check,) = server.checks.values()
    assert 65_000 < len(check["output"]["summary"].encode()) <= 65_535


@given(st.text(), st.integers(4, 40))
def test_cut_texts_keep_to_their_bytes(text: str, most: int) -> None:
    found = checks.cut(text, most)
    assert len(found.encode()) <= most
    if len(text.encode("utf-8", "backslashreplace")) <= most:
        assert found == text


# -- images ----------------------------------------------------------------------------------------


def test_an_image_is_kept_on_a_branch_of_its_own(server: GithubServer, forge: Forge) -> None:
    address = forge.attach(CHANGE, "Trend.SVG", b"<svg/>")
    (path,) = server.branches[DATA]
    assert path.startswith("images/")
    assert path.endswith(".svg")
    assert address == f"{server.url}/{REPOSITORY}/blob/{DATA}/{path}?raw=true"
    assert [asked.method for asked in server.asked] == ["PUT", "POST", "POST", "POST", "PUT"]
    assert forge.attach(CHANGE, "x.svg", b"<svg/>") == address
    assert forge.attach(CHANGE, "../../a b.exe", b"<svg/>").endswith(".png?raw=true")
    assert len(server.asked) == 7


def test_somebody_else_makes_the_branch_first(server: GithubServer, forge: Forge) -> None:
    def meanwhile(asked: object) -> None:
        if str(getattr(asked, "path", "")).endswith("/git/refs"):
            server.branches.setdefault(DATA, {})

    server.before = meanwhile
    forge.attach(CHANGE, "a.png", b"a")
    assert len(server.branches[DATA]) == 1


def test_commits_that_meet_are_tried_again(server: GithubServer, forge: Forge) -> None:
    server.branches[DATA] = {}
    server.fault(Fault.CONFLICT, times=3, on="^PUT ")
    forge.attach(CHANGE, "a.png", b"a")
    assert len(server.branches[DATA]) == 1
    server.fault(Fault.CONFLICT, times=99, on="^PUT ")
    with pytest.raises(ProviderError, match="409"):
        forge.attach(CHANGE, "b.png", b"b")
