"""The use case *report* on what other tools left: read, compared, judged, and written down."""

from __future__ import annotations

import json
import subprocess
from types import SimpleNamespace

import pytest
from junitparser import JUnitXml
from mixed import DIFF, judged, report, write_mixed, write_plan

from ci_orchestrator.api.against import Against
from ci_orchestrator.api.reading import read_files
from ci_orchestrator.api.sources import Sources
from ci_orchestrator.errors import ExitCode, ResultsError, UserError
from ci_orchestrator.report.report_json import load_report
from ci_orchestrator.results.coverage import Counts
from ci_orchestrator.results.findings import Shift
from ci_orchestrator.results.quality import Judgement
from ci_orchestrator.run.artifacts import DIRECTORY
from ci_orchestrator.run.bundle import bundle_name


def test_a_mixed_folder_becomes_one_report(tmp_path):
    done = report(tmp_path, write_mixed(tmp_path / "results"))
    found = done.report
    assert found.exit_code is ExitCode.TESTS_FAILED
    assert (found.totals.tests, found.totals.passed, found.totals.failed) == (3, 2, 1)
    assert found.coverage.lines == Counts(2, 3)
    assert [(one.name, one.value, one.unit) for one in found.benchmarks] == [("BenchmarkTotal", 241.5, "ns/op")]
    assert found.warnings == ()
    written = {path.relative_to(done.out).as_posix() for path in done.files}
    assert {
        "badges/coverage.svg",
        "badges/tests.json",
        "charts/slowest.svg",
        "comment.md",
        "merged.xml",
        "report.html",
        "results.json",
        "summary.md",
    } <= written
    assert all(path.stat().st_size for path in done.files)
    assert sum(len(suite) for suite in JUnitXml.fromfile(str(done.out / "merged.xml"))) == 3
    assert load_report((done.out / "results.json").read_bytes()) == found


def test_reporting_again_says_the_same(tmp_path):
    folder = write_mixed(tmp_path / "results")
    files = [report(tmp_path, folder, out=out).files for out in ("first", "second")]
    once, again = ({path.name: path.read_bytes() for path in found} for found in files)
    assert once == again


def test_the_base_says_what_changed(tmp_path):
    before = report(tmp_path, write_mixed(tmp_path / "before", failing=False, second=0), out="base")
    (tmp_path / "change.diff").write_text(DIFF)
    base = before.out / "results.json"
    found = report(tmp_path, write_mixed(tmp_path / "now"), base=base, diff=tmp_path / "change.diff").report.analysis
    assert found.changes.newly_failing == ("python::shop/test_cart.py::test_rounding",)
    assert found.changes.added == found.changes.removed == ()
    assert found.coverage.before == Counts(1, 3)
    assert found.coverage.changed == Counts(1, 2)
    assert [(one.path, one.missed) for one in found.coverage.files] == [("web/cart.js", ((3, 3),))]
    assert [one.shift for one in found.benchmarks] == [Shift.SAME]


def test_a_final_gate_decides_when_it_is_asked(tmp_path):
    folder = write_mixed(tmp_path / "results")
    write_plan(tmp_path, {"failures": 1})
    unasked = report(tmp_path, folder).report
    assert (unasked.quality, unasked.exit_code) == ((), ExitCode.TESTS_FAILED)
    done = report(tmp_path, folder, gate=True)
    assert judged(done)["failures"] is Judgement.PASS
    # no failure decides any more; that nobody can say what should have run does
    assert done.report.exit_code is ExitCode.GATE_HOLDS
    write_plan(tmp_path, {"failures": 0})
    assert report(tmp_path, folder, gate=True).report.exit_code is ExitCode.GATE_FAILED


@pytest.mark.parametrize(
    ("checks", "judgement"),
    [
        ([], Judgement.INCONCLUSIVE),
        (["lint=success"], Judgement.PASS),
        (["lint=failure"], Judgement.FAIL),
        (["lint=pending"], Judgement.INCONCLUSIVE),
        (["build=success"], Judgement.INCONCLUSIVE),
    ],
)
def test_another_check_must_be_told_and_green(tmp_path, checks, judgement):
    write_plan(tmp_path, {"checks": ["lint"]})
    done = report(tmp_path, write_mixed(tmp_path / "results", failing=False), gate=True, checks=checks)
    assert [found for rule, found in judged(done).items() if "lint" in rule or "checks" in rule] == [judgement]


