from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import any_text

from ci_orchestrator.errors import ExitCode, ResultsError
from ci_orchestrator.results import events
from ci_orchestrator.results.fold import Fold
from ci_orchestrator.results.model import Outcome
from ci_orchestrator.run.bundle import (
    EVENTS,
    MANIFEST,
    EventLog,
    bundle_name,
    damaged,
    find_bundles,
    read_events,
    read_manifest,
    seal_bundle,
    write_atomically,
)


def started(test: str = "unit::a.py::t") -> events.TestStarted:
    return events.TestStarted(ts=1.0, job="unit", test=test, number=1)


def write(bundle: Path, *tests: str) -> list[events.Event]:
    log = EventLog(bundle)
    written = [log.append(started(test)) for test in tests]
    log.close()
    return written


def numbers(bundle: Path) -> list[int]:
    return [one.seq if isinstance(one, events.Event) else -one.line for one in read_events(bundle)]


def seal(bundle: Path) -> None:
    seal_bundle(bundle, lock="sha256:0", job="unit", attempt=1)


# -- the log -------------------------------------------------------------------------------------


@given(st.lists(any_text(), max_size=6))
def test_what_is_appended_is_read_again_in_order(tmp_path_factory: pytest.TempPathFactory, tests: list[str]) -> None:
    bundle = tmp_path_factory.mktemp("bundle") / bundle_name("unit", 1)
    written = write(bundle, *tests)
    assert list(read_events(bundle)) == written
    assert [event.seq for event in written] == list(range(1, len(tests) + 1))
    assert (bundle / EVENTS).read_bytes().count(b"\n") == len(tests)


