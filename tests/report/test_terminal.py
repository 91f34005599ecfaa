from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import hostile_report, large_report, rich_report, sample_report

from ci_orchestrator.errors import ExitCode
from ci_orchestrator.report import cells
from ci_orchestrator.report.terminal import render_terminal
from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.coverage import Counts, CoverageSummary
from ci_orchestrator.results.findings import Analysis, Changes, CoverageChange
from ci_orchestrator.results.merge import result, totals
from ci_orchestrator.results.model import Attempt, Outcome, Verdict
from ci_orchestrator.results.quality import Judgement, QualityGate, Reason
from ci_orchestrator.results.report import Certificate, GateSummary, Report

PASSED = tuple(result(f"unit::t.py::test_{number}", [Attempt(outcome=Outcome.PASSED)]) for number in range(3))
GREEN = Report(
    title="shop",
    totals=totals(PASSED),
    results=PASSED,
    certificate=Certificate(certified=True, lock="sha256:00", planned=3, reported=3),
)


def first_line(report: Report) -> str:
    return render_terminal(report).splitlines()[0]


def test_the_screen_of_a_build_that_went_wrong(golden):
    golden("terminal.txt", render_terminal(sample_report(), location=".ci-orchestrator/runs/1/report/report.html"))


def test_the_screen_of_a_build_that_has_all_to_say(golden):
    golden("terminal-rich.txt", render_terminal(rich_report(), location="report.html"))


def test_colours(golden):
    golden("terminal-colour.txt", render_terminal(sample_report(), width=120, colour=True))


def test_the_screen_of_a_hostile_build(golden):
    golden("terminal-hostile.txt", render_terminal(hostile_report()))


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("report", [rich_report(), hostile_report(), large_report(3000), GREEN])
def test_it_fits_one_screen(report, width):
    *lines, location = render_terminal(report, width=width, location="x" * 300).splitlines()
    assert len(lines) < 24
    assert location.endswith("x" * 300), "a path is there to be opened"
    assert max(map(cells.width, lines)) <= width


def test_the_counts_add_up():
    line = render_terminal(sample_report()).splitlines()[1]
    total, parts = line.split(" tests = ")
    assert sum(int(part.split()[0]) for part in parts.split(";")[0].split(" + ")) == int(total)


def test_verdict_lines():
    assert first_line(GREEN) == "✓ PASSED  3 tests passed, none was skipped"
    uncertified = replace(GREEN, certificate=Certificate(certified=False))
    assert first_line(uncertified) == "✓ PASSED (uncertified)  3 tests passed, none was skipped"
    assert first_line(replace(GREEN, interrupted=True)).startswith("! INTERRUPTED  interrupted; what had finished")
    assert first_line(replace(GREEN, exit_code=ExitCode.GATE_HOLDS)).startswith("? GATE HOLDS  ")
    empty = Report(title="x", certificate=Certificate(certified=True))
    assert first_line(empty) == "✓ PASSED  there was nothing to run"


def test_what_was_measured_is_one_line_each():
    said = replace(
        GREEN,
        coverage=CoverageSummary(lines=Counts(8, 10)),
        benchmarks=(Benchmark(name="b", value=1.0, unit="s"),),
        analysis=Analysis(changes=Changes(), coverage=CoverageChange(before=Counts(9, 10), changed=Counts())),
        quality=(QualityGate(name="merge"),),
    )
    assert render_terminal(said).splitlines()[-5:-1] == [
        "changes     none",
        "coverage    80.0% of lines (−10.0 points), no executable line changed",
        "benchmarks  1, none to compare with",
        "gates       ✓ 1 gate: pass",
    ]


def test_changed_lines_that_nothing_tells_of_are_no_lines_without_need():
    said = replace(GREEN, coverage=CoverageSummary(lines=Counts(8, 10)))
    for change, words in (
        (CoverageChange(changed=Counts(), none_measured=True), "no changed file was measured"),
        (CoverageChange(empty_diff=True), "the diff is empty"),
    ):
        screen = render_terminal(replace(said, analysis=Analysis(coverage=change)))
        assert f"coverage    80.0% of lines, {words}\n" in screen


def test_the_loudest_gate_is_told_whatever_its_kind():
    hold = GateSummary(gate="a", name="canary", stage="s", verdict=Verdict.HOLD, why="too few")
    fail = QualityGate(name="merge", reasons=(Reason("failures", Judgement.FAIL, "1 failed"),))
    text = render_terminal(replace(GREEN, gates=(hold,), quality=(fail,)))
    assert "gates       ✗ merge says fail: 1 failed (and 1 more)\n" in text
    assert text.startswith("✗ GATE FAILED  1 gate says hold; 1 final gate fails\n")


def test_a_missing_test_is_never_green_whatever_the_exit_code_says():
    incomplete = replace(GREEN.certificate, missing=("unit::t.py::gone",), planned=4)
    assert first_line(replace(GREEN, certificate=incomplete)).startswith("? NOT PROVEN")
    twice = replace(GREEN.certificate, duplicate=(PASSED[0].id,))
    assert first_line(replace(GREEN, certificate=twice)) == "? NOT PROVEN  1 reported twice, of 3 tests"


def test_a_failed_test_is_never_green_whatever_the_exit_code_says():
    failed = (result("unit::t.py::bad", [Attempt(outcome=Outcome.FAILED)]),)
    assert first_line(replace(GREEN, results=failed, totals=totals(failed))) == "✗ FAILED  1 failed, of 1 test"


def test_withheld_tests_and_warnings_are_said():
    proof = replace(GREEN.certificate, withheld=((PASSED[0].id, "needs:unit"),))
    text = render_terminal(replace(GREEN, certificate=proof, warnings=("w1 is torn", "w2")))
    assert "withheld    1 test: needs:unit\n" in text
    assert "warning     w1 is torn (and 1 more)\n" in text


@pytest.mark.parametrize("width", [40, 80, 100])
def test_the_reason_at_the_end_of_a_warning_is_never_cut(width):
    warning = f"the branch history of origin cannot be written: {'remote: denied ' * 9}: let the job's token write"
    lines = render_terminal(replace(GREEN, warnings=(warning, "w2")), width=width).splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("warning     "))
    assert len(lines) - first > 1
    assert all(line.startswith(" " * 12) for line in lines[first + 1 :])
    assert max(map(cells.width, lines[first:])) <= width
    assert " ".join(line[12:] for line in lines[first:]) == f"{warning} (and 1 more)"


def test_a_warning_of_any_length_is_a_few_lines():
    assert render_terminal(replace(GREEN, warnings=("x y" * 9_000,))).count("\n") < 24


def test_limit_is_how_many_failures_are_listed():
    assert render_terminal(large_report(3000), limit=0).count("✗") == 1
    text = render_terminal(large_report(3000), limit=2)
    assert "failures (first 2 of 6)" in text
    assert text.count("✗") == 3


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co"])), st.integers(0, 30))
def test_cut_texts_fit_their_cells(text, room):
    for cut in (cells.keep_start(text, room), cells.keep_end(text, room)):
        assert cells.width(cut) <= room
    assert cells.width(cells.pad(text, room)) == max(room, cells.width(text))


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co"])), st.integers(2, 30))
def test_wrapped_texts_fit_their_cells_and_lose_nothing(text, room):
    lines = cells.wrap(text, room, 1000)
    assert all(cells.width(line) <= room for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(text.split())
    short = cells.wrap(text, room, 2)
    assert len(short) <= 2
    assert all(cells.width(line) <= room for line in short)
