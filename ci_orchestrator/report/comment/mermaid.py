"""Charts in mermaid's words (``xychart-beta``), which GitHub and GitLab draw in a comment.

Traps: there is no legend, so a chart shows one series and its title says which; a diagram that cannot be parsed is
shown as an error, so nothing but plain words and numbers goes in; points with the same label become one point.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

DRAWN_LIMIT = 2_000
"""Characters of diagrams that GitLab draws on one page without being asked to (``MAX_CHAR_LIMIT`` of its
``render_sandboxed_mermaid.js``)."""

_OTHER = re.compile(r"[^A-Za-z0-9 ._:-]")
_LABEL_LIMIT = 12


@dataclass(frozen=True, slots=True)
class Series:
    """What is drawn. `colour`: as ``#rrggbb``; `low`: where the axis begins."""

    title: str
    values: Sequence[float]
    colour: str
    bars: bool = False
    low: float = 0.0


def chart(labels: Sequence[str], series: Series) -> str:
    """A fenced block of markdown; `labels` may be anything, values beyond all use count as 0."""
    values = [value if 1e-6 <= value < 1e12 else 0.0 for value in series.values]
    top = _above(max(values, default=0.0))
    settings = (
        f'{{"themeVariables": {{"xyChart": {{"plotColorPalette": "{series.colour}"}}}}, "xyChart": {{"height": 220}}}}'
    )
    numbers = ", ".join(_number(value) for value in values)
    return "\n".join(
        [
            "```mermaid",
            f"%%{{init: {settings}}}%%",
            "xychart-beta",
            f'title "{series.title}"',
            f"x-axis [{', '.join(_labels(labels))}]",
            f"y-axis {_number(series.low)} --> {_number(top)}",
            f"{'bar' if series.bars else 'line'} [{numbers}]",
            "```",
        ]
    )


def _labels(texts: Sequence[str]) -> list[str]:
    """Quoted, in the few characters that mean nothing to mermaid, each unlike the others."""
    found: dict[str, None] = {}
    for text in texts:
        label = _OTHER.sub("?", text)[:_LABEL_LIMIT].strip() or "?"
        number = 1
        while (unlike := label if number == 1 else f"{label} {number}") in found:
            number += 1
        found[unlike] = None
    return [f'"{label}"' for label in found]


def _number(value: float) -> str:
    """Four digits, without an exponent."""
    return f"{value:.0f}" if value >= 1000 else f"{value:.4g}" if value >= 0.001 or not value else f"{value:.6f}"


def _above(value: float) -> float:
    """A round number a little above `value`, so that the highest point does not touch the edge."""
    if value <= 0:
        return 1.0
    step = 10.0 ** math.floor(math.log10(value * 1.1)) / 2
    return math.ceil(value * 1.1 / step) * step
