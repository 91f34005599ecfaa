"""Catch2's benchmarks as its console reporter writes them.

A benchmark is a row of three lines under a header: its name with samples and iterations, the mean with its bounds, the
standard deviation with its bounds. Traps: the unit changes with the value, and differs between mean and deviation; a
long name goes on over several lines, the numbers stand beside its last; the same name may stand in two test cases, so
the test case and its sections are the group.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.benchmarks.measured import NANOSECONDS, measured, read_lines
from ci_orchestrator.results.formats.document import lines_of

_HEADER = re.compile(r"^benchmark name[ \t]+samples[ \t]+iterations[ \t]+est", re.MULTILINE)
_RULE, _DOTS = re.compile(r"-{40,}\s*$"), re.compile(r"\.{40,}\s*$")
_COUNT, _NUMBER = re.compile(r"\d{1,9}"), re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_LINES_HELD = 50  # of a name, or of a heading: more are no such thing


def sniff(head: bytes) -> bool:
    """True for the header of a table of benchmarks."""
    return bool(_HEADER.search(lines_of(head)))


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The mean of each benchmark, in ns."""
    table = _Table()
    return read_lines(stream, file, table.take, table.end)


class _Table:
    """Puts the lines of a row together."""

    def __init__(self) -> None:
        self._group = ""
        self._above: list[str] = []  # lines since the last rule or row
        self._heading: list[str] = []  # those between the last two rules
        self._row: tuple[str, int] | None = None
        self._mean: float | None = None

    def take(self, line: str) -> Iterator[Benchmark | str]:
        """The benchmark whose row this line ends."""
        bounds = line.split(maxsplit=6)
        if self._row and len(bounds) == 6 and all(map(_is_time, bounds[::2], bounds[1::2])):
            yield from self._times(float(bounds[0]) * NANOSECONDS[bounds[1]])
            return
        yield from self.end()
        name, *first = line.rsplit(maxsplit=4) or [""]
        if len(first) == 4 and all(map(_COUNT.fullmatch, first[:2])) and _is_time(first[2], first[3]):
            self._row = (" ".join([*self._above, name.strip()]), int(first[0]))
            self._above = []
        elif _RULE.match(line):
            self._heading, self._above = self._above, []
        elif _DOTS.match(line):
            self._group, self._above = " / ".join(self._heading), []
        elif line.strip() and len(self._above) < _LINES_HELD:
            self._above.append(line.strip())
        elif not line.strip():
            self._above = []

    def end(self) -> Iterator[Benchmark | str]:
        """A row that is begun and not ended tells nothing."""
        if self._row:
            yield "the row of a benchmark is cut off: it was left out"
        self._row = self._mean = None

    def _times(self, nanoseconds: float) -> Iterator[Benchmark | str]:
        if self._mean is None or self._row is None:
            self._mean = nanoseconds
            return
        name, samples = self._row
        yield measured(name=name, group=self._group, value=self._mean, unit="ns", spread=nanoseconds, samples=samples)
        self._row = self._mean = None


def _is_time(number: str, unit: str) -> bool:
    return unit in NANOSECONDS and bool(_NUMBER.fullmatch(number))


CATCH2 = Format(name="catch2", sniff=sniff, parse=parse, kind="benchmarks", about="Catch2's benchmarks, as text")
