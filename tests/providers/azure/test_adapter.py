"""Azure DevOps through the real client library, over real HTTP, against a server that knows the published contract."""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from parts import PROJECT
from servers.azure import AzureServer, serve
from servers.base import BRANCH, BUILD, CHANGE, FEATURE, HEAD, RUNNERS, TOKEN, Fault

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.errors import ProviderError
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.azure.api import AzureForge, AzureHost
from ci_orchestrator.providers.azure.sdk import Sdk
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.http import Meter, session
from ci_orchestrator.providers.online import Ability, Artifact, Build, Comment, Runner, RunnerState, Status, StatusState

OTHER = "0123456789" * 4


@pytest.fixture
def server() -> Iterator[AzureServer]:
    with serve() as started:
        yield started


def count(server: AzureServer, method: str = "") -> int:
    """Requests, but for those that ask where operations are, which is once in a process."""
    return sum(one.method in (method or one.method) and one.method != "OPTIONS" for one in server.asked)


def test_artifacts_of_both_kinds_are_listed_by_one_request_and_streamed(server: AzureServer) -> None:
    server.add_artifact("dtf-unit_2-1", {"manifest.json": b"{}"})
    server.add_artifact("dtf unit/1-1", {"manifest.json": b"[]"}, far=False)
    server.add_artifact("older", {"a": b""}, build="7")
    server.add_build(Build(id="7"), good=True)
    host = server.host()
    found = list(host.artifacts())
    assert [(one.name, one.build) for one in found] == [("dtf unit/1-1", BUILD), ("dtf-unit_2-1", BUILD)]
    assert [one.name for one in host.artifacts("7")] == ["older"]
    assert count(server) == 2
    for one in found:
        assert b"".join(host.download(one)).startswith(b"PK")


@pytest.mark.parametrize("build", ["", "latest", "7; id", "../7", "0"])
def test_a_build_that_is_none_is_said_before_anything_is_asked(server: AzureServer, build: str) -> None:
    host = AzureHost(server.place(), Secret(TOKEN), context=Context(), clock=FakeClock())
    with pytest.raises(ProviderError) as caught:
        list(host.artifacts(build))
    assert "BUILD_BUILDID" in caught.value.fix
    assert not server.asked


def stranger(address: str, api: str) -> str:
    """What a host that an artifact's address names is shown of the token, as the session prepares it."""
    seen: list[str] = []
    line = session(Meter(), clock=FakeClock())
    sdk = Sdk(Place(kind="azure", api=api, web=api, repository="a/b"), Secret(TOKEN), line, FakeClock())

    class ToldError(Exception):
        pass

    def send(request: Any, **_: object) -> None:
        seen.append(request.headers.get("Authorization", ""))
        raise ToldError

    line.send = send  # type: ignore[method-assign, assignment]
    with pytest.raises(ToldError):
        sdk.stream(address)
    return seen[0]


BASIC = f"Basic {b64encode(f':{TOKEN}'.encode()).decode()}"
CLOUD = "https://dev.azure.com/contoso"


@pytest.mark.parametrize(
    ("address", "api", "shown"),
    [
        ("https://artprodcus3.artifacts.visualstudio.com/A1/_apis/artifact/x/content?format=zip", CLOUD, BASIC),
        ("https://dev.azure.com/contoso/_apis/build/builds/1/artifacts", CLOUD, BASIC),
        ("https://contoso.pkgs.dev.azure.com/x", CLOUD, BASIC),
        ("http://artprodcus3.artifacts.visualstudio.com/x", CLOUD, ""),
        ("https://visualstudio.com.evil.example/x", CLOUD, ""),
        ("https://evilvisualstudio.com/x", CLOUD, ""),
        ("https://dev.azure.com@evil.example/x", CLOUD, ""),
        ("https://tfs.example/tfs/c/_apis/x", "https://tfs.example/tfs/c", BASIC),
        ("https://artprodcus3.artifacts.visualstudio.com/x", "https://tfs.example/tfs/c", ""),
    ],
)
def test_only_the_services_own_hosts_are_shown_the_token(address: str, api: str, shown: str) -> None:
    assert stranger(address, api) == shown


