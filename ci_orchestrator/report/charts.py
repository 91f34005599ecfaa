"""The trend of builds as an image, for where no HTML goes. matplotlib draws it (extra ``charts``, loaded when used)."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ci_orchestrator.errors import MissingPartError
from ci_orchestrator.report.escape import one_line
from ci_orchestrator.report.wording import moment, seconds
from ci_orchestrator.results.model import Totals
from ci_orchestrator.results.report import TrendPoint

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.container import Container
    from matplotlib.figure import Figure

Kind = Literal["png", "svg"]
Theme = Literal["light", "dark"]

POINTS = 60
"""Builds shown, the last of them."""

BUILD_LIMIT = 10
"""Characters of a build's name that fit under its bar."""

_SERIES = (("failed", ""), ("errored", "xxxx"), ("not proven", "////"), ("skipped", "...."), ("passed", ""))
"""From the zero line up. Hatched, so that colour is not the only sign."""

_LIGHT = {
    "ground": "#ffffff",
    "text": "#1b2230",
    "quiet": "#5b6577",
    "rule": "#e1e4ea",
    "line": "#1d56a8",
    "passed": "#7cc4ae",
    "skipped": "#c9ced6",
    "not proven": "#e3b04a",
    "errored": "#8e3a8f",
    "failed": "#c03a0a",
}
_DARK = {
    "ground": "#1a1e26",
    "text": "#e4e7ec",
    "quiet": "#9aa4b4",
    "rule": "#2c323d",
    "line": "#8ab8f5",
    "passed": "#2b6f5e",
    "skipped": "#4a5260",
    "not proven": "#e3b04a",
    "errored": "#dc8fdc",
    "failed": "#ff8a5c",
}
_SETTINGS = {
    "font.family": "DejaVu Sans",  # matplotlib brings it: the same image on every machine
    "font.size": 9.0,
    "text.parse_math": False,  # a "$" of a build's name is a dollar
    "text.usetex": False,
    "svg.hashsalt": "ci-orchestrator",
    "svg.fonttype": "path",
    "hatch.linewidth": 0.6,
    "axes.unicode_minus": False,
}


def render_trend(points: Sequence[TrendPoint], *, kind: Kind, theme: Theme = "light", title: str = "") -> bytes:
    """Tests by outcome, stacked, and the seconds of test time as a line; oldest build first.

    The ground is opaque, so that either theme can be read on any page. Equal input gives equal bytes (with the same
    matplotlib). Raises `MissingPartError` when matplotlib is not installed.
    """
    library = _matplotlib()
    shown = [point for point in points if math.isfinite(point.duration) and point.duration >= 0][-POINTS:]
    colours = _LIGHT if theme == "light" else _DARK
    image = io.BytesIO()
    with library.rc_context(_SETTINGS):
        figure = library.figure(figsize=(7.2, 3.0), dpi=144, facecolor=colours["ground"], layout="constrained")
        _Chart(shown, colours, library.glyphs).draw(figure, title)
        # neither a date nor a version: equal input, equal bytes
        figure.savefig(
            image, format=kind, metadata={"Software": None} if kind == "png" else {"Date": None, "Creator": None}
        )
    return image.getvalue()


@dataclass(frozen=True, slots=True)
class _Library:
    """What is used of matplotlib: its objects, never pyplot, which takes most of a second to import."""

    rc_context: Callable[[Any], AbstractContextManager[None]]
    figure: type[Figure]
    glyphs: frozenset[int]


def _matplotlib() -> _Library:
    try:
        from matplotlib import rc_context  # noqa: PLC0415 - an extra, loaded when used
        from matplotlib.figure import Figure  # noqa: PLC0415
        from matplotlib.font_manager import findfont, get_font  # noqa: PLC0415
    except ImportError:
        raise MissingPartError(
            "charts are drawn with matplotlib, which is not installed", fix="pip install 'ci-orchestrator[charts]'"
        ) from None
    glyphs = frozenset(get_font(findfont("DejaVu Sans")).get_charmap())
    return _Library(rc_context, Figure, glyphs)


