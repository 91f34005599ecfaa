"""What is the folder's own: names of anything, times, several processes, and people who write its files by hand."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.clock import FakeClock
from ci_orchestrator.errors import ProviderError
from ci_orchestrator.masking import Secret
from ci_orchestrator.providers.base import Context, Place
from ci_orchestrator.providers.local.api import LocalForge, LocalHost
from ci_orchestrator.providers.local.folder import file_name, name_of, read_json, write_json
from ci_orchestrator.providers.online import Annotation, Build, NativeResults, Runner, RunnerState, Status, StatusState
from ci_orchestrator.providers.transfer import fetch

CONTEXT = Context(build="42", revision="c" * 40, branch="main")


def place(root: Path) -> Place:
    return Place(kind="local", api=str(root), web="", repository="shop")


def host(root: Path, context: Context = CONTEXT, clock: FakeClock | None = None) -> LocalHost:
    return LocalHost(place(root), Secret(""), context=context, clock=clock or FakeClock())


@pytest.fixture
def forge(tmp_path: Path) -> LocalForge:
    write_json(tmp_path / "changes" / "7" / "change.json", {"head": "c" * 40, "branch": "faster"})
    return LocalForge(place(tmp_path), Secret(""), context=CONTEXT)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / "made" / "empty").mkdir(parents=True)
    (tmp_path / "made" / "x").write_bytes(b"1")
    return tmp_path / "made"


def names(root: Path, clock: FakeClock | None = None) -> list[str]:
    return [artifact.name for artifact in host(root, clock=clock).artifacts()]


# -- names -----------------------------------------------------------------------------------------


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_name_is_one_of_a_file_and_comes_back(name: str) -> None:
    file = file_name(name)
    assert file not in ("", ".", "..")
    assert not {"/", "\0"} & set(file)
    assert not file.startswith(".")
    assert len(f"{file}.json".encode()) <= 255
    if name and "~" not in file:
        assert name_of(Path(f"{file}.json")) == name


@given(st.lists(st.text(st.sampled_from("aA./%~é"), max_size=300), unique=True, max_size=8))
def test_different_names_are_different_files(several: list[str]) -> None:
    assert len({file_name(name) for name in several if name}) == len([name for name in several if name])


# -- artifacts -------------------------------------------------------------------------------------


def test_what_has_expired_is_not_listed_and_then_removed(tmp_path: Path, made: Path) -> None:
    clock = FakeClock()
    host(tmp_path / "host", clock=clock).put("short", made, retain=60)
    (made / "x").write_bytes(b"2")
    host(tmp_path / "host", clock=clock).put("long", made, retain=6_000)
    assert names(tmp_path / "host", clock) == ["long", "short"]
    clock.advance(61)
    assert names(tmp_path / "host", clock) == ["long"]
    assert len(list((tmp_path / "host").rglob("*.zip"))) == 2
    host(tmp_path / "host", clock=clock).put("long", made, retain=6_000)
    assert len(list((tmp_path / "host").rglob("*.zip"))) == 1


def test_the_same_name_replaces_and_the_same_content_is_kept_once(tmp_path: Path, made: Path) -> None:
    local = host(tmp_path / "host")
    for name in ("one", "two"):
        local.put(name, made, retain=60)
    assert len(list((tmp_path / "host").rglob("*.zip"))) == 1
    old = next(local.artifacts())
    (made / "x").write_bytes(b"2")
    local.put("one", made, retain=60)
    new = next(local.artifacts())
    assert old.digest != new.digest
    fetch(local, new, tmp_path / "back")
    assert (tmp_path / "back" / "x").read_bytes() == b"2"
    local.delete(next(local.artifacts()))
    assert names(tmp_path / "host") == ["two"]
    fetch(local, next(local.artifacts()), tmp_path / "other")


def test_an_artifact_that_was_damaged_on_disk(tmp_path: Path, made: Path) -> None:
    local = host(tmp_path / "host")
    local.put("one", made, retain=60)
    file = next((tmp_path / "host").rglob("*.zip"))
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(ProviderError, match="came damaged"):
        fetch(local, next(local.artifacts()), tmp_path / "back", clock=FakeClock())
    file.unlink()
    with pytest.raises(ProviderError, match="No such file"):
        fetch(local, next(local.artifacts()), tmp_path / "back", clock=FakeClock())


def test_a_key_does_not_leave_the_folder(tmp_path: Path, made: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    local = host(tmp_path / "host")
    local.put("one", made, retain=60)
    evil = replace(next(local.artifacts()), key="../../../../secret", digest="")
    with pytest.raises(ProviderError, match="No such file"):
        list(local.download(evil))


def test_links_are_not_kept(tmp_path: Path, made: Path) -> None:
    (made / "link").symlink_to("/etc/passwd")
    with pytest.raises(ProviderError, match="a link or a device"):
        host(tmp_path / "host").put("one", made, retain=60)
    assert list((tmp_path / "host").rglob("*.zip")) == []
    assert list((tmp_path / "host").rglob(".part-*")) == []


def test_a_folder_that_cannot_be_written(tmp_path: Path, made: Path) -> None:
    (tmp_path / "host").write_text("a file")
    with pytest.raises(ProviderError, match="keeping the artifact 'one'"):
        host(tmp_path / "host").put("one", made, retain=60)


def test_files_of_others_are_no_artifacts(tmp_path: Path, made: Path) -> None:
    local = host(tmp_path / "host")
    local.put("one", made, retain=60)
    where = next((tmp_path / "host").rglob("*.zip")).parent
    for name, text in {"a": "[]", "b": "{", "c": "{}", "d": '{"name": 1, "key": 2}', "e": "[" * 50_000}.items():
        (where / f"{name}.json").write_text(text)
    assert names(tmp_path / "host") == ["one"]


# -- builds and runners ----------------------------------------------------------------------------


def test_a_build_that_ended_well_is_found(tmp_path: Path) -> None:
    clock = FakeClock()
    for number, good in ((9, True), (10, True), (11, False)):
        host(tmp_path, replace(CONTEXT, build=str(number)), clock).end(good=good)
        clock.advance(1)
    host(tmp_path, replace(CONTEXT, build="12", change=7, fork=True), clock).end(good=True)
    assert host(tmp_path).last_good("main") == Build(id="10", revision="c" * 40, branch="main")


def test_runners_as_somebody_wrote_them(tmp_path: Path) -> None:
    assert list(host(tmp_path).runners()) == []
    listed = [{"name": "b", "state": "idle", "labels": ["x", "a"]}, {"name": "a", "state": "on fire"}, "c"]
    write_json(tmp_path / "runners.json", {"runners": listed})
    assert list(host(tmp_path).runners()) == [
        Runner(name="a", state=RunnerState.OFFLINE),
        Runner(name="b", state=RunnerState.IDLE, labels=("a", "x")),
    ]
    (tmp_path / "runners.json").write_text('{"runners": 3}')
    assert list(host(tmp_path).runners()) == []


# -- comments and results --------------------------------------------------------------------------


def test_numbers_of_comments_are_not_given_twice(forge: LocalForge) -> None:
    def write() -> None:
        for _ in range(10):
            forge.create_comment(7, "x")

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = list(forge.comments(7))
    assert [comment.id for comment in found] == list(range(1, 41))
    forge.delete_comment(7, found[-1])
    assert forge.create_comment(7, "y").id == 41


def test_a_change_that_is_not_there(forge: LocalForge) -> None:
    for ask in (
        lambda: list(forge.comments(8)),
        lambda: forge.create_comment(8, "x"),
        lambda: forge.attach(8, "x", b""),
    ):
        with pytest.raises(ProviderError, match="has no change 8"):
            ask()


def test_the_change_of_a_branch_only_if_there_is_one(forge: LocalForge, tmp_path: Path) -> None:
    assert forge.change_of("", "faster") == 7
    write_json(tmp_path / "changes" / "8" / "change.json", {"head": "d" * 40, "branch": "faster"})
    assert forge.change_of("", "faster") is None
    assert forge.change_of("d" * 40, "faster") == 8
    write_json(tmp_path / "changes" / "8" / "change.json", {"head": "d" * 40, "branch": "faster", "open": False})
    assert forge.change_of("d" * 40, "") is None
    assert forge.change_of("", "faster") == 7


def test_results_are_files(forge: LocalForge, tmp_path: Path) -> None:
    (tmp_path / "merged.xml").write_text("<x/>")
    status = Status(name="a/b", state=StatusState.FAILURE)
    wrong = Annotation(path="x.py", line=3, title="t", message="m")
    results = NativeResults(
        name="a/b",
        status=status,
        title="red",
        summary="# é",
        annotations=(wrong,),
        files={"m.xml": tmp_path / "merged.xml"},
    )
    forge.publish_results("c" * 40, results)
    kept = tmp_path / "revisions" / ("c" * 40) / "results" / "a%2Fb"
    assert (kept / "summary.md").read_text("utf-8") == "# é"
    assert (kept / "m.xml").read_text() == "<x/>"
    assert read_json(kept / "annotations.json")["annotations"][0]["line"] == 3
    assert list(forge.statuses("c" * 40)) == [status]
    (tmp_path / "revisions" / ("c" * 40) / "statuses" / "broken.json").write_text('{"name": "x", "state": "?"}')
    assert list(forge.statuses("c" * 40)) == [status]


def test_names_of_images_do_not_matter(forge: LocalForge, tmp_path: Path) -> None:
    for name in ("../../x.png", "x", "x.p/../g", ".", "x.$(id)"):
        address = forge.attach(7, name, name.encode())
        assert Path(address.removeprefix("file://")).parent == tmp_path / "changes" / "7" / "attachments"
