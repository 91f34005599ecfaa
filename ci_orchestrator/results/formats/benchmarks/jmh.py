"""JMH's JSON (``-rf json``).

Traps: a mode says which way the score should go, and modes other than throughput and average time share a unit with
these; the same method runs once for each combination of its parameters; a score that was not measured is the text
``"NaN"``, and so is the error of a single iteration; mode *sample* writes a histogram instead of raw data. Secondary
metrics (profilers) are left out: nothing tells which way they should go. The score's error is half of a confidence
interval of 99.9 %; the spread is that of the raw data.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from ci_orchestrator.results.benchmark import Benchmark, Better
from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.benchmarks.measured import measured, read_entries
from ci_orchestrator.results.formats.document import shape
from ci_orchestrator.results.formats.jsonfeed import ITEM

_PLAIN_MODES = ("thrpt", "avgt")


def sniff(head: bytes) -> bool:
    """True for a list of benchmarks with a primary metric."""
    return {(ITEM, "benchmark"), (ITEM, "mode"), (ITEM, "primaryMetric")} <= shape(head)


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The score of each benchmark's primary metric; the group is its class."""
    return read_entries(stream, file, (ITEM,), _benchmark)


def _benchmark(entry: object) -> Iterator[Benchmark | str]:
    metric, mode = fields.members(entry, "primaryMetric"), fields.string(entry, "mode")
    group, _, method = fields.string(entry, "benchmark").rpartition(".")
    forks = [one for one in fields.elements(metric, "rawData") if isinstance(one, list)]
    values = list(chain.from_iterable(forks))
    yield measured(
        name=method and f"{method}{_parameters(entry)}{'' if mode in _PLAIN_MODES else f' [{mode}]'}",
        group=group,
        value=fields.number(metric, "score"),
        unit=fields.string(metric, "scoreUnit"),
        better=Better.BIGGER if mode == "thrpt" else Better.SMALLER,
        values=values,
    )


def _parameters(entry: object) -> str:
    found = fields.members(entry, "params")
    told = ", ".join(f"{key}={fields.name(found, key)}" for key in sorted(found))
    return f"({told})" if told else ""


JMH = Format(name="jmh", sniff=sniff, parse=parse, kind="benchmarks", about="JMH (`-rf json`)")
