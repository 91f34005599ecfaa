"""What every provider's adapter does, against its contract server (`servers.asking.SERVERS`).

What an adapter does not declare (`Ability`) it is not asked for; what it declares is tried here.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from servers.asking import FILES, MARKER, REVISION, STATUS, can, fetched, files_of, forge_of, named, write_all
from servers.base import BRANCH, CHANGE, FEATURE, FORKED, HEAD, RUNNERS, TOKEN, Fault, Server

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.errors import ProviderError
from ci_orchestrator.providers.access import Right
from ci_orchestrator.providers.online import (
    Ability,
    Annotation,
    Build,
    Comment,
    Forge,
    NativeResults,
    Resuming,
    Status,
    StatusState,
)
from ci_orchestrator.providers.sticky import post
from ci_orchestrator.providers.transfer import SIDECAR, fetch

# -- artifacts -------------------------------------------------------------------------------------


def test_artifacts_of_this_build_are_listed_by_name_and_come_as_they_were_kept(server: Server, tmp_path: Path) -> None:
    names = [f"dtf-job_{number}-1" for number in (3, 1, 2)]
    for name in names:
        server.add_artifact(name, {**FILES, "job": name.encode()})
    server.add_artifact("dtf-elsewhere-1", FILES, build="41")
    host = server.host()
    listed = [artifact.name for artifact in host.artifacts()]
    assert listed == sorted(names)
    for name in names:
        assert fetched(host, named(host, name), tmp_path / name) == {**FILES, "job": name.encode()}


def test_artifacts_of_another_build(server: Server, tmp_path: Path) -> None:
    server.add_build(Build(id="41", revision="b" * 40, branch=BRANCH), good=True)
    server.add_artifact("dtf-unit-1", FILES, build="41")
    host = server.host()
    assert list(host.artifacts()) == []
    assert fetched(host, named(host, "dtf-unit-1", "41"), tmp_path / "unit") == FILES


def test_every_page_is_read(server: Server) -> None:
    names = sorted(f"dtf-unit_{number:03}-1" for number in range(230))
    for name in names:
        server.add_artifact(name, {"manifest.json": b"{}"})
    assert [artifact.name for artifact in server.host().artifacts()] == names


def test_names_with_signs_of_paths_and_queries_come_back(server: Server, tmp_path: Path) -> None:
    name = "dtf-a.b_c+d@e-2"
    server.add_artifact(name, FILES)
    assert fetched(server.host(), named(server.host(), name), tmp_path / "x") == FILES


def test_what_is_put_is_uploaded_or_staged(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    host = server.host()
    host.put("report", write_all(tmp_path / "made", FILES), retain=86_400)
    if Ability.UPLOAD in host.abilities:
        assert fetched(host, named(host, "report"), tmp_path / "back") == FILES
        return
    staged = files_of(tmp_path / ".ci-orchestrator/bundles/report")
    assert staged.pop(SIDECAR)
    assert staged == FILES


def test_deleting_twice_is_no_error(server: Server) -> None:
    host = server.host()
    can(host, Ability.DELETE)
    server.add_artifact("old", FILES)
    server.add_artifact("new", FILES)
    old = named(host, "old")
    host.delete(old)
    host.delete(old)
    assert [artifact.name for artifact in server.host().artifacts()] == ["new"]


def test_an_artifact_that_is_gone_is_an_error_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    host = server.host()
    can(host, Ability.DELETE)
    server.add_artifact("old", FILES)
    old = named(host, "old")
    host.delete(old)
    with pytest.raises(ProviderError):
        fetch(host, old, tmp_path / "old", clock=FakeClock())
    assert list(tmp_path.iterdir()) == []


def test_a_download_goes_on_where_it_was_cut(server: Server) -> None:
    host = server.host()
    if not isinstance(host, Resuming):
        pytest.skip(f"{host.name} begins again")
    server.add_artifact("dtf-unit-1", FILES)
    artifact = named(host, "dtf-unit-1")
    whole = b"".join(host.download(artifact))
    assert b"".join(host.download_from(artifact, 10)) == whole[10:]


# -- builds and runners ----------------------------------------------------------------------------


OF_MAIN = Build(id="31", revision="1" * 40, branch=BRANCH)
OF_CHANGE = Build(id="32", revision=HEAD, branch=FEATURE, change=CHANGE, base=BRANCH)
OF_FORK = Build(id="33", revision="e" * 40, branch="theirs", change=FORKED, base=BRANCH, fork=True)


@pytest.mark.parametrize("build", [OF_MAIN, OF_CHANGE, OF_FORK], ids=["branch", "change", "fork"])
def test_what_a_build_of_the_past_was_of(server: Server, build: Build) -> None:
    server.add_build(build, good=False)
    server.add_build(Build(id="40", revision="4" * 40, branch="other"), good=True)
    host = server.host()
    name = server.told(build).id
    found = host.build(name)
    assert replace(found, url="") == server.told(build)
    assert urlsplit(found.url).scheme in {"https", "http"} or server.name == "local"


def test_a_build_that_is_not_there(server: Server) -> None:
    with pytest.raises(ProviderError) as caught:
        server.host().build("9999")
    assert caught.value.fix


def test_the_last_good_build_of_a_branch(server: Server) -> None:
    host = server.host()
    can(host, Ability.LAST_GOOD)
    assert host.last_good(BRANCH) is None
    server.add_build(Build(id="31", revision="1" * 40, branch=BRANCH), good=True)
    server.add_build(Build(id="32", revision="2" * 40, branch=BRANCH), good=True)
    server.add_build(Build(id="33", revision="3" * 40, branch=BRANCH), good=False)
    server.add_build(Build(id="34", revision="4" * 40, branch="other"), good=True)
    found = host.last_good(BRANCH)
    assert found is not None
    assert (found.id.rpartition("#")[2], found.revision, found.branch) == ("32", "2" * 40, BRANCH)
    assert host.last_good("nothing-like-it") is None


def test_artifacts_of_the_last_good_build_can_be_had(server: Server, tmp_path: Path) -> None:
    host = server.host()
    can(host, Ability.LAST_GOOD)
    server.add_build(Build(id="31", revision="1" * 40, branch=BRANCH), good=True)
    server.add_artifact("report", FILES, build="31")
    found = host.last_good(BRANCH)
    assert found is not None
    assert fetched(host, named(host, "report", found.id), tmp_path / "report") == FILES


def test_runners_with_labels_and_states(server: Server) -> None:
    host = server.host()
    can(host, Ability.RUNNERS)
    server.runners = RUNNERS
    expected = sorted(map(server.expected, RUNNERS), key=lambda runner: (runner.group, runner.name))
    assert list(host.runners()) == expected


def test_no_runners(server: Server) -> None:
    host = server.host()
    can(host, Ability.RUNNERS)
    server.runners = ()
    assert list(host.runners()) == []


# -- what a token may do ---------------------------------------------------------------------------


def test_what_may_be_done_is_told_without_doing_it(server: Server) -> None:
    found = list(server.host().check())
    assert [one.what for one in found] == [Right.ARTIFACTS, Right.RUNNERS]
    assert found[0].allowed is True
    if forge := server.forge():
        found += forge.check()
        assert [one.what for one in found[2:4]] == [Right.COMMENTS, Right.STATUSES]
    assert all(one.fix for one in found if not one.allowed), "what has to be mended, or may have to be"
    assert {asked.method for asked in server.asked} <= {"GET", "OPTIONS"}
    assert len(server.asked) <= 10


@pytest.mark.parametrize("kind", [Fault.UNAUTHORIZED, Fault.CUT, Fault.GARBLED], ids=lambda kind: kind.name.lower())
def test_a_token_that_is_not_taken_and_a_provider_that_does_not_answer(online: Server, kind: Fault) -> None:
    online.fault(kind, times=99)
    adapters = [online.host(), *([made] if (made := online.forge()) else [])]
    for adapter in adapters:
        with pytest.raises(ProviderError) as caught:
            adapter.check()
        assert caught.value.fix
        assert TOKEN not in str(caught.value)


# -- comments --------------------------------------------------------------------------------------


def test_comments_are_listed_oldest_first_and_tell_whose_they_are(wall: Server, forge: Forge) -> None:
    wall.add_comment("first")
    wall.add_comment("of ours", ours=True)
    wall.add_comment("last")
    assert [(comment.body, comment.ours) for comment in forge.comments(CHANGE)] == [
        ("first", False),
        ("of ours", True),
        ("last", False),
    ]


def test_many_comments_are_all_read(wall: Server, forge: Forge) -> None:
    for number in range(130):
        wall.add_comment(f"comment {number}")
    assert [comment.body for comment in forge.comments(CHANGE)] == [f"comment {number}" for number in range(130)]


def test_a_comment_is_made_changed_and_removed(wall: Server, forge: Forge) -> None:
    made = forge.create_comment(CHANGE, "one\n\ntwo <b>&amp;</b> `three` ü")
    assert made.ours
    assert wall.bodies() == ["one\n\ntwo <b>&amp;</b> `three` ü"]
    changed = forge.update_comment(CHANGE, made, "three")
    assert changed is not None
    assert (changed.id, changed.body) == (made.id, "three")
    assert wall.bodies() == ["three"]
    forge.delete_comment(CHANGE, changed)
    forge.delete_comment(CHANGE, changed)
    assert forge.update_comment(CHANGE, changed, "four") is None
    assert wall.bodies() == []


def test_later_comments_have_higher_ids(wall: Server, forge: Forge) -> None:
    first = forge.create_comment(CHANGE, "first")
    second = forge.create_comment(CHANGE, "second")
    assert first.id < second.id


def test_one_sticky_comment_for_each_plan(wall: Server, forge: Forge) -> None:
    wall.add_comment(f"{MARKER}\nsomebody copied the marker")
    made = post(forge, CHANGE, MARKER, "red")
    assert made is not None
    assert post(forge_of(wall), CHANGE, MARKER, "red") is None, "nothing is written when it says so already"
    changed = post(forge_of(wall), CHANGE, MARKER, "green")
    assert changed is not None
    assert changed.id == made.id
    assert post(forge, CHANGE, "<!-- ci-orchestrator: other -->", "other") is not None
    assert [body.splitlines()[-1] for body in wall.bodies()] == ["somebody copied the marker", "green", "other"]


def test_a_sticky_comment_that_was_deleted_is_made_again(wall: Server, forge: Forge) -> None:
    made = post(forge, CHANGE, MARKER, "red")
    assert isinstance(made, Comment)
    forge.delete_comment(CHANGE, made)
    post(forge, CHANGE, MARKER, "green")
    assert [body.splitlines()[-1] for body in wall.bodies()] == ["green"]


def test_racing_jobs_leave_one_comment(wall: Server) -> None:
    forges = [forge_of(wall) for _ in range(4)]
    start = threading.Barrier(len(forges))
    errors: list[Exception] = []

    def run(number: int, forge: Forge) -> None:
        start.wait()
        try:
            post(forge, CHANGE, MARKER, f"of job {number}")
        except Exception as error:  # noqa: BLE001 - whatever it is, the test is to see it
            errors.append(error)

    threads = [threading.Thread(target=run, args=one) for one in enumerate(forges)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(wall.bodies()) == 1, wall.bodies()


# -- changes, statuses, results --------------------------------------------------------------------


def test_what_a_change_proposes(forge: Forge) -> None:
    assert forge.head_of(CHANGE) == HEAD
    assert forge.head_of(9_999) == ""


def test_the_change_of_a_revision_or_branch(forge: Forge) -> None:
    assert forge.change_of(HEAD, "") == CHANGE
    assert forge.change_of(HEAD, FEATURE) == CHANGE
    assert forge.change_of("f" * 40, "nothing-like-it") is None


def test_the_latest_status_of_a_name_stands(forge: Forge) -> None:
    can(forge, Ability.STATUSES)
    forge.set_status(REVISION, STATUS)
    forge.set_status(REVISION, Status(name="lint", state=StatusState.PENDING, description="runs"))
    forge.set_status(REVISION, Status(name="tests", state=StatusState.SUCCESS, description="100 passed"))
    found = [(status.name, status.state, status.description) for status in forge.statuses(REVISION)]
    assert found == [("lint", StatusState.PENDING, "runs"), ("tests", StatusState.SUCCESS, "100 passed")]


def test_results_are_shown_natively_within_few_requests(wall: Server, forge: Forge, tmp_path: Path) -> None:
    can(forge, Ability.RESULTS)
    merged = tmp_path / "merged.xml"
    merged.write_text("<testsuites/>")
    wrong = [
        Annotation(path=f"tests/test_{number}.py", line=number + 1, title=f"test {number}", message="it is < & >")
        for number in range(120)
    ]
    results = NativeResults(
        name="tests",
        status=STATUS,
        title="2 failed",
        summary="## Tests\n\n2 failed",
        annotations=tuple(wrong),
        files={"merged.xml": merged},
    )
    before = len(wall.asked)
    forge.publish_results(REVISION, results)
    assert len(wall.asked) - before <= 60


def test_the_same_image_has_the_same_address(forge: Forge) -> None:
    can(forge, Ability.ATTACH)
    image = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    address = forge.attach(CHANGE, "durations.png", image)
    assert urlsplit(address).scheme in {"https", "http", "file"}
    assert forge.attach(CHANGE, "durations.png", image) == address
    assert forge.attach(CHANGE, "durations.png", image + b"x") != address
