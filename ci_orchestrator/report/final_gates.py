"""Final gates in words: what each says of the whole build, and every reason."""

from __future__ import annotations

from collections.abc import Sequence

from ci_orchestrator.report.escape import for_html
from ci_orchestrator.report.wording import JUDGED, counted
from ci_orchestrator.results.quality import Judgement, QualityGate, Reason

_ORDER = tuple(JUDGED)


def barring(quality: Sequence[QualityGate]) -> list[QualityGate]:
    """The gates that do not pass, those that fail first."""
    found = (gate for gate in quality if gate.verdict is not Judgement.PASS)
    return sorted(found, key=lambda gate: _ORDER.index(gate.verdict))


def counted_judgements(quality: Sequence[QualityGate]) -> str:
    """``1 final gate fails, 2 final gates are inconclusive``; empty when all pass. Nothing in it needs escaping."""
    said = [gate.verdict for gate in quality]
    parts = []
    if failed := said.count(Judgement.FAIL):
        parts.append(f"{counted(failed, 'final gate')} {'fails' if failed == 1 else 'fail'}")
    if unclear := said.count(Judgement.INCONCLUSIVE):
        parts.append(f"{counted(unclear, 'final gate')} {'is' if unclear == 1 else 'are'} inconclusive")
    return ", ".join(parts)


def reasons(gate: QualityGate) -> list[Reason]:
    """Its reasons, those that decided first; else in the plan's order."""
    return sorted(gate.reasons, key=lambda reason: _ORDER.index(reason.judgement))


def sentence(gate: QualityGate) -> str:
    """``merge says fail: 3 tests failed … (and 2 more reasons)``; not escaped."""
    deciding = [reason for reason in reasons(gate) if reason.judgement is gate.verdict]
    if gate.verdict is Judgement.PASS or not deciding:
        return f"{gate.name} says {gate.verdict}"
    rest = len(deciding) - 1
    more = f" (and {counted(rest, 'more reason')})" if rest else ""
    return f"{gate.name} says {gate.verdict}: {deciding[0].said}{more}"


def html_section(quality: Sequence[QualityGate]) -> str:
    """The section of the page on the final gates; empty without any."""
    if not quality:
        return ""
    return (
        f'<section class="card" id="quality"><h2>Final gates <span class="n">{len(quality):,}</span></h2>'
        f'<ol class="gates">{"".join(map(_item, quality))}</ol></section>\n'
    )


def _item(gate: QualityGate) -> str:
    symbol, tone = JUDGED[gate.verdict]
    rules = "".join(map(_rule, reasons(gate)))
    return (
        f'<li><span class="badge {tone.value}">{symbol} {gate.verdict}</span> <bdi>{for_html(gate.name)}</bdi>'
        f'<ul class="rules">{rules}</ul></li>'
    )


def _rule(reason: Reason) -> str:
    symbol, tone = JUDGED[reason.judgement]
    return (
        f'<li class="{tone.value}"><span class="symbol" role="img" aria-label="{reason.judgement}">{symbol}</span> '
        f'<bdi>{for_html(reason.said)}</bdi> <code class="rule">{for_html(reason.rule)}</code></li>'
    )