def test_what_lies_on_a_file_share_is_refused(server: AzureServer) -> None:
    share = Artifact(name="drop", key=r"\\share\drop")
    with pytest.raises(ProviderError, match="is no address to download from"):
        list(server.host().download(share))


def test_the_last_good_build_is_the_newest_of_the_same_pipeline_and_branch(server: AzureServer) -> None:
    host = server.host()
    assert host.last_good(BRANCH) is None
    server.add_build(Build(id="1", revision=OTHER, branch=BRANCH), good=True)
    server.add_build(Build(id="2", revision=HEAD, branch=BRANCH), good=True)
    server.add_build(Build(id="3", revision=HEAD, branch=BRANCH), good=False)
    server.add_build(Build(id="4", revision=HEAD, branch="elsewhere"), good=True)
    server.add_build(Build(id="5", revision=HEAD, branch=BRANCH), good=True, pipeline=99)
    found = host.last_good(BRANCH)
    assert found is not None
    assert (found.id, found.revision, found.branch) == ("2", HEAD, BRANCH)
    assert found.url.endswith("/acme/_build/results?buildId=2")


def test_a_branch_may_be_called_anything(server: AzureServer) -> None:
    """The client library puts some texts into addresses as they are."""
    name = "a&searchCriteria.status=all#?%2f é+"
    server.changes.append(server.change(8, OTHER, name))
    server.changes.append(server.change(9, OTHER, "a", status="completed"))
    assert server.forge().change_of("", name) == 8
    assert server.host().last_good(name) is None


def test_runners_are_the_agents_of_the_projects_own_pools(server: AzureServer) -> None:
    server.runners = RUNNERS
    found = list(server.host().runners())
    assert found == [server.expected(one) for one in RUNNERS]
    assert count(server) == 2  # the queues, and one pool: that of Microsoft's own is not asked


def test_values_of_an_agents_environment_are_not_told(server: AzureServer) -> None:
    server.runners = [Runner(name="a", state=RunnerState.IDLE, labels=("gpu",))]
    (found,) = server.host().runners()
    assert {"Agent.OS -equals Linux", "HOME", "gpu"} < set(found.labels)
    assert "/home/somebody" not in repr(found)


def test_a_host_leaves_directories_to_the_pipelines_own_step(
    server: AzureServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "a.txt").write_text("a")
    host = server.host()
    host.put("dtf-unit_1-1", tmp_path / "made", retain=60.0)
    assert [path.name for path in tmp_path.rglob("a.txt") if "dtf-unit_1-1" in str(path)] == ["a.txt"]
    assert Ability.UPLOAD not in host.abilities
    with pytest.raises(ProviderError, match="does not remove an artifact"):
        host.delete(Artifact(name="x", key=""))
    assert not server.asked


def test_a_thread_is_a_comment_by_what_it_begins_with(server: AzureServer) -> None:
    theirs, mine = server.add_comment("looks good"), server.add_comment("the report", ours=True)
    server.add_comment("voted 10", kind="system")
    reply = server.threads[CHANGE][0]["comments"][0] | {"id": 2, "parentCommentId": 1, "content": "really?"}
    server.threads[CHANGE][0]["comments"].append(reply)
    found = list(server.forge().comments(CHANGE))
    assert [(one.id, one.body, one.ours) for one in found] == [
        (theirs, "looks good", False),
        (mine, "the report", True),
    ]
    assert found[1].url.endswith(f"/acme/_git/shop/pullrequest/{CHANGE}?discussionId={mine}")
    assert count(server) == 2


def test_a_thread_whose_first_comment_was_deleted_is_none(server: AzureServer) -> None:
    forge = server.forge()
    made = forge.create_comment(CHANGE, "the report")
    changed = forge.update_comment(CHANGE, made, "the report, again")
    assert changed == replace(made, body="the report, again")
    forge.delete_comment(CHANGE, made)
    assert list(forge.comments(CHANGE)) == []
    assert forge.update_comment(CHANGE, made, "too late") is None
    forge.delete_comment(CHANGE, made)
    forge.delete_comment(CHANGE, Comment(id=999, body=""))


