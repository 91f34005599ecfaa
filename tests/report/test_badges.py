from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import rich_report

from ci_orchestrator.errors import ExitCode
from ci_orchestrator.report.badges import _COLORS, Badge, badges, render_badges
from ci_orchestrator.results.coverage import Counts, CoverageSummary
from ci_orchestrator.results.findings import Analysis, FlakyTest
from ci_orchestrator.results.model import Totals
from ci_orchestrator.results.report import Certificate, Report

SVG = "{http://www.w3.org/2000/svg}"
GREEN = Report(title="shop", totals=Totals(passed=1234, skipped=2), certificate=Certificate(certified=True), wall=72.0)


def test_a_badge_of_each_kind_as_picture_and_as_endpoint() -> None:
    made = render_badges(rich_report())
    names = ("coverage", "duration", "flaky", "tests")
    assert list(made) == [f"{name}.{kind}" for name in names for kind in ("json", "svg")]
    for name, badge in badges(rich_report()).items():
        endpoint = json.loads(made[f"{name}.json"])
        assert endpoint == {
            "schemaVersion": 1,
            "label": badge.label,
            "message": badge.message,
            "color": badge.color,
        }
        picture = ElementTree.fromstring(made[f"{name}.svg"])
        assert picture.get("aria-label") == f"{badge.label}: {badge.message}"
        assert [text.text for text in picture.iter(f"{SVG}text")] == [badge.label, badge.message]
    assert made == render_badges(rich_report())


@pytest.mark.parametrize(
    ("report", "badge"),
    [
        (GREEN, Badge("tests", "1,234 passed", "brightgreen")),
        (
            replace(GREEN, totals=Totals(passed=5, failed=1, errored=1, not_proven=3), exit_code=ExitCode.TESTS_FAILED),
            Badge("tests", "2 failed, 3 not proven, 5 passed", "red"),
        ),
        (
            replace(GREEN, totals=Totals(passed=5, not_proven=3), exit_code=ExitCode.NOT_PROVEN),
            Badge("tests", "3 not proven, 5 passed", "lightgrey"),
        ),
        (
            replace(GREEN, exit_code=ExitCode.GATE_FAILED),
            Badge("tests", "gate failed, 1,234 passed", "red"),
        ),
        (
            replace(GREEN, interrupted=True, exit_code=ExitCode.INTERRUPTED),
            Badge("tests", "interrupted, 1,234 passed", "red"),
        ),
        (replace(GREEN, totals=Totals()), Badge("tests", "none", "lightgrey")),
    ],
)
def test_the_badge_of_tests(report: Report, badge: Badge) -> None:
    assert badges(report)["tests"] == badge


@pytest.mark.parametrize(
    ("counts", "message", "color"),
    [
        (Counts(0, 0), "unknown", "lightgrey"),
        (Counts(1, 1), "100%", "brightgreen"),
        (Counts(99_999, 100_000), "99.9%", "brightgreen"),
        (Counts(90, 100), "90%", "brightgreen"),
        (Counts(899, 1000), "89.9%", "green"),
        (Counts(60, 100), "60%", "yellow"),
        (Counts(50, 100), "50%", "orange"),
        (Counts(0, 7), "0%", "red"),
    ],
)
def test_the_badge_of_coverage_is_rounded_down(counts: Counts, message: str, color: str) -> None:
    report = replace(GREEN, coverage=CoverageSummary(lines=counts))
    assert badges(report)["coverage"] == Badge("coverage", message, color)


def test_coverage_that_is_not_all_is_no_green_one() -> None:
    partial = replace(GREEN, coverage=CoverageSummary(lines=Counts(9, 10), partial=("job unit_2 left nothing",)))
    assert badges(partial)["coverage"] == Badge("coverage", "90% (partial)", "lightgrey")
    assert badges(GREEN)["coverage"] == Badge("coverage", "unknown", "lightgrey")


def test_the_badge_of_flaky_tests_counts_those_of_this_build_without_a_history() -> None:
    assert badges(GREEN)["flaky"] == Badge("flaky", "0 tests", "brightgreen")
    retried = replace(GREEN, totals=Totals(passed=3, flaky=2))
    assert badges(retried)["flaky"] == Badge("flaky", "2 tests", "yellow")
    known = replace(GREEN, analysis=Analysis(flaky=(FlakyTest(test="u::a::t"),)))
    assert badges(known)["flaky"] == Badge("flaky", "1 test", "yellow")


def test_the_badge_of_the_duration() -> None:
    assert badges(GREEN)["duration"] == Badge("duration", "72 s", "blue")


def luminance(color: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("color", ["#404448", *_COLORS.values()])
def test_white_text_can_be_read_on_every_color(color: str) -> None:
    assert 1.05 / (luminance(color) + 0.05) >= 4.5


@given(st.builds(Totals, *[st.integers(0, 10**9)] * 7), st.floats(0, 1e9), st.sampled_from(ExitCode))
def test_a_badge_is_well_formed_and_never_greener_than_the_verdict(totals: Totals, wall: float, code: ExitCode) -> None:
    report = replace(GREEN, totals=totals, wall=wall, exit_code=code)
    for name, content in render_badges(report).items():
        if name.endswith(".svg"):
            picture = ElementTree.fromstring(content)
            assert all(float(one.get("textLength", "0")) > 0 for one in picture.iter(f"{SVG}text"))
    tests = badges(report)["tests"]
    if code is not ExitCode.OK or totals.failed or totals.errored or totals.not_proven:
        assert tests.color != "brightgreen"
