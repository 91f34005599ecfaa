"""Test time, problems and coverage over the last builds, as inline SVG that takes its colours from the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import isfinite

from ci_orchestrator.report.escape import for_html
from ci_orchestrator.report.wording import counted, moment, percent, seconds
from ci_orchestrator.results.model import Totals
from ci_orchestrator.results.report import TrendPoint

POINTS = 60
"""Builds shown, the last of them."""

_WIDTH, _LEFT, _RIGHT = 560.0, 46.0, 58.0
_TOP, _LINE, _BARS, _BASE = 14.0, 96.0, 36.0, 150.0
"""Units: the line has 96 from the top, the bars 36 up from the base."""


def trend(points: Sequence[TrendPoint]) -> str:
    """The section; empty when there is no earlier build to compare with."""
    shown = [point for point in points if isfinite(point.duration) and point.duration >= 0][-POINTS:]
    if len(shown) < 2:
        return ""
    return (
        f'<section class="card" id="trend"><h2>Trend <span class="n">{counted(len(shown), "build")}</span></h2>'
        f'<svg class="trend" viewBox="0 0 {_WIDTH:g} 172" role="img" aria-label="{_said(shown)}">'
        f"{''.join(_drawing(shown))}</svg>{_coverage(shown)}</section>\n"
    )


def _said(points: Sequence[TrendPoint]) -> str:
    first, last = points[0], points[-1]
    return (
        f"Test time over {counted(len(points), 'build')}: from {seconds(first.duration)} to {seconds(last.duration)}; "
        f"{counted(sum(_problems(point.totals) > 0 for point in points), 'build')} with failures"
    )


def _drawing(points: Sequence[TrendPoint]) -> Iterator[str]:
    top = max(point.duration for point in points) or 1.0
    most = max(1, *(_problems(point.totals) for point in points))
    step = (_WIDTH - _LEFT - _RIGHT) / (len(points) - 1)
    spots = [
        (_LEFT + index * step, _TOP + _LINE * (1 - point.duration / top), point) for index, point in enumerate(points)
    ]
    bottom = _TOP + _LINE
    for share in (0.0, 0.5, 1.0):
        height = _TOP + _LINE * (1 - share)
        yield f'<line class="rule" x1="{_LEFT:g}" x2="{_WIDTH - _RIGHT:g}" y1="{height:g}" y2="{height:g}"/>'
        yield f'<text class="tick" x="{_LEFT - 6:g}" y="{height + 4:g}" text-anchor="end">{seconds(top * share)}</text>'
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in spots)
    yield f'<polygon class="area" points="{_LEFT:g},{bottom:g} {line} {spots[-1][0]:.1f},{bottom:g}"/>'
    yield f'<polyline class="line" points="{line}"/>'
    for x, y, point in spots:
        yield _spot(x, y, point, min(step, 14.0), most, last=point is points[-1])
    oldest, newest = (for_html(point.build[:24]) for point in (points[0], points[-1]))
    yield f'<text class="tick" x="{_LEFT:g}" y="166">{oldest}</text>'
    yield f'<text class="tick" x="{_WIDTH - _RIGHT:g}" y="166" text-anchor="end">{newest}</text>'
    yield f'<text class="tick" x="{_LEFT - 6:g}" y="{_BASE - 4:g}" text-anchor="end">failures</text>'


def _spot(x: float, y: float, point: TrendPoint, room: float, most: int, *, last: bool) -> str:
    problems = _problems(point.totals)
    said = f"{point.build}: {seconds(point.duration)} of tests, {counted(point.totals.tests, 'test')}, "
    said += f"{problems:,} failed, errored or not proven" if problems else "no failure"
    if when := moment(point.started):
        said += f" ({when})"
    parts = [
        f"<g><title>{for_html(said)}</title>",
        f'<rect class="hit" x="{x - room / 2:.1f}" y="0" width="{room:.1f}" height="{_BASE:g}"/>',
    ]
    if problems:
        height, width = max(_BARS * problems / most, 4.0), room * 0.7
        place = f'x="{x - width / 2:.1f}" y="{_BASE - height:.1f}"'
        parts.append(f'<rect class="bad" {place} width="{width:.1f}" height="{height:.1f}"/>')
    parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{4 if last else 2.5}"/></g>')
    if last:
        parts.append(f'<text class="now" x="{x + 10:.1f}" y="{y + 4:.1f}">{seconds(point.duration)}</text>')
    return "".join(parts)


def _coverage(points: Sequence[TrendPoint]) -> str:
    """The share of lines, on a scale between its least and its most; empty unless two builds measured it."""
    known = [(place, point) for place, point in enumerate(points) if 0 <= _share(point) <= 1]
    if len(known) < 2:
        return ""
    shares = [_share(point) for _, point in known]
    said = f"Coverage over {counted(len(known), 'build')}: from {percent(shares[0])} to {percent(shares[-1])}"
    step, low, high = (_WIDTH - _LEFT - _RIGHT) / (len(points) - 1), min(shares), max(shares)
    spots = [
        (_LEFT + place * step, 12 + 40 * (high - _share(point)) / (high - low or 1.0), point) for place, point in known
    ]
    return (
        f'<svg class="trend share-of-lines" viewBox="0 0 {_WIDTH:g} 76" role="img" aria-label="{said}">'
        f"{''.join(_shares(spots, step, low, high))}</svg>"
    )


def _shares(spots: Sequence[tuple[float, float, TrendPoint]], step: float, low: float, high: float) -> Iterator[str]:
    """A build that did not measure it has no dot, and no line is drawn over it."""
    for height, share in ((12, high), (52, low)):
        yield f'<line class="rule" x1="{_LEFT:g}" x2="{_WIDTH - _RIGHT:g}" y1="{height}" y2="{height}"/>'
        yield f'<text class="tick" x="{_LEFT - 6:g}" y="{height + 4}" text-anchor="end">{percent(share)}</text>'
    for (left, start, _), (right, end, _) in pairwise(spots):
        if right - left < 1.5 * step:
            yield f'<line class="line" x1="{left:.1f}" y1="{start:.1f}" x2="{right:.1f}" y2="{end:.1f}"/>'
    for x, y, point in spots:
        said = for_html(f"{point.build}: {percent(point.coverage)} of lines")
        yield f'<g><title>{said}</title><circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/></g>'
    x, y, newest = spots[-1]
    yield f'<text class="now" x="{x + 10:.1f}" y="{y + 4:.1f}">{percent(newest.coverage)}</text>'
    yield f'<text class="tick" x="{_LEFT:g}" y="70">coverage of lines</text>'


def _share(point: TrendPoint) -> float:
    return -1.0 if point.coverage is None else point.coverage


def _problems(totals: Totals) -> int:
    return totals.failed + totals.errored + totals.not_proven
