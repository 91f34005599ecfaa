"""What every place does that keeps the history between builds. A new backend adds a line to `blob_places.KINDS`."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from blob_places import KINDS, Places

from ci_orchestrator.clock import SystemClock
from ci_orchestrator.history.base import BuildRecord, Observation
from ci_orchestrator.history.blobs import BACKENDS
from ci_orchestrator.history.blobs.base import BlobStore
from ci_orchestrator.history.carrying import pull, push
from ci_orchestrator.history.sqlite import SqliteHistory
from ci_orchestrator.results.model import Outcome

Opened = Callable[[], BlobStore]


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    with closing(Places()) as places:
        yield places


@pytest.fixture(params=KINDS)
def again(request: pytest.FixtureRequest, places: Places, tmp_path: Path) -> Opened:
    """Opens a place that was new and empty when the test began, as one build after another does."""
    return places.make(request.param, tmp_path / "place")


def contents(blobs: BlobStore) -> list[bytes]:
    return sorted(blob.data for blob in blobs.read())


def test_every_backend_is_held_to_the_contract() -> None:
    assert set(BACKENDS.values()) == {BACKENDS[kind] for kind in KINDS}


def test_a_new_place_is_empty(again: Opened) -> None:
    assert list(again().read()) == []


def test_what_was_written_is_read_by_others(again: Opened) -> None:
    data = random.Random(1).randbytes(300_000) + b"\0\r\n\x1a" + bytes(1000)
    assert again().write(data, replacing=())
    assert contents(again()) == [data]
    assert contents(again()) == [data]


def test_who_has_read_a_blob_may_put_another_in_its_place(again: Opened) -> None:
    for number in range(3):
        blobs = again()
        assert blobs.write(b"content %d" % number, replacing=blobs.read())
    assert contents(again()) == [b"content 2"]


def test_of_two_that_write_at_once_neither_is_lost(again: Opened) -> None:
    again().write(b"begin", replacing=())
    one, two = again(), again()
    seen_by_one, seen_by_two = one.read(), two.read()
    assert one.write(b"one", replacing=seen_by_one)
    assert b"begin" not in contents(again())
    if two.write(b"two", replacing=seen_by_two):
        assert contents(again()) == [b"one", b"two"]
    else:
        assert contents(again()) == [b"one"]


def test_two_that_begin_at_once_do_not_overwrite_each_other(again: Opened) -> None:
    one, two = again(), again()
    assert list(one.read()) == list(two.read()) == []
    assert one.write(b"one", replacing=())
    written = two.write(b"two", replacing=())
    assert contents(again()) == ([b"one", b"two"] if written else [b"one"])


def test_what_stands_side_by_side_is_replaced_together(again: Opened) -> None:
    for data in (b"one", b"two"):
        again().write(data, replacing=())
    blobs = again()
    assert blobs.write(b"both", replacing=blobs.read())
    assert contents(again()) == [b"both"]


def test_the_same_written_again_is_there_once(again: Opened) -> None:
    for _ in range(2):
        blobs = again()
        assert blobs.write(b"same", replacing=blobs.read())
    assert contents(again()) == [b"same"]


def test_no_blob_shows_its_content(again: Opened) -> None:
    again().write(b"content", replacing=())
    (blob,) = again().read()
    assert "content" not in repr(blob)


def recorded(path: Path, build: str, started: float) -> Path:
    seen = [Observation(f"s::f::{name}", Outcome.PASSED, started) for name in (f"only_{build}", "shared")]
    with closing(SqliteHistory(path)) as history:
        history.record(BuildRecord(build=build, started=started, observations=seen))
    return path


def test_builds_that_push_at_once_are_all_remembered(again: Opened, tmp_path: Path) -> None:
    def build(number: int) -> tuple[str, ...]:
        path = recorded(tmp_path / f"{number}.sqlite", f"b{number}", float(number))
        return push(path, again(), keep=100, clock=SystemClock()).warnings

    with ThreadPoolExecutor(5) as builds:
        assert list(builds.map(build, range(5))) == [()] * 5
    path = tmp_path / "next.sqlite"
    assert pull(path, again()).builds == 5
    with closing(SqliteHistory(path)) as history:
        assert [one.build for one in history.builds()] == ["b4", "b3", "b2", "b1", "b0"]
        assert history.durations()["s::f::shared"] == (4.0, 3.0, 2.0, 1.0, 0.0)
        assert len(history.durations()) == 6


def test_nothing_new_writes_nothing(again: Opened, tmp_path: Path) -> None:
    path = recorded(tmp_path / "history.sqlite", "b", 1.0)
    first = push(path, again(), keep=10, clock=SystemClock())
    (before,) = again().read()
    assert push(path, again(), keep=10, clock=SystemClock()) == first
    assert list(again().read()) == [before]
    assert first.size == len(before.data)


def test_damage_is_said_and_replaced(again: Opened, tmp_path: Path) -> None:
    again().write(b"not a history", replacing=())
    path = recorded(tmp_path / "history.sqlite", "b", 1.0)
    pulled = pull(path, again())
    assert pulled.builds == 0
    assert again().place in pulled.warnings[0]
    assert "damaged, and not used" in pulled.warnings[0]
    assert push(path, again(), keep=10, clock=SystemClock()).warnings == pulled.warnings
    assert pull(tmp_path / "next.sqlite", again()).builds == 1
    assert pull(tmp_path / "other.sqlite", again()).warnings == ()
