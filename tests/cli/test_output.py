from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.api.reporting import Reported
from ci_orchestrator.cli.output import Output, printable
from ci_orchestrator.cli.progress import LiveProgress, PlainProgress, SilentProgress, progress_for
from ci_orchestrator.cli.run import Watcher, print_run
from ci_orchestrator.clock import FakeClock
from ci_orchestrator.errors import PlanError, UserError, Where
from ci_orchestrator.results import events
from ci_orchestrator.results.report import Certificate, Report


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def outputs(stream: type[io.StringIO] = io.StringIO, *, json: bool = False) -> tuple[Output, io.StringIO, io.StringIO]:
    out, err = stream(), stream()
    return Output(out, err, json=json), out, err


@given(st.text())
def test_printable_leaves_nothing_that_steers_a_terminal(text: str) -> None:
    shown = printable(text)
    assert not any(ord(char) < 32 and char not in "\t\n" for char in shown)
    assert not any(0x7F <= ord(char) <= 0x9F for char in shown)


def test_printable_leaves_ordinary_text_alone() -> None:
    assert printable("grün 緑\tand\nlines") == "grün 緑\tand\nlines"
    assert printable("a\x1b[2Jb\r") == "a\\x1b[2Jb\\r"
    assert printable("\u202eevil") == "\\u202eevil"


@given(st.text("#:[]vsoVSO \n\t\u2003a"))
def test_nothing_printable_is_a_command_to_the_reader_of_a_jobs_log(text: str) -> None:
    shown = printable(text)
    assert "##[" not in shown
    assert "##vso[" not in shown.lower()
    assert not any(line.strip().startswith("::") for line in shown.splitlines())


def test_json_holds_no_command_and_is_the_same_json() -> None:
    output, out, _ = outputs(json=True)
    value = {"##[error]": "##vso[task.complete]", "plain": "::error::x\n::error::y ## a[0]"}
    output.json(value)
    assert json.loads(out.getvalue()) == value
    assert "##[" not in out.getvalue()
    assert "##vso[" not in out.getvalue()


@pytest.mark.parametrize(
    ("choice", "environment", "terminal", "colored"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_who_decides_about_colour(
    choice: str, environment: dict[str, str], terminal: bool, colored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    output, _, _ = outputs(Terminal if terminal else io.StringIO)
    output.set_color(choice)
    assert ("\x1b[" in output.style("text", "red", "bold")) is colored


def test_a_table_is_aligned_and_escaped() -> None:
    output, out, _ = outputs()
    output.table([["a\x1b", "1"], ["long name", "20"]], header=["test", "s"], right=[1])
    assert out.getvalue() == "test        s\na\\x1b       1\nlong name  20\n"


def test_json_is_sorted() -> None:
    output, out, _ = outputs()
    output.json({"b": 1, "a": ["ü"]})
    assert out.getvalue() == '{\n  "a": [\n    "ü"\n  ],\n  "b": 1\n}\n'


def test_an_error_says_what_where_and_fix() -> None:
    output, _, err = outputs()
    output.error(UserError("no such\x1b suite", where=Where("testplan.yaml", 3, 5), fix="write one"))
    assert err.getvalue() == "error: testplan.yaml:3:5: no such\\x1b suite\n  fix: write one\n"


def test_an_error_of_several_problems_as_json() -> None:
    output, out, _ = outputs(json=True)
    output.error(PlanError("two mistakes", problems=(PlanError("one"), PlanError("two", where=Where("p", 1)))))
    error = json.loads(out.getvalue())["error"]
    assert [problem["what"] for problem in error["problems"]] == ["one", "two"]
    assert error["problems"][1]["where"] == "p:1"


def test_plain_progress_says_little() -> None:
    output, _, err = outputs()
    clock = FakeClock()
    progress = PlainProgress(output, clock)
    progress.start(100, 2)
    for done in range(100):
        clock.advance(0.5)
        progress.update(done + 1, failed=1 if done > 50 else 0, flaky=0, lost=0, running=["a"])
    progress.line("FAILED a\x1b")
    progress.finish()
    lines = err.getvalue().splitlines()
    assert lines[0] == "running 100 tests in 2 jobs"
    assert lines[1] == "20/100 done"
    assert lines[-2:] == ["FAILED a\\x1b", "100/100 done, 1 failed"][-2:] or lines[-1] == "FAILED a\\x1b"
    assert len(lines) == 7
    assert "\x1b" not in err.getvalue()


def test_one_test_is_no_tests_and_a_run_that_goes_on_does_not_say_that_it_runs_all() -> None:
    output, _, err = outputs()
    PlainProgress(output).start(1, 1)
    PlainProgress(output).start(1200, 1, resumed=True)
    assert err.getvalue() == "running 1 test in 1 job\ngoing on with 1,200 tests in 1 job\n"


@pytest.mark.parametrize("resumed", [True, False])
@pytest.mark.parametrize("interrupted", [True, False])
@pytest.mark.parametrize("began", [True, False])
def test_that_nothing_was_left_to_run_is_said_when_so_it_was(resumed: bool, interrupted: bool, began: bool) -> None:
    output, _, err = outputs()
    with Watcher(PlainProgress(output), resumed=resumed) as watcher:
        if began:
            watcher.happened(events.TestStarted(ts=1.0, job="unit", test="unit::a", number=1, worker="w"))
        watcher.ended(interrupted=interrupted)
    left = resumed and not began and not interrupted
    assert err.getvalue() == ("nothing was left to run\n" if left else "")


def test_live_progress_draws_and_cleans_up() -> None:
    output, out, err = outputs(Terminal)
    progress = progress_for(output)
    assert isinstance(progress, LiveProgress)
    progress.start(3, 1)
    progress.update(1, failed=1, flaky=0, lost=2, running=["unit::tests/test_a.py::test_[bold]x", "b", "c", "d"])
    progress.line("FAILED [red]a\x1b]0;title\x07")
    progress.finish()
    shown = err.getvalue()
    assert "1/3" in shown
    assert "1 failed, 2 workers lost" in shown
    assert "FAILED [red]a\\x1b]0;title\\x07" in shown
    assert out.getvalue() == ""


def test_which_progress_fits() -> None:
    assert isinstance(progress_for(outputs()[0]), PlainProgress)
    assert isinstance(progress_for(outputs(Terminal, json=True)[0]), SilentProgress)


@pytest.mark.parametrize("interrupted", [True, False])
def test_an_interrupted_run_ends_with_how_to_go_on(tmp_path: Path, interrupted: bool) -> None:
    output, out, _ = outputs()
    report = Report(title="shop", certificate=Certificate(certified=False), interrupted=interrupted)
    print_run(output, Reported(report=report, out=tmp_path, files=()))
    assert (out.getvalue().splitlines()[-1] == "to go on where it stopped: ci-orchestrator run --resume") is interrupted
