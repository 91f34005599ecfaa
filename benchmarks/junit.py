"""Reading JUnit XML: our reader beside junitparser, Codecov's parser in Rust, and expat without handlers as the floor.

    python benchmarks/junit.py [--cases 100000] [--million] [--skip-peer-memory] [--repeat 3]

Every reader runs in a process of its own: CPU seconds (user + system, the best of several readings, imports not
counted) of making every record of the file, and peak memory. A record is suite, class, name, seconds, outcome, message,
details and outputs; the readers must agree on all of them or the run fails. junitparser reads with lxml when that is
installed, so it is measured both ways, and in two manners: by the properties that it documents (`result`, `system_out`,
`system_err`), and by the shortest way that its API has, one walk over the children of a case. test-results-parser is
handed all bytes at once. It tells less (no message, no output, of a skip no reason) and must agree on that: each of its
records is read, and the references that it leaves in texts are resolved.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat
from xml.sax.saxutils import unescape

import psutil

if "--no-lxml" in sys.argv:
    sys.modules["lxml"] = None  # type: ignore[assignment]

import junitparser  # after the line above: it chooses its parser when it is imported
import test_results_parser

from ci_orchestrator.results import formats
from ci_orchestrator.results.formats.base import Case, Item

TARGETS = {"rust": 2.0, "speed": 1.8, "speed with lxml": 3.0, "memory": 40.0}
LARGE = 1_000_000
ROUNDS = 5

Record = tuple[str, str, str, float, str, str, str, str, str]


def write_cases(path: Path, cases: int, per_suite: int = 100) -> None:
    """A report as pytest writes it: of twenty cases one fails with a traceback, one is skipped, one prints."""
    with path.open("w", encoding="utf-8") as out:
        out.write('<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="pytest tests">\n')
        for first in range(0, cases, per_suite):
            size = min(per_suite, cases - first)
            out.write(
                f'<testsuite name="suite_{first}" errors="0" failures="5" skipped="5" tests="{size}" time="49.5">\n'
            )
            for number in range(size):
                out.write(_case(first, number))
            out.write("</testsuite>\n")
        out.write("</testsuites>\n")


def _case(suite: int, number: int) -> str:
    head = f'<testcase classname="tests.mod_{suite}.TestIt" name="test_it[{number}-é]" time="{number / 100:.3f}"'
    match number % 20:
        case 3:
            trace = f"&gt; assert {number} == 0\nE assert {number} == 0\n\ntests/mod.py:{number}: AssertionError"
            told = f'message="assert {number} == 0" type="AssertionError"'
            return f"{head}><failure {told}>def test_it():\n{trace}</failure></testcase>\n"
        case 7:
            return (
                f'{head}><skipped type="pytest.skip" message="not here">tests/mod.py:3: not here</skipped></testcase>\n'
            )
        case 11:
            return f"{head}><system-out>printed by {number}\nand more\n</system-out></testcase>\n"
    return f"{head} />\n"


def floor(stream: BinaryIO) -> Iterator[Record]:
    expat.ParserCreate().ParseFile(stream)
    return iter(())


def callbacks(stream: BinaryIO) -> Iterator[Record]:
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda _tag, _attributes: None
    parser.EndElementHandler = lambda _tag: None
    parser.ParseFile(stream)
    return iter(())


def ours(stream: BinaryIO) -> Iterator[Item]:
    return formats.read(stream, "junit.xml")


def by_properties(stream: BinaryIO) -> Iterator[Record]:
    for suite in junitparser.JUnitXml.fromfile(stream):
        title = suite.name
        for case in suite:
            outcome = message = details = ""
            for result in case.result:
                outcome, message, details = result._tag, result.message, result.text
            out, err = case.system_out, case.system_err
            yield title, case.classname, case.name, case.time, outcome, message, details, out or "", err or ""


def by_one_walk(stream: BinaryIO) -> Iterator[Record]:
    system_out, system_err = junitparser.junitparser.SystemOut, junitparser.junitparser.SystemErr
    for suite in junitparser.JUnitXml.fromfile(stream):
        title = suite.name
        for case in suite:
            outcome = message = details = out = err = ""
            for child in case:
                if isinstance(child, system_out):
                    out = child.text
                elif isinstance(child, system_err):
                    err = child.text
                else:
                    outcome, message, details = child._tag, child.message, child.text
            yield title, case.classname, case.name, case.time, outcome, message, details, out, err


def in_rust(stream: BinaryIO) -> Iterator[tuple[object, ...]]:
    outcomes = {"pass": "", "failure": "failure", "skip": "skipped"}
    for run in test_results_parser.parse_junit_xml(stream.read()).testruns:
        text = run.failure_message
        details = unescape(text) if text else ""
        yield run.testsuite, run.classname, run.name, run.duration, outcomes[str(run.outcome)], details


FLOOR, OURS, RUST = "expat, no handlers (floor)", "ci-orchestrator", "test-results-parser (Rust)"
READERS: dict[str, Callable[[BinaryIO], Iterator[object]]] = {
    FLOOR: floor,
    "expat, empty handlers": callbacks,
    OURS: ours,
    RUST: in_rust,
    "junitparser": by_properties,
    "junitparser, one walk": by_one_walk,
    "junitparser on lxml": by_properties,
    "junitparser on lxml, one walk": by_one_walk,
}


def least(told: Record) -> tuple[object, ...]:
    """What every reader tells of a record."""
    suite, classname, name, seconds, outcome, _, details, *_ = told
    return (suite, classname, name, seconds, outcome, details if outcome == "failure" else "")


def record(item: object) -> Record:
    """What any reader yields, as the record that all must agree on."""
    if not isinstance(item, Case):
        return item  # type: ignore[return-value]
    outcome = {"passed": "", "failed": "failure", "skipped": "skipped"}[item.outcome]
    texts = (item.message, item.details, item.stdout, item.stderr)
    return (item.suites[0], item.classname, item.name, item.duration, outcome, *texts)


def measure(name: str, path: Path, repeat: int) -> dict[str, float | str]:
    """Run one reader in a fresh process."""
    command = [sys.executable, __file__, "--one", name, "--file", str(path), "--repeat", str(repeat)]
    if "lxml" not in name:
        command.append("--no-lxml")
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float | str] = json.loads(done.stdout)
    return result


def one(name: str, path: Path, repeat: int) -> None:
    """In the fresh process: once for the imports and to see what is read, then against the clock."""
    digest, agreed = hashlib.sha256(), hashlib.sha256()
    nothing = digest.hexdigest()
    with path.open("rb") as stream:
        for item in READERS[name](stream):
            if name != RUST:
                item = record(item)  # noqa: PLW2901
                digest.update(repr(item).encode())
                item = least(item)  # noqa: PLW2901
            agreed.update(repr(item).encode())
    best = float("inf")
    for _ in range(repeat):
        with path.open("rb") as stream:
            start = time.process_time()
            deque(READERS[name](stream), maxlen=0)
            best = min(best, time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(
        json.dumps(
            {
                "cpu": best,
                "peak": peak,
                "digest": digest.hexdigest().replace(nothing, ""),
                "least": agreed.hexdigest().replace(nothing, ""),
            }
        )
    )


def table(path: Path, names: list[str], repeat: int, rounds: int) -> dict[str, dict[str, float | str]]:
    rows = {}
    print(f"{'reader':32} {'CPU s':>8} {'× floor':>8} {'× ours':>8} {'peak MB':>9}")
    for _ in range(rounds):  # in turns, so that what else the machine does falls on all alike
        for name in names:
            row = measure(name, path, repeat)
            rows[name] = min(row, rows.get(name, row), key=lambda one: one["cpu"])
    for name, row in rows.items():
        by_floor, by_ours = row["cpu"] / rows[FLOOR]["cpu"], row["cpu"] / rows[OURS]["cpu"]
        print(f"{name:32} {row['cpu']:8.3f} {by_floor:8.2f} {by_ours:8.2f} {row['peak']:9.1f}")
    if any(len({row[kind] for row in rows.values() if row[kind]}) > 1 for kind in ("digest", "least")):
        sys.exit("the readers disagree on the records")
    return rows


def names_of(*, peer: bool) -> Iterator[str]:
    for name in READERS:
        if "lxml" in name and importlib.util.find_spec("lxml") is None:
            print("(lxml is not installed: pip install lxml to see junitparser on it)")
        elif peer or "junitparser" not in name:
            yield name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--million", action="store_true", help=f"also read {LARGE:,} cases, for the memory")
    parser.add_argument(
        "--skip-peer-memory", action="store_true", help="leave junitparser out of that: it needs over 1 GB"
    )
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--no-lxml", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        one(arguments.one, arguments.file, arguments.repeat)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), arguments)


def compare(folder: Path, arguments: argparse.Namespace) -> None:
    path = folder / "junit.xml"
    write_cases(path, arguments.cases)
    print(f"{arguments.cases:,} cases, {path.stat().st_size / 1e6:.1f} MB, best of {ROUNDS} × {arguments.repeat}")
    rows = table(path, list(names_of(peer=True)), arguments.repeat, ROUNDS)
    for name, row in rows.items():
        if "junitparser" in name:
            target = TARGETS["speed with lxml" if "lxml" in name else "speed"]
            print(f"{name} / ours: {row['cpu'] / rows[OURS]['cpu']:.2f} (target {target})")
    print(f"ours / {RUST}: {rows[OURS]['cpu'] / rows[RUST]['cpu']:.2f} (target {TARGETS['rust']}, lower is better)")
    if not arguments.million:
        return
    write_cases(path, LARGE, per_suite=LARGE)
    print(f"\n{LARGE:,} cases in one suite, {path.stat().st_size / 1e6:.0f} MB, read once")
    enough = psutil.virtual_memory().available > 4e9 and not arguments.skip_peer_memory
    rows = table(path, [name for name in names_of(peer=enough) if "lxml" not in name], 1, 1)
    print(f"\nour peak: {rows[OURS]['peak']:.1f} MB (target {TARGETS['memory']:.0f})")


if __name__ == "__main__":
    main()
