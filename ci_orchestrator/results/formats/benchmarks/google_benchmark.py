"""Google Benchmark's JSON (``--benchmark_format=json``, ``--benchmark_out``).

Traps: ``--benchmark_repetitions`` writes an entry a repetition and then its mean, median, standard deviation and
coefficient of variation as entries of the same benchmark; ``--benchmark_report_aggregates_only`` writes these alone;
old versions tell them by the ending of the name only. One that failed has ``error_occurred`` and no time that counts;
one that was skipped says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.benchmarks.measured import UNREADABLE, measured, read_entries
from ci_orchestrator.results.formats.document import shape
from ci_orchestrator.results.formats.jsonfeed import ITEM
from ci_orchestrator.results.formats.text import cut

_AGGREGATE = re.compile(r"(.+)_(mean|median|stddev|cv|min|max|BigO|RMS)$", re.DOTALL)


def sniff(head: bytes) -> bool:
    """True for benchmarks with the context that the library writes above them."""
    keys = shape(head)
    return ("benchmarks",) in keys and not keys.isdisjoint(
        (("context", "num_cpus"), ("context", "library_build_type"), ("context", "library_version"))
    )


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The wall time of each repetition; `results.benchmark.merge_benchmarks` makes one of the repeated."""
    return read_entries(stream, file, ("benchmarks", ITEM), _Reader().take)


class _Reader:
    """Remembers what was told of a benchmark before: its repetitions, or its mean."""

    def __init__(self) -> None:
        self._repeated = ""
        self._mean: tuple[str, float] | None = None

    def take(self, entry: object) -> Iterator[Benchmark | str]:
        """One entry's benchmark; the aggregates come as one, where there are no repetitions, at the last of them."""
        name, aggregate = _name(entry)
        if isinstance(entry, dict) and (entry.get("error_occurred") is True or entry.get("skipped") is True):
            if entry.get("error_occurred") is True:
                yield f"{cut(name, 200)} was not measured: {cut(fields.string(entry, 'error_message'), 200)}"
        elif not aggregate:
            self._repeated = name
            time = fields.number(entry, "real_time")
            yield measured(name=name, value=time, unit=_unit(entry), values=(time,))
        elif name != self._repeated:
            yield from self._aggregate(entry, name, aggregate)

    def _aggregate(self, entry: object, name: str, aggregate: str) -> Iterator[Benchmark | str]:
        time = fields.number(entry, "real_time")
        if aggregate == "mean" and time is None:
            yield UNREADABLE
        elif aggregate == "mean" and time is not None:
            self._mean = (name, time)
        elif aggregate == "stddev" and self._mean and self._mean[0] == name:
            repetitions = fields.number(entry, "repetitions") or fields.number(entry, "iterations")
            yield measured(name=name, value=self._mean[1], unit=_unit(entry), spread=time, samples=repetitions)
            self._mean = None


def _name(entry: object) -> tuple[str, str]:
    """The name of a benchmark, and of which aggregate of it this entry tells."""
    name, run = fields.string(entry, "name"), fields.string(entry, "run_name")
    kind = fields.string(entry, "run_type")
    if kind == "aggregate":
        return run or name, fields.string(entry, "aggregate_name") or "unknown"
    old = None if kind else _AGGREGATE.match(name)
    return (old[1], old[2]) if old else (name, "")


def _unit(entry: object) -> str:
    return fields.string(entry, "time_unit") or "ns"


GOOGLE_BENCHMARK = Format(
    name="google_benchmark",
    sniff=sniff,
    parse=parse,
    kind="benchmarks",
    about="Google Benchmark (`--benchmark_out_format=json`)",
)
