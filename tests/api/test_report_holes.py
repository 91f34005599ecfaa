"""What is missing is said: nothing is called unchanged, and no gate passes, for want of data."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from mixed import DIFF, judged, report, write_mixed, write_plan

from ci_orchestrator.api.project import Project
from ci_orchestrator.api.reading import read_files
from ci_orchestrator.api.reporting import report_files
from ci_orchestrator.clock import FakeClock
from ci_orchestrator.errors import ExitCode
from ci_orchestrator.report.html import render_html
from ci_orchestrator.report.terminal import render_terminal
from ci_orchestrator.report.verdict import verdict
from ci_orchestrator.results.quality import Judgement

FASTER = "BenchmarkPrice-2   \t 5000000\t       120.5 ns/op\n"


def comment(out: Path) -> str:
    return (out / "comment.md").read_text()


def test_coverage_that_only_the_base_has_is_news(tmp_path):
    folder = write_mixed(tmp_path / "results", failing=False)
    base = report(tmp_path, folder, out="base").out / "results.json"
    (folder / "lcov.info").unlink()
    done = report(tmp_path, folder, base=base)
    assert "**Not measured**: the base has 66.7% of 3 lines" in comment(done.out)
    assert "nothing changed" not in comment(done.out)
    assert "coverage    not measured; the base has 66.7% of lines" in render_terminal(done.report)
    assert "not measured</span> the base has 66.7% of 3 lines" in render_html(done.report).decode()


def test_a_benchmark_that_is_gone_is_news_and_lets_no_gate_pass(tmp_path):
    write_plan(tmp_path, {"benchmarks": {"max-regression": "5%"}})
    folder = write_mixed(tmp_path / "results", failing=False)
    other = folder / "bench.txt"
    kept = other.read_text()
    other.write_text(kept.replace("PASS\n", f"{FASTER}PASS\n"))
    base = report(tmp_path, folder, out="base").out / "results.json"
    assert judged(report(tmp_path, folder, base=base, gate=True))["benchmarks.max-regression"] is Judgement.PASS
    other.write_text(kept)
    done = report(tmp_path, folder, base=base, gate=True)
    assert judged(done)["benchmarks.max-regression"] is Judgement.INCONCLUSIVE
    assert "1 same and 1 gone, compared with the base. Not measured now: <code>BenchmarkPrice</code>" in comment(
        done.out
    )
    assert "benchmarks  1 same, 1 of the base gone" in render_terminal(done.report)
    assert "Gone since the base" in render_html(done.report).decode()
    assert "<bdi>BenchmarkPrice</bdi>" in render_html(done.report).decode()
    other.unlink()
    none = report(tmp_path, folder, base=base, gate=True)
    assert "2 gone, compared with the base" in comment(none.out)
    assert "benchmarks  2 of the base gone" in render_terminal(none.report)
    assert "None was measured; the base has some." in render_html(none.report).decode()


def test_a_benchmark_went_with_the_file_that_the_change_removes(tmp_path):
    write_plan(tmp_path, {"benchmarks": {"max-regression": "5%"}})
    folder = write_mixed(tmp_path / "results", failing=False)
    more = folder / "more.json"
    more.write_text('[{"name": "sort", "unit": "s", "value": 2, "group": "bench/test_sort.py"}]')
    base = report(tmp_path, folder, out="base").out / "results.json"
    more.unlink()
    diff = tmp_path / "change.diff"
    diff.write_text("--- a/bench/test_sort.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-import pytest\n")
    assert judged(report(tmp_path, folder, base=base, gate=True))["benchmarks.max-regression"] is Judgement.INCONCLUSIVE
    done = report(tmp_path, folder, base=base, diff=diff, gate=True)
    assert judged(done)["benchmarks.max-regression"] is Judgement.PASS
    assert not done.report.analysis.benchmarks_gone


@pytest.mark.parametrize("value", ["NaN", "+Inf"])
def test_a_benchmark_without_a_number_is_a_warning(tmp_path, value):
    folder = write_mixed(tmp_path / "results", failing=False, nanoseconds=value)
    done = report(tmp_path, folder)
    assert any("without a name or a plausible value" in warning for warning in done.report.warnings)


@pytest.mark.parametrize("committed", [True, False])
def test_a_fix_in_the_working_tree_contradicts_nothing(tmp_path, committed):
    """A failing run, then a passing one at the same HEAD: flaky, unless the working tree was changed between them."""
    write_plan(tmp_path, {"flaky": {"new": 0}, "failures": 9})
    source = tmp_path / "shop.py"
    source.write_text("total = 0\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "shop.py")
    git(tmp_path, "commit", "-q", "-m", "shop")
    if not committed:
        source.write_text("total = 0.1\n")
    first = report(tmp_path, write_mixed(tmp_path / "results")).report
    if not committed:
        source.write_text("total = 1\n")
    folder = write_mixed(tmp_path / "results", failing=False)
    found = report_files(Project.at(tmp_path / "testplan.yaml"), [folder], out=tmp_path / "out", clock=FakeClock(9.0))
    assert found.report.revision == first.revision != ""
    flaky = [one.test for one in found.report.analysis.flaky]
    assert flaky == (["python::shop/test_cart.py::test_rounding"] if committed else [])


def git(root: Path, *arguments: str) -> None:
    author = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *author, *arguments], cwd=root, check=True)


def test_an_empty_diff_lets_no_gate_pass(tmp_path):
    write_plan(tmp_path, {"coverage": {"changed-lines": "50%"}})
    folder = write_mixed(tmp_path / "results", failing=False)
    diff = tmp_path / "change.diff"
    diff.write_text(DIFF)
    assert judged(report(tmp_path, folder, diff=diff, gate=True))["coverage.changed-lines"] is Judgement.PASS
    diff.write_text("")
    done = report(tmp_path, folder, diff=diff, gate=True)
    assert judged(done)["coverage.changed-lines"] is Judgement.INCONCLUSIVE
    assert "the diff is empty" in comment(done.out)


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ('<testcase name="a" classname="b" time="NaN"/>', ExitCode.OK),
        ('<testcase name="a"><system-out>\x01</system-out></testcase>', ExitCode.OK),
        ('<testcase name="\x01"/>', ExitCode.NOT_PROVEN),
        ('<testsuite failures="1"><testcase name="a"/></testsuite>', ExitCode.NOT_PROVEN),
    ],
)
def test_only_what_touches_the_results_costs_their_proof(tmp_path, case, code):
    """Every blemish is said."""
    (tmp_path / "r.xml").write_text(f'<testsuite name="s">{case}</testsuite>')
    found = report(tmp_path, tmp_path / "r.xml").report
    assert found.exit_code is code
    assert "r.xml" in found.warnings[0]


def test_harmless_blemishes_cross_from_process_to_process(tmp_path):
    for number in range(40):
        (tmp_path / f"{number:02}.xml").write_text('<testsuite><testcase name="a" time="NaN"/></testsuite>')
    files = [(path, True) for path in sorted(tmp_path.iterdir())]
    told = list(read_files(files, width=2, head_start=0))
    assert [len(one.notes) for one in told] == [1] * 40
    assert not any(one.warnings for one in told)


def test_files_tell_no_wall_but_how_long_their_tests_took(tmp_path):
    done = report(tmp_path, write_mixed(tmp_path / "results"))
    assert done.report.wall == 0
    assert json.loads((done.out / "badges/duration.json").read_text())["message"] == "42 ms"
    assert "test time 42 ms" in comment(done.out)
    assert "| runs | test time |" in (done.out / "summary.md").read_text()
    assert "run         test time 42 ms" in render_terminal(done.report)
    for text in (comment(done.out), (done.out / "summary.md").read_text(), render_terminal(done.report)):
        assert "wall" not in text


def test_what_was_read_is_said_where_there_are_no_tests(tmp_path):
    folder = write_mixed(tmp_path / "results")
    for name in ("python.xml", "dotnet.trx"):
        (folder / name).unlink()
    done = report(tmp_path, folder)
    assert verdict(done.report).sentence == "no tests; coverage of 1 file and 1 benchmark read"
    assert json.loads((done.out / "badges/duration.json").read_text())["message"] == "unknown"
    (folder / "lcov.info").unlink()
    assert verdict(report(tmp_path, folder).report).sentence == "no tests; 1 benchmark read"


def test_a_test_without_a_suite_has_no_empty_parts_for_people(tmp_path):
    folder = write_mixed(tmp_path / "results", failing=False)
    base = report(tmp_path, folder, out="base").out / "results.json"
    more = (folder / "dotnet.trx").read_text().replace('testName="AddsUp"', 'testName="Adds"')
    (folder / "dotnet.trx").write_text(more.replace('name="AddsUp"', 'name="Adds"'))
    done = report(tmp_path, folder, base=base)
    assert any(one.id == "::Shop.CartTests::Adds" for one in done.report.results)
    shown = "Shop&#46;CartTests&#58;&#58;Adds</code>"
    assert f"<code>{shown}" in comment(done.out)
    assert "  Shop.CartTests::Adds" in render_terminal(done.report)
    assert "<bdi>Shop.CartTests::Adds</bdi>" in render_html(done.report).decode()
    for text in (comment(done.out), render_terminal(done.report)):
        assert "::Shop" not in text
        assert "&#58;&#58;Shop" not in text


def test_a_template_that_cannot_be_used_is_a_warning(tmp_path):
    (tmp_path / "flaky.md").write_text("{{ totals.nope }}")
    plan = {"version": 1, "suites": {"unit": {"tool": "pytest"}}}
    plan["report"] = {"comment": {"templates": {"flaky": "flaky.md"}}}
    (tmp_path / "testplan.yaml").write_text(json.dumps(plan))
    done = report(tmp_path, write_mixed(tmp_path / "results", failing=False))
    assert done.report.warnings == ("report.comment.templates.flaky cannot be used: a value has no attribute 'nope'",)
    assert done.report.exit_code is ExitCode.OK
