"""Between builds: what goes wrong is said and costs memory at most; who is killed, whenever, takes nothing along.

What every place must do is in contracts/test_blobs.py.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path

import pytest
from blob_places import checkout, git
from parts import PROJECT

from ci_orchestrator.clock import FakeClock, SystemClock
from ci_orchestrator.history import schema
from ci_orchestrator.history.base import BuildRecord, HistoryError, Observation
from ci_orchestrator.history.blobs.base import Blob
from ci_orchestrator.history.blobs.folder import FolderBlobs
from ci_orchestrator.history.blobs.memory import MemoryBlobs
from ci_orchestrator.history.carrying import PATIENCE, pull, push
from ci_orchestrator.history.sealing import seal
from ci_orchestrator.history.sqlite import SqliteHistory
from ci_orchestrator.results.model import Outcome


def record(path: Path, *numbers: int, tests: int = 2) -> Path:
    chance = random.Random(7)
    with closing(SqliteHistory(path)) as history:
        for number in numbers:
            seen = [Observation(f"s::f::t{n}", Outcome.PASSED, chance.random()) for n in range(tests)]
            history.record(BuildRecord(build=f"b{number}", started=float(number), observations=seen))
    return path


def builds(path: Path) -> list[str]:
    with closing(SqliteHistory(path)) as history:
        return [one.build for one in history.builds(last=10_000)]


def remembered(blobs: MemoryBlobs | FolderBlobs, tmp_path: Path) -> list[str]:
    path = tmp_path / f"asked{random.random()}"
    assert pull(path, blobs).warnings == ()
    return builds(path)


def test_both_sides_keep_what_they_had(tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    push(record(tmp_path / "a", 1, 2), blobs, keep=10, clock=SystemClock())
    carried = pull(record(tmp_path / "b", 2, 3), blobs)
    assert (carried.builds, carried.warnings) == (1, ())
    assert builds(tmp_path / "b") == ["b3", "b2", "b1"]
    assert remembered(blobs, tmp_path) == ["b2", "b1"]


def test_nothing_at_all_is_no_memory_and_no_warning(tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    for carried in (pull(tmp_path / "a", blobs), push(tmp_path / "a", blobs, keep=10, clock=SystemClock())):
        assert (carried.builds, carried.size, carried.warnings) == (0, 0, ())
    assert list(blobs.read()) == []


def test_old_builds_are_forgotten_on_both_sides(tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    push(record(tmp_path / "a", *range(10)), blobs, keep=100, clock=SystemClock())
    push(record(tmp_path / "b", 20), blobs, keep=3, clock=SystemClock())
    assert remembered(blobs, tmp_path) == builds(tmp_path / "b") == ["b20", "b9", "b8"]


def test_what_does_not_fit_is_forgotten_and_said(tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    path = record(tmp_path / "a", *range(12), tests=2_000)
    carried = push(path, blobs, keep=100, clock=SystemClock(), largest=40_000)
    kept = len(builds(path))
    assert 1 < kept < 12
    assert carried.size <= 40_000
    assert f"only the newest {kept} builds are kept" in carried.warnings[0]
    assert remembered(blobs, tmp_path) == builds(path) == [f"b{11 - n}" for n in range(kept)]
    carried = push(record(path, 50), blobs, keep=100, clock=SystemClock(), largest=10)
    assert "one build alone is larger" in carried.warnings[-1]
    assert builds(path) == ["b50"]


class Others:
    """A place where another build always writes first."""

    place = "a busy place"

    def __init__(self, turns: int) -> None:
        self.turns = turns
        self.kept: list[bytes] = []

    def read(self) -> Sequence[Blob]:
        return [Blob(str(number), data) for number, data in enumerate(self.kept)]

    def write(self, data: bytes, *, replacing: Sequence[Blob]) -> bool:
        self.turns -= 1
        if self.turns < 0:
            self.kept = [data]
        return self.turns < 0


def test_a_build_waits_for_its_turn(tmp_path: Path) -> None:
    clock, blobs = FakeClock(), Others(turns=5)
    assert push(record(tmp_path / "a", 1), blobs, keep=9, clock=clock, chance=random.Random(1)).warnings == ()
    assert len(blobs.kept) == 1


def test_a_build_does_not_wait_for_ever(tmp_path: Path) -> None:
    clock, blobs = FakeClock(start=0), Others(turns=10**9)
    carried = push(record(tmp_path / "a", 1), blobs, keep=9, clock=clock, chance=random.Random(1))
    assert "a busy place: other builds wrote first" in carried.warnings[0]
    assert PATIENCE <= clock.now() < PATIENCE + 5
    assert builds(tmp_path / "a") == ["b1"]


class Broken(MemoryBlobs):
    """A place that cannot be reached."""

    def read(self) -> Sequence[Blob]:
        raise HistoryError("the place cannot be reached", fix="plug it in")


def test_a_place_that_cannot_be_reached_is_said(tmp_path: Path) -> None:
    path = record(tmp_path / "a", 1)
    for carried in (pull(path, Broken()), push(path, Broken(), keep=9, clock=SystemClock())):
        assert carried.warnings == ("the place cannot be reached\n  fix: plug it in",)
    assert builds(path) == ["b1"]


def newer_schema(tmp_path: Path) -> bytes:
    path = record(tmp_path / "newer", 7)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    return seal(path)


@pytest.mark.parametrize("newer", [newer_schema, lambda _: b"ci-orchestrator history 9 who knows\n..."])
def test_what_a_newer_version_wrote_is_left_alone(tmp_path: Path, newer: object) -> None:
    assert callable(newer)
    data, blobs = newer(tmp_path), MemoryBlobs()
    blobs.write(data, replacing=())
    path = record(tmp_path / "a", 1)
    for carried in (pull(path, blobs), push(path, blobs, keep=9, clock=SystemClock())):
        assert "fix: upgrade" in carried.warnings[0]
    assert [blob.data for blob in blobs.read()] == [data]


def test_damage_beside_a_sound_history_costs_nothing(tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    push(record(tmp_path / "a", 1, 2), blobs, keep=9, clock=SystemClock())
    blobs.write(b"ci-orchestrator history 1 sha256:", replacing=())
    carried = push(record(tmp_path / "b", 3), blobs, keep=9, clock=SystemClock())
    assert carried.builds == 2
    assert "cut short" in carried.warnings[0]
    assert remembered(blobs, tmp_path) == ["b3", "b2", "b1"]


def test_a_file_that_is_no_history_is_damage(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"SQLite format 3\0" + bytes(5_000))
    blobs = MemoryBlobs()
    blobs.write(seal(tmp_path / "other"), replacing=())
    assert "damaged" in pull(tmp_path / "a", blobs).warnings[0]


def test_our_own_damage_does_not_spoil_what_is_kept(tmp_path: Path) -> None:
    blobs, path = MemoryBlobs(), record(tmp_path / "a", 1)
    push(path, blobs, keep=9, clock=SystemClock())
    path.write_bytes(b"garbage" * 1000)
    carried = push(path, blobs, keep=9, clock=SystemClock())
    assert "moved to a.damaged-1" in carried.warnings[0]
    assert remembered(blobs, tmp_path) == builds(path) == ["b1"]


def test_damage_of_ours_that_shows_late_is_not_taken_for_theirs(tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    push(record(tmp_path / "a", 1), blobs, keep=9, clock=SystemClock())
    (before,) = blobs.read()
    path = record(tmp_path / "b", 2)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE names SET packed = x'00'")
    carried = push(path, blobs, keep=9, clock=SystemClock())
    assert str(path) in carried.warnings[0]
    assert list(blobs.read()) == [before]


def test_where_no_history_can_be_nothing_is_carried(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    carried = pull(tmp_path / "file" / "history.sqlite", MemoryBlobs())
    assert "not remembered" in carried.warnings[0]


PUSHER = """
import sys
from pathlib import Path
from ci_orchestrator.clock import SystemClock
from ci_orchestrator.history.base import BuildRecord, Observation
from ci_orchestrator.history.blobs.opening import open_blobs
from ci_orchestrator.history.carrying import push
from ci_orchestrator.history.sqlite import SqliteHistory
from ci_orchestrator.results.model import Outcome

