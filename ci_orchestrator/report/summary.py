"""The report in a few lines of markdown, for the summary page of a CI job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_orchestrator.report import figures
from ci_orchestrator.report.escape import for_markdown, shortened
from ci_orchestrator.report.gates import markdown_rows
from ci_orchestrator.report.verdict import certificate_sentence, verdict
from ci_orchestrator.report.wording import FLAKY_SYMBOL, SYMBOLS, WORDS, count, seconds
from ci_orchestrator.results.model import TestResult
from ci_orchestrator.results.report import Report

TEXT_LIMIT = 300
"""Characters of a name or a message. Escaped they take at most six times as many."""


def render_summary(report: Report, *, limit: int = 20) -> str:
    """GitHub-flavoured markdown, ending in a newline; of each list at most `limit` tests."""
    said = verdict(report)
    uncertified = "" if report.certificate.certified else " (uncertified)"
    lines = [
        f"## {said.symbol} {said.word}{uncertified}",
        "",
        f"{said.sentence.capitalize()}. Certificate {certificate_sentence(report)}.",
        "",
        *_counts(report),
        *markdown_rows(report.gates),
        *_table("Failures", figures.failures(report), limit),
        *_table("Not proven", figures.unproven(report), limit),
        *_table("Flaky", figures.flaky(report), limit),
    ]
    return "\n".join(lines) + "\n"


def _counts(report: Report) -> Iterator[str]:
    totals = report.totals
    numbers = figures.numbers(totals)
    heads = [f"{SYMBOLS[outcome]} {WORDS[outcome]}" for outcome in numbers]
    yield _row([*heads, f"{FLAKY_SYMBOL} flaky", "tests", "wall"])
    yield _row(["--:"] * 8)
    yield _row(
        [*map(count, [*numbers.values(), totals.flaky, totals.tests]), seconds(report.wall) if report.wall else "–"]
    )


def _table(title: str, tests: Sequence[TestResult], limit: int) -> Iterator[str]:
    if not tests:
        return
    yield from ("", f"### {title}", "", _row(["", "test", "why", "time"]), _row(["---", "---", "---", "--:"]))
    for one in tests[:limit]:
        attempt = figures.telling(one)
        said = one.reason or (attempt.message if attempt else "")
        yield _row([SYMBOLS[one.outcome], _code(one.id), _code(said) if said else "", seconds(one.duration)])
    if len(tests) > limit:
        yield from ("", f"… and {len(tests) - limit:,} more")


def _code(text: str) -> str:
    return for_markdown(shortened(text, TEXT_LIMIT))


def _row(parts: Sequence[str]) -> str:
    return f"| {' | '.join(parts)} |"
