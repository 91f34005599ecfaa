"""Gates in every rendering: what they decided, never sounding better than it is, harmless whatever they are called."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import sample_report
from test_verdict import GREEN

from ci_orchestrator.errors import ExitCode
from ci_orchestrator.report.gates import barring, counted_verdicts, render_gate, sentence
from ci_orchestrator.report.html import render_html
from ci_orchestrator.report.report_json import load_report, render_json
from ci_orchestrator.report.summary import render_summary
from ci_orchestrator.report.terminal import render_terminal
from ci_orchestrator.report.verdict import certificate_sentence, verdict
from ci_orchestrator.results.model import Verdict
from ci_orchestrator.results.report import GateSummary


def gate(stage: str, said: Verdict | None, why: str = "4 of 12 tests in error: too few") -> GateSummary:
    return GateSummary(
        gate=f"gate_{stage}", name=f"gate {stage}", stage=stage, verdict=said, samples=12, errors=4, why=why
    )


PROCEED, HOLD, ROLLBACK = gate("a-10", Verdict.PROCEED), gate("a-50", Verdict.HOLD), gate("b-10", Verdict.ROLLBACK)
SILENT = gate("b-50", None, "it left no decision")


@pytest.mark.parametrize(
    ("gates", "word", "sentence"),
    [
        ((PROCEED,), "PASSED", "3 tests passed, none was skipped"),
        ((PROCEED, HOLD), "GATE HOLDS", "1 gate says hold"),
        ((HOLD, ROLLBACK, HOLD), "GATE FAILED", "1 gate says rollback, 2 gates say hold"),
        ((SILENT,), "NOT PROVEN", "1 gate is undecided"),
        ((SILENT, SILENT, HOLD), "GATE HOLDS", "1 gate says hold, 2 gates are undecided"),
    ],
)
def test_the_verdict_is_no_better_than_the_gates(gates: tuple[GateSummary, ...], word: str, sentence: str) -> None:
    said = verdict(replace(GREEN, gates=gates))
    assert (said.word, said.sentence) == (word, sentence)


def test_a_gate_that_is_missing_does_not_put_the_certificate_in_doubt() -> None:
    report = replace(GREEN, gates=(SILENT,), exit_code=ExitCode.NOT_PROVEN, warnings=("suite a has services",))
    assert certificate_sentence(report).startswith("complete")


def test_every_rendering_shows_each_gate_or_the_loudest() -> None:
    report = replace(GREEN, gates=(PROCEED, HOLD, ROLLBACK, SILENT), exit_code=ExitCode.GATE_FAILED)
    page, summary, terminal = render_html(report).decode(), render_summary(report), render_terminal(report, width=100)
    for one, symbol, word in ((PROCEED, "✓", "proceed"), (HOLD, "?", "hold"), (ROLLBACK, "✗", "rollback")):
        assert f"<bdi>{one.name}</bdi>" in page
        assert f"{symbol} {word}</span>" in page
        assert f"| {symbol} | <code>gate {one.stage.replace('-', '&#45;')}</code> | {word} |" in summary
    assert "? undecided</span>" in page
    assert "gates       ✗ gate b-10 says rollback: 4 of 12 tests in error: too few (and 2 more)\n" in terminal
    assert "Nothing failed, everything" not in page
    calm = replace(GREEN, gates=(PROCEED, PROCEED))
    assert "gates       ✓ 2 gates: proceed\n" in render_terminal(calm)
    assert "Nothing failed, everything" in render_html(calm).decode()
    assert load_report(render_json(report)) == report


def test_a_report_without_gates_has_no_word_of_them() -> None:
    assert 'id="gates"' not in render_html(GREEN).decode()
    assert "Gates" not in render_summary(GREEN)
    assert "gates " not in render_terminal(GREEN)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_with_gates_it_is_still_one_screen(width: int) -> None:
    lines = render_terminal(replace(sample_report(), gates=(HOLD,) * 9), width=width, location="x").splitlines()
    assert len(lines) <= 24
    assert all(len(line) <= width for line in lines)


def test_what_a_gate_leaves_for_its_job() -> None:
    assert render_gate(HOLD).startswith("## ? HOLD\n\n<code>gate a&#45;50</code>: <code>4 of 12")
    assert sentence(SILENT) == "gate b-50 has not decided: it left no decision"
    assert barring((PROCEED, SILENT, HOLD, ROLLBACK)) == [ROLLBACK, HOLD, SILENT]
    assert counted_verdicts((PROCEED,)) == ""


@given(st.text(st.characters(exclude_categories=())), st.text(max_size=20), st.sampled_from([*Verdict, None]))
def test_nothing_that_a_gate_is_called_acts(why: str, name: str, said: Verdict | None) -> None:
    one = replace(gate("a", said, why), name=name, stage=name)
    report = replace(GREEN, gates=(one,))
    for line in render_terminal(report).split("\n"):
        assert not any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in line)
    summary = render_summary(report)
    assert summary.count("\n") == render_summary(replace(GREEN, gates=(gate("a", said),))).count("\n")
    assert render_gate(one).count("\n") == 3
    page = render_html(replace(report, gates=(replace(one, why=f"<img src=x onerror=1>{why}"),))).decode()
    assert "<img" not in page
