"""pytest-benchmark's JSON (``--benchmark-json``, ``--benchmark-save``).

Traps: times are seconds whatever the table on the screen showed; ``data`` (the raw rounds) is there only with
``--benchmark-json`` or ``--benchmark-save-data``; ``group`` is the user's own grouping and not where a test stands.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.benchmarks.measured import measured, read_entries
from ci_orchestrator.results.formats.document import shape
from ci_orchestrator.results.formats.jsonfeed import ITEM


def sniff(head: bytes) -> bool:
    """True for a document with the machine, the commit and benchmarks, in that order."""
    keys = shape(head)
    return ("machine_info",) in keys and (("benchmarks",) in keys or ("commit_info",) in keys)


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The mean of each benchmark, in seconds."""
    return read_entries(stream, file, ("benchmarks", ITEM), _benchmark)


def _benchmark(entry: object) -> Iterator[Benchmark | str]:
    stats = fields.members(entry, "stats")
    group, _, name = fields.string(entry, "fullname").partition("::")
    yield measured(
        name=name or fields.string(entry, "name"),
        group=group if name else "",
        value=fields.number(stats, "mean"),
        unit="s",
        spread=fields.number(stats, "stddev"),
        samples=fields.number(stats, "rounds"),
        values=fields.elements(stats, "data"),
    )


PYTEST_BENCHMARK = Format(
    name="pytest_benchmark", sniff=sniff, parse=parse, kind="benchmarks", about="pytest-benchmark (`--benchmark-json`)"
)
