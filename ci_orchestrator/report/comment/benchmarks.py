"""Benchmarks against the base. A difference is only called one where a rule says that it is more than noise."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from ci_orchestrator.report.comment.block import SHOWN, Block, Item
from ci_orchestrator.report.comment.changes import base_name
from ci_orchestrator.report.markdown import code, row, table_head
from ci_orchestrator.report.wording import SHIFTS, amount, counted, listed
from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.findings import BenchmarkChange, Shift
from ci_orchestrator.results.report import Report

_MANY = 100
"""Times the value before: what is beyond is only said to be."""

_NAMED = 3
"""Names of those that are gone."""

_ORDER = tuple(SHIFTS)


def benchmarks(report: Report) -> Block | None:
    """What got worse, better, is gone, or cannot be told; those that stayed the same are counted."""
    found, gone = report.analysis.benchmarks, report.analysis.benchmarks_gone
    if not (found or gone):
        return _alone(report)
    counts = Counter(one.shift for one in found)
    told = [f"{counts[shift]:,} {shift.value}" for shift in _ORDER if counts[shift]]
    told += [f"{len(gone):,} gone"] if gone else []
    shown = sorted((one for one in found if one.shift is not Shift.SAME), key=_rank)
    table = f"\n\n{table_head('', 'benchmark', '>now', '>before', '>change', 'by which rule')}" if shown else "\n"
    said = f"{listed(told)}, compared with {base_name(report.analysis.base)}.{_missing(gone)}"
    return Block(
        name="benchmarks",
        head=f"#### Benchmarks\n\n{said}{table}",
        news=bool(counts[Shift.WORSE] or counts[Shift.BETTER] or gone),
        items=tuple(Item(_row(one)) for one in shown[:SHOWN]),
        more=max(0, len(shown) - SHOWN),
        noun="benchmark",
    )


def _missing(gone: Sequence[Benchmark]) -> str:
    """Which benchmarks of the base nobody measured now."""
    names = [_name(one) for one in gone[:_NAMED]]
    names += [f"{len(gone) - _NAMED:,} more"] if len(gone) > _NAMED else []
    return f" Not measured now: {listed(names)}." if gone else ""


def _alone(report: Report) -> Block | None:
    if not report.benchmarks:
        return None
    said = f"{counted(len(report.benchmarks), 'benchmark')}; base missing: there is nothing to compare with."
    return Block(name="benchmarks", head=f"#### Benchmarks\n\n{said}\n")


def _rank(one: BenchmarkChange) -> tuple[int, float, str, str, str]:
    return (_ORDER.index(one.shift), -abs(one.worse), one.group, one.name, one.unit)


def _name(one: Benchmark | BenchmarkChange) -> str:
    return f"{code(one.name)} {code(one.group)}" if one.group else code(one.name)


def _row(one: BenchmarkChange) -> str:
    values = (code(amount(one.now, one.unit)), code(amount(one.before, one.unit)))
    return row([f"{SHIFTS[one.shift][0]} {one.shift.value}", _name(one), *values, _change(one.worse), code(one.why)])


def _change(worse: float) -> str:
    """How much and which way; the sign of the value itself would say little where bigger is better."""
    if not math.isfinite(worse):
        return "unknown"
    size = f"{abs(worse):.1%}" if abs(worse) < _MANY else f"over {_MANY:.0%}"
    return f"{size} {'worse' if worse > 0 else 'better'}" if worse else size