@dataclass(frozen=True, slots=True)
class _Chart:
    points: Sequence[TrendPoint]
    colours: Mapping[str, str]
    glyphs: frozenset[int]

    def draw(self, figure: Figure, title: str) -> None:
        axes = figure.add_subplot()
        axes.set_facecolor(self.colours["ground"])
        axes.grid(axis="y", color=self.colours["rule"], linewidth=0.8)
        axes.set_axisbelow(True)
        handles = [*self._bars(axes), *self._line(axes.twinx())]
        every = max(1, math.ceil(len(self.points) / 12))
        axes.set_xticks(range(0, len(self.points), every), [self._build(point) for point in self.points[::every]])
        axes.set_xlim(-0.6, max(len(self.points), 1) - 0.4)
        axes.margins(y=0.12)
        axes.locator_params(axis="y", integer=True)
        self._quiet(axes, "tests")
        if title:
            axes.set_title(self._label(title, 80), color=self.colours["text"], loc="left", fontsize=11, weight="bold")
        if handles:
            ink = self.colours["text"]
            figure.legend(
                handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, labelcolor=ink
            )

    def _bars(self, axes: Axes) -> list[Artist | Container]:
        """The worst stands on the zero line, and how many went wrong is written above: 4 of 40,000 has no height."""
        floor = [0] * len(self.points)
        handles: list[Artist | Container] = []
        for name, hatch in _SERIES:
            heights = [_number(point.totals, name) for point in self.points]
            if any(heights):
                look: dict[str, Any] = {
                    "color": self.colours[name],
                    "edgecolor": self.colours["ground"],
                    "hatch": hatch,
                }
                handles.append(
                    axes.bar(range(len(heights)), heights, 0.72, bottom=floor, linewidth=0.4, label=name, **look)
                )
            floor = [low + height for low, height in zip(floor, heights, strict=True)]
        for place, (point, top) in enumerate(zip(self.points, floor, strict=True)):
            if wrong := point.totals.failed + point.totals.errored + point.totals.not_proven:
                axes.annotate(
                    f"✗ {wrong:,}",
                    (place, top),
                    (0, 3),
                    textcoords="offset points",
                    ha="center",
                    color=self.colours["failed"],
                    weight="bold",
                )
        return handles

    def _line(self, axes: Axes) -> list[Artist]:
        times = [point.duration for point in self.points]
        axes.yaxis.set_major_formatter(lambda value, _: seconds(value))
        axes.set_ylim(0, max([*times, 1e-3]) * 1.3)
        self._quiet(axes, "test time")
        look: dict[str, Any] = {"color": self.colours["line"], "markeredgecolor": self.colours["ground"]}
        return [*axes.plot(range(len(times)), times, "o-", linewidth=1.8, markersize=4.5, label="test time", **look)]

    def _quiet(self, axes: Axes, label: str) -> None:
        """No frame and no ticks: the grid is enough."""
        axes.set_ylabel(label, color=self.colours["quiet"])
        axes.tick_params(colors=self.colours["quiet"], length=0)
        for side in axes.spines.values():
            side.set_visible(False)

    def _build(self, point: TrendPoint) -> str:
        """The build's number; one that is too long to stand under its bar is told by its day and hour."""
        when = moment(point.started)
        if len(point.build) <= BUILD_LIMIT or not when:
            return self._label(point.build, BUILD_LIMIT)
        return f"{when[5:10]}\n{when[11:16]}"

    def _label(self, text: str, limit: int) -> str:
        """`text`, harmless and short; what the font cannot show is a ``?`` instead of a warning."""
        line = one_line(text)
        if len(line) > limit:
            line = f"{line[: limit - 1]}…"
        return "".join(character if ord(character) in self.glyphs else "?" for character in line)


def _number(totals: Totals, name: str) -> int:
    return int(getattr(totals, name.replace(" ", "_")))
