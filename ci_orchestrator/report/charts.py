"""The charts of a report as images, for where no HTML goes: a comment, a wiki, a chat.

They need matplotlib (extra ``charts``). Colours differ in lightness too and never stand alone: outcomes are hatched,
changes are written out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_orchestrator.report import figures
from ci_orchestrator.report.chart_bars import SHOWN, BenchmarksChart, SlowestChart, telling_changes
from ci_orchestrator.report.chart_builds import CoverageChart, TrendChart
from ci_orchestrator.report.chart_style import Chart, Kind, Theme, images
from ci_orchestrator.results.report import Report, TrendPoint


def render_charts(report: Report) -> Iterator[tuple[str, bytes]]:
    """Every chart that the report has something to show on, as a file's name and its content.

    ``trend`` (from two builds), ``coverage`` (from two that measured it), ``slowest`` and ``benchmarks`` (against a
    base), each as ``NAME.svg``, ``NAME.png``, ``NAME-dark.svg`` and ``NAME-dark.png``. Raises `MissingPartError` when
    matplotlib is not installed.
    """
    kinds: tuple[Kind, ...] = ("svg", "png")
    themes: tuple[tuple[Theme, str], ...] = (("light", ""), ("dark", "-dark"))
    for name, chart in _charts(report):
        for theme, mark in themes:
            for kind, image in zip(kinds, images(chart, theme, *kinds), strict=True):
                yield f"{name}{mark}.{kind}", image


def render_trend(points: Sequence[TrendPoint], *, kind: Kind, theme: Theme = "light", title: str = "") -> bytes:
    """Tests by outcome and test time over the last builds, oldest first, as one image. Raises as `render_charts`."""
    return next(images(TrendChart(points, title), theme, kind))


def _charts(report: Report) -> Iterator[tuple[str, Chart]]:
    builds = figures.with_this_build(report)
    if len(builds) > 1:
        yield "trend", TrendChart(builds, report.title)
    measured = [point for point in builds if point.coverage is not None and 0 <= point.coverage <= 1]
    if len(measured) > 1:
        yield "coverage", CoverageChart(builds, "Coverage")
    if slow := figures.slowest(report, SHOWN):
        yield "slowest", SlowestChart(slow, {one.test: one.before for one in report.analysis.slower}, "Slowest tests")
    if changes := telling_changes(report.analysis.benchmarks):
        yield "benchmarks", BenchmarksChart(changes, "Benchmarks against the base")
