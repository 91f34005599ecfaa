from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ci_orchestrator.history.base import HistoryError
from ci_orchestrator.history.blobs.base import LARGEST
from ci_orchestrator.history.blobs.folder import FolderBlobs
from ci_orchestrator.history.blobs.heads import MOST, address


def test_files_are_named_by_their_content_and_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "history-of-the-house.txt").write_text("mine")
    (tmp_path / "notes").mkdir()
    blobs = FolderBlobs(".", tmp_path)
    blobs.write(b"one", replacing=())
    blobs.write(b"two", replacing=blobs.read())
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        address(b"two"),
        "history-of-the-house.txt",
        "notes",
    ]


def test_reading_makes_no_folder(tmp_path: Path) -> None:
    assert list(FolderBlobs("kept", tmp_path).read()) == []
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_writer_left_is_swept_after_a_day(tmp_path: Path) -> None:
    for name, age in (("old", 2 * 86_400), ("new", 60)):
        path = tmp_path / f".unfinished-{name}"
        path.write_bytes(b"half")
        os.utime(path, (time.time() - age, time.time() - age))
    blobs = FolderBlobs(str(tmp_path))
    assert list(blobs.read()) == []
    blobs.write(b"one", replacing=())
    assert [path.name for path in tmp_path.glob(".*")] == [".unfinished-new"]


def test_files_have_the_mode_that_the_user_wants(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        FolderBlobs(str(tmp_path)).write(b"one", replacing=())
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert (tmp_path / address(b"one")).stat().st_mode & 0o777 == 0o640


def test_too_much_is_cut(tmp_path: Path) -> None:
    with (tmp_path / address(b"large")).open("wb") as file:
        file.truncate(LARGEST * 3)
    (blob,) = FolderBlobs(str(tmp_path)).read()
    assert len(blob.data) == LARGEST + 1


def test_many_side_by_side_are_read_in_turns(tmp_path: Path) -> None:
    blobs = FolderBlobs(str(tmp_path))
    for number in range(MOST + 5):
        blobs.write(b"%d" % number, replacing=())
    first = blobs.read()
    assert len(first) == MOST
    blobs.write(b"merged", replacing=first)
    assert len(blobs.read()) == 6


@pytest.mark.parametrize("act", ["read", "write"])
def test_what_is_no_folder_is_said(tmp_path: Path, act: str) -> None:
    (tmp_path / "file").touch()
    blobs = FolderBlobs("file", tmp_path)
    with pytest.raises(HistoryError, match=r"file cannot be .*\n  fix: check that it is a directory"):
        blobs.read() if act == "read" else blobs.write(b"one", replacing=())
