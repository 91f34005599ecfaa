"""The report in markdown, for the summary page of a CI job: the sections of the comment, and more room."""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator.report import figures
from ci_orchestrator.report.comment.budget import fitted
from ci_orchestrator.report.comment.head import warnings
from ci_orchestrator.report.comment.links import where
from ci_orchestrator.report.comment.media import SUMMARIES, medium
from ci_orchestrator.report.comment.sections import sections
from ci_orchestrator.report.markdown import row, table_head, words
from ci_orchestrator.report.verdict import certificate_sentence, verdict
from ci_orchestrator.report.wording import FLAKY_SYMBOL, SYMBOLS, WORDS, count, seconds
from ci_orchestrator.results.report import Report


def render_summary(report: Report, provider: str = "github") -> str:
    """GitHub-flavoured markdown, ending in a newline, never larger than a step's summary may be.

    `provider`: the CI provider that shows it (`comment.media.SUMMARIES`). Raises `UserError` for one that has no place
    for it.
    """
    place = medium(SUMMARIES, provider)
    blocks = [block for section in sections(place).values() if (block := section(report))]
    text = fitted(
        "\n".join(_head(report)),
        blocks,
        limit=place.limit - 1,
        measure=place.measure,
        unit=place.unit,
        where=where(report),
    )
    return f"{text}\n"


def _head(report: Report) -> Iterator[str]:
    said = verdict(report)
    uncertified = "" if report.certificate.certified else " (uncertified)"
    yield f"## {said.symbol} {said.word}{uncertified}\n"
    sentence = said.sentence[:1].upper() + said.sentence[1:]
    yield f"{words(sentence)}. Certificate {words(certificate_sentence(report))}.\n"
    yield from _counts(report)
    yield from warnings(report)


def _counts(report: Report) -> Iterator[str]:
    totals = report.totals
    numbers = figures.numbers(totals)
    what, time = figures.took(report)
    heads = [f">{SYMBOLS[outcome]} {WORDS[outcome]}" for outcome in numbers]
    yield table_head(*heads, f">{FLAKY_SYMBOL} flaky", ">tests", ">runs", f">{what}")
    counts = map(count, [*numbers.values(), totals.flaky, totals.tests, totals.runs])
    yield row([*counts, seconds(time) if time > 0 else "–"])