def test_an_event_is_on_disk_as_soon_as_it_is_appended(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    log.append(started())
    assert numbers(tmp_path) == [1]
    log.close()


def test_a_log_that_is_opened_again_goes_on_counting(tmp_path: Path) -> None:
    write(tmp_path, "a", "b")
    write(tmp_path, "c")
    assert numbers(tmp_path) == [1, 2, 3]


@given(st.data())
def test_a_torn_last_line_is_cut_off_wherever_it_was_torn(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    bundle = tmp_path_factory.mktemp("bundle")
    write(bundle, "é\udcff", "b", "c")
    whole = (bundle / EVENTS).read_bytes()
    size = data.draw(st.integers(0, len(whole)))
    os.truncate(bundle / EVENTS, size)
    kept = whole[:size].count(b"\n")
    torn = size > 0 and whole[size - 1 : size] != b"\n"
    before = numbers(bundle)
    assert before[:kept] == list(range(1, kept + 1))
    # a reader sees what is torn, unless all that it lacks is its end
    assert before[kept:] in ([[-kept - 1], [kept + 1]] if torn else [[]])
    write(bundle, "next")
    assert numbers(bundle) == list(range(1, kept + 2))


def test_damage_in_the_middle_is_told_and_kept(tmp_path: Path) -> None:
    write(tmp_path, "a", "b", "c")
    path = tmp_path / EVENTS
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = b'{"v":1,\xff\n'
    path.write_bytes(b"".join(lines))
    assert numbers(tmp_path) == [1, -2, 3]
    write(tmp_path, "d")
    assert numbers(tmp_path) == [1, -2, 3, 4]


@pytest.mark.parametrize(
    "line", [b"\x00" * 50, b"[" * 100_000, b'{"v":1,"type":[]}', b'{"v":1,"type":"worker.started","seq":"x"}']
)
def test_a_log_that_holds_anything_can_still_be_opened(tmp_path: Path, line: bytes) -> None:
    (tmp_path / EVENTS).write_bytes(line + b"\n")
    write(tmp_path, "a")
    assert numbers(tmp_path) == [-1, 1]


def test_a_bundle_without_events_has_none(tmp_path: Path) -> None:
    assert list(read_events(tmp_path)) == []


WRITER = """
import sys
from pathlib import Path
from ci_orchestrator.results.events import Outcome, TestFinished
from ci_orchestrator.run.bundle import EventLog
log = EventLog(Path(sys.argv[1]))
for number in range(10**9):
    log.append(TestFinished(ts=1.0, job="unit", test=f"unit::a.py::t{number}", number=1,
                            outcome=Outcome.PASSED, stdout="x" * (number % 5000)))
    if number == 200:
        print("busy", flush=True)
"""


def test_a_writer_that_is_killed_leaves_a_log_that_can_be_read_and_gone_on_with(tmp_path: Path) -> None:
    bundle = tmp_path / bundle_name("unit", 1)
    with subprocess.Popen([sys.executable, "-c", WRITER, str(bundle)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"busy\n"
        writer.send_signal(signal.SIGKILL)
    assert writer.returncode == -signal.SIGKILL
    before = list(read_events(bundle))
    readable = [one for one in before if isinstance(one, events.Event)]
    assert len(readable) > 200
    assert len(before) - len(readable) <= 1
    assert [one.seq for one in readable] == list(range(1, len(readable) + 1))
    assert all(one.outcome is Outcome.PASSED for one in Fold(readable).results().values())
    assert read_manifest(bundle) is None
    write(bundle, "after")
    assert numbers(bundle) == list(range(1, numbers(bundle)[-1] + 1))


# -- the manifest --------------------------------------------------------------------------------


def fill(bundle: Path) -> Path:
    write(bundle, "a")
    for name in ("results/junit.xml", "artifacts/site/manifest.json", "artifacts/empty"):
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_text("" if name.endswith("empty") else name)
    return bundle


def test_a_manifest_names_every_file_and_its_digest(tmp_path: Path) -> None:
    bundle = fill(tmp_path / bundle_name("unit", 2))
    (bundle / "artifacts" / "link").symlink_to("/etc/passwd")
    sealed = seal_bundle(bundle, lock="sha256:0", job="unit", attempt=2)
    assert read_manifest(bundle) == sealed
    assert [entry.path for entry in sealed.files] == [
        "artifacts/empty",
        "artifacts/site/manifest.json",
        EVENTS,
        "results/junit.xml",
    ]
    assert sealed.files[0].digest == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert damaged(bundle, sealed) == ()


def test_sealing_again_replaces_the_manifest(tmp_path: Path) -> None:
    fill(tmp_path)
    seal(tmp_path)
    write(tmp_path, "b")
    first = read_manifest(tmp_path)
    assert first is not None
    assert damaged(tmp_path, first) == (f"{EVENTS}: differs from its digest",)
    again = seal_bundle(tmp_path, lock="sha256:0", job="unit", attempt=1)
    assert damaged(tmp_path, again) == ()
    assert [entry.path for entry in again.files] == [entry.path for entry in first.files]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda path: path.unlink(), "results/junit.xml: missing"),
        (lambda path: path.write_text("RESULTS/junit.xml"), "results/junit.xml: differs from its digest"),
        (lambda path: path.write_text(""), "results/junit.xml: differs from its digest"),
        (lambda path: (path.unlink(), path.mkdir()), "results/junit.xml: missing"),
    ],
)
def test_damage_to_a_file_is_detected(tmp_path: Path, damage: object, told: str) -> None:
    seal(fill(tmp_path))
    damage(tmp_path / "results" / "junit.xml")  # type: ignore[operator]
    manifest = read_manifest(tmp_path)
    assert manifest is not None
    assert damaged(tmp_path, manifest) == (told,)


NAMES = ["a b", "a\\b", "a\nb", "é", "100%", "%2e%2e", "...", "-", "a" * 200]


@pytest.mark.parametrize("name", [*map(os.fsencode, NAMES), b"\xff\xfe not text", b"\xe9%FF"])
def test_any_name_that_a_test_gives_to_a_file_can_be_sealed_and_checked(tmp_path: Path, name: bytes) -> None:
    path = Path(os.fsdecode(os.fsencode(fill(tmp_path) / "artifacts") + b"/" + name))
    path.write_text("1")
    seal(tmp_path)
    manifest = read_manifest(tmp_path)
    assert manifest is not None
    assert len(manifest.files) == 5
    assert damaged(tmp_path, manifest) == ()
    path.write_text("2")
    [told] = damaged(tmp_path, manifest)
    assert told.endswith("differs from its digest")


def manifest_of(tmp_path: Path, **more: object) -> None:
    raw = {"schema_version": 1, "lock": "l", "job": "unit", "attempt": 1, "files": [], **more}
    (tmp_path / MANIFEST).write_text(json.dumps(raw))


def entry(path: str) -> dict[str, object]:
    return {"path": path, "size": 1, "digest": "sha256:" + "0" * 64}


@pytest.mark.parametrize(
    "path", ["../outside", "a/../../outside", "%2e%2e/outside", "%2Fetc/passwd", "%00", "x" * 5000]
)
def test_a_manifest_cannot_point_out_of_its_bundle_or_break_the_check(tmp_path: Path, path: str) -> None:
    (tmp_path / "outside").write_text("1")
    bundle = tmp_path / "dtf-unit-1"
    bundle.mkdir()
    manifest_of(bundle, files=[entry(path)])
    manifest = read_manifest(bundle)
    assert manifest is not None
    [told] = damaged(bundle, manifest)
    assert "missing" in told or "cannot be read" in told


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"files": [entry("/etc/passwd")]}, "files.0.path"),
        ({"files": [entry("a\0b")]}, "files.0.path"),
        ({"files": [{**entry("a"), "digest": "md5:0"}]}, "files.0.digest"),
        ({"files": [{**entry("a"), "size": -1}]}, "files.0.size"),
        ({"job": "../../x"}, "job"),
        ({"attempt": 0}, "attempt"),
        ({"mood": "good"}, "mood"),
        ({"schema_version": 2}, "schema 2"),
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(tmp_path: Path, more: dict[str, object], told: str) -> None:
    manifest_of(tmp_path, **more)
    with pytest.raises(ResultsError, match=told) as caught:
        read_manifest(tmp_path)
    assert caught.value.exit_code is ExitCode.USER_ERROR
    assert str(caught.value).startswith(str(tmp_path / MANIFEST))


