"""The certificate on the page: what is proven, and by name what is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ci_orchestrator.report.escape import for_html
from ci_orchestrator.report.verdict import certificate_sentence, doubtful
from ci_orchestrator.report.wording import count
from ci_orchestrator.results.report import Certificate, Report

SHOWN = 200
"""Tests of each list; the rest is in results.json."""


def certificate(report: Report, rows: Mapping[str, int]) -> str:
    """The section. `rows`: the table's row of each test."""
    proof = report.certificate
    withheld, skipped = dict(proof.withheld), dict(proof.skipped_at_collection)
    lists = [
        _list("Missing", proof.missing, rows),
        _list("Reported by more than one job", proof.duplicate, rows),
        _list("Unexpected: reported, never planned", proof.unexpected, rows),
        _list("Dead letters: they lost their worker too often", proof.dead, rows),
        _list("Withheld", sorted(withheld), rows, withheld),
        _list("Skipped at collection", sorted(skipped), rows, skipped),
    ]
    said = certificate_sentence(report)
    tone, symbol = ("passed", "✓") if proof.complete and not doubtful(report) else ("not-proven", "?")
    lock = f'<p class="lock">lock <code>{for_html(proof.lock)}</code></p>' if proof.lock else ""
    return (
        f'<section class="card certificate {tone}" id="certificate"><h2>Certificate</h2>{_equation(proof)}'
        f'<p class="said"><span class="symbol" aria-hidden="true">{symbol}</span> {said}</p>'
        f"{''.join(lists)}{lock}</section>\n"
    )


def _equation(proof: Certificate) -> str:
    if not proof.certified:
        return ""
    sign = "=" if proof.planned == proof.reported else "≠"
    return (
        f'<p class="equation"><b>{count(proof.planned)}</b> planned <span class="sign">{sign}</span> '
        f"<b>{count(proof.reported)}</b> reported</p>"
    )


def _list(title: str, tests: Sequence[str], rows: Mapping[str, int], reasons: Mapping[str, str] | None = None) -> str:
    if not tests:
        return ""
    items = []
    for test in tests[:SHOWN]:
        name = for_html(test)
        shown = f'<a class="test" href="#t{rows[test]}">{name}</a>' if test in rows else name
        why = f' <span class="why">{for_html(reasons[test])}</span>' if reasons else ""
        items.append(f"<li>{shown}{why}</li>")
    more = f'<p class="more">… and {len(tests) - SHOWN:,} more in results.json</p>' if len(tests) > SHOWN else ""
    return (
        f'<details><summary>{title} <span class="n">{len(tests):,}</span></summary>'
        f'<ul class="ids">{"".join(items)}</ul>{more}</details>'
    )
