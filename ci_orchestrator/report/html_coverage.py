"""Coverage on the page: how much was executed, how much of what changed, and each file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ci_orchestrator.report.escape import for_html, source_address
from ci_orchestrator.report.figures import coverage_gone
from ci_orchestrator.report.html_links import outward
from ci_orchestrator.report.html_rows import more
from ci_orchestrator.report.html_table import Cell, bar, number, table, text
from ci_orchestrator.report.wording import percent, points
from ci_orchestrator.results.coverage import Counts, CoverageSummary, FileSummary
from ci_orchestrator.results.findings import CoverageChange, FileChange
from ci_orchestrator.results.report import Report

FILES_SHOWN, MISSED_SHOWN, NOTES_SHOWN = 2_000, 12, 5

Address = Callable[[str, int], str]


def coverage(report: Report) -> str:
    """The section; empty when nothing was measured, here and in the base."""
    found, change = report.coverage, report.analysis.coverage
    if found is None:
        return _gone(before) if (before := coverage_gone(report)) else ""

    def address(path: str, line: int) -> str:
        return source_address(report.links.source, path, line)

    based = report.analysis.base is not None
    facts = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in _facts(found, change, based=based))
    return (
        f'<section class="card" id="coverage"><h2>Coverage</h2><dl class="facts shares">{facts}</dl>'
        f"{_partial(found.partial)}{_changed(change.files if change else (), address)}"
        f"{_files(found.files, unfolded=not (change and change.files))}</section>\n"
    )


def _gone(before: Counts) -> str:
    there = f"the base has {percent(before.share)} of {before.total:,} lines"
    return (
        '<section class="card" id="coverage"><h2>Coverage</h2>'
        f'<p class="not-proven"><span class="badge">? not measured</span> {there}</p></section>\n'
    )


def _facts(found: CoverageSummary, change: CoverageChange | None, *, based: bool) -> Iterator[tuple[str, str]]:
    yield "lines", f"{_share(found.lines)}{_moved(found.lines, change, based=based)}"
    if found.branches.total:
        yield "branches", _share(found.branches)
    if change and change.changed is not None:
        why = "none of its files was measured" if change.none_measured else "the change has no executable line"
        yield "lines of the change", _share(change.changed) + ("" if change.changed.total else f" {why}")
    elif change and change.empty_diff:
        yield "lines of the change", "<b>unknown</b> the diff is empty"


def _share(counts: Counts) -> str:
    if not counts.total:
        return "<b>N/A</b>"
    return f"<b>{percent(counts.share)}</b> {bar(counts.share or 0.0)} {counts.covered:,} of {counts.total:,}"


def _moved(now: Counts, change: CoverageChange | None, *, based: bool) -> str:
    """Against the base. That it is missing is said where there was a base to have it."""
    before = change.before if change else None
    if before is None:
        return ", the base's coverage is missing" if based else ""
    if now.share is None or before.share is None:
        return ""
    return f", {points(now.share - before.share)} against {percent(before.share)}"


def _partial(reasons: Sequence[str]) -> str:
    if not reasons:
        return ""
    items = "".join(f"<li>{for_html(reason)}</li>" for reason in reasons[:NOTES_SHOWN])
    rest = more(len(reasons) - NOTES_SHOWN, "reason")
    return f'<div class="partial not-proven"><p><span class="badge">? partial</span></p><ul>{items}</ul>{rest}</div>'


def _changed(files: Sequence[FileChange], address: Address) -> str:
    """The files of the change, and those whose coverage moved."""
    if not files:
        return ""
    rows = (_changed_row(one, address) for one in files[:FILES_SHOWN])
    heads = ("file", "lines", "", "before", "of the change", "missed lines of the change")
    return table("Files of the change, and files whose coverage moved", heads, rows) + more(
        len(files) - FILES_SHOWN, "file"
    )


def _changed_row(one: FileChange, address: Address) -> Iterable[Cell]:
    before = one.before.share if one.before else None
    return (
        text(one.path, address(one.path, 0)),
        number(percent(one.now.share), one.now.share),
        Cell(bar(one.now.share) if one.now.share is not None else ""),
        number(percent(before) if one.before else "–", before),
        number(f"{one.changed.covered:,} of {one.changed.total:,}" if one.changed.total else "–", one.changed.share),
        Cell(_missed(one, address)),
    )


def _missed(one: FileChange, address: Address) -> str:
    spans = []
    for first, last in one.missed[:MISSED_SHOWN]:
        said = f"{first}" if first == last else f"{first}–{last}"
        spans.append(outward(address(one.path, first), said) or said)
    return ", ".join(spans) + (", …" if len(one.missed) > MISSED_SHOWN else "")


def _files(files: Sequence[FileSummary], *, unfolded: bool) -> str:
    if not files:
        return ""
    heads = ("file", "lines", "", "covered", "missed", "branches")
    found = table("All files", heads, map(_file_row, files[:FILES_SHOWN]))
    return (
        f'<details class="all"{" open" if unfolded else ""}><summary>All files <span class="n">{len(files):,}</span>'
        f"</summary>{found}{more(len(files) - FILES_SHOWN, 'file')}</details>"
    )


def _file_row(one: FileSummary) -> Iterable[Cell]:
    share = one.lines.share
    missed = one.lines.total - one.lines.covered
    return (
        text(one.path),
        number(percent(share), share),
        Cell(bar(share) if share is not None else ""),
        number(f"{one.lines.covered:,}", one.lines.covered),
        number(f"{missed:,}", missed),
        number(percent(one.branches.share) if one.branches.total else "–", one.branches.share),
    )
