"""What a comment says first: the verdict, the counts, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator.report import figures
from ci_orchestrator.report.comment.changes import base_name
from ci_orchestrator.report.comment.coverage import in_short
from ci_orchestrator.report.comment.links import where
from ci_orchestrator.report.markdown import code, words
from ci_orchestrator.report.verdict import certificate_sentence, verdict
from ci_orchestrator.report.wording import FLAKY_SYMBOL, SYMBOLS, WORDS, count, counted, seconds
from ci_orchestrator.results.report import Report

_WARNINGS, _WARNING_LIMIT = 2, 200


def verdict_line(report: Report) -> str:
    """What happened, in one line."""
    said = verdict(report)
    uncertified = "" if report.certificate.certified else " (uncertified)"
    return f"{said.symbol} {said.word}{uncertified}: {words(said.sentence)}"


def in_one_line(report: Report) -> str:
    """All that there is to say when nothing changed and everything is green."""
    changes = report.analysis.changes
    since = f"nothing changed since {base_name(report.analysis.base)}" if changes else "base missing"
    return " · ".join(filter(None, [verdict_line(report), since, in_short(report), where(report)]))


def head(report: Report) -> str:
    """The verdict, and below it the counts, the proof and the warnings. It is of bounded length."""
    return "\n".join(
        [f"### {verdict_line(report)}", "", "<br>\n".join([_counts(report), *_proof(report)]), *warnings(report)]
    )


def warnings(report: Report) -> Iterator[str]:
    """What could not be read, and so is in none of the numbers."""
    if report.warnings:
        yield f"\n⚠ {counted(len(report.warnings), 'warning')}\n"
        yield from (f"- {code(warning, _WARNING_LIMIT)}" for warning in report.warnings[:_WARNINGS])
        if len(report.warnings) > _WARNINGS:
            yield f"- … and {len(report.warnings) - _WARNINGS:,} more: {where(report)}"


def _counts(report: Report) -> str:
    totals = report.totals
    parts = [
        f"{SYMBOLS[outcome]} {count(number)} {WORDS[outcome]}"
        for outcome, number in figures.numbers(totals).items()
        if number
    ]
    what, time = figures.took(report)
    said = f"{counted(totals.tests, 'test')} = {' + '.join(parts) or '0'}"
    facts = [
        f"{FLAKY_SYMBOL} {count(totals.flaky)} flaky" if totals.flaky else "",
        f"{counted(totals.runs, 'run')}" if totals.runs != totals.tests else "",
        f"{what} {seconds(time)}" if time > 0 else "",
    ]
    return " · ".join(filter(None, [said, *facts]))


def _proof(report: Report) -> Iterator[str]:
    yield f"Certificate {words(certificate_sentence(report))}"
    if report.analysis.base is None:
        yield "Base missing: there is nothing to compare with"
