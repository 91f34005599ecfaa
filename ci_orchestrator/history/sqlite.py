"""The default history: one SQLite file with one row a build, its results packed in columns (see `history.packing`).

A row per result takes 4 times as long to ask for medians, 40 times for flips, and 6 times the space; the other price is
that one test of one build cannot be asked for without unpacking the build (benchmarks/history.py prints the ratios).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from ci_orchestrator.history import merging, packing
from ci_orchestrator.history.base import ABSENT, BuildRecord, BuildSummary, Observation, cleaned, storable, summarise
from ci_orchestrator.history.names import Names
from ci_orchestrator.history.schema import PATIENCE, check_shape, connect, explained
from ci_orchestrator.results.model import Totals

_SUMMARY = """build, started, runner, revision, branch, wall, complete, duration,
    passed, failed, errored, skipped, not_proven, flaky, runs, coverage"""
_NOW = "(julianday('now') - 2440587.5) * 86400"  # Unix seconds
_BUT = "(?1 = '' OR build <> ?1)"
_NEWEST = "ORDER BY started DESC, build DESC, runner DESC"


class SqliteHistory:
    """`history.base.Store` in a file. Any number of processes may use the same file at once.

    Raises `HistoryError`, for damage `DamagedHistoryError` (see `history.schema`); `history.opening` knows what to do.
    """

    def __init__(self, path: Path, *, patience: float = PATIENCE) -> None:
        self._path = path
        self._db = connect(path, patience)
        self._names = Names()

    def record(self, build: BuildRecord) -> None:
        build, tests = cleaned(build)
        row = _row(build)
        with self._transaction("IMMEDIATE") as db:
            packed = packing.pack(build.observations, self._names.add(db, tests))
            marks = ", ".join("?" * (len(row) + 3))
            db.execute(
                f"INSERT OR REPLACE INTO builds ({_SUMMARY}, marks, durations, attempts, recorded)"  # noqa: S608
                f" VALUES ({marks}, {_NOW})",
                (*row, packed.marks, packed.durations, packed.attempts),
            )

    def durations(
        self, tests: Collection[str] | None = None, *, last: int = 5, runner: str | None = None, but: str = ""
    ) -> Mapping[str, tuple[float, ...]]:
        with self._transaction() as db:
            names, size = self._names, len(self._names)
            wanted = packing.everything(size) if tests is None else packing.mask(names.numbers(tests), size)
            which = f"{_BUT} AND (?2 IS NULL OR runner = ?2)"
            found = db.execute(
                f"SELECT marks, durations FROM builds WHERE {which} {_NEWEST}",  # noqa: S608
                (storable(but), None if runner is None else storable(runner)),
            )
            return packing.newest(found, names.ids, wanted, max(last, 0))

    def outcomes(self, test: str, *, last: int = 20) -> Sequence[tuple[BuildSummary, Observation]]:
        with self._transaction() as db:
            return tuple(
                islice(
                    (said for number in self._names.numbers([test]) for said in _told(db, test, number)), max(last, 0)
                )
            )

    def patterns(self, *, last: int = 50, but: str = "") -> Mapping[str, str]:
        with self._transaction() as db:
            ids, query = self._names.ids, f"SELECT marks FROM builds WHERE {_BUT} {_NEWEST} LIMIT ?2"  # noqa: S608
            columns = [packing.unpack_bytes(marks) for (marks,) in db.execute(query, (storable(but), max(last, 0)))]
            rows = packing.letters(columns, len(ids))
        nowhere = ABSENT * len(columns)
        return {test: row for test, row in zip(ids, rows, strict=True) if row != nowhere}

    def builds(self, *, last: int = 20, but: str = "") -> Sequence[BuildSummary]:
        with explained(self._path):
            query = f"SELECT {_SUMMARY} FROM builds WHERE {_BUT} {_NEWEST} LIMIT ?2"  # noqa: S608
            return tuple(map(_summary, self._db.execute(query, (storable(but), max(last, 0)))))

    def forget(self, *, keep: int) -> int:
        with self._transaction("IMMEDIATE") as db:
            query = "SELECT build FROM builds GROUP BY build ORDER BY max(started) DESC, build DESC LIMIT -1 OFFSET ?"
            gone = db.execute(query, (max(keep, 0),)).fetchall()
            db.executemany("DELETE FROM builds WHERE build = ?", gone)
            if gone:
                self._drop_names(db)
        with explained(self._path):
            self._db.executescript("PRAGMA incremental_vacuum")  # execute() stops after one page
        return len(gone)

    def ages(self) -> merging.Ages:
        """Which record of each build this is."""
        with explained(self._path):
            return merging.ages(self._db)

    def offer(self, known: merging.Ages) -> merging.Offer:
        """What this history, a file from elsewhere, has newer than the `known`. Raises `DamagedHistoryError` when it
        is not what it should be."""
        with self._transaction() as db:
            check_shape(db)
            return merging.offer(db, self._names, known)

    def take(self, offered: merging.Offer) -> int:
        """Record what another history offers, unless it is known by now; returns how many builds."""
        with self._transaction("IMMEDIATE") as db:
            return merging.take(db, self._names, offered)

    def compact(self, target: Path) -> None:
        """Write the history to `target`, which must not exist, without what forgotten builds left behind."""
        with explained(self._path):
            self._db.execute("VACUUM INTO ?", (str(target),))

    def close(self) -> None:
        with explained(self._path):
            self._db.close()

    @contextmanager
    def _transaction(self, kind: str = "DEFERRED") -> Iterator[sqlite3.Connection]:
        """All or nothing, and names that fit the builds that are read with them."""
        with explained(self._path), self._db:
            self._db.execute(f"BEGIN {kind}")
            try:
                self._names.refresh(self._db)
                yield self._db
            except BaseException:
                self._names.clear()
                raise

    def _drop_names(self, db: sqlite3.Connection) -> None:
        """Give the numbers of tests that no build has any more to others, once they are a quarter of all."""
        size, alive = len(self._names), 0
        for (marks,) in db.execute("SELECT marks FROM builds"):
            alive |= packing.present(packing.unpack_bytes(marks))
        kept = packing.cells(alive, size)
        if kept.count(0) * 4 < size or not size:
            return
        for row, *columns in db.execute("SELECT id, marks, attempts, durations FROM builds").fetchall():
            packed = packing.renumber(packing.Packed(*columns), kept)
            change = "UPDATE builds SET marks = ?, attempts = ?, durations = ? WHERE id = ?"
            db.execute(change, (packed.marks, packed.attempts, packed.durations, row))
        self._names.keep(db, kept)


def _told(db: sqlite3.Connection, test: str, number: int) -> Iterator[tuple[BuildSummary, Observation]]:
    """What every build says of one test, newest first."""
    query = f"SELECT marks, attempts, durations, {_SUMMARY} FROM builds {_NEWEST}"  # noqa: S608
    for marks, attempts, durations, *row in db.execute(query):
        seen = packing.cell(packing.Packed(marks, attempts, durations), test, number)
        if seen is not None:
            yield _summary(row), seen


def _row(build: BuildRecord) -> tuple[object, ...]:
    """The values of `_SUMMARY`."""
    of = summarise(build)
    counts = of.totals
    return (
        *(of.build, of.started, of.runner, of.revision, of.branch, of.wall, of.complete, of.duration),
        *(counts.passed, counts.failed, counts.errored, counts.skipped, counts.not_proven, counts.flaky, counts.runs),
        of.coverage,
    )


def _summary(row: Sequence[Any]) -> BuildSummary:
    build, started, runner, revision, branch, wall, complete, duration, *counts, coverage = row
    return BuildSummary(
        build=build,
        started=started,
        runner=runner,
        revision=revision,
        branch=branch,
        wall=wall,
        complete=bool(complete),
        totals=Totals(*counts),
        duration=duration,
        coverage=coverage,
    )
