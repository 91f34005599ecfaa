from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from parts import PROJECT

from ci_orchestrator.history.base import BuildRecord, Observation
from ci_orchestrator.history.memory import MemoryHistory
from ci_orchestrator.history.opening import open_history
from ci_orchestrator.history.sqlite import SqliteHistory
from ci_orchestrator.results.model import Outcome

BUILD = BuildRecord(build="b", started=1.0, observations=[Observation("s::f::a", Outcome.PASSED, 1.0)])


def test_a_missing_history_is_begun_where_it_belongs(tmp_path: Path) -> None:
    path = tmp_path / "state" / "deep" / "history.sqlite"
    for warning in ("", ""):
        opened = open_history(path)
        assert opened.warning == warning
        opened.store.record(BUILD)
        opened.store.close()
    assert path.is_file()


def test_a_damaged_history_is_moved_aside_and_said_never_deleted(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    for number in (1, 2):
        path.write_bytes(b"garbage %d" % number * 500)
        opened = open_history(path)
        assert f"moved to history.sqlite.damaged-{number}" in opened.warning
        assert str(path) in opened.warning
        opened.store.record(BUILD)
        assert opened.store.durations() == {"s::f::a": (1.0,)}
        opened.store.close()
        assert (tmp_path / f"history.sqlite.damaged-{number}").read_bytes() == b"garbage %d" % number * 500
    assert open_history(path).warning == ""


def test_the_log_of_a_damaged_history_goes_with_it(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with closing(SqliteHistory(path)) as history:
        history.record(BUILD)
    with closing(SqliteHistory(path)) as other:
        other.record(BUILD)  # stands in the log until the last process closes the file
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xa5" * (path.stat().st_size - 4096))
        opened = open_history(path)
        assert "moved to history.sqlite.damaged-1" in opened.warning
        assert opened.store.durations() == {}
        opened.store.close()
        assert (tmp_path / "history.sqlite.damaged-1-wal").stat().st_size > 0


def test_two_processes_that_find_the_same_damage_move_it_once(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    path.write_bytes(b"garbage" * 500)
    script = "import sys; from pathlib import Path; from ci_orchestrator.history.opening import open_history; "
    script += "opened = open_history(Path(sys.argv[1])); print(bool(opened.warning)); opened.store.close()"
    command = [sys.executable, "-c", script, str(path)]
    processes = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) for _ in range(4)]
    said = sorted(process.communicate(timeout=60)[0] for process in processes)
    assert said == [b"False\n"] * 3 + [b"True\n"]
    assert [file.name for file in tmp_path.glob("*damaged*")] == ["history.sqlite.damaged-1"]


def test_what_is_not_ours_is_left_alone_and_the_build_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE treasure (gold)")
    before = path.read_bytes()
    opened = open_history(path)
    assert isinstance(opened.store, MemoryHistory)
    assert "not a history of ci-orchestrator" in opened.warning
    assert "not remembered" in opened.warning
    assert path.read_bytes() == before


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    opened = open_history(tmp_path / "file" / "history.sqlite")
    assert isinstance(opened.store, MemoryHistory)
    assert opened.warning.startswith("no history: ")
