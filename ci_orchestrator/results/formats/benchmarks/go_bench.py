"""``go test -bench`` as text: golang.org/design/14313-benchmark-format.

Traps: ``-count`` repeats a line, each is one measurement of the same benchmark; ``-8`` at the end of a name is
GOMAXPROCS and no part of it, unless ``-cpu`` ran several in one file; a line holds several values, each with its unit;
with ``-v`` a name stands alone on a line before its results; the package is told by a ``pkg:`` line above.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from math import isfinite

from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats.benchmarks.units import better_of
from ci_orchestrator.results.formats.text import cut_name

_LINE = re.compile(r"(?P<name>Benchmark(?![a-z])\S*)\s+\d+(?P<values>(?:\s+[-+0-9.eE]+\s+[^\s\d]\S*)+)\s*$")
_VALUE = re.compile(r"([-+0-9.eE]+)\s+(\S+)")
_PROCS = re.compile(r"-(\d+)$")

Processors = MutableMapping[tuple[str, str], str]
"""With how many processors each (group, name) of one file ran first."""


def benchmark_of(line: str, group: str, seen: Processors | None = None) -> Iterator[Benchmark]:
    """The measurements on one line, one a unit; none when it is no result of a benchmark.

    `group` is the package. `seen`, one for all lines of a file, keeps what ``-cpu 1,2,4`` ran apart: the number of
    processors is left in all names but the first.
    """
    found = _LINE.match(line)
    if found is None:
        return
    name = _name(found["name"], group, {} if seen is None else seen)
    for text, unit in _VALUE.findall(found["values"]):
        value = _number(text)
        if value is not None:
            yield Benchmark(
                name=name,
                value=value,
                unit=cut_name(unit),
                better=better_of(unit),
                group=cut_name(group),
                samples=1,
                values=(value,),
            )


def _name(full: str, group: str, seen: Processors) -> str:
    ending = _PROCS.search(full)
    plain, processors = (full[: ending.start()], ending[1]) if ending else (full, "")
    first = seen.setdefault((group, plain), processors)
    return cut_name(plain if first == processors else full)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None