def test_the_change_of_a_revision_or_a_branch(server: AzureServer) -> None:
    forge = server.forge()
    assert forge.head_of(CHANGE) == HEAD
    assert forge.head_of(404) == ""
    assert forge.change_of(HEAD, "") == forge.change_of(HEAD, FEATURE) == forge.change_of("", FEATURE) == CHANGE
    assert forge.change_of(OTHER, "unknown") is None
    server.changes.append(server.change(8, OTHER, FEATURE, fork=True))
    assert forge.change_of("", FEATURE) == CHANGE  # a fork may call its branches as it likes
    assert forge.change_of(OTHER, FEATURE) == 8
    server.changes.append(server.change(9, OTHER, FEATURE))
    assert forge.change_of("", FEATURE) is None
    assert forge.change_of(OTHER, FEATURE) is None


def test_all_pages_of_changes_are_read(server: AzureServer) -> None:
    server.changes = [server.change(number, OTHER, f"b{number}") for number in range(1, 250)]
    server.changes.append(server.change(250, HEAD, "b250"))
    assert server.forge().change_of(HEAD, "") == 250
    assert count(server) == 3


def test_pages_that_move_while_they_are_read_show_no_change_twice(server: AzureServer) -> None:
    server.changes = [server.change(number, OTHER, f"b{number}") for number in range(100, 0, -1)]
    server.changes[-1] = server.change(1, HEAD, "b1")

    def opened(asked: Any) -> None:
        if asked.one("$skip") == "100":
            server.changes.insert(0, server.change(101, OTHER, "b101"))

    server.before = opened
    assert server.forge().change_of(HEAD, "") == 1


def test_the_latest_status_of_each_name(server: AzureServer) -> None:
    forge = server.forge()
    for state in StatusState:
        forge.set_status(HEAD, Status(name="plan", state=state, description=f"is {state}", url="https://x.example/1"))
        (found,) = forge.statuses(HEAD)
        assert found == Status(name="plan", state=state, description=f"is {state}", url="https://x.example/1")
    server.posted.append({"commit": HEAD, "id": 99, "state": "notSet", "context": {"name": "x", "genre": "sonar"}})
    assert [(one.name, one.state) for one in forge.statuses(HEAD)] == [
        ("plan", StatusState.NEUTRAL),
        ("sonar/x", StatusState.NEUTRAL),
    ]
    assert list(forge.statuses(OTHER)) == []


def test_all_pages_of_statuses_are_read(server: AzureServer) -> None:
    server.posted = [
        {"commit": HEAD, "id": number, "state": "succeeded", "context": {"name": f"{number:03}", "genre": "g"}}
        for number in range(1, 201)
    ]
    assert [one.name for one in server.forge().statuses(HEAD)] == [f"g/{number:03}" for number in range(1, 201)]


def test_the_same_image_is_attached_once(server: AzureServer) -> None:
    forge = server.forge()
    first = forge.attach(CHANGE, "trend chart.png", b"\x89PNG one")
    assert forge.attach(CHANGE, "trend chart.png", b"\x89PNG one") == first
    assert server.forge().attach(CHANGE, "trend chart.png", b"\x89PNG one") == first
    assert forge.attach(CHANGE, "trend chart.png", b"\x89PNG two") != first
    assert sorted(server.attachments.values()) == [b"\x89PNG one", b"\x89PNG two"]
    assert all(name.startswith("trend-chart-") and name.endswith(".png") for name in server.attachments)
    assert forge.attach(CHANGE, "../../x/../é", b"y")


def test_a_json_web_token_is_a_bearers() -> None:
    line = session(Meter(), clock=FakeClock())
    job = "eyJ0eXAi.bm90LWE.cmVhbC10b2tlbg"
    place = Place(kind="azure", api=CLOUD, web=CLOUD, repository="a/b")
    AzureForge(place, Secret(job), context=Context(), session=line, clock=FakeClock())
    request = line.prepare_request(requests.Request("GET", CLOUD))
    assert request.headers["Authorization"] == f"Bearer {job}"


STATUSES = [one for one in Fault if isinstance(one.value, int) and one not in (Fault.LIMITED, Fault.UNAVAILABLE)]
FINAL = [one for one in STATUSES if one not in (Fault.FAILED, Fault.BAD_GATEWAY)]


