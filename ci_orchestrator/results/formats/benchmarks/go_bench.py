"""``go test -bench`` as text: https://go.dev/design/14313-benchmark-format.

Traps: ``-count`` repeats a line, each is one measurement of the same benchmark; ``-8`` at the end of a name is
GOMAXPROCS and no part of it, unless ``-cpu`` ran several in one file; a line holds several values, each with its unit;
with ``-v`` a name stands alone on a line before its results; the package is told by a ``pkg:`` line above. Tests may
run in the same command: then it is the format of tests that reads the file, with `benchmark_of`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping

from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.benchmarks.measured import measured, read_lines
from ci_orchestrator.results.formats.document import text_of

_NUMBER = r"(?:[-+0-9.eE]+|NaN|[-+]Inf)"
_LINE = re.compile(rf"(Benchmark(?![a-z])\S*)[ \t]+\d+((?:[ \t]+{_NUMBER}[ \t]+[^\s\d]\S*)+)\s*$")
_VALUE = re.compile(rf"({_NUMBER})[ \t]+(\S+)")
_PROCESSORS = re.compile(r"-([2-9]|[1-9]\d+)$")  # one processor is not told
_RESULT = re.compile(rf"^Benchmark(?![a-z])\S*[ \t]+\d+[ \t]+{_NUMBER}[ \t]+[^\s\d]", re.MULTILINE)
_HEADER = re.compile(r"^goos: \w+\r?\ngoarch: \w+\r?$", re.MULTILINE)

TESTED = re.compile(r"^(?:=== (?:RUN|PAUSE|CONT|NAME) |[ \t]*--- (?:PASS|FAIL|SKIP): |FAIL\b)", re.MULTILINE)
"""A line of a test, or that something failed: what holds one is read as the results of tests, and benchmarks too."""

Processors = MutableMapping[tuple[str, str], str]
"""With how many processors each (group, name) of one file ran first."""


def sniff(head: bytes) -> bool:
    """True when a line is the result of a benchmark, or the header above the first one, and none is about a test."""
    text = text_of(head)
    if text.startswith(("{", "<")) or TESTED.search(text):
        return False
    return bool(_RESULT.search(text) or _HEADER.search(text))


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """One benchmark for each value of each line; `results.benchmark.merge_benchmarks` makes one of the repeated."""
    group = ""
    seen: dict[tuple[str, str], str] = {}

    def take(line: str) -> Iterator[Benchmark | str]:
        nonlocal group
        if line.startswith("pkg: "):
            group = line.removeprefix("pkg: ").strip()
        else:
            yield from benchmark_of(line, group, seen)

    return read_lines(stream, file, take)


def benchmark_of(line: str, group: str, seen: Processors | None = None) -> Iterator[Benchmark | str]:
    """The measurements on one line, one a unit; none when it is no result of a benchmark. A text says what is none.

    `group` is the package. `seen`, one for all lines of a file, keeps what ``-cpu 1,2,4`` ran apart: the number of
    processors is left in all names but the first.
    """
    found = _LINE.match(line)
    if found is None:
        return
    name = _name(found[1], group, {} if seen is None else seen)
    for text, unit in _VALUE.findall(found[2]):
        value = _number(text)
        yield measured(name=name, value=value, unit=unit, group=group, values=(value,))


def _name(full: str, group: str, seen: Processors) -> str:
    ending = _PROCESSORS.search(full)
    plain, processors = (full[: ending.start()], ending[1]) if ending else (full, "")
    return plain if seen.setdefault((group, plain), processors) == processors else full


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


GO_BENCH = Format(name="go_bench", sniff=sniff, parse=parse, kind="benchmarks", about="`go test -bench`, as text")
