"""cargo-criterion's messages (``--message-format=json``): one JSON object a line, of which one kind is a benchmark.

Traps: a measured value is the time of many iterations, whose number stands in a list beside it; `typical` is the
estimate that Criterion itself shows (the slope of a regression where it made one, else the mean); messages of other
kinds, and what the benchmarked code prints, share the stream.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.benchmarks.measured import measured, read_lines
from ci_orchestrator.results.formats.document import lines_of

_COMPLETE = re.compile(r'^\{.*"reason"\s*:\s*"benchmark-complete"', re.MULTILINE)
_TORN = "a message of a benchmark is cut off: it was left out"


def sniff(head: bytes) -> bool:
    """True when a line is the message of a benchmark."""
    return bool(_COMPLETE.search(lines_of(head)))


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The typical value of each benchmark, in the unit of its measurement."""
    return read_lines(stream, file, _message)


def _message(line: str) -> Iterator[Benchmark | str]:
    if not _COMPLETE.match(line):
        return
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        yield _TORN
        return
    values = _per_iteration(fields.elements(message, "measured_values"), fields.elements(message, "iteration_count"))
    typical = fields.members(message, "typical") or fields.members(message, "mean")
    yield measured(
        name=fields.string(message, "id"),
        value=fields.number(typical, "estimate"),
        unit=fields.string(typical, "unit") or fields.string(message, "unit"),
        values=values,
    )


def _per_iteration(values: list[object], counts: list[object]) -> tuple[float, ...]:
    """The time of one iteration in each sample; none when the lists do not fit."""
    if len(values) != len(counts):
        return ()
    pairs = [{"value": value, "count": count} for value, count in zip(values, counts, strict=True)]
    known = [(fields.number(pair, "value"), fields.number(pair, "count")) for pair in pairs]
    return tuple(value / count for value, count in known if value is not None and count)


CRITERION = Format(
    name="criterion",
    sniff=sniff,
    parse=parse,
    kind="benchmarks",
    about="Criterion.rs (`cargo criterion --message-format=json`)",
)
