"""What was measured beside the tests' outcomes: benchmarks, and what the plan's own pipelines made of the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ci_orchestrator.report.escape import for_html
from ci_orchestrator.report.html_rows import more
from ci_orchestrator.report.html_table import Cell, number, table, text
from ci_orchestrator.report.wording import SHIFTS, amount, counted, relative
from ci_orchestrator.results.benchmark import Benchmark, Better
from ci_orchestrator.results.findings import BenchmarkChange
from ci_orchestrator.results.report import Report, Table

BENCHMARKS_SHOWN, ROWS_SHOWN = 1_000, 1_000

_WORST = {shift: place for place, shift in enumerate(SHIFTS)}
_HEADS = ("benchmark", "now", "spread", "before", "change", "says", "by", "of")

Key = tuple[str, str, str]


def benchmarks(report: Report) -> str:
    """The section, what became worse first; empty when nothing was measured."""
    known = {(one.group, one.name, one.unit): one for one in report.analysis.benchmarks}
    found = sorted(report.benchmarks, key=lambda one: (_rank(known.get(one.key)), one.key))
    gone = report.analysis.benchmarks_gone
    if not (found or gone):
        return ""
    rows = (_benchmark(one, known) for one in found[:BENCHMARKS_SHOWN])
    return (
        f'<section class="card" id="benchmarks"><h2>Benchmarks <span class="n">{len(found):,}</span></h2>'
        f'<p class="hint">{_said(report)}</p>{_gone(gone)}{table("Benchmarks", _HEADS, rows) if found else ""}'
        f"{more(len(found) - BENCHMARKS_SHOWN, 'benchmark')}</section>\n"
    )


def _gone(gone: Sequence[Benchmark]) -> str:
    """Those of the base that nobody measured now, folded."""
    if not gone:
        return ""
    rows = (
        (text(one.name), number(amount(one.value, one.unit), one.value), text(one.group))
        for one in gone[:BENCHMARKS_SHOWN]
    )
    return (
        f'<details class="all"><summary>Gone since the base <span class="n">{len(gone):,}</span></summary>'
        f"{table('Gone since the base', ('benchmark', 'before', 'of'), rows)}"
        f"{more(len(gone) - BENCHMARKS_SHOWN, 'benchmark')}</details>"
    )


def _rank(change: BenchmarkChange | None) -> int:
    return len(_WORST) if change is None else _WORST[change.shift]


def _said(report: Report) -> str:
    changes = report.analysis.benchmarks
    if not report.benchmarks:
        return "None was measured; the base has some."
    if not changes:
        return "There is no base to compare with." if report.analysis.base is None else "The base has none of them."
    numbers = [(sum(one.shift is shift for one in changes), shift) for shift in SHIFTS]
    said = ", ".join(f"{number:,} {shift}" for number, shift in numbers if number)
    return f"{counted(len(changes), 'benchmark')} of the base: {said}."


def _benchmark(one: Benchmark, known: Mapping[Key, BenchmarkChange]) -> Iterable[Cell]:
    change = known.get(one.key)
    direction = "bigger is better" if one.better is Better.BIGGER else "smaller is better"
    return (
        Cell(f'<bdi>{for_html(one.name)}</bdi> <span class="why">{direction}</span>'),
        number(amount(one.value, one.unit), one.value),
        number(f"± {amount(one.spread, one.unit)}" if one.spread else "–", one.spread or None),
        *_compared(change),
        text(one.group),
    )


def _compared(change: BenchmarkChange | None) -> Iterator[Cell]:
    if change is None:
        yield from (number("–", None), number("–", None), Cell("new"), Cell(""))
        return
    symbol, outcome = SHIFTS[change.shift]
    yield number(amount(change.before, change.unit), change.before)
    yield number(relative(change.now / change.before - 1) if change.before else "–", change.worse)
    yield Cell(f'<span class="badge {outcome.value}">{symbol} {change.shift}</span>', _WORST[change.shift])
    yield text(change.why)


def tables(found: Sequence[Table]) -> str:
    """One section for each table of a pipeline."""
    return f'<div class="pipelines">{"".join(map(_table, found))}</div>\n' if found else ""


def _table(one: Table) -> str:
    shown = one.rows[:ROWS_SHOWN]
    total = len(one.rows) + one.more
    rows = (map(_value, row) for row in shown)
    return (
        f'<section class="card"><h2><bdi>{for_html(one.name)}</bdi> <span class="n">{counted(total, "row")}'
        f"</span></h2>{table(one.name, one.columns, rows)}{more(total - len(shown), 'row', '')}</section>\n"
    )


def _value(value: str | float) -> Cell:
    return text(value) if isinstance(value, str) else number(amount(value, ""), value)
