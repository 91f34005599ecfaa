"""What is said when every test has a result, and still not everything is believed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ci_orchestrator.errors import ExitCode
from ci_orchestrator.report.html import render_html
from ci_orchestrator.report.terminal import render_terminal
from ci_orchestrator.report.verdict import certificate_sentence, verdict
from ci_orchestrator.results.merge import result, totals
from ci_orchestrator.results.model import Attempt, Outcome
from ci_orchestrator.results.model import Verdict as Decision
from ci_orchestrator.results.quality import Judgement, QualityGate, Reason
from ci_orchestrator.results.report import Certificate, GateSummary, Report

PASSED = tuple(result(f"unit::t.py::test_{number}", [Attempt(outcome=Outcome.PASSED)]) for number in range(3))
GREEN = Report(
    title="shop",
    totals=totals(PASSED),
    results=PASSED,
    certificate=Certificate(certified=True, lock="sha256:00", planned=3, reported=3),
)
DAMAGED = replace(GREEN, exit_code=ExitCode.NOT_PROVEN, warnings=("dtf-unit-1: differs from its digest",))


def test_a_damaged_source_is_the_reason_and_the_certificate_is_in_doubt() -> None:
    said = verdict(DAMAGED)
    assert said.word == "NOT PROVEN"
    assert "damaged" in said.sentence
    assert "reported twice" not in said.sentence
    assert certificate_sentence(DAMAGED).startswith("in doubt")
    assert "in doubt" in render_html(DAMAGED).decode()


def test_warnings_alone_put_nothing_in_doubt() -> None:
    assert certificate_sentence(replace(DAMAGED, exit_code=ExitCode.OK)).startswith("complete")


def test_withheld_tests_are_the_reason() -> None:
    held = replace(GREEN.certificate, withheld=(("unit::t.py::test_0", "gate:db"),))
    report = replace(GREEN, certificate=held, exit_code=ExitCode.NOT_PROVEN)
    assert verdict(report).sentence == "1 test withheld"
    assert certificate_sentence(report).startswith("complete")


def final(*judgements: Judgement) -> QualityGate:
    return QualityGate(name="merge", reasons=tuple(Reason("failures", one, "said") for one in judgements))


@pytest.mark.parametrize(
    ("quality", "word", "sentence"),
    [
        ((final(Judgement.PASS),), "PASSED", "3 tests passed, none was skipped"),
        ((final(), final(Judgement.INCONCLUSIVE, Judgement.PASS)), "INCONCLUSIVE", "1 final gate is inconclusive"),
        (
            (final(Judgement.INCONCLUSIVE, Judgement.FAIL), final(Judgement.INCONCLUSIVE)),
            "GATE FAILED",
            "1 final gate fails, 1 final gate is inconclusive",
        ),
    ],
)
def test_the_verdict_is_no_better_than_the_final_gates(
    quality: tuple[QualityGate, ...], word: str, sentence: str
) -> None:
    said = verdict(replace(GREEN, quality=quality))
    assert (said.word, said.sentence) == (word, sentence)


def test_a_gate_between_stages_that_holds_has_its_own_word() -> None:
    holds = GateSummary(gate="canary", name="canary", stage="s", verdict=Decision.HOLD, why="too few")
    report = replace(GREEN, gates=(holds,), quality=(final(Judgement.INCONCLUSIVE),))
    assert verdict(report).word == "GATE HOLDS"


@pytest.mark.parametrize("report", [GREEN, DAMAGED])
def test_a_narrow_terminal_cuts_the_certificate_between_words(report: Report) -> None:
    screen = render_terminal(report, width=40)
    (line,) = (line for line in screen.splitlines() if line.startswith("certificate"))
    assert len(line) <= 40
    kept = line.removeprefix("certificate").strip().removesuffix("…")
    assert f"{certificate_sentence(report)} ".startswith(f"{kept}")
    assert not certificate_sentence(report)[len(kept) :][:1].isalnum()


def test_failures_that_a_final_gate_allows_are_said_and_do_not_decide():
    allowed = QualityGate(name="quality", reasons=(Reason("failures", Judgement.PASS, "1 failed, 2 are allowed"),))
    said = verdict(replace(GREEN, totals=replace(GREEN.totals, failed=1), quality=(allowed,)))
    assert said.word == "PASSED"
    assert "1 failed" in said.sentence
    assert said.sentence.endswith(", which the final gates allow")
    assert verdict(replace(GREEN, totals=replace(GREEN.totals, failed=1))).word == "FAILED"