@pytest.mark.parametrize("fault", FINAL)
def test_a_refusal_says_what_was_asked_and_what_mends_it(server: AzureServer, fault: Fault) -> None:
    server.fault(fault, on="threads")
    with pytest.raises(ProviderError) as caught:
        server.forge().create_comment(CHANGE, "text")
    assert f"commenting on change {CHANGE} of acme/shop at 127.0.0.1: HTTP {fault.value}" in caught.value.what
    assert f"TF4000{fault.value}: the request was refused, token or not." in caught.value.what
    if fault in (Fault.UNAUTHORIZED, Fault.FORBIDDEN, Fault.NOT_FOUND):
        assert "Pull Request Threads (Read & write)" in caught.value.fix
    assert TOKEN not in str(caught.value)
    assert server.bodies() == []


@pytest.mark.parametrize(
    "fault", [Fault.LIMITED, Fault.UNAVAILABLE, Fault.FAILED, Fault.BAD_GATEWAY, Fault.CUT, Fault.TRUNCATED]
)
def test_what_fails_in_passing_is_read_again(server: AzureServer, fault: Fault) -> None:
    server.add_comment("text")
    server.fault(fault, times=2, on="GET .*threads")
    assert [one.body for one in server.forge().comments(CHANGE)] == ["text"]


@pytest.mark.parametrize("fault", [Fault.FAILED, Fault.BAD_GATEWAY, Fault.CUT, Fault.LOST])
def test_nothing_is_posted_twice(server: AzureServer, fault: Fault) -> None:
    server.fault(fault, on="POST .*threads")
    with pytest.raises(ProviderError):
        server.forge().create_comment(CHANGE, "text")
    assert len(server.bodies()) == (fault is Fault.LOST)


@pytest.mark.parametrize("fault", [Fault.LIMITED, Fault.UNAVAILABLE])
def test_what_was_certainly_not_done_is_posted_again(server: AzureServer, fault: Fault) -> None:
    server.fault(fault, times=2, on="POST")
    server.forge().create_comment(CHANGE, "text")
    assert server.forge().attach(CHANGE, "a.png", b"x" * 300_000)
    assert server.bodies() == ["text"]
    assert list(server.attachments.values()) == [b"x" * 300_000]


@pytest.mark.parametrize("fault", [Fault.GARBLED, Fault.SHORT])
@pytest.mark.parametrize("on", ["threads", "OPTIONS", "connectionData"])
def test_an_answer_that_is_none_is_one_clear_error(server: AzureServer, fault: Fault, on: str) -> None:
    server.add_comment("text")
    server.fault(fault, on=on)
    with pytest.raises(ProviderError, match="listing the comments of change 7 of acme/shop") as caught:
        list(server.forge().comments(CHANGE))
    assert caught.value.fix


def test_a_page_to_sign_in_at_is_no_answer(server: AzureServer) -> None:
    server.signed_out = True
    with pytest.raises(ProviderError, match="HTTP 401") as caught:
        list(server.host().artifacts())
    assert "SYSTEM_ACCESSTOKEN: $(System.AccessToken)" in caught.value.fix


@pytest.mark.parametrize("fault", [Fault.FORBIDDEN, Fault.NOT_FOUND, Fault.TRUNCATED])
def test_a_download_that_is_refused_or_cut_says_so(server: AzureServer, fault: Fault) -> None:
    server.add_artifact("dtf-unit_1-1", {"a": os.urandom(100_000)})
    host = server.host()
    (one,) = host.artifacts()
    server.fault(fault, on="content")
    with pytest.raises(ProviderError, match="downloading the artifact 'dtf-unit_1-1' of acme/shop"):
        list(host.download(one))


def test_a_wrong_name_of_a_repository_is_said(server: AzureServer) -> None:
    place = replace(server.place(), repository="acme/nothing")
    forge = AzureForge(place, Secret(TOKEN), context=Context(), clock=FakeClock())
    with pytest.raises(ProviderError, match="listing the comments of change 7 of acme/nothing"):
        list(forge.comments(CHANGE))


def test_the_client_library_needs_no_home_directory(tmp_path: Path) -> None:
    """In a container, a job's user often has none that it can write."""
    code = "import os, ci_orchestrator.providers.azure.api; assert 'AZURE_DEVOPS_CACHE_DIR' not in os.environ"
    environ = {name: value for name, value in os.environ.items() if name != "AZURE_DEVOPS_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environ | {"HOME": str(tmp_path / "none")},
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
