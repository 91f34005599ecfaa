"""The head of the page: the verdict, where and when, and how many of each outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ci_orchestrator.report import figures
from ci_orchestrator.report.escape import for_html
from ci_orchestrator.report.html_links import elsewhere
from ci_orchestrator.report.verdict import Verdict
from ci_orchestrator.report.wording import FLAKY_SYMBOL, SYMBOLS, WORDS, count, counted, moment, over, percent, seconds
from ci_orchestrator.results.model import Outcome
from ci_orchestrator.results.report import Report

NARROWEST = 0.006
"""Share of the bar that every outcome gets that occurred: one failure among 100,000 tests is still seen."""


def top(report: Report, said: Verdict) -> str:
    """The header."""
    title = for_html(report.title) or "test report"
    uncertified = "" if report.certificate.certified else ' <span class="badge not-proven">? uncertified</span>'
    return (
        f'<header class="top {said.tone}">\n<div class="inner">\n<p class="project">{title}</p>\n'
        f'<h1><span class="symbol" aria-hidden="true">{said.symbol}</span> {said.word}{uncertified}</h1>\n'
        f'<p class="sentence">{for_html(said.sentence)}</p>\n<dl class="facts">{"".join(_facts(report))}</dl>\n'
        f"{_counts(report)}</div>\n</header>\n"
    )


def _facts(report: Report) -> Iterator[str]:
    spent = figures.effort(report)
    facts = [
        ("branch", for_html(report.branch)),
        ("revision", f"<code>{for_html(report.revision[:12])}</code>" if report.revision else ""),
        ("started", moment(report.started)),
        ("wall time", seconds(report.wall) if report.wall > 0 else ""),
        ("test time", seconds(figures.test_seconds(report)) if report.results else ""),
        ("workers", count(spent.at_once) if spent else ""),
        ("coverage", percent(report.coverage.lines.share) if report.coverage else ""),
        ("lower bound", f"{seconds(spent.bound)} ({over(spent.gap)})" if spent else ""),
    ]
    for name, value in (*facts, *elsewhere(report.links)):
        if value:
            yield f"<div><dt>{name}</dt><dd>{value}</dd></div>"


def _counts(report: Report) -> str:
    numbers = figures.numbers(report.totals)
    tiles = [
        _tile(outcome.value, f"outcome={outcome.value}", SYMBOLS[outcome], WORDS[outcome], number)
        for outcome, number in numbers.items()
    ]
    tiles.append(_tile("flaky", "flaky", FLAKY_SYMBOL, "flaky", report.totals.flaky))
    said = ", ".join(f"{count(number)} {WORDS[outcome]}" for outcome, number in numbers.items() if number)
    label = f"{counted(report.totals.tests, 'test')}: {said}"
    return (
        f'<svg class="stack" role="img" aria-label="{label}">{"".join(_stack(numbers))}</svg>\n'
        f'<ul class="tiles">{"".join(tiles)}</ul>\n'
    )


def _tile(tone: str, what: str, symbol: str, word: str, number: int) -> str:
    none = "" if number else " none"
    return (
        f'<li class="{tone}{none}"><a href="#tests" data-show="{what}"><span class="symbol" aria-hidden="true">{symbol}'
        f"</span> <b>{count(number)}</b> {word}</a></li>"
    )


def _stack(numbers: Mapping[Outcome, int]) -> Iterator[str]:
    total = sum(numbers.values())
    shares = {outcome: max(number / total, NARROWEST) for outcome, number in numbers.items() if number}
    left, scale = 0.0, sum(shares.values())
    for outcome, share in shares.items():
        width = 100 * share / scale
        yield f'<rect class="{outcome.value}" x="{left:.3f}%" width="{width:.3f}%" height="100%"/>'
        left += width
