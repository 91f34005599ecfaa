"""BenchmarkTools.jl's JSON (``BenchmarkTools.save``): ``[{versions}, [["BenchmarkGroup", {"data": {…}}]]]``.

Groups nest, their names become the benchmark's group. A leaf is a ``TrialEstimate`` (one time) or a ``Trial`` (all
samples, of which the median is the value, as BenchmarkTools itself judges by); both in ns, with bytes and allocations.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.benchmarks.measured import UNREADABLE, measured, numbers, read_entries
from ci_orchestrator.results.formats.document import shape
from ci_orchestrator.results.formats.jsonfeed import ITEM


def sniff(head: bytes) -> bool:
    """True for a list that begins with the versions of Julia and of the package."""
    return {(ITEM, "Julia"), (ITEM, "BenchmarkTools")} <= shape(head)


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The time of each benchmark, in ns."""
    return read_entries(stream, file, (ITEM, ITEM), lambda value: _leaves(value, ()))


def _leaves(value: object, names: tuple[str, ...]) -> Iterator[Benchmark | str]:
    """The benchmarks within a pair of a type's name and its fields. The feed bounds the depth."""
    kind, held = value if isinstance(value, list) and len(value) == 2 else ("", None)
    if kind == "BenchmarkGroup":
        data = fields.members(held, "data")
        for name in sorted(data):
            yield from _leaves(data[name], (*names, name))
        return
    group, name = "/".join(names[:-1]), names[-1] if names else ""
    if kind == "TrialEstimate":
        yield measured(name=name, group=group, value=fields.number(held, "time"), unit="ns")
    elif kind == "Trial":
        yield _trial(name, group, fields.elements(held, "times"))
    else:
        yield UNREADABLE


def _trial(name: str, group: str, times: list[object]) -> Benchmark | str:
    known = numbers(times)
    return measured(name=name, group=group, value=median(known), unit="ns", values=known) if known else UNREADABLE


JULIA = Format(name="julia", sniff=sniff, parse=parse, kind="benchmarks", about="BenchmarkTools.jl (JSON)")
