"""Benchmark.js as text: ``name x 1,431,759 ops/sec ±0.74% (93 runs sampled)``.

The spread is computed back: ± is the margin of a confidence interval of 95 % for the mean, relative to it, that is
Student's t times the standard error. t = 1.96 + 2.4 / (n - 1) is within 2 % of the table from 5 samples on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import sqrt

from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.benchmarks.measured import UNREADABLE, measured, no_number, read_lines
from ci_orchestrator.results.formats.document import lines_of

_MARK = " ops/sec ±"
_RATE = re.compile(r"[\d,]*\d(?:\.\d+)?")
_REST = re.compile(r"(\d+(?:\.\d+)?)% \((\d{1,9}) runs? sampled\)")
_FOUND = re.compile(rf"^[^\n]+ x {_RATE.pattern}{_MARK}{_REST.pattern}", re.MULTILINE)


def sniff(head: bytes) -> bool:
    """True when a line is a result."""
    return bool(_FOUND.search(lines_of(head)))


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The operations per second of each line."""
    return read_lines(stream, file, _benchmark)


def _benchmark(line: str) -> Iterator[Benchmark | str]:
    told, _, rest = line.partition(_MARK)
    name, _, rate = told.rpartition(" x ")
    found = _REST.match(rest)
    if found and _RATE.fullmatch(rate):
        value, margin, samples = float(rate.replace(",", "")), float(found[1]) / 100, int(found[2])
        error = value * margin / (1.96 + 2.4 / (samples - 1)) if samples > 1 else 0.0
        yield measured(name=name.strip(), value=value, unit="ops/sec", spread=error * sqrt(samples), samples=samples)
    elif rest and (no_number(rate) or no_number(rest)):
        yield UNREADABLE


BENCHMARKJS = Format(name="benchmarkjs", sniff=sniff, parse=parse, kind="benchmarks", about="Benchmark.js, as text")