@given(st.binary(max_size=100))
def test_garbage_is_no_manifest(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    bundle = tmp_path_factory.mktemp("bundle")
    (bundle / MANIFEST).write_bytes(data)
    with pytest.raises(ResultsError):
        read_manifest(bundle)


# -- finding them --------------------------------------------------------------------------------


def test_bundles_are_found_by_job_and_attempt_wherever_they_lie(tmp_path: Path) -> None:
    for name in ("dtf-unit-10", "dtf-unit-9", "dtf-unit-2", "dtf-a_b-1", "download/dtf-e2e-1"):
        write(tmp_path / name, "a")
    found = [path.relative_to(tmp_path).as_posix() for path in find_bundles(tmp_path)]
    assert found == ["dtf-a_b-1", "dtf-unit-2", "dtf-unit-9", "dtf-unit-10", "download/dtf-e2e-1"]


def test_a_bundle_is_found_when_it_is_named_itself_whatever_its_name(tmp_path: Path) -> None:
    write(tmp_path / "renamed", "a")
    assert find_bundles(tmp_path / "renamed") == (tmp_path / "renamed",)
    assert find_bundles(tmp_path) == (tmp_path / "renamed",)


def test_a_bundle_that_lost_its_events_is_still_found(tmp_path: Path) -> None:
    bundle = fill(tmp_path / "dtf-unit-1")
    seal(bundle)
    (bundle / EVENTS).unlink()
    assert find_bundles(tmp_path) == (bundle,)
    manifest = read_manifest(bundle)
    assert manifest is not None
    assert damaged(bundle, manifest) == (f"{EVENTS}: missing",)


def test_files_of_other_programs_that_are_called_manifest_are_no_bundles(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"name": "a web app"}')
    bundle = fill(tmp_path / "dtf-unit-1")  # which has such an artifact
    write(bundle / "artifacts" / "dtf-inner-1", "kept by a test of our own")
    assert find_bundles(tmp_path) == (bundle,)
    assert find_bundles(tmp_path / "nowhere") == ()


# -- whole files ---------------------------------------------------------------------------------


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    path.unlink()
    path.mkdir()
    with pytest.raises(OSError, match="file"):
        write_atomically(path, b"three")
    assert list(path.parent.iterdir()) == [path]  # and nothing is left lying about