root, address, who, count = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
for number in range(count):
    path = root / f"{who}{number}.sqlite"  # every build has a new disk
    history = SqliteHistory(path)
    seen = [Observation(f"s::f::t{n}", Outcome.PASSED, n / 7) for n in range(2_000)]
    history.record(BuildRecord(build=f"{who}{number}", started=float(number), observations=seen))
    history.close()
    for warning in push(path, open_blobs(address, root), keep=10_000, clock=SystemClock()).warnings:
        print("warning", warning, flush=True)
    print(f"{who}{number}", flush=True)
"""


def pusher(root: Path, address: str, who: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PUSHER, str(root), address, who, str(count)]
    environ = {**os.environ, "TMPDIR": str(root)}  # who is killed leaves something there
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, env=environ)


def test_processes_that_push_at_once_lose_nothing(tmp_path: Path) -> None:
    processes = [pusher(tmp_path, "kept", who, 4) for who in "xyz"]
    said = [process.communicate(timeout=60)[0].split() for process in processes]
    assert said == [[f"{who}{number}" for number in range(4)] for who in "xyz"]
    assert sorted(remembered(FolderBlobs("kept", tmp_path), tmp_path)) == sorted(chain(*said))


@pytest.mark.parametrize(("place", "kills"), [("kept", 4), ("branch:kept", 2)])
def test_a_process_killed_while_it_pushes_takes_nothing_along(tmp_path: Path, place: str, kills: int) -> None:
    root = checkout(tmp_path)
    chance, pushed = random.Random(7), []
    for kill in range(kills):
        process = pusher(root, place, f"k{kill}_", 10_000)
        assert process.stdout
        pushed.append(process.stdout.readline().strip())
        time.sleep(chance.uniform(0.0, 0.15))
        process.send_signal(signal.SIGKILL)
        pushed += process.communicate(timeout=20)[0].split()
    last = pusher(root, place, "last", 1)
    assert last.communicate(timeout=60)[0].split() == ["last0"]
    assert {*pushed, "last0"} <= set(builds(root / "last0.sqlite"))
    assert git(root, "fsck", "--strict") == ""
