"""The parts of the page that are plain HTML: they are there before any script, on paper, and without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ci_orchestrator.report import figures, final_gates, gates, html_tests
from ci_orchestrator.report.escape import for_html
from ci_orchestrator.report.html_attention import attention
from ci_orchestrator.report.html_changes import changes, slower
from ci_orchestrator.report.html_coverage import coverage
from ci_orchestrator.report.html_measured import benchmarks, tables
from ci_orchestrator.report.html_proof import certificate
from ci_orchestrator.report.html_rows import Rows, more
from ci_orchestrator.report.html_table import Cell, number, table, text
from ci_orchestrator.report.html_top import top
from ci_orchestrator.report.html_trend import trend
from ci_orchestrator.report.verdict import Verdict
from ci_orchestrator.report.wording import count, seconds
from ci_orchestrator.results.model import TestResult
from ci_orchestrator.results.report import JobSummary, Report

SLOWEST_SHOWN, WARNINGS_SHOWN = 10, 20

_CALM = (
    '<section class="card calm"><h2>Failures</h2><p>Nothing failed, everything that should have run has a result, '
    "and nothing had to be tried twice.</p></section>\n"
)


def body(report: Report, said: Verdict) -> Iterator[str]:
    """Everything between ``<body>`` and the data."""
    rows = Rows(report.results)
    looked_into, slowest = attention(report, rows), _slowest(report, rows)
    yield '<a class="skip" href="#tests">Skip to all tests</a>\n'
    yield top(report, said)
    yield '<main>\n<div class="columns">\n<div>\n'
    yield _warnings(report.warnings)
    yield final_gates.html_section(report.quality)
    yield gates.html_section(report.gates)
    yield looked_into or _calm(report) + slowest
    yield "</div>\n<div>\n"
    yield certificate(report, rows)
    yield changes(report, rows)
    yield trend(figures.with_this_build(report))
    yield slower(report.analysis.slower, rows)
    yield slowest if looked_into else ""
    yield "</div>\n</div>\n"
    yield coverage(report)
    yield benchmarks(report)
    yield tables(report.tables)
    yield _workers(report)
    yield html_tests.table()
    yield _jobs(report.jobs)
    yield "</main>\n"
    yield html_tests.DETAIL
    yield _foot(report)


def _calm(report: Report) -> str:
    return "" if gates.barring(report.gates) or final_gates.barring(report.quality) else _CALM


def _warnings(warnings: Sequence[str]) -> str:
    if not warnings:
        return ""
    items = "".join(f"<li>{for_html(text)}</li>" for text in warnings[:WARNINGS_SHOWN])
    rest = more(len(warnings) - WARNINGS_SHOWN, "warning")
    return f'<section class="card warnings"><h2>Warnings</h2><ul>{items}</ul>{rest}</section>\n'


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
    heads = ("job", "suite", "tests", "estimated", "took", "workers", "workers lost", "exit code")
    return (
        f'<section class="card" id="jobs"><h2>Jobs <span class="n">{len(jobs):,}</span></h2>'
        f"{table('Jobs', heads, map(_job, jobs))}</section>\n"
    )


def _job(job: JobSummary) -> Iterable[Cell]:
    return (
        text(job.name or job.job),
        text(job.suite),
        number(count(job.tests), job.tests),
        number(seconds(job.estimate), job.estimate),
        number(seconds(job.duration), job.duration),
        number(count(job.workers), job.workers),
        number(count(job.workers_lost), job.workers_lost),
        number("–" if job.exit_code is None else str(job.exit_code), job.exit_code),
    )


def _foot(report: Report) -> str:
    version = f" {for_html(report.tool_version)}" if report.tool_version else ""
    return f"<footer>ci-orchestrator{version}. The same results for programs: results.json and merged.xml.</footer>\n"
