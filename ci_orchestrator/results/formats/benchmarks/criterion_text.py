"""What Criterion.rs shows on the screen: ``name  time:   [26.0 us 26.2 us 26.5 us]``.

Traps: the three values are the bounds of a confidence interval of 95 % with the estimate in the middle, and tell no
number of samples, so that no test of significance can be made of them (the JSON of cargo-criterion can); a long name
stands on the line above; the unit changes with the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.benchmarks.measured import NANOSECONDS, UNREADABLE, measured, no_number, read_lines
from ci_orchestrator.results.formats.document import lines_of

_UNITS = "|".join(sorted(NANOSECONDS))
_BOUND = rf"\d+(?:\.\d+)? (?:{_UNITS})"
_MARK = " time:"
_VALUE = re.compile(rf"[ \t]+\[{_BOUND} (\d+(?:\.\d+)?) ({_UNITS}) {_BOUND}\]")
_TOLD = re.compile(rf"^[^\n]*[ \t]time:[ \t]+\[{_BOUND} {_BOUND} {_BOUND}\]", re.MULTILINE)
_PROGRESS = "Benchmarking "


def sniff(head: bytes) -> bool:
    """True when a line is a result."""
    return bool(_TOLD.search(lines_of(head)))


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The estimate of each benchmark, in ns."""
    above = ""

    def take(line: str) -> Iterator[Benchmark | str]:
        nonlocal above
        name, _, told = line.rpartition(_MARK)
        found = _VALUE.match(told)
        if found:
            yield measured(name=name.strip() or above, value=float(found[1]) * NANOSECONDS[found[2]], unit="ns")
        elif (
            told.lstrip().startswith("[") and no_number(told) and "%" not in told
        ):  # a change has no value, only shares
            yield UNREADABLE
        above = "" if line.startswith(_PROGRESS) else line.strip()

    return read_lines(stream, file, take)


CRITERION_TEXT = Format(
    name="criterion_text", sniff=sniff, parse=parse, kind="benchmarks", about="Criterion.rs, as text"
)
