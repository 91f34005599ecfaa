"""BenchmarkDotNet's JSON exporters (``JsonExporter.Full``, ``.Brief`` and their compressed kin).

Traps: a benchmark that failed has ``"Statistics": null``; the same method runs once for each job (runtime, arguments of
the compiler), which only ``DisplayInfo`` tells apart; times are nanoseconds whatever the table showed; raw values are
``OriginalValues``, with outliers, as ``N`` and the mean are without or with them by the job's own rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.benchmarks.measured import measured, read_entries
from ci_orchestrator.results.formats.document import shape
from ci_orchestrator.results.formats.jsonfeed import ITEM
from ci_orchestrator.results.formats.text import cut

_JOB = re.compile(r": ([^\[\]]+?)(?: \[.*\])?$")
_USUAL = "DefaultJob"


def sniff(head: bytes) -> bool:
    """True when the host's description names the tool."""
    return ("HostEnvironmentInfo", "BenchmarkDotNetVersion") in shape(head)


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The mean of each benchmark, in ns, and the memory that it allocates, where that was measured."""
    return read_entries(stream, file, ("Benchmarks", ITEM), _benchmark)


def _benchmark(entry: object) -> Iterator[Benchmark | str]:
    group = ".".join(filter(None, (fields.string(entry, "Namespace"), fields.string(entry, "Type"))))
    name = fields.string(entry, "FullName").removeprefix(f"{group}.") + _job(entry)
    stats = fields.members(entry, "Statistics")
    if name and not stats:
        yield f"{cut(name, 200)} was not measured: it failed"
        return
    yield measured(
        name=name,
        group=group,
        value=fields.number(stats, "Mean"),
        unit="ns",
        spread=fields.number(stats, "StandardDeviation"),
        samples=fields.number(stats, "N"),
        values=fields.elements(stats, "OriginalValues"),
    )
    memory = fields.number(fields.members(entry, "Memory"), "BytesAllocatedPerOperation")
    if memory is not None:
        yield measured(name=name, group=group, value=memory, unit="B/op")


def _job(entry: object) -> str:
    found = _JOB.search(cut(fields.string(entry, "DisplayInfo")))
    return f" [{found[1]}]" if found and found[1] != _USUAL else ""


BENCHMARKDOTNET = Format(
    name="benchmarkdotnet", sniff=sniff, parse=parse, kind="benchmarks", about="BenchmarkDotNet (`--exporters json`)"
)
