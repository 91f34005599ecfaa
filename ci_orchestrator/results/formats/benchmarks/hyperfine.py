"""hyperfine's JSON (``--export-json``).

Traps: ``stddev`` is null after a single run; ``times`` may be left out; version 2 nests each measurement with its unit
and writes no statistics.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.benchmarks.measured import UNREADABLE, measured, numbers, read_entries
from ci_orchestrator.results.formats.document import shape
from ci_orchestrator.results.formats.jsonfeed import ITEM


def sniff(head: bytes) -> bool:
    """True for results that are commands with times."""
    keys = {path[-1] for path in shape(head) if path[:2] == ("results", ITEM)}
    return "command" in keys and not keys.isdisjoint(("mean", "times", "measurements"))


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The mean of each command, in seconds."""
    return read_entries(stream, file, ("results", ITEM), _command)


def _command(entry: object) -> Iterator[Benchmark | str]:
    name = fields.string(entry, "name") or fields.string(entry, "command")
    if fields.elements(entry, "measurements"):
        yield _second_version(entry, name)
        return
    times = fields.elements(entry, "times")
    yield measured(
        name=name,
        value=fields.number(entry, "mean"),
        unit="s",
        spread=fields.number(entry, "stddev"),
        values=times,
    )


def _second_version(entry: object, name: str) -> Benchmark | str:
    clocks = [fields.members(one, "time_wall_clock") for one in fields.elements(entry, "measurements")]
    times = numbers([clock.get("value") if clock.get("unit") == "second" else None for clock in clocks])
    return measured(name=name, value=fmean(times), unit="s", values=times) if times else UNREADABLE


HYPERFINE = Format(name="hyperfine", sniff=sniff, parse=parse, kind="benchmarks", about="hyperfine (`--export-json`)")