def test_a_drop_of_coverage_needs_a_base(tmp_path):
    folder = write_mixed(tmp_path / "results", failing=False)
    write_plan(tmp_path, {"coverage": {"max-drop": "1%", "min": "60%"}})
    without = report(tmp_path, folder, out="base", gate=True)
    assert judged(without)["coverage.max-drop"] is Judgement.INCONCLUSIVE
    assert judged(without)["coverage.min"] is Judgement.PASS
    write_mixed(folder, failing=False, second=0)
    worse = report(tmp_path, folder, base=without.out / "results.json", gate=True)
    assert judged(worse)["coverage.max-drop"] is Judgement.FAIL
    assert judged(worse)["coverage.min"] is Judgement.FAIL


def test_without_a_plan_the_default_gate_judges(tmp_path):
    folder = write_mixed(tmp_path / "results")
    assert report(tmp_path, folder, gate=True).report.exit_code is ExitCode.GATE_FAILED
    green = report(tmp_path, write_mixed(tmp_path / "green", failing=False), gate=True).report
    assert green.exit_code is ExitCode.OK


def test_no_gate_lets_pass_what_is_not_proven(tmp_path):
    folder = write_mixed(tmp_path / "results", failing=False)
    torn = (folder / "python.xml").read_text().partition("</testcase>")[0]
    (folder / "python.xml").write_text(torn)
    write_plan(tmp_path, {"failures": 5, "not-proven": 5})
    assert report(tmp_path, folder, gate=True).report.exit_code is not ExitCode.OK


@pytest.mark.parametrize("text", ["", "{}", "[" * 300, '{"format": "ci-orchestrator/report", "version": 99}'])
def test_a_base_that_is_none_is_the_users_mistake(tmp_path, text):
    (tmp_path / "base.json").write_text(text)
    with pytest.raises(ResultsError, match=r"base\.json"):
        report(tmp_path, write_mixed(tmp_path / "results"), base=tmp_path / "base.json")
    assert not (tmp_path / "out").exists()


def test_a_diff_that_is_none_is_the_users_mistake(tmp_path):
    (tmp_path / "change.diff").write_text("this is no diff\n")
    with pytest.raises(ResultsError, match=r"change\.diff"):
        report(tmp_path, write_mixed(tmp_path / "results"), diff=tmp_path / "change.diff")


@pytest.mark.parametrize("checks", [["lint"], ["=green"], ["lint="], ["lint=ok", "lint=bad"]])
def test_a_check_is_a_name_and_a_status(checks):
    with pytest.raises(UserError, match="--check"):
        Against.of(base=None, diff=None, checks=checks, gate=True)


def test_files_that_other_steps_wrote_are_read_too(tmp_path):
    write_mixed(tmp_path / "elsewhere")
    folder = write_mixed(tmp_path / "results")
    for name in ("bench.txt", "dotnet.trx", "lcov.info"):
        (folder / name).unlink()
    plan = {
        "version": 1,
        "suites": {"unit": {"tool": "pytest"}},
        "report": {"results": ["elsewhere/*.trx"], "benchmarks": ["elsewhere/bench*"]},
    }
    (tmp_path / "testplan.yaml").write_text(json.dumps(plan))
    found = report(tmp_path, folder).report
    assert found.totals.tests == 3
    assert len(found.benchmarks) == 1
    assert found.coverage is None


def test_what_is_broken_and_only_come_across_costs_the_proof_and_not_the_report(tmp_path):
    folder = write_mixed(tmp_path / "results", failing=False)
    (folder / "evil.xml").write_text('<!DOCTYPE x [<!ENTITY a "b">]><testsuite><testcase name="&a;"/></testsuite>')
    found = report(tmp_path, folder).report
    assert found.totals.passed == 3
    assert found.exit_code is ExitCode.NOT_PROVEN
    assert any("entity" in warning for warning in found.warnings)


def test_an_empty_file_where_a_tool_writes_its_results_costs_the_proof(tmp_path):
    folder = write_mixed(tmp_path / "results", failing=False)
    (folder / "stderr.log").write_text("")
    assert report(tmp_path, folder).report.exit_code is ExitCode.OK
    (folder / "TEST-late.xml").write_text("")
    found = report(tmp_path, folder).report
    assert found.exit_code is ExitCode.NOT_PROVEN
    assert any("TEST-late.xml: the file is empty" in warning for warning in found.warnings)


