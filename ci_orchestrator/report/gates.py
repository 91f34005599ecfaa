"""Gates in words: what each decided after its stage, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ci_orchestrator.report.escape import for_html
from ci_orchestrator.report.markdown import code
from ci_orchestrator.report.wording import counted
from ci_orchestrator.results.model import Outcome, Verdict
from ci_orchestrator.results.report import GateSummary

UNDECIDED = "undecided"
_TONES: Mapping[Verdict | None, tuple[str, Outcome]] = {
    Verdict.PROCEED: ("✓", Outcome.PASSED),
    Verdict.HOLD: ("?", Outcome.NOT_PROVEN),
    Verdict.ROLLBACK: ("✗", Outcome.FAILED),
    None: ("?", Outcome.NOT_PROVEN),
}


def symbol(gate: GateSummary) -> str:
    """The verdict at a glance."""
    return _TONES[gate.verdict][0]


def tone(gate: GateSummary) -> str:
    """The outcome whose colour the verdict takes."""
    return _TONES[gate.verdict][1].value


def word(gate: GateSummary) -> str:
    """The verdict as one word."""
    return gate.verdict.value if gate.verdict else UNDECIDED


def barring(gates: Sequence[GateSummary]) -> list[GateSummary]:
    """The gates that did not say proceed, those that say rollback first."""
    order = (Verdict.ROLLBACK, Verdict.HOLD, None)
    return sorted((gate for gate in gates if gate.verdict is not Verdict.PROCEED), key=lambda g: order.index(g.verdict))


def counted_verdicts(gates: Sequence[GateSummary]) -> str:
    """``1 gate says rollback, 2 gates say hold``; empty when all let the build pass. Nothing in it needs escaping."""
    counts = Counter(map(word, barring(gates)))
    verbs = {what: ("is", "are") if what == UNDECIDED else ("says", "say") for what in counts}
    return ", ".join(f"{counted(n, 'gate')} {verbs[what][n != 1]} {what}" for what, n in counts.items())


def sentence(gate: GateSummary) -> str:
    """``gate kernels-10 says hold: 2 of 60 tests in error: …``; not escaped."""
    if gate.verdict is None:
        return f"{gate.name} has not decided: {gate.why}"
    return f"{gate.name} says {word(gate)}: {gate.why}"


def render_gate(gate: GateSummary) -> str:
    """One decision as GitHub-flavoured markdown, for the summary of the job that made it."""
    return f"## {symbol(gate)} {word(gate).upper()}\n\n{code(gate.name)}: {code(gate.why)}\n"


def html_section(gates: Sequence[GateSummary]) -> str:
    """The section of the page on the gates; empty without any."""
    if not gates:
        return ""
    items = "".join(
        f'<li><span class="badge {tone(gate)}">{symbol(gate)} {word(gate)}</span> <bdi>{for_html(gate.name)}</bdi>'
        f'<span class="why">{for_html(gate.why)}</span></li>'
        for gate in gates
    )
    return (
        f'<section class="card" id="gates"><h2>Gates <span class="n">{len(gates):,}</span></h2>'
        f'<ol class="gates">{items}</ol></section>\n'
    )
