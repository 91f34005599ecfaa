"""What the gates say: first what speaks against the build, with its reason; what lets it pass can be opened."""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator.report import gates as stages
from ci_orchestrator.report.comment.block import SHOWN, Block, Item
from ci_orchestrator.report.markdown import code, details, row, table_head
from ci_orchestrator.report.wording import JUDGED, counted
from ci_orchestrator.results.model import Verdict
from ci_orchestrator.results.quality import Judgement
from ci_orchestrator.results.report import Report

_ORDER = tuple(JUDGED)
_COLUMNS = ("", "gate", "says", "why")


def gates(report: Report) -> Block | None:
    """Gates between stages and rules of final gates."""
    against, passing = (
        [*_stages(report, False), *_rules(report, False)],
        [*_stages(report, True), *_rules(report, True)],
    )
    if not against and not passing:
        return None
    items = [Item(one) for one in against[:SHOWN]]
    if passing:
        items.append(_passing(passing))
    table = f"\n\n{table_head(*_COLUMNS)}" if against else "\n"
    return Block(
        name="gates",
        head=f"#### Gates{table}",
        news=bool(against),
        items=tuple(items),
        more=max(0, len(against) - SHOWN),
        noun="reason",
    )


def _passing(rows: list[str]) -> Item:
    """A table of those in favour. The empty line before it ends the table of the others."""
    content = "\n".join([table_head(*_COLUMNS), *rows[:SHOWN]])
    return Item(
        f"\n✓ {counted(len(rows), 'rule')} let it pass", f"\n{details(f'✓ {len(rows):,} let it pass', content)}"
    )


def _stages(report: Report, passing: bool) -> Iterator[str]:
    chosen = report.gates if passing else stages.barring(report.gates)
    for gate in chosen:
        if (gate.verdict is Verdict.PROCEED) is passing:
            yield row([stages.symbol(gate), code(gate.name), stages.word(gate), code(gate.why)])


def _rules(report: Report, passing: bool) -> Iterator[str]:
    rules = [(gate.name, reason) for gate in report.quality for reason in gate.reasons]
    for name, reason in sorted(rules, key=lambda one: _ORDER.index(one[1].judgement)):
        if (reason.judgement is Judgement.PASS) is passing:
            said = f"{code(name)} {code(reason.rule)}"
            yield row([JUDGED[reason.judgement][0], said, reason.judgement.value, code(reason.said)])
