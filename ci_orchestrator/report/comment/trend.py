"""The last builds as a chart: a hosted image, else one that the forge draws, else a small table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

from ci_orchestrator.report import figures
from ci_orchestrator.report.comment.block import Block, Item
from ci_orchestrator.report.comment.media import Medium
from ci_orchestrator.report.comment.mermaid import DRAWN_LIMIT, Series, chart
from ci_orchestrator.report.escape import web_address
from ci_orchestrator.report.markdown import code, row, table_head
from ci_orchestrator.report.wording import count, moment, percent, seconds
from ci_orchestrator.results.report import Report, TrendPoint

POINTS = 20
"""Builds in a chart."""

_ROWS = 8
_LABEL = 12
COLOURS = FAILED, TIME, COVERED = "#d5602f", "#3b8ad8", "#a06fd6"
"""Each stands out from a white ground, from mermaid's dark one (#333333) and from GitHub's (#0d1117), by at least 3:1
(WCAG 2.2, 1.4.11). A chart has one of them only, and its title says what it is: no one has to tell them apart."""


def trend(report: Report, medium: Medium, images: Mapping[str, str]) -> Block | None:
    """This build beside those before it; nothing without any. `images`: address by the file of a chart."""
    points = figures.with_this_build(report)[-POINTS:]
    if len(points) < 2:
        return None
    picture = _images(report, medium, points, images)
    if not picture:
        picture = _charts(points) if medium.mermaid else _table(points)
    return Block(name="trend", head="#### Trend\n", items=(Item(picture),), noun="chart")


def _images(report: Report, medium: Medium, points: Sequence[TrendPoint], images: Mapping[str, str]) -> str:
    """The charts that `report.charts` draws, where somebody hosts them: each by itself, or all in one folder."""
    builds = f"in the last {count(len(points))} builds"
    said = {"trend": f"{_summary(points)} {builds}"}
    if sum(point.coverage is not None for point in points) > 1:
        said["coverage"] = f"the share of covered lines {builds}"
    folder = report.links.images.rstrip("/")
    found = {name: images.get(name, f"{folder}/{name}") for one in said for name in (f"{one}.png", f"{one}-dark.png")}
    shown = [_image(found[f"{name}.png"], found[f"{name}-dark.png"], text, medium) for name, text in said.items()]
    return "\n\n".join(filter(None, shown)) if shown[0] else ""


def _image(light: str, after_dark: str, said: str, medium: Medium) -> str:
    image, dark = web_address(light), web_address(after_dark)
    if not image or not dark or not medium.themes:
        return f"![{said}]({image})" if image else ""
    return (
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img alt="{said}" src="{image}"></picture>'
    )


def _summary(points: Sequence[TrendPoint]) -> str:
    bad = sum(1 for point in points if _wrong(point))
    return f"something failed in {count(bad)} builds" if bad else "nothing failed"


def _charts(points: Sequence[TrendPoint]) -> str:
    """One chart for each unit. Failures are drawn only when there were any, coverage when it was measured and moved."""
    labels = [_label(point) for point in points]
    wrong = [float(_wrong(point)) for point in points]
    shares = [point.coverage for point in points]
    drawn = [chart(labels, Series("test time, seconds", [point.duration for point in points], TIME))]
    if any(wrong):
        drawn.insert(0, chart(labels, Series("tests that failed or are not proven", wrong, FAILED, bars=True)))
    known = [100 * share for share in shares if share is not None]
    if len(known) == len(points) and any(one != other for one, other in pairwise(known)):
        drawn.append(chart(labels, Series("lines covered, %", known, COVERED, low=max(0, min(known) // 5 * 5 - 5))))
    said = "" if any(wrong) else f"{_summary(points).capitalize()} in these {count(len(points))} builds.\n\n"
    sizes = accumulate(map(len, drawn))
    return said + "\n\n".join(one for one, size in zip(drawn, sizes, strict=True) if size <= DRAWN_LIMIT)


def _table(points: Sequence[TrendPoint]) -> str:
    rows = [row([code(point.build, _LABEL * 2), moment(point.started), *_numbers(point)]) for point in points[-_ROWS:]]
    return "\n".join([table_head("build", "when", ">tests", ">failed", ">time", ">lines"), *rows])


def _numbers(point: TrendPoint) -> list[str]:
    share = percent(point.coverage) if point.coverage is not None else "–"
    return [count(point.totals.tests), count(_wrong(point)), seconds(point.duration), share]


def _wrong(point: TrendPoint) -> int:
    return point.totals.failed + point.totals.errored + point.totals.not_proven


def _label(point: TrendPoint) -> str:
    """The build's number; the day and hour of one that would be too long below its bar."""
    when = moment(point.started)
    return point.build if len(point.build) <= _LABEL or not when else when[5:16]
