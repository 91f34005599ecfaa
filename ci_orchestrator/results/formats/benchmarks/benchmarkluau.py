"""Luau's ``bench.py`` as text: ``SUCCESS: base64 : 15.041ms +/- 0.636% on luau``.

The deviation is relative (the table below calls it ``StdDev%``); how many samples it rests on is not told. The group is
the program that ran the script, since several may be compared in one file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.benchmarks.measured import UNREADABLE, measured, no_number, read_lines
from ci_orchestrator.results.formats.document import lines_of

_MARK = "SUCCESS: "
_VALUE = re.compile(r"[ \t]+(\d+(?:\.\d+)?)ms \+/-[ \t]+(\d+(?:\.\d+)?)% on (\S.*)")
_FOUND = re.compile(rf"^{_MARK}[^:\n]+:{_VALUE.pattern}", re.MULTILINE)


def sniff(head: bytes) -> bool:
    """True when a line is a result."""
    return bool(_FOUND.search(lines_of(head)))


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The average of each script, in ms."""
    return read_lines(stream, file, _benchmark)


def _benchmark(line: str) -> Iterator[Benchmark | str]:
    if not line.startswith(_MARK):
        return
    name, _, told = line.removeprefix(_MARK).partition(":")
    found = _VALUE.match(told)
    if found:
        value, deviation = float(found[1]), float(found[2]) / 100
        yield measured(name=name.strip(), group=found[3].strip(), value=value, unit="ms", spread=value * deviation)
    elif no_number(told):
        yield UNREADABLE


BENCHMARKLUAU = Format(
    name="benchmarkluau", sniff=sniff, parse=parse, kind="benchmarks", about="Luau's `bench.py`, as text"
)
