"""``cargo bench`` as text, of Rust's own harness or of Criterion.rs with ``--output-format bencher``.

Traps: thousands are separated by commas; the unit is part of the line, since harnesses print others than ns/iter; what
follows ``+/-`` is no standard deviation: the harness tells the distance of the highest from the lowest sample,
Criterion the width of a confidence interval. It is left out, and with it any test of significance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.benchmarks.measured import UNREADABLE, measured, no_number, read_lines
from ci_orchestrator.results.formats.document import lines_of

_MARK = "... bench:"
_VALUE = re.compile(r"[ \t]+(\d[\d,]*(?:\.\d+)?)[ \t]+(\S+)[ \t]+\(\+/- [\d,.]+\)")
_RESULT = re.compile(r"^test [^\n]*?[ \t]\.\.\. bench:[ \t]+[\d,.]+[ \t]+\S+[ \t]+\(\+/- ", re.MULTILINE)


def sniff(head: bytes) -> bool:
    """True when a line is a result."""
    return bool(_RESULT.search(lines_of(head)))


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The value of each line, in its unit."""
    return read_lines(stream, file, _benchmark)


def _benchmark(line: str) -> Iterator[Benchmark | str]:
    name, _, told = line.partition(_MARK)
    found = _VALUE.match(told) if name.startswith("test ") else None
    if found:
        yield measured(name=name.removeprefix("test ").strip(), value=float(found[1].replace(",", "")), unit=found[2])
    elif name.startswith("test ") and no_number(told):
        yield UNREADABLE


CARGO_BENCH = Format(
    name="cargo_bench",
    sniff=sniff,
    parse=parse,
    kind="benchmarks",
    about="`cargo bench`; Criterion.rs (`--output-format bencher`)",
)
