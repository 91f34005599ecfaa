"""How the entries of a benchmark file become values: named, finite, bounded; and how such a file is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import stdev
from typing import TypeGuard

from ci_orchestrator.results.benchmark import Benchmark, Better, kept
from ci_orchestrator.results.formats.base import Item, Readable
from ci_orchestrator.results.formats.document import read_all
from ci_orchestrator.results.formats.fields import plain
from ci_orchestrator.results.formats.jsonfeed import JsonFeed, Path
from ci_orchestrator.results.formats.linefeed import LineFeed
from ci_orchestrator.results.formats.text import cut_name

UNREADABLE = "an entry without a name or a plausible value was left out"

LARGEST = 1e100
"""What claims to be larger was not measured; squares of what is smaller are finite."""

MOST_SAMPLES = 10**15

NANOSECONDS = {"ps": 1e-3, "ns": 1.0, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9}
"""Nanoseconds in the units that tools for people change with the size of a value, so that no unit stays from build to
build: their values are told in ns. Both signs for micro are in use (U+00B5, U+03BC)."""

_NO_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:nan|inf(?:inity)?)(?![a-z])", re.IGNORECASE)
_RATE = re.compile(r"(?:/|\bper\s+)(?:s|secs?|seconds?)$|\b(?:[kmgt]?b|[fqrt])ps$", re.IGNORECASE)


def better_of(unit: str) -> Better:
    """Which way a unit should go where the tool does not say: something per second (``MB/s``, ``fps``) should be
    bigger; anything else is time or cost, and should be smaller.

    The units that `go test` and benchstat know (golang.org/x/perf/benchfmt, `UnitMetadataMap.GetBetter`) come out the
    same way.
    """
    return Better.BIGGER if _RATE.search(unit.strip()) else Better.SMALLER


def measured(
    *,
    name: str,
    value: float | None,
    unit: str,
    group: str = "",
    better: Better | None = None,
    spread: float | None = None,
    samples: float | None = None,
    values: Sequence[object] = (),
) -> Benchmark | str:
    """A benchmark of what a file tells, or why it is none.

    `values` that are not all plausible are not known; a `spread` or number of `samples` that is not told is theirs.
    """
    if not name or not _plausible(value):
        return UNREADABLE
    known = numbers(values)
    if spread is None and len(known) > 1:
        spread = stdev(known)
    return Benchmark(
        name=cut_name(plain(name)),
        value=value,
        unit=cut_name(plain(unit)),
        better=better or better_of(unit),
        group=cut_name(plain(group)),
        spread=spread if spread is not None and 0 <= spread <= LARGEST else 0.0,
        samples=len(known) if samples is None else int(min(max(samples, 0), MOST_SAMPLES)),
        values=kept(known),
    )


def numbers(values: Sequence[object]) -> tuple[float, ...]:
    """All of `values`, when they are plausible numbers all of them; else none."""
    known = [float(value) for value in values if _plausible(value)]
    return tuple(known) if len(known) == len(values) else ()


def _plausible(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST


def no_number(told: str) -> bool:
    """Whether what a line tells of a benchmark holds a NaN or an infinity: it was to be measured, and was not."""
    return bool(_NO_NUMBER.search(told))


def read_entries(
    stream: Readable, file: str, path: Path, take: Callable[[object], Iterable[Benchmark | str]]
) -> Iterator[Item]:
    """The benchmarks that `take` makes of each value at `path` of a JSON document; a text says what it could not."""
    feed = JsonFeed(stream, file)
    entries = (one for _, _, value in feed.values(path) for one in take(value))
    return read_all(feed, _warned(entries, feed), "benchmarks")


def read_lines(
    stream: Readable,
    file: str,
    take: Callable[[str], Iterable[Benchmark | str]],
    end: Callable[[], Iterable[Benchmark | str]] = tuple,
) -> Iterator[Item]:
    """The benchmarks that `take` makes of each line, and `end` of their end; a text says what it could not."""
    feed = LineFeed(stream, file)

    def entries() -> Iterator[Benchmark | str]:
        for line in feed:
            yield from take(line)
        yield from end()

    return read_all(feed, _warned(entries(), feed), "benchmarks")


def _warned(entries: Iterator[Benchmark | str], feed: JsonFeed | LineFeed) -> Iterator[Item]:
    """Texts as warnings."""
    for one in entries:
        if isinstance(one, str):
            feed.warn(one)
        else:
            yield one
