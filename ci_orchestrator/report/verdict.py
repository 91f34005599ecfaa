"""The verdict in words. It was decided before (`Report.exit_code`); here it never sounds better than the counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ci_orchestrator.errors import EXIT_MEANING, ExitCode, worst
from ci_orchestrator.report import final_gates, gates
from ci_orchestrator.report.wording import counted, listed
from ci_orchestrator.results.model import Totals
from ci_orchestrator.results.quality import judges_failures
from ci_orchestrator.results.report import Certificate, Report

_WORDS: Mapping[ExitCode, tuple[str, str, str]] = {
    ExitCode.OK: ("✓", "PASSED", "passed"),
    ExitCode.TESTS_FAILED: ("✗", "FAILED", "failed"),
    ExitCode.NOT_PROVEN: ("?", "NOT PROVEN", "not-proven"),
    ExitCode.INTERRUPTED: ("!", "INTERRUPTED", "errored"),
    ExitCode.GATE_FAILED: ("✗", "GATE FAILED", "failed"),
    ExitCode.GATE_HOLDS: ("?", "GATE HOLDS", "not-proven"),
    ExitCode.PROVIDER_FAILURE: ("!", "PROVIDER FAILED", "errored"),
    ExitCode.USER_ERROR: ("!", "CANNOT RUN", "errored"),
    ExitCode.BUG: ("!", "INTERNAL ERROR", "errored"),
}


_DOUBTFUL = "a bundle or result file is damaged, foreign or cut short, so nothing is certain: see the warnings"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`symbol` and `word` say it at a glance, `sentence` says why, `tone` is the outcome whose colour it takes."""

    symbol: str
    word: str
    sentence: str
    tone: str


def verdict(report: Report) -> Verdict:
    """What happened, in words."""
    code = worst([report.exit_code, *_implied(report)])
    symbol, word, tone = _WORDS[code]
    if code is ExitCode.GATE_HOLDS and code not in {gate.exit_code for gate in report.gates} and report.quality:
        word = "INCONCLUSIVE"  # a final gate's word; only a gate between stages holds something
    return Verdict(symbol, word, _sentence(report, code), tone)


def certificate_sentence(report: Report) -> str:
    """What is proven, in one sentence."""
    certificate = report.certificate
    if not certificate.certified:
        return "uncertified: there was no lock to hold the results against"
    if certificate.complete:
        same = f"collected = planned = reported = {counted(certificate.planned, 'test')}"
        return f"in doubt: {same}, but see the warnings" if doubtful(report) else f"complete: {same}"
    problems = [
        f"{len(tests):,} {what}"
        for what, tests in (
            ("missing", certificate.missing),
            ("reported twice", certificate.duplicate),
            ("unexpected", certificate.unexpected),
        )
        if tests
    ]
    return f"incomplete: {certificate.reported:,} of {counted(certificate.planned, 'test')} proven, {listed(problems)}"


def _implied(report: Report) -> list[ExitCode]:
    totals, certificate = report.totals, report.certificate
    implied = []
    if report.interrupted:
        implied.append(ExitCode.INTERRUPTED)
    if (totals.failed or totals.errored) and not judges_failures(report.quality):
        implied.append(ExitCode.TESTS_FAILED)
    implied += (gate.exit_code for gate in report.gates)
    implied += (gate.exit_code for gate in report.quality)
    if totals.not_proven or (certificate.certified and not certificate.complete):
        implied.append(ExitCode.NOT_PROVEN)
    return implied


def _sentence(report: Report, code: ExitCode) -> str:
    said = [
        gates.counted_verdicts(report.gates),
        final_gates.counted_judgements(report.quality),
        _problems(report.totals, report.certificate),
    ]
    problems = "; ".join(filter(None, said))
    if problems:
        return f"{problems}, which the final gates allow" if code is ExitCode.OK else problems
    if code is ExitCode.NOT_PROVEN:
        return _unproven(report)
    if code is not ExitCode.OK:
        return EXIT_MEANING[code]
    if not report.totals.tests:
        return _without_tests(report)
    ran = report.totals.passed
    skipped = report.totals.skipped
    return f"{counted(ran, 'test')} passed" + (f", {skipped:,} skipped" if skipped else ", none was skipped")


def _without_tests(report: Report) -> str:
    """What was read where there were no tests: ``no tests; coverage of 3 files and 2 benchmarks read``."""
    read = [f"coverage of {counted(len(report.coverage.files), 'file')}"] if report.coverage else []
    read += [counted(len(report.benchmarks), "benchmark")] if report.benchmarks else []
    return f"no tests; {listed(read)} read" if read else "there was nothing to run"


def doubtful(report: Report) -> bool:
    """Every test has an outcome, none was withheld, no gate bars it, and still something was found not to be proven."""
    counted_for = not (report.totals.not_proven or report.certificate.withheld or gates.barring(report.gates))
    return report.exit_code is ExitCode.NOT_PROVEN and counted_for and bool(report.warnings)


def _unproven(report: Report) -> str:
    """Why nothing is proven although every test has an outcome: tests were withheld, or a source is not believed."""
    if report.certificate.withheld:
        return f"{counted(len(report.certificate.withheld), 'test')} withheld"
    return _DOUBTFUL if doubtful(report) else EXIT_MEANING[ExitCode.NOT_PROVEN]


def _problems(totals: Totals, certificate: Certificate) -> str:
    found = [
        (totals.failed, "failed"),
        (totals.errored, "errored"),
        (totals.not_proven, "not proven"),
        (len(certificate.duplicate), "reported twice"),
        (len(certificate.unexpected), "unexpected"),
    ]
    parts = [f"{number:,} {what}" for number, what in found if number]
    if not parts:
        return ""
    return listed(parts) + f", of {counted(totals.tests, 'test')}"
