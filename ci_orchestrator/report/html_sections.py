"""The parts of the page that are plain HTML: they are there before any script, on paper, and without scripts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from ci_orchestrator.report import figures, html_tests
from ci_orchestrator.report.escape import for_html
from ci_orchestrator.report.gates import barring, html_section
from ci_orchestrator.report.html_proof import certificate
from ci_orchestrator.report.html_rows import Rows
from ci_orchestrator.report.html_top import top
from ci_orchestrator.report.html_trend import trend
from ci_orchestrator.report.verdict import Verdict
from ci_orchestrator.report.wording import FLAKY_SYMBOL, SYMBOLS, WORDS, count, seconds
from ci_orchestrator.results.model import TestResult
from ci_orchestrator.results.report import JobSummary, Report

FAILURES_SHOWN, OTHERS_SHOWN, SLOWEST_SHOWN, WARNINGS_SHOWN = 20, 10, 10, 20

_CALM = (
    '<section class="card calm"><h2>Failures</h2><p>Nothing failed, everything that should have run has a result, '
    "and nothing had to be tried twice.</p></section>\n"
)


def body(report: Report, said: Verdict) -> Iterator[str]:
    """Everything between ``<body>`` and the data."""
    rows = Rows(report.results)
    attention, slowest = _attention(report, rows), _slowest(report, rows)
    calm = "" if barring(report.gates) else _CALM
    yield '<a class="skip" href="#tests">Skip to all tests</a>\n'
    yield top(report, said)
    yield '<main>\n<div class="columns">\n<div>\n'
    yield _warnings(report.warnings)
    yield html_section(report.gates)
    yield attention or calm + slowest
    yield "</div>\n<div>\n"
    yield certificate(report, rows)
    yield trend(figures.with_this_build(report))
    yield slowest if attention else ""
    yield "</div>\n</div>\n"
    yield _workers(report)
    yield html_tests.table()
    yield _jobs(report.jobs)
    yield "</main>\n"
    yield html_tests.DETAIL
    yield _foot(report)


def _warnings(warnings: Sequence[str]) -> str:
    if not warnings:
        return ""
    items = "".join(f"<li>{for_html(text)}</li>" for text in warnings[:WARNINGS_SHOWN])
    rest = len(warnings) - WARNINGS_SHOWN
    more = f'<p class="more">… and {rest:,} more in results.json</p>' if rest > 0 else ""
    return f'<section class="card warnings"><h2>Warnings</h2><ul>{items}</ul>{more}</section>\n'


def _attention(report: Report, rows: Rows) -> str:
    tests = _Tests(rows, frozenset(report.certificate.dead))
    parts = [
        tests.section("Failures", figures.failures(report), FAILURES_SHOWN, "outcome=failed,errored"),
        tests.section("Not proven", figures.unproven(report), OTHERS_SHOWN, "outcome=not-proven"),
        tests.section("Flaky", figures.flaky(report), OTHERS_SHOWN, "flaky"),
    ]
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class _Tests:
    """Lists of tests that ask to be looked into, each with what it said."""

    rows: Rows
    dead: Collection[str]

    def section(self, title: str, tests: Sequence[TestResult], limit: int, what: str) -> str:
        """`what`: the filter of the table that shows them all."""
        if not tests:
            return ""
        more = ""
        if len(tests) > limit:
            more = f'<p class="more"><a href="#tests" data-show="{what}">All {len(tests):,} in the table</a></p>'
        items = "".join(map(self._item, tests[:limit]))
        return (
            f'<section class="card"><h2>{title} <span class="n">{len(tests):,}</span></h2>'
            f'<ol class="tests">{items}</ol>{more}</section>\n'
        )

    def _item(self, one: TestResult) -> str:
        attempt = figures.telling(one)
        tone, symbol, word = one.outcome.value, SYMBOLS[one.outcome], WORDS[one.outcome]
        place = f"{attempt.file}:{attempt.line}" if attempt and attempt.file and attempt.line else one.path
        note = ""
        if one.flaky:
            tone, symbol, word = "flaky", FLAKY_SYMBOL, "flaky"
            note = f" · attempt {len(one.attempts)} passed"
        badge = '<span class="badge not-proven">dead letter</span> ' if one.id in self.dead else ""
        said = for_html((one.reason or (attempt.message if attempt else ""))[:500])
        inner = (
            f'<span class="symbol" role="img" aria-label="{word}">{symbol}</span>'
            f'<span class="name">{_name(one)}</span>'
            f'<span class="time">{seconds(one.duration) if one.attempts else ""}</span>'
            f'<span class="place">{badge}<bdi>{for_html(place)}</bdi> · {for_html(one.suite)}{note}</span>'
            + (f'<span class="message">{said}</span>' if said else "")
        )
        return f'<li class="{tone}">{self.rows.link(one.id, inner)}</li>'


def _slowest(report: Report, rows: Rows) -> str:
    slow = figures.slowest(report, SLOWEST_SHOWN)
    if not slow:
        return ""
    items = []
    for one in slow:
        width = 100 * one.duration / slow[0].duration
        inner = (
            f'<span class="name">{_name(one)}</span><span class="time">{seconds(one.duration)}</span>'
            f'<svg class="bar" aria-hidden="true"><rect width="{width:.2f}%" height="100%"/></svg>'
        )
        items.append(f'<li class="{one.outcome.value}">{rows.link(one.id, inner)}</li>')
    return f'<section class="card" id="slowest"><h2>Slowest</h2><ol class="slow">{"".join(items)}</ol></section>\n'


def _name(one: TestResult) -> str:
    return for_html(one.name or one.id)


def _workers(report: Report) -> str:
    if not report.timeline:
        return ""
    return (
        '<section class="card" id="workers"><h2>Workers over time</h2>'
        '<p class="hint">Each bar is a test. Point at it to see its name, click to open it; with the keyboard, arrows '
        'move from test to test and Enter opens.</p><div id="timeline"></div>'
        '<p id="timeline-said" class="visually-hidden" aria-live="polite"></p></section>\n'
    )


def _jobs(jobs: Sequence[JobSummary]) -> str:
    if not jobs:
        return ""
    rows = "".join(
        f"<tr><th scope=row><bdi>{for_html(job.name or job.job)}</bdi></th><td><bdi>{for_html(job.suite)}</bdi></td>"
        f"<td>{count(job.tests)}</td><td>{seconds(job.estimate)}</td><td>{seconds(job.duration)}</td>"
        f"<td>{count(job.workers)}</td><td>{count(job.workers_lost)}</td>"
        f"<td>{'–' if job.exit_code is None else job.exit_code}</td></tr>"
        for job in jobs
    )
    heads = "".join(
        f"<th scope=col>{head}</th>"
        for head in ("job", "suite", "tests", "estimated", "took", "workers", "workers lost", "exit code")
    )
    return (
        f'<section class="card" id="jobs"><h2>Jobs <span class="n">{len(jobs):,}</span></h2><div class="scroll">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></section>\n"
    )


def _foot(report: Report) -> str:
    version = f" {for_html(report.tool_version)}" if report.tool_version else ""
    return f"<footer>ci-orchestrator{version}. The same results for programs: results.json and junit.xml.</footer>\n"
