"""Merging is a union: order and repetition change nothing. And nothing that a file from elsewhere says is believed."""

from __future__ import annotations

import json
import sqlite3
import struct
import zlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_orchestrator.history import names, schema
from ci_orchestrator.history.base import BuildRecord, BuildSummary, DamagedHistoryError, Observation
from ci_orchestrator.history.sqlite import SqliteHistory
from ci_orchestrator.results.model import Outcome

NAMES = st.sampled_from([f"s::f::t{number}" for number in range(6)])
SEEN = st.builds(
    Observation,
    test=NAMES,
    outcome=st.sampled_from(Outcome),
    duration=st.integers(0, 8).map(float),
    attempts=st.integers(0, 255),
    usable=st.booleans(),
    flaky=st.booleans(),
)


@dataclass(frozen=True)
class Recorded:
    """A record, and the moment when it was made."""

    build: BuildRecord
    at: int


RECORDS = st.builds(
    Recorded,
    build=st.builds(
        BuildRecord,
        build=st.sampled_from("abcd"),
        started=st.integers(0, 3).map(float),
        runner=st.sampled_from(["", "linux"]),
        observations=st.lists(SEEN, max_size=5, unique_by=lambda one: one.test),
    ),
    at=st.integers(0, 10**9),
)


def write(path: Path, records: Sequence[Recorded]) -> SqliteHistory:
    history = SqliteHistory(path)
    for one in records:
        history.record(one.build)
        with closing(sqlite3.connect(path)) as db, db:
            key = (one.at, one.build.build, one.build.runner)
            db.execute("UPDATE builds SET recorded = ? WHERE build = ? AND runner = ?", key)
    return history


def told(history: SqliteHistory) -> list[tuple[BuildSummary, list[Observation]]]:
    """All that it says."""
    seen: dict[BuildSummary, list[Observation]] = {build: [] for build in history.builds(last=1000)}
    for test in sorted(history.patterns(last=1000)):
        for build, one in history.outcomes(test, last=1000):
            seen[build].append(one)
    return list(seen.items())


def merge(into: SqliteHistory, *others: SqliteHistory) -> list[int]:
    return [into.take(other.offer(into.ages())) for other in others]


def of_the_newest(sources: Sequence[Sequence[Recorded]]) -> list[Recorded]:
    """What a merged history should have been told."""
    newest: dict[tuple[str, str], Recorded] = {}
    for source in sources:
        last = {(one.build.build, one.build.runner): one for one in source}
        for key, one in last.items():
            if key not in newest or one.at > newest[key].at:
                newest[key] = one
    return list(newest.values())


@settings(max_examples=12)
@given(
    sources=st.lists(st.lists(RECORDS, max_size=4), min_size=3, max_size=3).filter(
        lambda sources: len({one.at for source in sources for one in source}) == sum(map(len, sources))
    )
)
def test_histories_merge_in_any_order_and_any_number_of_times(
    tmp_path_factory: pytest.TempPathFactory, sources: list[list[Recorded]]
) -> None:
    folder = tmp_path_factory.mktemp("merging")
    made = [write(folder / f"{number}", source) for number, source in enumerate(sources)]
    with closing(write(folder / "expected", of_the_newest(sources))) as expected:
        for number, order in enumerate(permutations(made)):
            with closing(SqliteHistory(folder / f"merged{number}")) as merged:
                merge(merged, *order)
                assert told(merged) == told(expected)
                assert merged.ages() == expected.ages()
                assert merge(merged, *order) == [0, 0, 0]
    for history in made:
        history.close()


def simple(build: str, *tests: str, at: int = 1) -> Recorded:
    seen = [Observation(test, Outcome.PASSED, 1.0) for test in tests]
    return Recorded(BuildRecord(build=build, started=1.0, observations=seen), at)


