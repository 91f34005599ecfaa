"""The HTML report: one file that needs nothing else, safe to open whatever its tests wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ci_orchestrator.report import html_data, html_sections
from ci_orchestrator.report.escape import for_script
from ci_orchestrator.report.html_page import page
from ci_orchestrator.report.verdict import verdict
from ci_orchestrator.results.report import Report


def render_html(report: Report) -> bytes:
    """The report as one HTML document, in UTF-8.

    What matters is plain HTML and shows before any script runs, and where scripts may not run; the table of all tests,
    their details and the timeline are drawn by the page's own scripts from embedded data. Nothing is loaded from
    anywhere: the page's Content Security Policy forbids it.
    """
    return b"".join(stream_html(report))


def stream_html(report: Report) -> Iterator[bytes]:
    """`render_html` in pieces, for reports that are too large to hold twice."""
    said = verdict(report)
    title = f"{said.symbol} {said.word} · {report.title}" if report.title else f"{said.symbol} {said.word}"
    for piece in page(title, html_sections.body(report, said), _data(report)):
        yield piece.encode()


def _data(report: Report) -> Iterator[str]:
    yield from _script("index", html_data.index(report))
    for number, chunk in enumerate(html_data.chunks(report)):
        yield from _script(f"chunk-{number}", [for_script(chunk)])


def _script(name: str, pieces: Iterable[str]) -> Iterator[str]:
    yield f'<script type="application/json" id="{name}">'
    yield from pieces
    yield "</script>\n"
