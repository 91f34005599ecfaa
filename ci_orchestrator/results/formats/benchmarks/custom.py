"""Our own plain JSON for whatever has no format: a list of ``{"name": …, "unit": …, "value": …}``.

Files that were made for other tools of that shape (such as github-action-benchmark's ``customSmallerIsBetter``) are
read too. Optional: ``group``, ``better`` (``"smaller"`` or ``"bigger"``; else the unit tells), ``spread`` (one standard
deviation, in the unit), ``samples``, ``values``. A ``range`` is free text that no two tools mean the same by: left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator.results.benchmark import Benchmark, Better
from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.benchmarks.measured import measured, read_entries
from ci_orchestrator.results.formats.document import shape
from ci_orchestrator.results.formats.jsonfeed import ITEM

_WAYS = {str(way): way for way in Better}


def sniff(head: bytes) -> bool:
    """True for a list of objects with the three keys."""
    return {(ITEM, "name"), (ITEM, "unit"), (ITEM, "value")} <= shape(head)


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The benchmarks as they are told."""
    return read_entries(stream, file, (ITEM,), _benchmark)


def _benchmark(entry: object) -> Iterator[Benchmark | str]:
    better = fields.string(entry, "better")
    if better and better not in _WAYS:
        yield 'an entry whose "better" is neither "smaller" nor "bigger" was left out'
        return
    yield measured(
        name=fields.string(entry, "name"),
        group=fields.string(entry, "group"),
        value=fields.number(entry, "value"),
        unit=fields.string(entry, "unit"),
        better=_WAYS.get(better),
        spread=fields.number(entry, "spread"),
        samples=fields.number(entry, "samples"),
        values=fields.elements(entry, "values"),
    )


CUSTOM = Format(
    name="custom", sniff=sniff, parse=parse, kind="benchmarks", about="any tool: a JSON list of `name`, `unit`, `value`"
)
