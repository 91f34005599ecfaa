from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest

from ci_orchestrator.errors import UserError
from ci_orchestrator.run.artifacts import Kept, Limits, Stored, collect, expire

DAY = 86_400.0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {"logs/a.log": "a", "logs/deep/b.log": "bb", "report.xml": "<x/>"}.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "project"


def keep(project: Path, limits: Limits | None = None, **paths: str) -> Kept:
    return collect(paths, base=project, project=project, bundle=project.parent / "bundle", limits=limits)


def stored(name: str, kind: str, data: bytes) -> Stored:
    return Stored(f"artifacts/{kind}/{name}", kind, len(data), "sha256:" + hashlib.sha256(data).hexdigest())


def test_files_are_copied_by_name_with_size_and_digest(project: Path) -> None:
    kept = keep(project, logs="logs/**/*", report="*.xml")
    assert kept == Kept(
        (
            stored("logs/a.log", "logs", b"a"),
            stored("logs/deep/b.log", "logs", b"bb"),
            stored("report.xml", "report", b"<x/>"),
        )
    )
    bundle = project.parent / "bundle"
    assert [(bundle / one.path).read_bytes() for one in kept.stored] == [b"a", b"bb", b"<x/>"]


def test_a_copy_does_not_change_with_its_original(project: Path) -> None:
    kept = keep(project, report="*.xml")
    (project / "report.xml").write_text("changed")
    assert (project.parent / "bundle" / kept.stored[0].path).read_text() == "<x/>"


def test_globs_are_relative_to_the_base_but_links_may_stay_in_the_project(project: Path) -> None:
    (project / "sub").mkdir()
    (project / "sub/link.xml").symlink_to("../report.xml")
    kept = collect({"x": "*"}, base=project / "sub", project=project, bundle=project.parent / "bundle")
    assert kept == Kept((stored("link.xml", "x", b"<x/>"),))


@pytest.mark.parametrize("pattern", ["/etc/passwd", "../*", "logs/../../*", "", "a\0b"])
def test_globs_that_leave_are_the_users_mistake(project: Path, pattern: str) -> None:
    with pytest.raises(UserError, match="leaves the project"):
        keep(project, x=pattern)


def test_what_is_no_file_of_the_project_is_refused_and_told(project: Path) -> None:
    (project.parent / "outside").mkdir()
    (project.parent / "outside/secret").write_text("secret")
    (project / "out").symlink_to(project.parent / "outside")
    (project / "secret").symlink_to(project.parent / "outside/secret")
    (project / "dangling").symlink_to("absent")
    (project / "loop").symlink_to("loop")
    os.mkfifo(project / "pipe")
    (project / "device").symlink_to("/dev/zero")
    kept = keep(project, all="*", through="out/*")
    assert [one.path for one in kept.stored] == ["artifacts/all/report.xml"]
    refused = dict(kept.refused)
    assert "link" in refused.pop("loop")
    assert refused == {
        "dangling": "No such file or directory",
        "device": "a link that leaves the project",
        "out/secret": "a link that leaves the project",
        "pipe": "not a regular file",
        "secret": "a link that leaves the project",
    }


def test_our_own_state_is_no_artifact(project: Path) -> None:
    for name in (".ci-orchestrator/bundles/x.xml", ".git/x.xml"):
        (project / name).parent.mkdir(parents=True)
        (project / name).write_text("x")
    bundle = project / ".ci-orchestrator/bundles/dtf-a-1"
    kept = collect({"x": "**/*.xml"}, base=project, project=project, bundle=bundle)
    assert [one.path for one in kept.stored] == ["artifacts/x/report.xml"]


@pytest.mark.parametrize("limits", [Limits(files=2), Limits(size=3)])
def test_too_much_is_told_before_anything_is_copied(project: Path, limits: Limits) -> None:
    with pytest.raises(UserError, match="more than a job may keep"):
        keep(project, limits, all="**/*")
    assert not (project.parent / "bundle").exists()


def test_nothing_found_is_nothing_kept(project: Path) -> None:
    assert keep(project, none="*.absent") == Kept()


# -- retention -------------------------------------------------------------------------------------


def run_of(root: Path, name: str, written: float) -> None:
    (root / name / "dtf-a-1").mkdir(parents=True)
    events = root / name / "dtf-a-1/events.ndjson"
    events.write_text("x")
    for path in (events, events.parent, root / name):
        os.utime(path, (written, written))


def test_old_runs_expire_and_the_newest_stays(tmp_path: Path) -> None:
    for name, age in {"a": 30, "b": 20, "c": 3}.items():
        run_of(tmp_path, name, 1e9 - age * DAY)
    assert expire(tmp_path, 1e9, 14 * DAY) == ("a", "b")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c"]
    assert expire(tmp_path, 1e9 + 100 * DAY, 14 * DAY) == ()


def test_a_run_that_is_still_written_to_is_not_old(tmp_path: Path) -> None:
    for name in ("a", "b"):
        run_of(tmp_path, name, 1e9 - 30 * DAY)
    os.utime(tmp_path / "a/dtf-a-1/events.ndjson", (1e9, 1e9))
    assert expire(tmp_path, 1e9, 14 * DAY) == ("b",)


def test_links_and_files_are_left_alone(tmp_path: Path) -> None:
    run_of(tmp_path / "bundles", "new", 1e9)
    run_of(tmp_path, "elsewhere", 1e9 - 90 * DAY)
    (tmp_path / "bundles/link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "bundles/file").write_text("x")
    assert expire(tmp_path / "bundles", 1e9, 14 * DAY) == ()
    assert (tmp_path / "elsewhere").is_dir()


def test_no_bundles_yet(tmp_path: Path) -> None:
    assert expire(tmp_path / "absent", 1e9, DAY) == ()


def test_runs_that_end_at_the_same_time_may_tidy_up_together(tmp_path: Path) -> None:
    def write_and_remove() -> None:
        while not done.is_set():
            part = tmp_path / "live/dtf-a-1/.part.tmp"
            part.write_text("x")
            part.unlink()

    run_of(tmp_path, "live", 1e9)
    done = threading.Event()
    other = threading.Thread(target=write_and_remove)
    other.start()
    try:
        for _ in range(300):
            expire(tmp_path, 1e9, 14 * DAY)
    finally:
        done.set()
        other.join()
    assert (tmp_path / "live/dtf-a-1/events.ndjson").exists()
