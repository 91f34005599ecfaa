"""The certificate on the page: what is proven, and by name what is not."""

from __future__ import annotations

from ci_orchestrator.report.escape import for_html
from ci_orchestrator.report.html_rows import Rows, id_list
from ci_orchestrator.report.verdict import certificate_sentence, doubtful
from ci_orchestrator.report.wording import count
from ci_orchestrator.results.report import Certificate, Report


def certificate(report: Report, rows: Rows) -> str:
    """The section."""
    proof = report.certificate
    withheld, skipped = dict(proof.withheld), dict(proof.skipped_at_collection)
    lists = [
        id_list("Missing", proof.missing, rows),
        id_list("Reported by more than one job", proof.duplicate, rows),
        id_list("Unexpected: reported, never planned", proof.unexpected, rows),
        id_list("Dead letters: they lost their worker too often", proof.dead, rows),
        id_list("Withheld", sorted(withheld), rows, withheld),
        id_list("Skipped at collection", sorted(skipped), rows, skipped),
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
