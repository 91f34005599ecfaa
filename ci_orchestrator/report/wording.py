"""Numbers and times as people read them; the same words in every rendering."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from ci_orchestrator.results.findings import FlakyTest, Shift
from ci_orchestrator.results.model import LONGEST, Outcome
from ci_orchestrator.results.quality import Judgement

SYMBOLS: Mapping[Outcome, str] = {
    Outcome.FAILED: "✗",
    Outcome.ERRORED: "!",
    Outcome.NOT_PROVEN: "?",
    Outcome.PASSED: "✓",
    Outcome.SKIPPED: "–",
}
"""Worst first, as reports list them. A symbol, so that colour is never the only sign."""

WORDS: Mapping[Outcome, str] = {
    Outcome.FAILED: "failed",
    Outcome.ERRORED: "errored",
    Outcome.NOT_PROVEN: "not proven",
    Outcome.PASSED: "passed",
    Outcome.SKIPPED: "skipped",
}

FLAKY_SYMBOL = "↻"

JUDGED: Mapping[Judgement, tuple[str, Outcome]] = {
    Judgement.FAIL: ("✗", Outcome.FAILED),
    Judgement.INCONCLUSIVE: ("?", Outcome.NOT_PROVEN),
    Judgement.PASS: ("✓", Outcome.PASSED),
}
"""The symbol of what a final gate says, and the outcome whose colour it takes; worst first."""

SHIFTS: Mapping[Shift, tuple[str, Outcome]] = {
    Shift.WORSE: ("✗", Outcome.FAILED),
    Shift.UNCERTAIN: ("?", Outcome.NOT_PROVEN),
    Shift.BETTER: ("✓", Outcome.PASSED),
    Shift.SAME: ("=", Outcome.SKIPPED),
}
"""The same of a benchmark's change; worst first."""

CHANGES: Mapping[str, str] = {
    "newly_failing": "newly failing",
    "newly_unproven": "newly not proven",
    "fixed": "fixed",
    "added": "new",
    "removed": "removed",
    "newly_skipped": "newly skipped",
    "still_failing": "failing as before",
}
"""The lists of `results.findings.Changes` in words, in the order in which they are told."""

_PARTS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def count(number: int) -> str:
    """``1,204``"""
    return f"{number:,}"


def counted(number: int, noun: str) -> str:
    """``1 test``, ``1,204 tests``"""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def seconds(value: float) -> str:
    """A duration in a few digits: ``0 s``, ``<1 ms``, ``340 ms``, ``1.2 s``, ``72 s``, ``12m 05s``, ``3h 07m``."""
    if not value <= LONGEST:  # nor is NaN
        return "unknown"
    if value < 9.95:
        return f"{value:.1f} s" if value >= 0.9995 else _part(value)
    whole = round(value)
    if whole < 100:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    return f"{whole // 3600:,}h {whole % 3600 // 60:02}m"


def _part(value: float) -> str:
    if value <= 0:
        return "0 s"
    return f"{value * 1000:.0f} ms" if value >= 0.0005 else "<1 ms"


def over(gap: float) -> str:
    """How much longer than a bound: ``+3.5%``, or ``6.0×`` of it."""
    return f"{gap:+.1%}" if gap < 1 else f"{1 + gap:,.1f}×"


def moment(timestamp: float) -> str:
    """Unix seconds as ``2026-03-04 09:30 UTC``; empty when it is unknown (0) or no time at all."""
    if not timestamp:
        return ""
    try:
        return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return ""


def listed(parts: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``"""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def percent(share: float | None) -> str:
    """A share as ``88.7%``; never rounded to all or to nothing. ``N/A`` where there is nothing to have a share of."""
    if share is None or not math.isfinite(share):
        return "N/A"
    shown = share if share in (0, 1) else min(max(share, 0.001), 0.999)
    return f"{shown:.1%}"


def points(change: float) -> str:
    """The difference of two shares in percentage points: ``+0.8 points``, ``−1.2 points``, ``±0 points``."""
    rounded = round(change * 100, 1) if math.isfinite(change) else 0.0
    return f"{rounded:+.1f} points".replace("-", "−") if rounded else "±0 points"


def relative(part: float) -> str:
    """A relative change as ``+12.5%`` or ``−18.7%``; a large one as ``+>1000%``."""
    if math.isnan(part):
        return "unknown"
    sign = "−" if part < 0 else "+"
    return f"{sign}{abs(part):.1%}" if abs(part) < 10 else f"{sign}>1000%"


def amount(value: float, unit: str) -> str:
    """A measured value in four digits: ``12.42 ms``, ``48,120 ops/s``; seconds in the unit that fits.

    The unit is the tool's own word and not escaped.
    """
    if not math.isfinite(value):
        return "unknown"
    if unit == "s" and value:
        scale, unit = next((one for one in _PARTS if abs(value) >= one[0]), _PARTS[-1])
        value /= scale
    return f"{_digits(value)} {unit}".strip()


def _digits(value: float) -> str:
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"


def flaky_signs(one: FlakyTest) -> str:
    """By what a test is known to be flaky: ``passed at a retry, both passed and failed on 2 revisions, …``"""
    signs = []
    if one.retried:
        signs.append("passed at a retry")
    if one.contradictions:
        signs.append(f"both passed and failed on {counted(one.contradictions, 'revision')}")
    if one.transitions:
        signs.append(f"turned {counted(one.transitions, 'time')} in {counted(one.builds, 'build')}")
    return ", ".join(signs)
