"""Charts over the last builds: tests by outcome with the time that they took, and coverage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ci_orchestrator.report.chart_style import Style
from ci_orchestrator.report.wording import moment, percent, seconds
from ci_orchestrator.results.model import Totals
from ci_orchestrator.results.report import TrendPoint

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.container import Container
    from matplotlib.figure import Figure

POINTS = 60
"""Builds shown, the last of them."""

BUILD_LIMIT = 10
"""Characters of a build's name that fit under its bar."""

_SERIES = ("failed", "errored", "not proven", "skipped", "passed")
"""From the zero line up."""


@dataclass(frozen=True, slots=True)
class TrendChart:
    """Tests by outcome, stacked, and the seconds of test time as a line; oldest build first."""

    points: Sequence[TrendPoint]
    title: str = ""
    height: float = 3.0

    def draw(self, figure: Figure, style: Style) -> None:
        shown = [point for point in self.points if math.isfinite(point.duration) and point.duration >= 0][-POINTS:]
        axes = style.axes(figure, grid="y")
        handles = [*_bars(axes, shown, style), *_times(axes.twinx(), shown, style)]
        _builds(axes, shown, style)
        axes.margins(y=0.12)
        axes.locator_params(axis="y", integer=True)
        style.quiet(axes, "tests")
        style.title(axes, self.title)
        if handles:
            ink = style.colours["text"]
            figure.legend(
                handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, labelcolor=ink
            )


@dataclass(frozen=True, slots=True)
class CoverageChart:
    """The share of lines, oldest build first. A build that did not measure it has no dot and ends the line."""

    points: Sequence[TrendPoint]
    title: str = ""
    height: float = 2.2

    def draw(self, figure: Figure, style: Style) -> None:
        shown = self.points[-POINTS:]
        shares = [math.nan if point.coverage is None else point.coverage for point in shown]
        known = [(place, share) for place, share in enumerate(shares) if math.isfinite(share)]
        axes = style.axes(figure, grid="y")
        look: dict[str, Any] = {"color": style.colours["line"], "markeredgecolor": style.colours["ground"]}
        axes.plot(range(len(shares)), shares, "o-", linewidth=1.8, markersize=4.5, **look)
        _builds(axes, shown, style)
        axes.yaxis.set_major_formatter(lambda value, _: percent(value))
        low, high = min(share for _, share in known), max(share for _, share in known)
        room = max((high - low) * 0.35, 0.005)
        axes.set_ylim(low - room, high + room)
        place, share = known[-1]
        axes.annotate(
            percent(share),
            (place, share),
            (0, 7),
            textcoords="offset points",
            ha="center",
            color=style.colours["text"],
            weight="bold",
        )
        style.quiet(axes, "lines covered")
        style.title(axes, self.title)


def _bars(axes: Axes, points: Sequence[TrendPoint], style: Style) -> list[Artist | Container]:
    """The worst stands on the zero line, and how many went wrong is written above: 4 of 40,000 has no height."""
    floor = [0] * len(points)
    handles: list[Artist | Container] = []
    for name in _SERIES:
        heights = [_number(point.totals, name) for point in points]
        if any(heights):
            handles.append(axes.bar(range(len(heights)), heights, 0.72, bottom=floor, label=name, **style.bars(name)))
        floor = [low + height for low, height in zip(floor, heights, strict=True)]
    for place, (point, top) in enumerate(zip(points, floor, strict=True)):
        if wrong := point.totals.failed + point.totals.errored + point.totals.not_proven:
            axes.annotate(
                f"✗ {wrong:,}",
                (place, top),
                (0, 3),
                textcoords="offset points",
                ha="center",
                color=style.colours["failed"],
                weight="bold",
            )
    return handles


def _times(axes: Axes, points: Sequence[TrendPoint], style: Style) -> list[Artist]:
    times = [point.duration for point in points]
    axes.yaxis.set_major_formatter(lambda value, _: seconds(value))
    axes.set_ylim(0, max([*times, 1e-3]) * 1.3)
    style.quiet(axes, "test time")
    look: dict[str, Any] = {"color": style.colours["line"], "markeredgecolor": style.colours["ground"]}
    return [*axes.plot(range(len(times)), times, "o-", linewidth=1.8, markersize=4.5, label="test time", **look)]


def _builds(axes: Axes, points: Sequence[TrendPoint], style: Style) -> None:
    """The builds along the bottom; of many, at most twelve are named."""
    every = max(1, math.ceil(len(points) / 12))
    axes.set_xticks(range(0, len(points), every), [_build(point, style) for point in points[::every]])
    axes.set_xlim(-0.6, max(len(points), 1) - 0.4)


def _build(point: TrendPoint, style: Style) -> str:
    """The build's number; one that is too long to stand under its bar is told by its day and hour."""
    when = moment(point.started)
    if len(point.build) <= BUILD_LIMIT or not when:
        return style.label(point.build, BUILD_LIMIT)
    return f"{when[5:10]}\n{when[11:16]}"


def _number(totals: Totals, name: str) -> int:
    return int(getattr(totals, name.replace(" ", "_")))
