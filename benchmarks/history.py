"""The history beside the obvious table of one row per result, and how well its medians predict.

    python benchmarks/history.py [TESTS BUILDS]     # default: 10000 100, that is 1,000,000 results

Both are SQLite files in WAL mode filled with the same seeded results (1 % fail and feed no estimate). Measured, each in
a process of its own: loading everything, appending one build, the medians of all tests over 20 builds (asked of a file
that was just opened), and how often each test's outcome flipped in 50 builds. Opening is shown apart.

Then: the time to estimate 1,000,000 known tests, and, when the corpus of real durations stands beside the checkout, the
error of the next duration as predicted by the last value, the median of the last 5, and the mean.
"""

from __future__ import annotations

import gzip
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from measure import Case, Figure, measure, table

from ci_orchestrator.analysis.durations import WINDOW, estimate, median
from ci_orchestrator.history.base import BuildRecord, Observation
from ci_orchestrator.history.sqlite import SqliteHistory
from ci_orchestrator.results.model import Outcome

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "durations"
LARGEST_MB, SLOWEST_MEDIANS_MS = 10.0, 50.0
PASSED, FAILED = 1, 2


class Rows:
    """The peer: names and builds in tables of their own, one row per result, read in the order of its key."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.executescript(
            """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = NORMAL;
            CREATE TABLE IF NOT EXISTS tests (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
            CREATE TABLE IF NOT EXISTS builds (id INTEGER PRIMARY KEY, build TEXT UNIQUE, started REAL);
            CREATE TABLE IF NOT EXISTS results (build INTEGER, test INTEGER, outcome INTEGER, duration REAL,
                PRIMARY KEY (build, test)) WITHOUT ROWID;
            """
        )

    def record(self, build: BuildRecord) -> None:
        with self.db as db:
            db.execute("BEGIN IMMEDIATE")
            row = db.execute(
                "INSERT INTO builds (build, started) VALUES (?, ?)", (build.build, build.started)
            ).lastrowid
            names = ((one.test,) for one in build.observations)
            db.executemany("INSERT INTO tests (name) VALUES (?) ON CONFLICT DO NOTHING", names)
            ids = dict(db.execute("SELECT name, id FROM tests"))
            rows = [
                (row, ids[one.test], PASSED if one.outcome is Outcome.PASSED else FAILED, one.duration)
                for one in build.observations
            ]
            rows.sort()
            db.executemany("INSERT INTO results VALUES (?, ?, ?, ?)", rows)

    def durations(self, last: int) -> dict[str, tuple[float, ...]]:
        query = """SELECT name, duration FROM results JOIN tests ON tests.id = test
            WHERE outcome = 1 AND build IN (SELECT id FROM builds ORDER BY started DESC LIMIT ?)"""
        found: dict[str, list[float]] = {}
        for name, duration in self.db.execute(query, (last,)):
            found.setdefault(name, []).append(duration)
        return {name: tuple(values) for name, values in found.items()}

    def flips(self, last: int) -> dict[str, int]:
        query = """SELECT name, outcome FROM results JOIN tests ON tests.id = test
            WHERE build IN (SELECT id FROM builds ORDER BY started DESC LIMIT ?) ORDER BY test, build"""
        rows = groupby(self.db.execute(query, (last,)), key=itemgetter(0))
        return {name: sum(1 for _ in groupby(row, key=itemgetter(1))) - 1 for name, row in rows}

    def close(self) -> None:
        self.db.close()


def builds(tests: int, count: int, first: int = 0) -> list[BuildRecord]:
    """Durations as they are: log-normal over tests, 15 % of noise from build to build, in microseconds."""
    chance = random.Random(7 + first)
    usual = [random.Random(n).lognormvariate(-3, 1.5) for n in range(tests)]
    names = [
        f"unit::tests/area_{n // 400:03d}/test_module_{n // 20:04d}.py::TestIt::test_case[{n}]" for n in range(tests)
    ]

    def one(number: int) -> Observation:
        failed = chance.random() < 0.01
        seconds = round(usual[number] * chance.lognormvariate(0, 0.15), 6)
        return Observation(names[number], Outcome.FAILED if failed else Outcome.PASSED, seconds, usable=not failed)

    return [
        BuildRecord(build=f"b{number:05d}", started=float(number), observations=[one(n) for n in range(tests)])
        for number in range(first, first + count)
    ]


def opened(kind: str, path: Path) -> SqliteHistory | Rows:
    return Rows(path) if kind == "rows" else SqliteHistory(path)


def load(kind: str, path: str, tests: int, count: int) -> Callable[[], float]:
    records = builds(tests, count)
    Path(path).unlink(missing_ok=True)

    def run() -> float:
        with closing(opened(kind, Path(path))) as store:
            for record in records:
                store.record(record)
        return Path(path).stat().st_size / 1e6

    return run


def append(kind: str, path: str, tests: int, count: int) -> Callable[[], None]:
    (record,) = builds(tests, 1, first=count)
    store = opened(kind, Path(shutil.copy(path, f"{path}.more")))
    return lambda: store.record(record)


def medians(kind: str, path: str) -> Callable[[], int]:
    store = opened(kind, Path(path))
    return lambda: len({test: median(recent) for test, recent in store.durations(last=20).items()})


def flips(kind: str, path: str) -> Callable[[], int]:
    store = opened(kind, Path(path))
    if isinstance(store, Rows):
        return lambda: sum(store.flips(50).values())
    return lambda: sum(row.count("PF") + row.count("FP") for row in store.patterns(last=50).values())


def opening(kind: str, path: str) -> Callable[[], None]:
    return lambda: opened(kind, Path(path)).close()


def estimates(tests: int) -> Callable[[], int]:
    chance = random.Random(7)
    names = [f"unit::tests/test_{n // 50}.py::test_case[{n}]" for n in range(tests)]
    known = {name: tuple(chance.random() for _ in range(5)) for name in names}
    return lambda: sum(estimate(names, known).milliseconds)


def compare(tests: int, count: int, folder: str) -> bool:
    met = True
    size = (tests, count)
    parts = {
        "load": (load, size),
        "open": (opening, ()),
        "append": (append, size),
        "median": (medians, ()),
        "flips": (flips, ()),
    }
    for what, (run, more) in parts.items():
        cases = [Case(kind, run, (kind, f"{folder}/{kind}.sqlite", *more)) for kind in ("columns", "rows")]
        figures = measure(cases, rounds=1 if run is load else 5)
        table(f"{what}: {tests:,} tests × {count} builds", figures, against="rows")
        if run is medians:
            met &= within("medians of 20 builds, ms of CPU", figures["columns"].cpu * 1e3, SLOWEST_MEDIANS_MS)
        elif run is load:
            print(f"  file: rows {figures['rows'].said:.1f} MB, columns {figures['columns'].said:.1f} MB")
            met &= within("size of the file, MB", figures["columns"].said, LARGEST_MB)
        elif run is flips and len({figure.said for figure in figures.values()}) > 1:
            print(f"  DISAGREE: {figures}")
            met = False
    return met


def within(what: str, value: float, limit: float) -> bool:
    print(f"  {'met' if value <= limit else 'MISSED'}: {what}: {value:.1f} (target ≤ {limit:g})")
    return value <= limit


def series(file: Path) -> list[list[float]]:
    """The durations of each test, oldest first: lines ``test<TAB>revision:seconds …``."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").partition("\t")[2].split() for line in lines if not line.startswith("#")]
    return [[float(point.partition(":")[2]) for point in row] for row in rows]


