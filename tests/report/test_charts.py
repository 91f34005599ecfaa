from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from xml.etree import ElementTree

import pytest
from parts import need
from report_samples import HOSTILE, hostile_report, sample_report

from ci_orchestrator.errors import MissingPartError
from ci_orchestrator.report.charts import render_trend
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
