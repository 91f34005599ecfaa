"""Sharding beside pytest-split's `least_duration`, and how near the lower bound it comes on recorded durations.

    python benchmarks/sharding.py [--durations DIRECTORY] [TESTS ...]     # default: 100000 1000000

Speed: from the same ids in collection order and the same dict of id -> seconds in memory, to the tests of each of 32
shards. Measured is the algorithm, not making its input: pytest-split gets items with a `nodeid`, as pytest would hand
it, as cheap as they can be (real items, and the tuples of its own tests, cost it more by their `str()`).

- ours             `sharding.shard`, from looking up the seconds to the plan with its bound, gap and reasons
- least_duration   pytest-split's
- chunks           pytest-split's `duration_based_chunks`, which keeps collection order (another trade)

Quality: makespan / max(total / N, longest unit) of recorded durations (`*.latest.json.gz`: id -> seconds), by test
and with files kept together, into 2, 8, 32 and 128 shards.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

from measure import Case, Target, judge, measure, table
from pytest_split.algorithms import DurationBasedChunksAlgorithm, LeastDurationAlgorithm

from ci_orchestrator.schedule.sharding import shard

SHARDS = 32
LIMIT = 1.001


class Item:
    """The least that pytest-split needs of a test."""

    __slots__ = ("nodeid",)

    def __init__(self, nodeid: str) -> None:
        self.nodeid = nodeid

    def __str__(self) -> str:
        return self.nodeid


def suite(size: int) -> dict[str, float]:
    """Tests in collection order (files sorted, tests as written), with durations spread as real ones are."""
    chance = random.Random(7)
    words = ["create", "delete", "update", "list", "merge", "split", "parse", "render"]
    return {
        f"tests/area_{at // 2000:04d}/test_module_{at // 40:06d}.py::TestCase::test_{chance.choice(words)}[{at}]": (
            chance.lognormvariate(-2.5, 1.6)
        )
        for at in range(size)
    }


def ours(size: int) -> Callable[[], float]:
    durations = suite(size)
    ids = list(durations)
    return lambda: 1 + shard(ids, list(map(durations.__getitem__, ids)), SHARDS).gap


def least_duration(size: int) -> Callable[[], float]:
    durations = suite(size)
    items = [Item(test) for test in durations]
    return lambda: _over_bound([group.duration for group in LeastDurationAlgorithm()(SHARDS, items, durations)])


def chunks(size: int) -> Callable[[], float]:
    durations = suite(size)
    items = [Item(test) for test in durations]
    return lambda: _over_bound([group.duration for group in DurationBasedChunksAlgorithm()(SHARDS, items, durations)])


def speed(size: int) -> bool:
    cases = [
        Case("ours", ours, (size,)),
        Case("least_duration", least_duration, (size,)),
        Case("chunks", chunks, (size,)),
    ]
    figures = measure(cases, rounds=5 if size <= 100_000 else 2)
    table(f"{size:,} tests into {SHARDS} shards", figures, against="least_duration")
    print("  makespan / (total / N):", {name: round(figure.said, 7) for name, figure in figures.items()})
    return judge(figures, [Target("ours", "least_duration", cpu=0.4, memory=0.5)])


def quality(directory: Path) -> bool:
    met = True
    for path in sorted(directory.glob("*.latest.json.gz")):
        durations = {test: float(seconds) for test, seconds in json.loads(gzip.decompress(path.read_bytes())).items()}
        tests, seconds = list(durations), list(durations.values())
        files = [test.partition("::")[0] for test in tests]
        print(f"\n{path.name}: {len(tests):,} tests in {len(set(files))} files, {sum(seconds):,.0f} s")
        print("  shards  makespan s  / bound by test  / bound by file  files split")
        for count in (2, 8, 32, 128):
            by_test, by_file = shard(tests, seconds, count), shard(tests, seconds, count, files=files)
            ratio = by_test.makespan / by_test.lower_bound
            met &= ratio <= LIMIT
            row = (
                f"{count:6}  {by_test.makespan:10.2f}  {ratio:15.7f}  {1 + by_file.gap:15.7f}  {len(by_file.split):11}"
            )
            print(f"  {row}")
    print(f"  {'met' if met else 'MISSED'}: makespan / lower bound by test (target ≤ {LIMIT})")
    return met


def _over_bound(loads: list[float]) -> float:
    return max(loads) / (sum(loads) / len(loads))


def main() -> int:
    parser = argparse.ArgumentParser(description="Sharding beside pytest-split.")
    parser.add_argument("tests", nargs="*", type=int, default=[100_000, 1_000_000])
    parser.add_argument("--durations", type=Path, help="a directory of *.latest.json.gz files (test id -> seconds)")
    arguments = parser.parse_args()
    met = [speed(size) for size in arguments.tests]
    if arguments.durations:
        met.append(quality(arguments.durations))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
