"""GitLab's own ways as a forge, beyond what `tests/contracts/test_adapters.py` asks of all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import responses
from servers import gitlab as server_of
from servers.base import CHANGE, FEATURE, HEAD, TOKEN
from servers.gitlab import GitlabServer

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.errors import ProviderError, UserError
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.gitlab.api import GitlabForge
from ci_orchestrator.providers.online import Ability, Comment, NativeResults, Status, StatusState

IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
OPEN = Status(name="tests", state=StatusState.PENDING)


@pytest.fixture
def server() -> Iterator[GitlabServer]:
    with server_of.serve() as service:
        yield service


def posts(server: GitlabServer) -> int:
    return sum(one.method == "POST" for one in server.asked)


# -- notes -----------------------------------------------------------------------------------------


def test_a_job_reads_notes_with_its_own_token_and_writes_none(server: GitlabServer) -> None:
    number = server.add_comment("red", ours=True)
    forge = server.forge(server.job_token())
    (comment,) = forge.comments(CHANGE)
    assert comment == Comment(
        id=number, body="red", ours=False, url=f"{server.url}/acme/shop/-/merge_requests/7#note_{number}"
    )
    before = len(server.asked)
    for refused in (
        lambda: forge.create_comment(CHANGE, "x"),
        lambda: forge.update_comment(CHANGE, comment, "x"),
        lambda: forge.delete_comment(CHANGE, comment),
        lambda: forge.set_status(HEAD, OPEN),
        lambda: list(forge.statuses(HEAD)),
    ):
        with pytest.raises(ProviderError, match=r"the job's own token \(CI_JOB_TOKEN\) may not") as caught:
            refused()
        assert "the masked CI/CD variable GITLAB_TOKEN" in caught.value.fix
    assert len(server.asked) == before
    assert server.bodies() == ["red"]


def test_abilities_are_those_of_the_token_and_of_where_it_runs(server: GitlabServer) -> None:
    assert server.forge().abilities == {Ability.ATTACH, Ability.RESULTS, Ability.STATUSES}
    assert server.forge(server.job_token()).abilities == {Ability.RESULTS}
    jenkins = Place(kind="jenkins", api="https://ci.example", web="https://ci.example", repository="shop")
    forge = GitlabForge(server.place, Secret(TOKEN), context=Context(host=jenkins))
    assert forge.abilities == {Ability.ATTACH, Ability.STATUSES}


def test_what_gitlab_itself_notes_is_no_comment(server: GitlabServer) -> None:
    server.add_comment("added 1 commit", ours=True, system=True)
    server.add_comment("hello")
    assert [one.body for one in server.forge().comments(CHANGE)] == ["hello"]


@pytest.mark.parametrize(
    "text", ["/merge", "a\n/approve\nb", "a\n\r/close", "````\n/merge\n````", "a\r\n/CLOSE x", "//x"]
)
def test_no_line_of_a_comment_is_a_quick_action(server: GitlabServer, text: str) -> None:
    """The server fails the test if GitLab would run one."""
    forge = server.forge()
    made = forge.create_comment(CHANGE, text)
    assert made.body == text
    changed = forge.update_comment(CHANGE, made, f"{text}\n/close")
    assert changed is not None
    assert [one.body for one in forge.comments(CHANGE)] == [f"{text}\n/close"]


def test_who_we_are_is_asked_once(server: GitlabServer) -> None:
    forge = server.forge()
    for _ in range(3):
        list(forge.comments(CHANGE))
    assert sum(one.path.endswith("/user") for one in server.asked) == 1


# -- changes ---------------------------------------------------------------------------------------


def test_a_revision_of_two_changes_is_of_none(server: GitlabServer) -> None:
    server.add_change(8, branch="again", head=HEAD)
    assert server.forge().change_of(HEAD, FEATURE) is None


def test_a_branch_of_a_fork_or_of_a_closed_change_does_not_count(server: GitlabServer) -> None:
    server.add_change(8, branch="patch-1", head="8" * 40, source=99)
    server.add_change(9, branch="old", head="9" * 40, state="closed")
    forge = server.forge()
    assert forge.change_of("a" * 40, "patch-1") is None
    assert forge.change_of("a" * 40, "old") is None
    assert forge.change_of("9" * 40, "") is None
    assert forge.change_of("8" * 40, "") == 8
    assert forge.change_of("a" * 40, FEATURE) == CHANGE


# -- statuses --------------------------------------------------------------------------------------


def test_that_something_runs_may_be_said_again(server: GitlabServer) -> None:
    forge = server.forge()
    forge.set_status(HEAD, OPEN)
    forge.set_status(HEAD, OPEN)
    server.statuses[0]["status"] = "running"
    forge.set_status(HEAD, OPEN)
    assert [one.state for one in forge.statuses(HEAD)] == [StatusState.PENDING]


@pytest.mark.parametrize(
    ("state", "said", "read"),
    [
        (StatusState.SUCCESS, "success", StatusState.SUCCESS),
        (StatusState.FAILURE, "failed", StatusState.FAILURE),
        (StatusState.ERROR, "failed", StatusState.FAILURE),
        (StatusState.PENDING, "pending", StatusState.PENDING),
        (StatusState.NEUTRAL, "success", StatusState.SUCCESS),
    ],
)
def test_states_in_gitlabs_words(server: GitlabServer, state: StatusState, said: str, read: StatusState) -> None:
    forge = server.forge()
    forge.set_status(HEAD, Status(name="tests", state=state))
    assert server.statuses[0]["status"] == said
    assert [one.state for one in forge.statuses(HEAD)] == [read]


def test_what_may_fail_and_what_waits_for_somebody_says_nothing(server: GitlabServer) -> None:
    for number, (name, status, allowed) in enumerate(
        [
            ("flaky", "failed", True),
            ("deploy", "manual", True),
            ("stopped", "canceled", False),
            ("new", "created", False),
        ]
    ):
        server.statuses.append(
            {"id": number, "sha": HEAD, "name": name, "status": status, "allow_failure": allowed, "description": None}
        )
    found = {one.name: one.state for one in server.forge().statuses(HEAD)}
    assert found == {
        "deploy": StatusState.NEUTRAL,
        "flaky": StatusState.NEUTRAL,
        "new": StatusState.PENDING,
        "stopped": StatusState.ERROR,
    }


def test_a_status_stays_within_gitlabs_limits(server: GitlabServer) -> None:
    forge = server.forge()
    for number, url in enumerate(("https://ci.example/" + "x" * 300, "javascript:alert(1)", "https://ci.example/1")):
        forge.set_status(HEAD, Status(name=f"{number}" * 300, state=StatusState.SUCCESS, description="d" * 9, url=url))
    assert [(len(one["name"]), one["target_url"]) for one in server.statuses] == [
        (255, None),
        (255, None),
        (255, "https://ci.example/1"),
    ]


# -- results ---------------------------------------------------------------------------------------


def results(tmp_path: Path) -> NativeResults:
    merged = tmp_path / "merged.xml"
    merged.write_text("<testsuites/>")
    files = {"merged.xml": merged, "../../escape.xml": merged}
    return NativeResults(name="t", status=OPEN, title="t", summary="s", files=files)


def test_native_results_are_files_for_the_report_job(server: GitlabServer, tmp_path: Path) -> None:
    server.forge().publish_results(HEAD, results(tmp_path))
    place = server.root / ".ci-orchestrator/report"
    assert sorted(path for path in server.root.rglob("*.*") if path.is_file()) == [
        place / "escape.xml",
        place / "merged.xml",
    ]
    assert server.asked == ()


def test_results_that_cannot_be_written_are_the_users_to_mend(server: GitlabServer, tmp_path: Path) -> None:
    (server.root / ".ci-orchestrator").write_text("in the way")
    with pytest.raises(UserError, match="cannot be written"):
        server.forge().publish_results(HEAD, results(tmp_path))


# -- images ----------------------------------------------------------------------------------------


def test_what_a_comment_of_ours_shows_is_not_sent_again(server: GitlabServer) -> None:
    address = server.forge().attach(CHANGE, "durations.png", IMAGE)
    assert address.startswith(f"{server.url}/-/project/17/uploads/")
    assert server.uploads[address.partition("/-/project/17")[2]] == IMAGE
    server.add_comment(f"![durations]({address})", ours=True)
    before = posts(server)
    assert server.forge().attach(CHANGE, "durations.png", IMAGE) == address
    assert posts(server) == before


def test_what_somebody_elses_comment_shows_is_not_believed(server: GitlabServer) -> None:
    address = server.forge().attach(CHANGE, "durations.png", IMAGE)
    server.add_comment(f"![durations]({address})")
    assert server.forge().attach(CHANGE, "durations.png", IMAGE) != address


def test_an_address_elsewhere_in_a_comment_of_ours_is_not_used(server: GitlabServer) -> None:
    address = server.forge().attach(CHANGE, "durations.png", IMAGE)
    server.add_comment(f"![durations]({address.replace(server.url, 'https://evil.example')})", ours=True)
    assert server.forge().attach(CHANGE, "durations.png", IMAGE).startswith(server.url)


def test_an_older_server_tells_the_address_within_the_project(server: GitlabServer) -> None:
    server.old = True
    address = server.forge().attach(CHANGE, "durations.png", IMAGE)
    assert address.startswith(f"{server.url}/acme/shop/uploads/")
    server.add_comment(f"![durations]({address})", ours=True)
    assert server.forge().attach(CHANGE, "durations.png", IMAGE) == address


def test_an_image_may_have_any_name(server: GitlabServer) -> None:
    address = server.forge().attach(CHANGE, '../a b"\r\n<ü>' + "x" * 300 + ".png", IMAGE)
    name = address.rpartition("/")[2]
    assert name.endswith(".png")
    assert len(name) < 130
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-_")


@pytest.mark.parametrize(
    "said",
    ['{"url": "https://evil.example/x.png"}', '{"url": "/uploads/../x.png"}', '{"url": 5}', "[]", "<html>", "{}"],
)
@responses.activate
def test_an_upload_without_an_address_of_the_project_is_an_error(said: str) -> None:
    place = Place(kind="gitlab", api="https://c.example/api/v4", web="https://c.example", repository="a/b")
    responses.get(f"{place.api}/user", json={"id": 1})
    responses.get(f"{place.api}/projects/a%2Fb/merge_requests/7/notes", json=[])
    responses.post(f"{place.api}/projects/a%2Fb/uploads", body=said, status=201, content_type="application/json")
    forge = GitlabForge(place, Secret(TOKEN), context=Context(), clock=FakeClock())
    with pytest.raises(ProviderError, match="uploading an image of a/b"):
        forge.attach(7, "a.png", IMAGE)
