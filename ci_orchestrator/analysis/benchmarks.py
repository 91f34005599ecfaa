"""Which benchmarks became faster or slower: a change counts when it is large enough *and* no accident.

A percentage alone says nothing: repeated runs of unchanged code differ by a few percent. So a change is called better
or worse only when a test of significance (`analysis.significance`) says that it would be rare among unchanged
benchmarks, and it is at least as large as what machines of one kind differ by, which repetitions on one machine cannot
tell. What cannot be tested is uncertain, however large.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from ci_orchestrator.analysis.durations import median
from ci_orchestrator.analysis.significance import least_probability, mann_whitney, welch
from ci_orchestrator.results.benchmark import Benchmark, Better, merge_benchmarks
from ci_orchestrator.results.findings import BenchmarkChange, Shift

RARE = 0.01
"""The probability below which a difference is no accident: of 100 unchanged benchmarks one passes, and is then held
against the least change."""

LEAST_SAMPLES = 5
"""Measurements on each side: with fewer no rank test can come below `RARE`, and a deviation is a guess."""

LARGEST_CHANGE = 1e6
"""Relative changes are told up to this one; a benchmark whose base is next to 0 has no relative change that means
anything."""


def benchmark_changes(
    now: Sequence[Benchmark], base: Sequence[Benchmark], *, least: float = 0.05
) -> tuple[BenchmarkChange, ...]:
    """Every benchmark that both builds have, sorted by group, name and unit, with what its difference amounts to.

    `least`: the relative change (0.05 = 5 %) below which a significant difference is still called the same. The rule:
    raw values on both sides are held against each other by the Mann-Whitney U test, which asks nothing of their
    distribution, and their medians must be apart as far as the values that the tool tells; else, with a standard
    deviation and a number of samples on both sides, by Welch's t test. Repetitions are merged first.
    """
    before = {one.key: one for one in merge_benchmarks(base)}
    return tuple(_change(one, before[one.key], least) for one in merge_benchmarks(now) if one.key in before)


def benchmarks_gone(
    now: Sequence[Benchmark], base: Sequence[Benchmark], removed: Collection[str] = ()
) -> tuple[Benchmark, ...]:
    """The benchmarks of the base that were not measured now, sorted, without their raw values.

    `removed`: files that the change removes; benchmarks whose group is one of them went with it, and are not missing.
    """
    known = {one.key for one in now}
    lost = (one for one in merge_benchmarks(base) if one.key not in known and one.group not in removed)
    return tuple(replace(one, values=()) for one in lost)


def _change(now: Benchmark, before: Benchmark, least: float) -> BenchmarkChange:
    worse = _relative(now.value, before.value)
    if now.better is Better.BIGGER:
        worse = -worse
    shift, why = _judge(now, before, worse, least)
    return BenchmarkChange(
        group=now.group,
        name=now.name,
        unit=now.unit,
        better=now.better,
        now=now.value,
        before=before.value,
        worse=worse or 0.0,  # never -0.0
        shift=shift,
        why=why,
    )


def _relative(now: float, before: float) -> float:
    """The change as a share of the base's value; from 0, which has no shares, it is all of it."""
    if before == 0:
        return float((now > 0) - (now < 0))
    return min(max((now - before) / abs(before), -LARGEST_CHANGE), LARGEST_CHANGE)


def _judge(now: Benchmark, before: Benchmark, worse: float, least: float) -> tuple[Shift, str]:
    if now.values and before.values:
        return _by_ranks(now, before, worse, least)
    if now.spread > 0 and before.spread > 0 and now.samples and before.samples:
        return _by_means(now, before, worse, least)
    if now.value == before.value:
        return Shift.SAME, "the same value; the tool tells no spread that a test could use"
    return Shift.UNCERTAIN, "no test: the tool tells neither raw values nor their spread and number"


def _by_ranks(now: Benchmark, before: Benchmark, worse: float, least: float) -> tuple[Shift, str]:
    sizes = (len(now.values), len(before.values))
    if least_probability(*sizes) >= RARE:
        return _too_few(now, before, sizes)
    chance = mann_whitney(now.values, before.values)
    said = f"Mann-Whitney U test of {sizes[0]} and {sizes[1]} values: {_probability(chance)}"
    shift, why = _verdict(chance, worse, least, said)
    moved = _relative(median(now.values), median(before.values)) * (-1 if now.better is Better.BIGGER else 1)
    if shift in (Shift.WORSE, Shift.BETTER) and (abs(moved) < least or moved * worse < 0):
        apart = "moved the other way" if moved * worse < 0 else f"are only {100 * abs(moved):.2g} % apart"
        return Shift.UNCERTAIN, f"{said}, but outliers made the change: the medians {apart}"
    return shift, why


def _by_means(now: Benchmark, before: Benchmark, worse: float, least: float) -> tuple[Shift, str]:
    sizes = (now.samples, before.samples)
    if min(sizes) < LEAST_SAMPLES:
        return _too_few(now, before, sizes)
    chance = welch((now.value, now.spread, now.samples), (before.value, before.spread, before.samples))
    said = f"Welch's t-test of {sizes[0]} and {sizes[1]} samples: {_probability(chance)}"
    return _verdict(chance, worse, least, said)


def _too_few(now: Benchmark, before: Benchmark, sizes: tuple[int, int]) -> tuple[Shift, str]:
    said = f"{sizes[0]} and {sizes[1]} measurements: too few for a test, {LEAST_SAMPLES} on each side are enough"
    return (Shift.SAME if now.value == before.value else Shift.UNCERTAIN), said


def _verdict(chance: float, worse: float, least: float, said: str) -> tuple[Shift, str]:
    """Large and no accident: better or worse; small: the same; large and perhaps an accident: uncertain."""
    if chance >= RARE:
        if abs(worse) < least:
            return Shift.SAME, f"{said}, no difference is proven"
        return Shift.UNCERTAIN, f"{said}, it may be an accident"
    if abs(worse) < least:
        return Shift.SAME, f"{said}, but the change is below {100 * least:.3g} %"
    return (Shift.WORSE if worse > 0 else Shift.BETTER), f"{said}, no accident"


def _probability(chance: float) -> str:
    return f"p = {chance:.2g}" if chance >= 0.0001 else "p < 0.0001"
