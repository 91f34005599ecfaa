"""The tests that ask to be looked into, each with what it said: what failed, what is not proven, what is flaky."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ci_orchestrator.report import figures
from ci_orchestrator.report.escape import for_html
from ci_orchestrator.report.html_links import source
from ci_orchestrator.report.html_rows import Rows, more
from ci_orchestrator.report.wording import FLAKY_SYMBOL, SYMBOLS, WORDS, flaky_signs, seconds
from ci_orchestrator.results.findings import FlakyTest
from ci_orchestrator.results.model import Attempt, TestResult
from ci_orchestrator.results.report import Links, Report

FAILURES_SHOWN, OTHERS_SHOWN = 20, 10
MESSAGE_LIMIT = 500


def attention(report: Report, rows: Rows) -> str:
    """The sections; empty when nothing asks for it."""
    tests = _Tests(
        rows, frozenset(report.certificate.dead), {one.test: one for one in report.analysis.flaky}, report.links
    )
    parts = [
        tests.section("Failures", figures.failures(report), FAILURES_SHOWN, "outcome=failed,errored"),
        tests.section("Not proven", figures.unproven(report), OTHERS_SHOWN, "outcome=not-proven"),
        tests.section("Flaky", _flaky(report, rows), OTHERS_SHOWN, "" if report.analysis.flaky else "flaky"),
    ]
    return "".join(parts)


def _flaky(report: Report, rows: Rows) -> list[TestResult]:
    found = map(rows.of, figures.known_flaky(report))
    return [report.results[row] for row in found if row is not None]


@dataclass(frozen=True, slots=True)
class _Tests:
    """Lists of tests. `flaky`: what is known of those that are."""

    rows: Rows
    dead: frozenset[str]
    flaky: Mapping[str, FlakyTest]
    links: Links

    def section(self, title: str, tests: Sequence[TestResult], limit: int, what: str) -> str:
        """`what`: the filter of the table that shows them all; empty when there is none."""
        if not tests:
            return ""
        rest = more(len(tests) - limit, "test")
        if rest and what:
            rest = f'<p class="more"><a href="#tests" data-show="{what}">All {len(tests):,} in the table</a></p>'
        items = "".join(self._item(one, doubted=title == "Flaky") for one in tests[:limit])
        return (
            f'<section class="card"><h2>{title} <span class="n">{len(tests):,}</span></h2>'
            f'<ol class="tests">{items}</ol>{rest}</section>\n'
        )

    def _item(self, one: TestResult, *, doubted: bool) -> str:
        """`doubted`: it is listed because it is flaky, whatever its outcome."""
        attempt = figures.telling(one)
        tone, symbol, word = one.outcome.value, SYMBOLS[one.outcome], WORDS[one.outcome]
        if doubted or one.flaky:
            tone, symbol, word = "flaky", FLAKY_SYMBOL, "flaky"
        said = for_html((one.reason or (attempt.message if attempt else ""))[:MESSAGE_LIMIT])
        inner = (
            f'<span class="symbol" role="img" aria-label="{word}">{symbol}</span>'
            f'<span class="name">{for_html(one.name or one.id)}</span>'
            f'<span class="time">{seconds(one.duration) if one.attempts else ""}</span>'
            f'<span class="place">{self._badges(one)}{_place(one, attempt)}{self._note(one)}</span>'
            + (f'<span class="message">{said}</span>' if said else "")
        )
        return f'<li class="{tone}">{self.rows.link(one.id, inner)}{source(self.links, attempt)}</li>'

    def _badges(self, one: TestResult) -> str:
        known = self.flaky.get(one.id)
        dead = '<span class="badge not-proven">dead letter</span> ' if one.id in self.dead else ""
        return dead + ('<span class="badge flaky">newly flaky</span> ' if known and known.new else "")

    def _note(self, one: TestResult) -> str:
        retried = f"attempt {len(one.attempts)} passed" if one.flaky else ""
        known = self.flaky.get(one.id)
        signs = flaky_signs(known).removeprefix("passed at a retry").removeprefix(", ") if known else ""
        return "".join(f" · {note}" for note in (retried, signs) if note)


def _place(one: TestResult, attempt: Attempt | None) -> str:
    place = f"{attempt.file}:{attempt.line}" if attempt and attempt.file and attempt.line else one.path
    return f"<bdi>{for_html(place)}</bdi> · {for_html(one.suite)}"
