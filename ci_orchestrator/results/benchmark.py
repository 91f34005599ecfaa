"""What a benchmark measured, whatever tool ran it; and how repetitions, in one file or several, become one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain
from math import fsum, sqrt
from statistics import median, stdev

SAMPLES_KEPT = 1_000
"""Raw samples kept of one benchmark: evenly spread over all that the tool wrote."""


class Better(StrEnum):
    """Which way a value should go."""

    SMALLER = "smaller"
    BIGGER = "bigger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One benchmark. (`group`, `name`, `unit`) is its identity between builds.

    `value` is what the tool itself calls the result (its mean, median or estimate), in `unit`; `spread` is one standard
    deviation in the same unit, 0 when the tool does not tell; `samples` how many measurements that rests on (0:
    unknown), `values` these themselves where the tool writes them (at most `SAMPLES_KEPT`). `group`: file, class or
    package, where the tool has one.
    """

    name: str
    value: float
    unit: str
    better: Better = Better.SMALLER
    group: str = ""
    spread: float = 0.0
    samples: int = 0
    values: tuple[float, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """Its identity between builds."""
        return (self.group, self.name, self.unit)


def kept(values: Sequence[float]) -> tuple[float, ...]:
    """At most `SAMPLES_KEPT` of the values, evenly spread over them, in their order."""
    if len(values) <= SAMPLES_KEPT:
        return tuple(values)
    return tuple(values[place * len(values) // SAMPLES_KEPT] for place in range(SAMPLES_KEPT))


def merge_benchmarks(found: Iterable[Benchmark]) -> tuple[Benchmark, ...]:
    """One benchmark a key, sorted: those of one key are repetitions of it (`go test -count`, shards, several files).

    What is equal in every field and rests on more than one sample was told twice, and counts once; two single
    measurements may well be equal. The value is the median of the repetitions' values, and where all of them have raw
    values the spread is that of all of these; else the pooled standard deviation, where all tell one and their samples.
    The order in which they come does not matter.
    """
    groups: dict[tuple[str, str, str], list[Benchmark]] = {}
    told: set[Benchmark] = set()
    for one in found:
        if one.samples < 2 or one not in told:
            groups.setdefault(one.key, []).append(one)
            told.add(one)
    return tuple(_united(groups[key]) for key in sorted(groups))


def _united(parts: list[Benchmark]) -> Benchmark:
    if len(parts) == 1:
        return parts[0]
    parts = sorted(parts, key=lambda one: (one.value, one.spread, one.samples, one.values, one.better))
    values = list(chain.from_iterable(one.values for one in parts)) if all(one.values for one in parts) else []
    known = all(one.samples > 0 for one in parts)
    return replace(
        parts[0],
        value=median(one.value for one in parts),
        spread=stdev(values) if values else _pooled(parts),
        samples=sum(one.samples for one in parts) if known else 0,
        values=kept(values),
    )


def _pooled(parts: Sequence[Benchmark]) -> float:
    """The root of the variances' mean, weighted by degrees of freedom; 0 when a part does not tell its own."""
    if not all(one.spread > 0 and one.samples > 1 for one in parts):
        return 0.0
    freedom = sum(one.samples - 1 for one in parts)
    return sqrt(fsum((one.samples - 1) * one.spread**2 for one in parts) / freedom)
