"""Charts of this build, one bar a line: the slowest tests, and benchmarks against the base."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ci_orchestrator.report.chart_style import Style
from ci_orchestrator.report.wording import SHIFTS, WORDS, relative, seconds
from ci_orchestrator.results.findings import BenchmarkChange
from ci_orchestrator.results.model import TestResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 12
"""Bars of a chart."""

NAME_LIMIT = 46
"""Characters of a name that leave the bars half of the width."""

_WIDEST = 1.0
"""A change beyond this, in either direction, ends at the edge; its number is written beside it."""


@dataclass(frozen=True, slots=True)
class SlowestChart:
    """Tests by the seconds that they took, longest first; `before`: what some of them used to take."""

    tests: Sequence[TestResult]
    before: Mapping[str, float]
    title: str = ""

    @property
    def height(self) -> float:
        return _height(len(self.tests))

    def draw(self, figure: Figure, style: Style) -> None:
        axes = style.axes(figure, grid="x")
        for place, one in enumerate(self.tests):
            axes.barh(place, one.duration, 0.66, **style.bars(WORDS[one.outcome]))
            usual = self.before.get(one.id)
            said = seconds(one.duration) + (f", {seconds(usual)} before" if usual is not None else "")
            _beside(axes, place, one.duration, f" {said}", style)
        axes.xaxis.set_major_formatter(lambda value, _: seconds(value))
        axes.set_xlim(0, max(one.duration for one in self.tests) * 1.3)
        _names(axes, [style.end(one.name or one.id, NAME_LIMIT) for one in self.tests])
        style.quiet(axes)
        style.title(axes, self.title)


@dataclass(frozen=True, slots=True)
class BenchmarksChart:
    """How much worse (to the right) or better (to the left) benchmarks became, and what that amounts to."""

    changes: Sequence[BenchmarkChange]
    title: str = ""

    @property
    def height(self) -> float:
        return _height(len(self.changes))

    def draw(self, figure: Figure, style: Style) -> None:
        axes = style.axes(figure, grid="x")
        most = max(0.05, *(min(abs(one.worse), _WIDEST) for one in self.changes))
        for place, one in enumerate(self.changes):
            width = min(max(one.worse, -_WIDEST), _WIDEST)
            symbol, outcome = SHIFTS[one.shift]
            axes.barh(place, width, 0.66, **style.bars(WORDS[outcome]))
            _beside(axes, place, width, f" {symbol} {relative(one.worse)} {one.shift} ", style)
        axes.axvline(0, color=style.colours["quiet"], linewidth=0.8)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:+.0%}" if value else "as before")
        axes.set_xlim(-most * 1.6, most * 1.6)
        _names(axes, [style.end(one.name, NAME_LIMIT) for one in self.changes])
        style.quiet(axes)
        style.title(axes, self.title)


def telling_changes(changes: Sequence[BenchmarkChange]) -> list[BenchmarkChange]:
    """The changes to draw: what became worse first, then by how much."""
    order = list(SHIFTS)
    drawn = [one for one in changes if math.isfinite(one.worse)]
    drawn.sort(key=lambda one: (order.index(one.shift), -abs(one.worse), one.group, one.name, one.unit))
    return drawn[:SHOWN]


def _height(bars: int) -> float:
    return 0.75 + 0.26 * bars


def _names(axes: Axes, names: Sequence[str]) -> None:
    """One beside each bar, the first on top."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)


def _beside(axes: Axes, place: int, width: float, said: str, style: Style) -> None:
    side = "left" if width >= 0 else "right"
    axes.annotate(said, (width, place), ha=side, va="center", color=style.colours["text"])