def test_names_that_no_build_has_do_not_travel(tmp_path: Path) -> None:
    gone = [f"gone{number}" for number in range(3)]
    with (
        closing(write(tmp_path / "a", [simple("old", *gone), simple("new", *map(str, range(20)), at=2)])) as one,
        closing(write(tmp_path / "b", [simple("old", at=9)])) as other,
    ):
        merge(other, one)
        assert set(other.patterns()) == set(map(str, range(20)))
    with closing(sqlite3.connect(tmp_path / "b")) as db:
        chunks = [json.loads(zlib.decompress(packed)) for (packed,) in db.execute("SELECT packed FROM names")]
    assert not any(set(gone) & set(chunk) for chunk in chunks)


def test_recording_again_makes_the_newer_record(tmp_path: Path) -> None:
    with closing(write(tmp_path / "a", [simple("b", "t")])) as one, closing(write(tmp_path / "b", [])) as other:
        merge(other, one)
        one.record(simple("b", "t", "u").build)
        assert merge(other, one) == [1]
        assert set(other.patterns()) == {"t", "u"}


HOSTILE = {
    "another table": "CREATE TABLE more (x)",
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON builds BEGIN DELETE FROM names; END",
    "a view": "CREATE VIEW v AS SELECT 1",
    "a name that is no text": "UPDATE builds SET build = x'00'",
    "an age that is no number": "UPDATE builds SET recorded = 'today'",
    "an endless age": "UPDATE builds SET recorded = 9e999",
    "an endless start": "UPDATE builds SET started = -9e999",
    "a count that is none": "UPDATE builds SET failed = 'many'",
    "coverage that is none": "UPDATE builds SET coverage = 'all'",
    "marks that are none": "UPDATE builds SET marks = 7",
    "marks that mean nothing": "UPDATE builds SET marks = :strange",
    "a column that is short": "UPDATE builds SET attempts = :empty",
    "impossible durations": "UPDATE builds SET durations = :nan",
    "a column that is a bomb": "UPDATE builds SET marks = :bomb, attempts = :bomb, durations = :bomb",
    "a column cut short": "UPDATE builds SET marks = substr(marks, 1, 5)",
    "names that are no list": "UPDATE names SET packed = :number",
    "fewer names than tests": "DELETE FROM names",
}
VALUES = {
    "strange": zlib.compress(b"\x07\xff"),
    "empty": zlib.compress(b""),
    "nan": zlib.compress(
        bytes(plane for pair in zip(*[struct.pack("<f", float("nan"))] * 2, strict=True) for plane in pair)
    ),
    "bomb": zlib.compress(bytes(10_000_000)),
    "number": zlib.compress(b"7"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_could_not_have_been_recorded_is_damage(tmp_path: Path, what: str) -> None:
    write(tmp_path / "a", [simple("b", "t", "u")]).close()
    with closing(sqlite3.connect(tmp_path / "a")) as db, db:
        db.execute(HOSTILE[what], {name: value for name, value in VALUES.items() if f":{name}" in HOSTILE[what]})
    with closing(SqliteHistory(tmp_path / "a")) as hostile, closing(SqliteHistory(tmp_path / "b")) as ours:
        with pytest.raises(DamagedHistoryError):
            hostile.offer(ours.ages())
        assert ours.ages() == {}


def test_names_that_are_a_bomb_are_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a", [simple("b", *map(str, range(400)))]).close()
    monkeypatch.setattr(names, "LARGEST", 1_000)
    with closing(SqliteHistory(tmp_path / "a")) as hostile, pytest.raises(DamagedHistoryError, match="longer than"):
        hostile.offer({})


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    with closing(schema.connect(tmp_path / "a")) as db:
        assert db.execute("PRAGMA trusted_schema").fetchone() == (0,)


def test_an_older_file_is_understood(tmp_path: Path) -> None:
    write(tmp_path / "a", [simple("b", "t")]).close()
    with closing(sqlite3.connect(tmp_path / "a")) as db, db:
        db.execute("ALTER TABLE builds DROP COLUMN recorded")
        db.execute("PRAGMA user_version = 2")
    with closing(SqliteHistory(tmp_path / "a")) as old, closing(SqliteHistory(tmp_path / "b")) as ours:
        assert merge(ours, old) == [1]
        assert ours.durations() == {"t": (1.0,)}
