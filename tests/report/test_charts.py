from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from xml.etree import ElementTree

import pytest
from parts import need
from report_samples import HOSTILE, hostile_report, rich_report, sample_report
from test_verdict import GREEN

from ci_orchestrator.errors import MissingPartError
from ci_orchestrator.report import figures
from ci_orchestrator.report.chart_bars import BenchmarksChart, SlowestChart, telling_changes
from ci_orchestrator.report.chart_builds import CoverageChart
from ci_orchestrator.report.chart_style import images
from ci_orchestrator.report.charts import render_charts, render_trend
from ci_orchestrator.report.figures import with_this_build


@pytest.fixture
def points():
    need(find_spec("matplotlib"), "no matplotlib: pip install 'ci-orchestrator[charts]'")
    return with_this_build(sample_report())


@pytest.mark.parametrize("kind", ["png", "svg"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_equal_input_gives_equal_bytes(points, kind, theme):
    image = render_trend(points, kind=kind, theme=theme, title="shop")
    assert image == render_trend(points, kind=kind, theme=theme, title="shop")
    assert image.startswith(b"\x89PNG\r\n" if kind == "png" else b"<?xml")


def test_another_process_gives_equal_bytes(points):
    program = (
        "import sys; sys.path[:0] = ['tests/report']; from report_samples import sample_report\n"
        "from ci_orchestrator.report.charts import render_trend\n"
        "sys.stdout.buffer.write(render_trend(sample_report().trend, kind='svg'))\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    other = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout
    assert other == render_trend(sample_report().trend, kind="svg")


def test_svg_is_well_formed_and_undated(points):
    svg = render_trend(points, kind="svg")
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert b"date" not in svg.lower()
    assert b'href="http' not in svg


def test_a_report_has_each_chart_that_it_has_something_to_show_on(points):
    charts = dict(render_charts(rich_report()))
    assert list(charts) == [
        f"{name}{theme}.{kind}"
        for name in ("trend", "coverage", "slowest", "benchmarks")
        for theme in ("", "-dark")
        for kind in ("svg", "png")
    ]
    for name, image in charts.items():
        if name.endswith("svg"):
            ElementTree.fromstring(image)
        else:
            assert image.startswith(b"\x89PNG\r\n")
    assert charts["slowest.svg"] != charts["slowest-dark.svg"]
    assert dict(render_charts(GREEN)) == {}
    assert {name for name, _ in render_charts(replace(GREEN, trend=points))} == {
        "trend.svg",
        "trend.png",
        "trend-dark.svg",
        "trend-dark.png",
    }


def test_charts_of_hostile_names_and_numbers(points):
    report = hostile_report()
    slow = SlowestChart(figures.slowest(report, 12), {report.results[0].id: 1e300})
    for chart in (slow, BenchmarksChart(telling_changes(report.analysis.benchmarks))):
        assert next(images(chart, "light", "png"))


def test_builds_that_did_not_measure_coverage_have_no_dot(points):
    assert "coverage.svg" not in dict(render_charts(replace(GREEN, trend=points[:2])))
    some = tuple(replace(point, coverage=0.5 if place % 2 else None) for place, point in enumerate(points))
    assert next(images(CoverageChart(some), "light", "svg")) != next(images(CoverageChart(some[:3]), "light", "svg"))


def test_what_became_worse_is_drawn_first():
    changes = rich_report().analysis.benchmarks
    broken = replace(changes[0], worse=math.nan)
    assert [one.shift for one in telling_changes((*changes[::-1], broken))] == ["worse", "uncertain", "better", "same"]


def test_names_are_never_formulas(points):
    """A lone ``$`` pair would be parsed, and ``\\frac{1}{`` fail, if any text were taken for mathematics."""
    for title in ("$\\frac{1}{$", "".join(HOSTILE)):
        assert render_trend(with_this_build(hostile_report()), kind="png", title=title)


def test_few_builds(points):
    for some in ([], points[:1], points[:2]):
        assert render_trend(some, kind="png")


def test_without_matplotlib_the_error_names_the_extra():
    program = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from ci_orchestrator.report.charts import render_trend\n"
        "from ci_orchestrator.errors import MissingPartError\n"
        "try: render_trend([], kind='png')\n"
        "except MissingPartError as error: print(error.fix)"
    )
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert said == "pip install 'ci-orchestrator[charts]'\n"
    assert MissingPartError("x").exit_code == 2
