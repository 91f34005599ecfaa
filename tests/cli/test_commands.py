from __future__ import annotations

import json
from pathlib import Path

import pytest
from projects import make_project, run_cli

from ci_orchestrator.api.project import Project

TESTS = {
    "tests/test_a.py": "import pytest\n@pytest.mark.parametrize('n', range(3))\ndef test_a(n): pass\n",
    "tests/test_b.py": "def test_b(): pass\ndef test_same(): pass\n",
    "tests/test_c.py": "def test_same(): pass\n",
}
JUNIT = """<?xml version="1.0"?>
<testsuites><testsuite name="pytest" tests="2" failures="1">
<testcase classname="tests.test_b" name="test_b" time="0.5"/>
<testcase classname="tests.test_b" name="test_same" time="0.1"><failure message="no">why</failure></testcase>
</testsuite></testsuites>
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path, TESTS, {"unit": {"tool": "pytest", "paths": ["tests"], "shards": 2}})


def test_plan_prints_jobs_gap_and_critical_path(project: Project) -> None:
    done = run_cli(project, "plan", "--lock-out", "lock.json")
    assert done.returncode == 0, done.stderr
    for word in ("unit_1of2", "unit_2of2", "lower bound", "gap", "critical path", "6 by default", "lock sha256:"):
        assert word in done.stdout
    assert run_cli(project, "plan", "--show", "lock").stdout == (project.root / "lock.json").read_text()


@pytest.mark.parametrize("phase", ["discover", "select", "estimate", "match", "shard"])
def test_every_phase_can_be_shown(project: Project, phase: str) -> None:
    shown = json.loads(run_cli(project, "plan", "--show", phase).stdout)
    assert list(shown) == ["unit"]
    assert "unit" in json.loads(run_cli(project, "plan", "--json").stdout)["suites"]


def test_explain_finds_a_test_by_its_end_or_asks(project: Project) -> None:
    run_cli(project, "run", "--workers", "1")
    told = run_cli(project, "explain", "test_b").stdout
    assert "unit::tests/test_b.py::test_b" in told
    assert "passed" in told
    assert json.loads(run_cli(project, "explain", "unit_1of2", "--json").stdout)["suite"] == "unit"
    unsure = run_cli(project, "explain", "test_same")
    assert unsure.returncode == 2
    assert "could be 2 tests" in unsure.stderr
    unknown = run_cli(project, "explain", "unit_9of2")
    assert unknown.returncode == 2
    assert "did you mean unit_" in unknown.stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--job", "unit"], "--job needs --lock"),
        (["--resume", "--suite", "unit"], "--resume goes on"),
        (["--lock", "lock.json", "--suite", "unit"], "a lock says what to run"),
        (["--retry-dead"], "--retry-dead goes with --resume"),
        (["--out", "bundles"], "--attempt and --out go with --job"),
        (["--workers", "0"], "0 workers can do nothing"),
        (["--lock", "absent.json"], "absent.json: cannot be read"),
        (["--suite", "uint"], "no suite 'uint'"),
    ],
)
def test_options_that_make_no_sense_are_refused(project: Project, words: list[str], why: str) -> None:
    done = run_cli(project, "run", *words)
    assert done.returncode == 2
    assert why in done.stderr
    assert "fix:" in done.stderr


def test_a_junit_file_without_a_lock_is_reported_uncertified(project: Project) -> None:
    (project.root / "out").mkdir()
    (project.root / "out" / "theirs.data").write_text(JUNIT)
    (project.root / "out" / "notes.txt").write_text("not results")
    done = run_cli(project, "report", "out", "--out", "page")
    assert done.returncode == 1, "it exits by its results"
    assert "ncertified" in done.stdout
    assert "not results, passed over: notes.txt" in done.stdout
    assert (project.root / "page" / "report.html").exists()
    assert {path.name for path in (project.root / "page").iterdir()} >= {
        "badges",
        "charts",
        "comment.md",
        "merged.xml",
        "report.html",
        "results.json",
        "summary.md",
    }


def test_results_in_files_are_held_against_the_lock(project: Project) -> None:
    run_cli(project, "plan", "--lock-out", "lock.json")
    (project.root / "theirs.xml").write_text(JUNIT)
    done = run_cli(project, "report", "theirs.xml", "--lock", "lock.json", "--json")
    report = json.loads(done.stdout)
    assert report["unexpected"] == []
    assert len(report["missing"]) == 4
    assert report["totals"]["tests"] == 6
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("name", "content", "code", "why"),
    [
        ("notes.txt", "hello", 2, "not a result file of a known format"),
        ("empty.xml", "", 2, "empty"),
        ("torn.xml", JUNIT[:-120], 3, "ends too early"),
        ("bomb.xml", '<!DOCTYPE a [<!ENTITY b "c">]><testsuite name="&b;"/>', 2, "entit"),
    ],
)
def test_bad_result_files_are_told(project: Project, name: str, content: str, code: int, why: str) -> None:
    (project.root / name).write_text(content)
    done = run_cli(project, "report", name)
    assert done.returncode == code, done.stdout + done.stderr
    assert why in done.stdout + done.stderr


def test_a_report_on_nothing_is_refused(project: Project) -> None:
    assert "nothing was run here yet" in run_cli(project, "report").stderr
    assert "does not exist" in run_cli(project, "report", "absent").stderr
    (project.root / "nothing").mkdir()
    assert "nothing to report on" in run_cli(project, "report", "nothing").stderr


def test_a_bundle_of_another_lock_or_with_a_changed_file_is_not_believed(project: Project) -> None:
    run_cli(project, "plan", "--lock-out", "lock.json")
    for job in ("unit_1of2", "unit_2of2"):
        assert run_cli(project, "run", "--lock", "lock.json", "--job", job, "--out", "bundles").returncode == 0
    log = project.root / "bundles" / "dtf-unit_1of2-1" / "events.ndjson"
    log.write_text(log.read_text().replace('"passed"', '"failed"'))
    done = run_cli(project, "report", "bundles", "--lock", "lock.json", "--json")
    assert done.returncode != 0
    assert any("events.ndjson: differs from its digest" in warning for warning in json.loads(done.stdout)["warnings"])
    again = run_cli(project, "run", "--lock", "lock.json", "--job", "unit_1of2", "--out", "bundles")
    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_reporting_twice_says_the_same_and_is_remembered_once(project: Project) -> None:
    first = json.loads(run_cli(project, "run", "--workers", "1", "--json").stdout)
    for _ in range(2):
        again = run_cli(project, "report", "--json")
        assert again.returncode == 0
        assert json.loads(again.stdout) == first
    results = json.loads((Path(first["report"]) / "results.json").read_bytes())
    assert len(results["trend"]) == 1


def test_a_report_does_not_read_its_own_output(project: Project) -> None:
    run_cli(project, "plan", "--lock-out", "lock.json")
    for job in ("unit_1of2", "unit_2of2"):
        run_cli(project, "run", "--lock", "lock.json", "--job", job, "--out", "bundles")
    for _ in range(2):
        done = run_cli(project, "report", "bundles", "--lock", "lock.json", "--out", "bundles/report", "--json")
        assert json.loads(done.stdout)["duplicate"] == []
        assert done.returncode == 0
    with_it = json.loads(run_cli(project, "report", "bundles", "--lock", "lock.json", "--json").stdout)
    assert with_it["duplicate"] == []
    named = run_cli(project, "report", "bundles/report/merged.xml", "--lock", "lock.json", "--json")
    assert named.returncode == 3, "which lock its results are of it does not say"
    told = json.loads(named.stdout)
    assert told["certified"] is False
    assert any("only the bundles prove anything" in warning for warning in told["warnings"])


def test_without_a_path_a_lock_finds_what_its_jobs_left_else_the_last_run(project: Project) -> None:
    run_cli(project, "plan", "--lock-out", "lock.json")
    assert run_cli(project, "run", "--suite", "unit", "--workers", "1").returncode == 0
    assert "/runs/" in json.loads(run_cli(project, "report", "--lock", "lock.json", "--json").stdout)["report"]
    run_cli(project, "run", "--lock", "lock.json", "--job", "unit_1of2")
    half = json.loads(run_cli(project, "report", "--lock", "lock.json", "--json").stdout)
    assert half["missing"]
    run_cli(project, "run", "--lock", "lock.json", "--job", "unit_2of2")
    whole = json.loads(run_cli(project, "report", "--lock", "lock.json", "--gate", "--json").stdout)
    assert whole["complete"]
    assert (half["final_gates"], whole["final_gates"]) == ({}, {"default": "pass"})
    assert "/reports/" in whole["report"]


def test_with_c_the_report_is_named_from_where_the_user_stands(project: Project) -> None:
    above = Project(project.root.parent, project.plan_file)
    done = run_cli(above, "-C", project.root.name, "run", "--workers", "1")
    named = next(line for line in done.stdout.splitlines() if line.startswith("report")).split()[1]
    assert not Path(named).is_absolute()
    assert (above.root / named).is_file()
    (project.root / "aside").mkdir()
    done = run_cli(Project(project.root / "aside", project.plan_file), "-C", "..", "report")
    named = next(line for line in done.stdout.splitlines() if line.startswith("report")).split()[1]
    assert Path(named).is_absolute()
