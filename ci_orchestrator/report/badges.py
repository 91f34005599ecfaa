"""Badges: small pictures of tests, coverage, flaky tests and duration, and the same as shields.io's endpoint takes it.

The endpoint: ``{"schemaVersion": 1, "label": …, "message": …, "color": …}`` (shields.io/badges/endpoint-badge).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ci_orchestrator.report.escape import for_html
from ci_orchestrator.report.figures import took
from ci_orchestrator.report.verdict import verdict
from ci_orchestrator.report.wording import counted, seconds
from ci_orchestrator.results.report import Report

_COLORS: Mapping[str, str] = {
    "brightgreen": "#2b7a0b",
    "green": "#4c7a0b",
    "yellow": "#8a6300",
    "orange": "#b3470e",
    "red": "#c0281c",
    "blue": "#0b68b0",
    "lightgrey": "#5f6368",
}
"""The names of shields.io, and what we paint: white text on each has a contrast of at least 4.5 (WCAG 2.2, AA)."""
_TONES: Mapping[str, str] = {"passed": "brightgreen", "failed": "red", "errored": "red"}
_STEPS = ((0.9, "brightgreen"), (0.8, "green"), (0.6, "yellow"), (0.4, "orange"))
"""From this share of covered lines on."""
_WIDE, _NARROW = frozenset("mwMW%@—"), frozenset("ijlftrI.,:;!|'()[] 1")


@dataclass(frozen=True, slots=True)
class Badge:
    """What a badge says. `color`: a name of shields.io's."""

    label: str
    message: str
    color: str


def badges(report: Report) -> Mapping[str, Badge]:
    """The badges of a report: `tests`, `coverage`, `flaky` and `duration`."""
    return {
        "coverage": _coverage(report),
        "duration": _duration(report),
        "flaky": _flaky(report),
        "tests": _tests(report),
    }


def render_badges(report: Report) -> Mapping[str, bytes]:
    """File name → content: each badge as ``NAME.svg``, and as ``NAME.json`` for shields.io's endpoint."""
    return dict(_files(badges(report)))


def _files(found: Mapping[str, Badge]) -> Iterator[tuple[str, bytes]]:
    for name, badge in sorted(found.items()):
        said = {"schemaVersion": 1, "label": badge.label, "message": badge.message, "color": badge.color}
        yield f"{name}.json", (json.dumps(said) + "\n").encode("ascii")
        yield f"{name}.svg", _svg(badge).encode()


def _tests(report: Report) -> Badge:
    totals = report.totals
    bad = [
        f"{number:,} {what}"
        for number, what in (
            (totals.failed + totals.errored, "failed"),
            (totals.not_proven, "not proven"),
        )
        if number
    ]
    said = verdict(report)
    color = _TONES.get(said.tone, "lightgrey")
    if not bad and said.tone != "passed":
        bad = [said.word.lower()]
    passed = [f"{totals.passed:,} passed"] if totals.passed else []
    return Badge("tests", ", ".join([*bad, *passed]) or "none", color if totals.tests or bad else "lightgrey")


def _coverage(report: Report) -> Badge:
    coverage = report.coverage
    share = coverage.lines.share if coverage else None
    if coverage is None or share is None:
        return Badge("coverage", "unknown", "lightgrey")
    tenths = coverage.lines.covered * 1000 // coverage.lines.total  # rounded down: 100% is all
    shown = f"{tenths // 10}.{tenths % 10}%" if tenths % 10 else f"{tenths // 10}%"
    if coverage.partial:
        return Badge("coverage", f"{shown} (partial)", "lightgrey")
    return Badge("coverage", shown, next((color for least, color in _STEPS if share >= least), "red"))


def _duration(report: Report) -> Badge:
    _, time = took(report)
    return Badge("duration", seconds(time), "blue") if time > 0 else Badge("duration", "unknown", "lightgrey")


def _flaky(report: Report) -> Badge:
    number = max(len(report.analysis.flaky), report.totals.flaky)
    return Badge("flaky", counted(number, "test"), "yellow" if number else "brightgreen")


def _svg(badge: Badge) -> str:
    """Drawn as shields.io does: two fields, 20 pixels high. The text's width is fitted to the field, whatever font."""
    left, right = _width(badge.label), _width(badge.message)
    label, message = for_html(badge.label), for_html(badge.message)
    whole = left + right
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" '
        f'aria-label="{label}: {message}"><title>{label}: {message}</title>'
        f'<clipPath id="r{whole}"><rect width="{whole}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r{whole})"><rect width="{left}" height="20" fill="#404448"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{_COLORS[badge.color]}"/></g>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">'
        f'<text x="{left / 2:g}" y="14" textLength="{left - 10}">{label}</text>'
        f'<text x="{left + right / 2:g}" y="14" textLength="{right - 10}">{message}</text></g></svg>\n'
    )


def _width(text: str) -> int:
    """The pixels of a field around a text of 11 pixels in Verdana, by classes of letters."""
    return 10 + round(sum(9.8 if letter in _WIDE else 3.9 if letter in _NARROW else 6.7 for letter in text))