def test_a_benchmark_that_cannot_be_read_lets_no_gate_pass(tmp_path):
    folder = write_mixed(tmp_path / "results", failing=False)
    write_plan(tmp_path, {"benchmarks": {"max-regression": "5%"}})
    base = report(tmp_path, folder, out="base").out / "results.json"
    assert judged(report(tmp_path, folder, base=base, gate=True))["benchmarks.max-regression"] is Judgement.PASS
    (folder / "torn.json").write_text('{"results": [{"command": "sort", "mean": 1.5, "stddev": 0.1, "times": [1.4')
    found = report(tmp_path, folder, base=base, gate=True)
    assert judged(found)["benchmarks.max-regression"] is Judgement.INCONCLUSIVE
    assert "torn.json" in found.report.benchmarks_partial[0]


def test_the_drop_from_a_base_that_was_not_whole_is_not_known(tmp_path):
    folder = write_mixed(tmp_path / "results", failing=False)
    write_plan(tmp_path, {"coverage": {"max-drop": "1%"}})
    torn = folder / "torn.info"
    torn.write_text("SF:web/shop.js\nDA:1,1\n")
    base = report(tmp_path, folder, out="base").out / "results.json"
    torn.unlink()
    assert judged(report(tmp_path, folder, base=base, gate=True))["coverage.max-drop"] is Judgement.INCONCLUSIVE


def test_benchmarks_among_a_jobs_artifacts_are_told_by_their_paths_in_the_project(tmp_path):
    job = bundle_name("unit_1", 1)
    for name in ("bench/a.txt", "bench/deep/b.txt"):
        kept = tmp_path / job / DIRECTORY / "numbers" / name
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(f"pkg: {name}\nBenchmarkTotal-2 \t 5000000\t 241.5 ns/op\nPASS\n")
    plan = {"suites": {"unit": {"cwd": "api"}}}
    lock = SimpleNamespace(jobs=[SimpleNamespace(id="unit_1", suite="unit")], plan=plan)
    found = {}
    for glob in ("bench/*", "api/bench/*", "api/bench/**"):
        sources = Sources(root=tmp_path)
        sources.take_kept([tmp_path / job], lock, [glob])
        found[glob] = len(sources.benchmarks)
    assert found == {"bench/*": 0, "api/bench/*": 1, "api/bench/**": 2}


def test_many_small_files_are_read_by_several_processes_to_the_same_result(tmp_path):
    for number in range(70):
        folder = write_mixed(tmp_path / "results" / f"{number:03}", failing=number % 7 == 0)
        file = folder / "python.xml"
        file.write_text(file.read_text().replace("test_total", f"test_total[{number}]"))
    files = [(path, False) for path in sorted((tmp_path / "results").rglob("*.*"))]
    assert list(read_files(files, width=2, head_start=2)) == list(read_files(files, width=1))
    together = report(tmp_path, tmp_path / "results").report
    assert (together.totals.passed, together.totals.failed) == (71, 1)
    assert together.coverage.lines == Counts(2, 3)


def test_a_file_that_is_refused_in_another_process_is_refused_here(tmp_path):
    files = []
    for number in range(64):
        files.append((tmp_path / f"{number:03}.xml", True))
        files[-1][0].write_text("<testsuite><testcase name='a'/></testsuite>" if number != 40 else "<nonsense/>")
    with pytest.raises(ResultsError, match=r"known format") as caught:
        list(read_files(files, width=2, head_start=0))
    assert str(caught.value.where) == str(files[40][0])


def test_files_of_another_machine_become_files_of_the_project(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "cart.test.js").write_text("")
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "web"], check=True)
    told = {"title": "adds", "fullName": "adds", "status": "passed", "ancestorTitles": [], "failureMessages": []}
    files = ["/home/runner/work/shop/shop/web/cart.test.js", str(tmp_path / "web" / "cart.test.js")]
    for number, file in enumerate(files):
        suite = {
            "name": file,
            "status": "passed",
            "message": "",
            "assertionResults": [{**told, "title": f"adds{number}"}],
        }
        document = {
            "numTotalTests": 1,
            "numPassedTests": 1,
            "numTotalTestSuites": 1,
            "success": True,
            "testResults": [suite],
        }
        (tmp_path / "results" / f"{number}.json").write_text(json.dumps(document))
    found = report(tmp_path, tmp_path / "results").report
    assert {one.path for one in found.results} == {"web/cart.test.js"}
    assert len(found.results) == 2
