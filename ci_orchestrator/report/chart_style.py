"""What all charts share: colours, the look of axes, harmless labels, and equal bytes for equal input.

matplotlib draws them (extra ``charts``, loaded when used). The ground is opaque, so that either theme can be read on
any page.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ci_orchestrator.errors import MissingPartError
from ci_orchestrator.report.escape import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

Kind = Literal["png", "svg"]
Theme = Literal["light", "dark"]

HATCHES: Mapping[str, str] = {"errored": "xxxx", "not proven": "////", "skipped": ".."}
"""So that colour is not the only sign; the others are plain."""

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


@dataclass(frozen=True, slots=True)
class Style:
    """The colours of a theme by what they stand for, and the characters that the font can show."""

    colours: Mapping[str, str]
    glyphs: frozenset[int]

    def axes(self, figure: Figure, *, grid: Literal["x", "y"]) -> Axes:
        """Axes on the theme's ground, with rules across `grid`."""
        axes = figure.add_subplot()
        axes.set_facecolor(self.colours["ground"])
        axes.grid(axis=grid, color=self.colours["rule"], linewidth=0.8)
        axes.set_axisbelow(True)
        return axes

    def quiet(self, axes: Axes, label: str = "") -> None:
        """No frame and no ticks: the grid is enough. `label` is what the upright axis counts."""
        axes.set_ylabel(label, color=self.colours["quiet"])
        axes.tick_params(colors=self.colours["quiet"], length=0)
        for side in axes.spines.values():
            side.set_visible(False)

    def title(self, axes: Axes, text: str) -> None:
        """What the chart is of, above its left end; nothing for an empty text."""
        if text:
            axes.set_title(self.label(text, 80), color=self.colours["text"], loc="left", fontsize=11, weight="bold")

    def bars(self, name: str) -> dict[str, Any]:
        """The look of bars that stand for an outcome."""
        return {
            "color": self.colours[name],
            "edgecolor": self.colours["ground"],
            "hatch": HATCHES.get(name, ""),
            "linewidth": 0.4,
        }

    def label(self, text: str, limit: int) -> str:
        """`text`, harmless and short; what the font cannot show is a ``?`` instead of a warning."""
        line = one_line(text)
        if len(line) > limit:
            line = f"{line[: limit - 1]}…"
        return self._shown(line)

    def end(self, text: str, limit: int) -> str:
        """As `label`, but it is the end that is kept: of a test's id it says most."""
        line = one_line(text)
        return self._shown(line if len(line) <= limit else f"…{line[1 - limit :]}")

    def _shown(self, line: str) -> str:
        return "".join(character if ord(character) in self.glyphs else "?" for character in line)


class Chart(Protocol):
    """Something to be drawn; `height` in inches, all are equally wide."""

    @property
    def height(self) -> float: ...

    def draw(self, figure: Figure, style: Style) -> None:
        """Draw it on an empty figure."""


def images(chart: Chart, theme: Theme, *kinds: Kind) -> Iterator[bytes]:
    """The chart, drawn once and written as each of `kinds`. Equal input gives equal bytes (with the same matplotlib).

    Raises `MissingPartError` when matplotlib is not installed.
    """
    library = _matplotlib()
    style = Style(_LIGHT if theme == "light" else _DARK, library.glyphs)
    with library.rc_context(_SETTINGS):
        figure = library.figure(figsize=(7.2, chart.height), dpi=144, facecolor=style.colours["ground"])
        chart.draw(figure, style)
        library.layout().execute(figure)  # were it the figure's own, each writing would draw twice
        for kind in kinds:
            image = io.BytesIO()
            # neither a date nor a version: equal input, equal bytes
            metadata = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
            figure.savefig(image, format=kind, metadata=metadata)
            yield image.getvalue()


@dataclass(frozen=True, slots=True)
class _Library:
    """What is used of matplotlib: its objects, never pyplot, which takes most of a second to import."""

    rc_context: Callable[[Any], AbstractContextManager[None]]
    figure: type[Figure]
    layout: type[ConstrainedLayoutEngine]
    glyphs: frozenset[int]


def _matplotlib() -> _Library:
    try:
        from matplotlib import rc_context  # noqa: PLC0415 - an extra, loaded when used
        from matplotlib.figure import Figure  # noqa: PLC0415
        from matplotlib.font_manager import findfont, get_font  # noqa: PLC0415
        from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415
    except ImportError:
        raise MissingPartError(
            "charts are drawn with matplotlib, which is not installed", fix="pip install 'ci-orchestrator[charts]'"
        ) from None
    glyphs = frozenset(get_font(findfont("DejaVu Sans")).get_charmap())
    return _Library(rc_context, Figure, ConstrainedLayoutEngine, glyphs)
