"""Whole runs of generated suites: how tests end and what they write arrives; time-outs hit exactly those that hang."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from projects import make_project

from ci_orchestrator.api.running import run_project
from ci_orchestrator.results.model import Cause, Outcome

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=40)
ENDS = {
    "pass": ("pass", Outcome.PASSED),
    "fail": ("assert False", Outcome.FAILED),
    "raise": ("raise RuntimeError('no')", Outcome.FAILED),
    "skip": ("pytest.skip('because')", Outcome.SKIPPED),
    "xfail": ("pytest.xfail('known')", Outcome.SKIPPED),
}


@settings(max_examples=5)
@given(tests=st.lists(st.tuples(st.sampled_from(sorted(ENDS)), TEXT, TEXT), min_size=1, max_size=12))
def test_outcomes_and_output_arrive_as_they_were(tests: list[tuple[str, str, str]]) -> None:
    lines = ["import sys, pytest"]
    for number, (end, out, err) in enumerate(tests):
        lines += [
            f"def test_{number}():",
            f"    sys.stdout.write({out!r}); sys.stderr.write({err!r})",
            f"    {ENDS[end][0]}",
        ]
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder), {"tests/test_it.py": "\n".join(lines)})
        report = run_project(project, workers=2).report
    assert report.certificate.complete
    results = {result.name: result for result in report.results}
    assert len(results) == len(tests)
    for number, (end, out, err) in enumerate(tests):
        result = results[f"test_{number}"]
        assert result.outcome is ENDS[end][1]
        assert (result.last.stdout, result.last.stderr) == (out, err)


@settings(max_examples=3)
@given(hangs=st.lists(st.booleans(), min_size=2, max_size=5))
def test_exactly_the_tests_that_hang_are_timed_out(hangs: list[bool]) -> None:
    body = "import time\n" + "".join(
        f"def test_{number}():\n    {'time.sleep(600)' if hang else 'pass'}\n" for number, hang in enumerate(hangs)
    )
    suites = {"unit": {"tool": "pytest", "paths": ["tests"], "test-timeout": "1s"}}
    with tempfile.TemporaryDirectory() as folder:
        report = run_project(make_project(Path(folder), {"tests/test_it.py": body}, suites), workers=2).report
    ended = {result.name: (result.outcome, result.last.cause) for result in report.results}
    assert ended == {
        f"test_{number}": (Outcome.FAILED, Cause.TIMEOUT) if hang else (Outcome.PASSED, Cause.NONE)
        for number, hang in enumerate(hangs)
    }
    assert report.certificate.complete
