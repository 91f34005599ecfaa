"""Reading 2,000 small JUnit files: one process of ours, two of them, and junitparser, in wall seconds.

    python benchmarks/reading.py [--files 2000] [--cases 50] [--repeat 5]

Each figure in a fresh process, rounds interleaved; starting the processes that read is counted, importing is not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from junit import by_one_walk, write_cases
from measure import Case, measure, table

PAYS = 1.5
"""Two processes against one."""


def ours(folder: str, width: int) -> Callable[[], int]:
    """Read all files with `width` processes; returns the tests."""
    from ci_orchestrator.api.collector import collector_at_rest  # noqa: PLC0415 - a peer's process does without
    from ci_orchestrator.api.reading import read_files  # noqa: PLC0415

    files = [(path, False) for path in sorted(Path(folder).glob("*.xml"))]

    def run() -> int:
        with collector_at_rest():  # as a report does
            return sum(len(told.results) for told in [*read_files(files, width=width)])

    return run


def peer(folder: str) -> Callable[[], int]:
    """The same by junitparser, in the shortest way that its API has."""
    files = sorted(Path(folder).glob("*.xml"))

    def run() -> int:
        tests = 0
        for path in files:
            with path.open("rb") as stream:
                tests += len(list(by_one_walk(stream)))
        return tests

    return run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--repeat", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(arguments.files):
            write_cases(Path(folder) / f"junit-{number:05}.xml", arguments.cases)
        cases = [
            Case("one process", ours, (folder, 1)),
            Case("two processes", ours, (folder, 2)),
            Case("junitparser", peer, (folder,)),
        ]
        figures = measure(cases, rounds=arguments.repeat)
    table(f"{arguments.files:,} files of {arguments.cases} cases", figures, against="junitparser")
    if len({figure.said for figure in figures.values()}) > 1:
        sys.exit("the readers disagree on the number of tests")
    one, two = figures["one process"].wall, figures["two processes"].wall
    met = one / two >= PAYS
    print(f"  {'met' if met else 'MISSED'}: two processes are {one / two:.2f} × as fast as one (target ≥ {PAYS:g})")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
