"""The history as it travels between builds: its size, and the time that a build spends on carrying it.

    python benchmarks/memory.py [TESTS BUILDS]     # default: 10000 100, that is 1,000,000 results

Two builds with disks of their own begin with the same history, and each records one more. Measured, each in a process
of its own, through a folder: pulling into nothing, pushing the first time, pushing when another build has pushed in the
meantime (read, merge, write). Beside it the peer: the SQLite file copied as it is, compressed, which only overwrites.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from measure import Case, measure, table

from ci_orchestrator.clock import SystemClock
from ci_orchestrator.history.base import BuildRecord, Observation
from ci_orchestrator.history.blobs.folder import FolderBlobs
from ci_orchestrator.history.carrying import pull, push
from ci_orchestrator.history.sqlite import SqliteHistory
from ci_orchestrator.results.model import Outcome

LARGEST_MB, SLOWEST_S, KEEP = 10.0, 2.0, 1000


def fill(path: Path, tests: int, builds: range) -> None:
    """Seeded results: 1 % fail; a run takes 0.5 to 1.5 times as long as the test's own mean."""
    with closing(SqliteHistory(path)) as history:
        for number in builds:
            means, chance = random.Random(7), random.Random(number)
            seen = []
            for test in range(tests):
                failed = chance.random() < 0.01
                took = means.lognormvariate(-2, 1) * chance.uniform(0.5, 1.5)
                outcome = Outcome.FAILED if failed else Outcome.PASSED
                name = f"unit::tests/test_{test // 50}.py::test_case[{test}]"
                seen.append(Observation(name, outcome, took, usable=not failed))
            history.record(BuildRecord(build=f"b{number}", started=float(number), observations=seen))


def copied(folder: str, to: str) -> Callable[[], float]:
    """The peer's push, and its pull: MB."""
    source, target = Path(folder, "ours.sqlite"), Path(folder, to)

    def run() -> float:
        packed = zlib.compress(source.read_bytes())
        target.write_bytes(zlib.decompress(packed))
        return len(packed) / 1e6

    return run


def pushing(folder: str, name: str, place: str) -> Callable[[], float]:
    """MB that are kept after it."""
    blobs, path = fresh(folder, place), Path(folder, "copy.sqlite")
    shutil.copy(Path(folder, name), path)
    return lambda: push(path, blobs, keep=KEEP, clock=SystemClock()).size / 1e6


def pulling(folder: str, place: str) -> Callable[[], int]:
    """Builds that came."""
    blobs, path = fresh(folder, place), Path(folder, "empty.sqlite")
    path.unlink(missing_ok=True)
    return lambda: pull(path, blobs).builds


def fresh(folder: str, place: str) -> FolderBlobs:
    """A copy of the place, for each round finds it as it was."""
    target = Path(folder, "place")
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(Path(folder, place), target)
    return FolderBlobs(str(target))


def main(tests: int = 10_000, builds: int = 100) -> int:
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder, "ours.sqlite"), Path(folder, "theirs.sqlite")
        Path(folder, "nothing").mkdir()
        fill(ours, tests, range(builds))
        shutil.copy(ours, theirs)
        fill(ours, tests, range(builds, builds + 1))
        fill(theirs, tests, range(builds + 1, builds + 2))
        push(theirs, FolderBlobs(str(Path(folder, "written"))), keep=KEEP, clock=SystemClock())
        cases = [
            Case("copy", copied, (folder, "copied.sqlite")),
            Case("first push", pushing, (folder, "ours.sqlite", "nothing")),
            Case("push and merge", pushing, (folder, "ours.sqlite", "written")),
            Case("pull", pulling, (folder, "written")),
        ]
        figures = measure(cases, rounds=3)
    table(f"carrying {tests:,} tests × {builds} builds", figures, against="copy")
    size = float(figures["push and merge"].said)
    print(f"  kept: {size:.2f} MB, copied: {figures['copy'].said:.2f} MB; pulled: {figures['pull'].said} builds")
    met = within("MB that travel", size, LARGEST_MB)
    for name in ("push and merge", "pull"):
        met &= within(f"{name}, s of CPU", figures[name].cpu, SLOWEST_S)
    return 0 if met else 1


def within(what: str, value: float, limit: float) -> bool:
    print(f"  {'met' if value <= limit else 'MISSED'}: {what}: {value:.2f} (target ≤ {limit:g})")
    return value <= limit


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
