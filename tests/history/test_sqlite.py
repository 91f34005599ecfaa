"""What only a file has: other processes, kill -9, damage, versions, size."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from parts import PROJECT

from ci_orchestrator.history import schema
from ci_orchestrator.history.base import BuildRecord, DamagedHistoryError, HistoryError, Observation
from ci_orchestrator.history.sqlite import SqliteHistory
from ci_orchestrator.results.model import Outcome

RECORDER = """
import sys
from pathlib import Path
from ci_orchestrator.history.base import BuildRecord, Observation
from ci_orchestrator.history.sqlite import SqliteHistory
from ci_orchestrator.results.model import Outcome

path, who, builds, tests = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
history = SqliteHistory(path)
print("open", flush=True)
sys.stdin.readline()
for number in range(builds):
    seen = [Observation(f"unit::t.py::shared{n}", Outcome.PASSED, number + n) for n in range(tests)]
    seen.append(Observation(f"unit::t.py::{who}{number}", Outcome.PASSED, 1.0))
    history.record(BuildRecord(build=f"{who}{number}", started=number, observations=seen))
history.close()
"""


def recorder(path: Path, who: str, builds: int, tests: int) -> subprocess.Popen[bytes]:
    """Another process that has opened the history, and records when told to."""
    command = [sys.executable, "-c", RECORDER, str(path), who, str(builds), str(tests)]
    process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"open\n"
    return process


def go(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin
    process.stdin.write(b"\n")
    process.stdin.flush()


def build(number: int, tests: int = 3) -> BuildRecord:
    seen = [Observation(f"unit::t.py::t{n}", Outcome.PASSED, number + n / 8) for n in range(tests)]
    return BuildRecord(build=f"b{number}", started=float(number), observations=seen)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite"


@pytest.fixture
def history(path: Path) -> Iterator[SqliteHistory]:
    with closing(SqliteHistory(path)) as history:
        yield history


def sound(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as db:
        return bool(db.execute("PRAGMA integrity_check").fetchone() == ("ok",))


def test_a_history_outlives_its_process(path: Path) -> None:
    for number in range(3):
        with closing(SqliteHistory(path)) as history:
            history.record(build(number))
    with closing(SqliteHistory(path)) as history:
        assert history.durations(["unit::t.py::t1"]) == {"unit::t.py::t1": (2.125, 1.125, 0.125)}
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_two_processes_record_at_once(path: Path) -> None:
    processes = [recorder(path, who, 25, 200) for who in ("x", "y")]
    for process in processes:
        go(process)
    assert [process.wait(60) for process in processes] == [0, 0]
    for process in processes:
        process.communicate()
    with closing(SqliteHistory(path)) as history:
        builds = history.builds(last=100)
        durations = history.durations(last=100)
        assert len(builds) == 50
        assert {one.totals.tests for one in builds} == {201}
        assert len(durations) == 200 + 50
        assert durations["unit::t.py::shared7"] == tuple(
            float(number + 7) for number in range(24, -1, -1) for _ in "xy"
        )
    assert sound(path)


def test_two_processes_create_the_file_at_once(path: Path) -> None:
    script = "import sys; from pathlib import Path; from ci_orchestrator.history.sqlite import SqliteHistory; "
    script += "SqliteHistory(Path(sys.argv[1])).close()"
    processes = [subprocess.Popen([sys.executable, "-c", script, str(path)], cwd=PROJECT) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert sound(path)


def test_a_process_killed_while_it_records_costs_only_its_build(path: Path) -> None:
    chance = random.Random(7)
    for kill in range(6):
        process = recorder(path, f"k{kill}_", 10_000, 4_000)
        go(process)
        time.sleep(chance.uniform(0.02, 0.25))
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        process.communicate()
        with closing(SqliteHistory(path, patience=1)) as history:
            history.record(build(100_000 + kill))
            builds = history.builds(last=10_000)
            assert {one.totals.tests for one in builds} <= {4_001, 3}
            patterns = history.patterns(last=len(builds)).values()
            assert sum(len(row) - row.count(".") for row in patterns) == sum(one.totals.tests for one in builds)
    assert sound(path)


def test_readers_do_not_wait_for_a_writer_and_writers_wait_with_patience(path: Path) -> None:
    with closing(SqliteHistory(path, patience=0.05)) as history, closing(sqlite3.connect(path)) as other:
        history.record(build(1))
        other.execute("BEGIN IMMEDIATE")
        assert len(history.builds()) == 1
        with pytest.raises(HistoryError, match="in use"):
            history.record(build(2))
        other.rollback()
        history.record(build(2))
        assert len(history.builds()) == 2


def test_a_build_that_cannot_be_written_leaves_no_trace(history: SqliteHistory) -> None:
    history.record(build(1))
    with pytest.raises(HistoryError):
        history.record(BuildRecord(build="b2", started=None, observations=build(2, 9).observations))  # type: ignore[arg-type]
    assert len(history.durations()) == 3
    history.record(build(3, 5))
    assert history.durations(last=1) == {f"unit::t.py::t{n}": (3 + n / 8,) for n in range(5)}


def test_numbers_given_anew_by_another_process_are_noticed(path: Path) -> None:
    with closing(SqliteHistory(path)) as ours, closing(SqliteHistory(path)) as theirs:
        old = [Observation(f"s::f::old{n}", Outcome.PASSED, 1.0) for n in range(50)]
        ours.record(BuildRecord(build="old", started=0.0, observations=old))
        ours.record(build(1))
        assert len(ours.durations()) == 53
        assert theirs.forget(keep=1) == 1
        assert ours.durations() == {f"unit::t.py::t{n}": (1 + n / 8,) for n in range(3)}
        ours.record(build(2))
        assert theirs.durations(last=1) == {f"unit::t.py::t{n}": (2 + n / 8,) for n in range(3)}


def test_forgetting_gives_space_and_names_back(history: SqliteHistory, path: Path) -> None:
    chance = random.Random(3)

    def churn(number: int) -> BuildRecord:
        names = [f"s::t.py::case[{number}-{n}-{chance.random()}]" for n in range(2_000)]
        return BuildRecord(
            build=f"b{number}",
            started=float(number),
            observations=[Observation(name, Outcome.PASSED, chance.random()) for name in names],
        )

    def pages() -> int:
        with closing(sqlite3.connect(path)) as db:
            return int(db.execute("PRAGMA page_count").fetchone()[0])

    for number in range(8):
        history.record(churn(number))
    full = pages()
    for number in range(8, 24):
        history.record(churn(number))
        history.forget(keep=8)
    assert pages() < 1.5 * full  # every test of every build is new, and yet
    history.forget(keep=1)
    assert pages() < full / 4


def test_a_newer_schema_is_refused_and_left_alone(path: Path) -> None:
    SqliteHistory(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    before = path.read_bytes()
    with pytest.raises(HistoryError, match=r"knows up to \d+\n  fix: upgrade") as caught:
        SqliteHistory(path)
    assert not isinstance(caught.value, DamagedHistoryError)
    assert path.read_bytes() == before


def test_somebody_elses_database_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE treasure (gold)")
    before = path.read_bytes()
    with pytest.raises(HistoryError, match="not a history") as caught:
        SqliteHistory(path)
    assert not isinstance(caught.value, DamagedHistoryError)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_history(path: Path) -> None:
    path.touch()
    with closing(SqliteHistory(path)) as history:
        history.record(build(1))
        assert len(history.builds()) == 1


def test_every_migration_runs_once_and_all_or_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(SqliteHistory(path)) as history:
        history.record(build(1))

    def second(db: sqlite3.Connection) -> None:
        db.execute("ALTER TABLE builds ADD COLUMN note TEXT")

    def third(db: sqlite3.Connection) -> None:
        db.execute("ALTER TABLE builds ADD COLUMN price REAL")
        raise sqlite3.OperationalError("power cut")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, second, third))
    with pytest.raises(HistoryError, match="power cut"):
        SqliteHistory(path)
    monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:-1])
    for _ in range(2):
        with closing(SqliteHistory(path)) as history:
            assert history.durations(last=1)["unit::t.py::t0"] == (1.0,)
    with closing(sqlite3.connect(path)) as db:
        columns = {row[1] for row in db.execute("PRAGMA table_info(builds)")}
    assert "note" in columns
    assert "price" not in columns


def filled(path: Path) -> bytes:
    chance = random.Random(5)
    with closing(SqliteHistory(path)) as history:
        for number in range(20):
            seen = [Observation(f"unit::t.py::t{n}", Outcome.PASSED, chance.random()) for n in range(400)]
            history.record(BuildRecord(build=f"b{number}", started=float(number), observations=seen))
    return path.read_bytes()


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_a_file_cut_short_is_damage(path: Path, share: float) -> None:
    whole = filled(path)
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DamagedHistoryError, match="fix: move the file away"):
        SqliteHistory(path)


def test_something_else_than_a_database_is_damage(path: Path) -> None:
    path.write_bytes(b"<html>404 Not Found</html>" * 100)
    with pytest.raises(DamagedHistoryError, match="not a database"):
        SqliteHistory(path)


def test_a_file_overwritten_anywhere_is_damage_or_still_tells_the_truth(path: Path) -> None:
    whole = filled(path)
    with closing(SqliteHistory(path)) as history:
        truth = (history.durations(last=20), history.patterns(), list(history.builds()))
    for start in range(64, len(whole), 1024):
        broken = bytearray(whole)
        broken[start : start + 512] = b"\xa5" * 512
        path.write_bytes(broken)
        try:
            with closing(SqliteHistory(path)) as history:
                said = (history.durations(last=20), history.patterns(), list(history.builds()))
        except DamagedHistoryError:
            continue
        assert said == truth, f"byte {start}"


@pytest.mark.parametrize("instead", [b"\0", "text", 7])
def test_a_damaged_build_is_said_when_it_is_read(path: Path, instead: object) -> None:
    filled(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE builds SET durations = ? WHERE build = 'b7'", (instead,))
    with closing(SqliteHistory(path)) as history:
        assert len(history.durations(last=5)) == 400  # it is further back than anyone looks
        with pytest.raises(DamagedHistoryError, match=r"history\.sqlite: .*cannot be read"):
            history.durations(last=20)


@pytest.mark.parametrize("packed", [b"", b"x\x9c+.\x01\x00\x01\x15\x00\x86"])
def test_damaged_names_are_said(path: Path, packed: bytes) -> None:
    filled(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE names SET packed = ?", (packed,))
    with closing(SqliteHistory(path)) as history, pytest.raises(DamagedHistoryError, match="names of the tests"):
        history.durations()


def test_a_directory_in_its_place_is_said(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="cannot be used"):
        SqliteHistory(tmp_path)


def test_a_hundred_builds_of_a_thousand_tests_are_small(history: SqliteHistory, path: Path) -> None:
    chance = random.Random(1)
    usual = [chance.lognormvariate(-3, 1.5) for _ in range(1_000)]
    for number in range(100):
        seen = [
            Observation(
                f"unit::tests/test_{n // 20}.py::test_case[{n % 20}]", Outcome.PASSED, time * chance.uniform(0.8, 1.2)
            )
            for n, time in enumerate(usual)
        ]
        history.record(BuildRecord(build=f"b{number}", started=float(number), observations=seen))
    history.close()
    assert path.stat().st_size / 100_000 < 6  # bytes a result