def predictions(file: Path) -> None:
    """Relative error of the next duration of every test with at least one before it: the middle, and by weight."""
    methods: dict[str, Callable[[Sequence[float]], float]] = {
        "last value": lambda before: before[-1],
        f"median of {WINDOW}": lambda before: median(before[-WINDOW:]),
        f"mean of {WINDOW}": lambda before: statistics.fmean(before[-WINDOW:]),
        "mean of all": statistics.fmean,
    }
    points = [(row[:at], row[at]) for row in series(file) for at in range(1, len(row)) if row[at] > 0]
    print(f"\n{file.name}: {len(points):,} predictions\n  {'':12}  {'median error':>12}  {'error / time':>12}")
    for name, predict in methods.items():
        errors = [(abs(predict(before) - took), took) for before, took in points]
        middle = median(error / took for error, took in errors)
        weighted = sum(error for error, _ in errors) / sum(took for _, took in errors)
        print(f"  {name:12}  {middle:12.1%}  {weighted:12.1%}")


def main(tests: int = 10_000, count: int = 100) -> int:
    with tempfile.TemporaryDirectory() as folder:
        met = compare(tests, count, folder)
    figure: Figure = measure([Case("estimates", estimates, (1_000_000,))], rounds=2)["estimates"]
    print(f"\nestimates of 1,000,000 known tests: {figure.cpu:.2f} s of CPU, {figure.extra_mb:.0f} MB")
    met &= within("estimates, s of CPU", figure.cpu, 2.0)
    for file in sorted(CORPUS.glob("*.history.csv.gz")):
        predictions(file)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
