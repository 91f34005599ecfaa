"""Charts in mermaid's words: harmless labels, numbers that it can read, colours that can be seen, small enough to be
drawn."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rendered import read
from report_samples import rich_report

from ci_orchestrator.report.charts import render_charts
from ci_orchestrator.report.comment import CommentOptions, images_shown, render_comment
from ci_orchestrator.report.comment.mermaid import DRAWN_LIMIT, Series, chart
from ci_orchestrator.report.comment.trend import COLOURS
from ci_orchestrator.report.report_json import load_report, render_json
from ci_orchestrator.results.findings import Analysis
from ci_orchestrator.results.model import Totals
from ci_orchestrator.results.report import Links, Report, TrendPoint

GROUNDS = ("#ffffff", "#0d1117", "#333333")
RICH = rich_report()
ONLY = ("trend",)


def shown(report: Report, provider: str = "github", images: Mapping[str, str] | None = None) -> str:
    options = CommentOptions(provider=provider, sections=ONLY, images=images or {})
    return render_comment(report, options).partition("#### Trend\n\n")[2]


@given(
    st.lists(st.tuples(st.text(max_size=20), st.floats()), min_size=1, max_size=30),
    st.booleans(),
)
def test_a_chart_has_nothing_but_plain_words_and_numbers(points: list[tuple[str, float]], bars: bool) -> None:
    labels, values = zip(*points, strict=True)
    drawn = chart(labels, Series("time", values, "#112233", bars=bars)).split("\n")
    assert (drawn[0], drawn[2], drawn[-1]) == ("```mermaid", "xychart-beta", "```")
    assert len(drawn) == 8
    names = re.fullmatch(r"x-axis \[(.*)\]", drawn[4])[1].split(", ")
    assert all(re.fullmatch(r'"[A-Za-z0-9 ._:?-]{1,16}"', name) for name in names)
    assert len(set(names)) == len(names) == len(points)
    top = float(re.fullmatch(r"y-axis 0 --> ([0-9.]+)", drawn[5])[1])
    numbers = re.fullmatch(r"(?:bar|line) \[(.*)\]", drawn[6])[1].split(", ")
    assert all(re.fullmatch(r"\d+(\.\d+)?", number) and float(number) <= top for number in numbers)
    assert len(numbers) == len(points)


@pytest.mark.parametrize("colour", COLOURS)
def test_a_series_is_seen_on_light_and_dark(colour: str) -> None:
    """The contrast of WCAG 2.2, by its formula."""

    def luminance(code: str) -> float:
        parts = [int(code[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for ground in GROUNDS:
        low, high = sorted((luminance(colour), luminance(ground)))
        assert (high + 0.05) / (low + 0.05) >= 3, ground


@given(st.integers(2, 60), st.text(min_size=12, max_size=12))
def test_all_charts_together_are_drawn_without_being_asked(number: int, name: str) -> None:
    points = tuple(
        TrendPoint(build=name, started=0.0, totals=Totals(failed=10**6 + at), duration=1234.5678 + at, coverage=1 / at)
        for at in range(1, number)
    )
    text = shown(replace(RICH, trend=points), "gitlab")
    diagrams = re.findall("```mermaid\n(.*?)```", text, re.DOTALL)
    assert 1 <= len(diagrams) <= 3
    assert sum(map(len, diagrams)) <= DRAWN_LIMIT


def test_what_is_drawn_is_what_there_is_to_see() -> None:
    assert re.findall('title "(.*)"', shown(RICH)) == [
        "tests that failed or are not proven", "test time, seconds", "lines covered, %",
    ]  # fmt: skip
    calm = tuple(replace(point, totals=Totals(passed=3), coverage=None) for point in RICH.trend)
    report = replace(RICH, trend=calm, totals=Totals(passed=3))
    assert re.findall('title "(.*)"', shown(report)) == ["test time, seconds"]
    assert shown(report).startswith("Nothing failed in these 13 builds.\n")


def test_coverage_is_drawn_where_it_moves() -> None:
    low, high = re.search(r"y-axis (\d+) --> (\d+)\nline \[85", shown(RICH)).groups()
    shares = [100 * point.coverage for point in RICH.trend]
    assert 0 < int(low) < min(shares) < max(shares) < int(high)
    assert all(one < other for one, other in pairwise(shares))


def test_a_hosted_image_is_shown_instead() -> None:
    hosted = replace(RICH, links=Links(images="https://img.example/b/1/"))
    small = replace(RICH, results=(), analysis=Analysis())
    drawn = {name for name, _ in render_charts(small)}
    assert {"trend.png", "trend-dark.png", "coverage.png", "coverage-dark.png"} <= drawn
    assert re.findall(r"https://[^\s\")]+", shown(hosted, "azure")) == [
        "https://img.example/b/1/trend.png", "https://img.example/b/1/coverage.png",
    ]  # fmt: skip
    assert shown(hosted).splitlines()[0] == (
        '<picture><source media="(prefers-color-scheme: dark)" srcset="https://img.example/b/1/trend-dark.png">'
        '<img alt="something failed in 5 builds in the last 13 builds" src="https://img.example/b/1/trend.png"></picture>'
    )
    assert shown(hosted, "azure").startswith("![something failed in 5 builds in the last 13 builds](https://img.")


def test_images_that_have_an_address_of_their_own_are_shown_as_far_as_they_go() -> None:
    both = {"trend.png": "https://img.example/1?raw=true", "trend-dark.png": "https://img.example/2"}
    assert (
        shown(RICH, images=both)
        .splitlines()[0]
        .endswith(
            'srcset="https://img.example/2"><img alt="something failed in 5 builds in the last 13 builds" '
            'src="https://img.example/1?raw=true"></picture>'
        )
    )
    assert shown(RICH, images={"trend.png": "https://img.example/1"}).startswith("![something failed in 5 builds")
    assert "```mermaid" in shown(RICH, images={"coverage.png": "https://img.example/1"}), "it shows no failures"
    report, drawn = replace(RICH, results=(), analysis=Analysis()), ("coverage.png", "slowest.png", *both)
    assert images_shown(report, CommentOptions(), drawn) == ("coverage.png", "trend-dark.png", "trend.png")
    assert images_shown(report, CommentOptions(provider="gitlab"), drawn) == ("coverage.png", "trend.png")
    assert images_shown(report, CommentOptions(sections=("gates",)), drawn) == ()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "file:///tmp/a.png",
        "javascript:alert(1)",
        "https://user:pw@img.example/a",
        'https://"onerror=x',
        "https:///a",
    ],
)
def test_an_address_that_is_none_is_not_shown(address: str) -> None:
    assert "```mermaid" in shown(RICH, images={"trend.png": address, "trend-dark.png": address})


def test_an_address_stays_one() -> None:
    hostile = 'https://img.example/a)![x](https://evil.example/b"onerror=alert(1)><script>\n/close'
    for provider in ("azure", "github", "gitlab"):
        text = render_comment(RICH, CommentOptions(provider=provider, sections=ONLY, images={"trend.png": hostile}))
        page = read(text)
        [image] = [one for one in page.elements if one.name == "img"]
        assert image.attributes["src"].startswith("https://img.example/a%29%21%5Bx%5D%28")
        assert {one.name for one in page.elements} <= {
            "h3",
            "h4",
            "p",
            "br",
            "img",
            "code",
            "a",
            "ul",
            "li",
            "strong",
            "wbr",
        }


def test_elsewhere_a_table_says_it() -> None:
    rows = shown(RICH, "azure").splitlines()
    assert rows[0] == "| build | when | tests | failed | time | lines |"
    assert len(rows) == 2 + 8
    assert rows[-1].startswith("| <code>this build</code> | 2026-03-04 09:30 UTC | 427 | 5 | ")


def test_one_build_is_no_trend() -> None:
    assert shown(replace(RICH, trend=())) == ""
    assert shown(load_report(render_json(RICH))) == shown(RICH)
