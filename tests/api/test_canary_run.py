"""A canary run for real, on one machine and as the jobs of a pipeline: both come to the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from projects import make_project, run_cli

from ci_orchestrator.api.gating import gate_stage
from ci_orchestrator.api.planning import plan_project
from ci_orchestrator.api.project import Project
from ci_orchestrator.api.reporting import Reported, report_files
from ci_orchestrator.api.running import resume_project, run_job, run_project
from ci_orchestrator.errors import ExitCode
from ci_orchestrator.plan.lock import Lock, encode, seal
from ci_orchestrator.results import events
from ci_orchestrator.results.coverage import Counts
from ci_orchestrator.results.model import Verdict
from ci_orchestrator.run.bundle import damaged, find_bundles, read_events, read_manifest

FILES = {
    "base/test_base.py": "def test_up(): pass\n",
    "live/test_live.py": """
        import os
        import pytest

        @pytest.mark.parametrize("number", range(24))
        def test_one(number):
            assert number >= int(os.environ.get("BAD", "0"))
    """,
    "end/test_end.py": "def test_last(): pass\n",
}
GATES = {
    "canary": {
        "error-rate": {"healthy": "<40%", "unhealthy": ">60%", "confidence": "80%"},
        "on-hold": ["./page.sh 'on call'"],
        "on-rollback": ["./undo.sh now"],
    }
}


def canary(root: Path, *, bad: int = 0, **live: object) -> Project:
    """Suite base → suite live in two stages, of whose 24 tests `bad` fail → suite end."""
    suites = {
        "base": {"tool": "pytest", "paths": ["base"]},
        "live": {
            "tool": "pytest",
            "paths": ["live"],
            "needs": ["base"],
            "stages": [50, 100],
            "gate": "canary",
            "env": {"BAD": str(bad)},
            **live,
        },
        "end": {"tool": "pytest", "paths": ["end"], "needs": ["live"]},
    }
    return make_project(root, FILES, suites, gates=GATES)


def told(reported: Reported) -> dict[str, Verdict | None]:
    return {gate.stage: gate.verdict for gate in reported.report.gates}


def held_back(reported: Reported) -> dict[str, int]:
    """Reason → how many tests were withheld for it."""
    reasons = [reason for _, reason in reported.report.certificate.withheld]
    return {reason: reasons.count(reason) for reason in reasons}


def pipeline(project: Project, lock: Lock) -> Reported:
    """What a pipeline does with this lock: jobs, gates between them, a report at the end."""
    file = project.state / "plan.lock.json"
    file.write_bytes(encode(lock))
    passed: set[str] = set()
    for job in lock.jobs:
        needed = {other.id for need in job.needs for other in lock.jobs if other.suite == need.suite}
        if needed <= passed and (not job.after or job.after in passed):
            if run_job(project, file, job.id).exit_code is ExitCode.OK:
                passed.add(job.id)
            for gate in lock.gates:
                if gate.jobs[-1] == job.id and gate_stage(project, gate.stage).exit_code is ExitCode.OK:
                    passed.add(gate.id)
    return report_files(project, lock_file=file)


@pytest.mark.parametrize(
    ("bad", "code", "gates", "reasons"),
    [
        (0, ExitCode.OK, {"live-50": Verdict.PROCEED, "live-100": Verdict.PROCEED}, {}),
        (12, ExitCode.GATE_HOLDS, {"live-50": Verdict.HOLD}, {"gate:live-50": 12, "needs:live": 1}),
    ],
)
def test_one_machine_and_many_come_to_the_same(
    tmp_path: Path, bad: int, code: ExitCode, gates: dict[str, Verdict], reasons: dict[str, int]
) -> None:
    project = canary(tmp_path, bad=bad)
    here = run_project(project, workers=2)
    there = pipeline(project, plan_project(project).lock)
    for reported in (here, there):
        assert told(reported) == gates
        assert held_back(reported) == reasons
        assert reported.report.exit_code is code
        assert reported.report.certificate.complete
    assert [(one.id, one.outcome) for one in here.report.results] == [
        (one.id, one.outcome) for one in there.report.results
    ]
    for bundle in find_bundles(here.out.parent):
        manifest = read_manifest(bundle)
        assert manifest is not None
        assert damaged(bundle, manifest) == ()


def test_what_a_pipeline_would_do_and_this_machine_does_not_is_told(tmp_path: Path) -> None:
    project = canary(tmp_path, bad=24, services={"db": {"image": "postgres:16"}})
    reported = run_project(project, workers=2)
    assert told(reported) == {"live-50": Verdict.ROLLBACK}
    assert reported.report.exit_code is ExitCode.GATE_FAILED
    assert reported.report.warnings == (
        "gate live-50 says rollback: a pipeline would now run ./undo.sh now; here it was not run",
        "suite live has services (db): a CI job gets them, here they must already run",
    )


DIES = """
import os
import pathlib
import pytest

@pytest.mark.parametrize("number", range(8))
def test_one(number):
    if pathlib.Path(__file__).with_name("broken").exists():
        os._exit(7)
"""


def decisions(reported: Reported) -> list[Verdict]:
    """All that gates of the run ever decided."""
    log = (event for bundle in find_bundles(reported.out.parent) for event in read_events(bundle))
    return [event.verdict for event in log if isinstance(event, events.GateDecided)]


def test_a_decision_stands_until_the_dead_letters_that_spoke_for_it_get_another_try(tmp_path: Path) -> None:
    project = canary(tmp_path, retries={"max": 0})
    (tmp_path / "live" / "test_live.py").write_text(DIES)
    (tmp_path / "live" / "broken").touch()
    first = run_project(project, workers=1)
    (tmp_path / "live" / "broken").unlink()
    again = resume_project(project, workers=1)
    for reported in (first, again):
        assert decisions(reported) == [Verdict.ROLLBACK]
        assert held_back(reported) == {"gate:live-50": 4, "needs:live": 1}
    last = resume_project(project, workers=1, retry_dead=True)
    assert decisions(last) == [Verdict.PROCEED, Verdict.ROLLBACK, Verdict.PROCEED]  # live-100 stands before live-50
    assert told(last) == {"live-50": Verdict.PROCEED, "live-100": Verdict.PROCEED}
    assert last.report.exit_code is ExitCode.OK


def test_the_coverage_report_of_a_suite_is_kept_in_its_bundle(tmp_path: Path) -> None:
    writes = (
        "import pathlib\n"
        "def test_it():\n"
        "    pathlib.Path('out').mkdir()\n"
        "    pathlib.Path('out/c.info').write_text('SF:a.py\\nDA:1,1\\nend_of_record\\n')\n"
    )
    suites = {"unit": {"tool": "pytest", "coverage": {"report": "out/c.info"}, "cwd": "part"}}
    project = make_project(tmp_path, {"part/test_a.py": writes}, suites)
    reported = run_project(project)
    [bundle] = find_bundles(reported.out.parent)
    assert (bundle / "coverage" / "report" / "out" / "c.info").exists()
    stored = [event for event in read_events(bundle) if isinstance(event, events.ArtifactStored)]
    assert [(event.kind, event.path) for event in stored] == [("coverage", "coverage/report/out/c.info")]
    assert reported.report.warnings == ()
    assert [(one.path, one.lines) for one in reported.report.coverage.files] == [("part/a.py", Counts(1, 1))]


@pytest.mark.parametrize(
    ("link", "warning"),
    [
        (False, "suite unit wrote no coverage report c.xml"),
        (True, "c.xml was not kept: a link that leaves the project"),
    ],
)
def test_a_coverage_report_that_is_not_there_or_leads_elsewhere_is_told(
    tmp_path: Path, link: bool, warning: str
) -> None:
    suites = {"unit": {"tool": "pytest", "coverage": {"report": "c.xml"}}}
    project = make_project(tmp_path / "p", {"test_a.py": "def test_it(): pass\n"}, suites)
    if link:
        (tmp_path / "secret").write_text("secret")
        (project.root / "c.xml").symlink_to(tmp_path / "secret")
    assert run_project(project).report.warnings == (warning,)


def test_a_coverage_report_of_an_earlier_run_is_not_taken_for_this_ones(tmp_path: Path) -> None:
    suites = {"unit": {"tool": "pytest", "coverage": {"report": "c.info"}}}
    project = make_project(tmp_path, {"test_a.py": "def test_it(): pass\n"}, suites)
    (project.root / "c.info").write_text("SF:a.py\nDA:1,1\nend_of_record\n")
    found = run_project(project).report
    assert found.warnings == ("suite unit wrote no coverage report: c.info is older than this run",)
    assert (found.coverage.lines, found.coverage.partial) == (Counts(), ("suite unit left no coverage",))


def test_a_job_without_tests_leaves_a_bundle_that_owes_nothing(tmp_path: Path) -> None:
    project = canary(tmp_path)
    planned = plan_project(project)
    first = next(job for job in planned.lock.jobs if job.suite == "base")
    idle = first.model_copy(update={"id": "base_2of2", "tests": (), "estimates": ()})
    lock = planned.lock.model_copy(update={"jobs": (*planned.lock.jobs, idle)})
    file = project.state / "plan.lock.json"
    file.write_bytes(encode(seal(lock)))
    done = run_job(project, file, "base_2of2")
    assert (done.exit_code, done.totals.tests) == (ExitCode.OK, 0)
    assert read_manifest(done.bundle) is not None


def test_on_the_command_line(tmp_path: Path) -> None:
    project = canary(tmp_path, bad=12)
    assert run_cli(project, "plan").returncode == 0
    lock = ["--lock", ".ci-orchestrator/plan.lock.json"]
    summary = tmp_path / "summary.md"
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_RUN_ATTEMPT": "2",
        "GITHUB_OUTPUT": str(tmp_path / "outputs"),
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    for job, code in (("base", 0), ("live_50", 1)):
        done = run_cli(project, "run", *lock, "--job", job, **github)
        assert done.returncode == code, done.stderr
        assert f"dtf-{job}-2" in done.stdout
    done = run_cli(project, "gate", "--stage", "live-50", *lock, **github)
    assert done.returncode == ExitCode.GATE_HOLDS, done.stderr
    assert done.stdout.startswith("? gate live-50 says hold: ")
    assert "\nhold\n" in (tmp_path / "outputs").read_text()
    done = run_cli(project, "gate", "--stage", "live-50", "--attempt", "3", "--json")
    value = json.loads(done.stdout)
    assert (value["verdict"], value["exit_code"], value["samples"]) == ("hold", 5, 12)
    done = run_cli(project, "report", *lock, **github)
    assert done.returncode == ExitCode.GATE_HOLDS, done.stderr
    assert "\n::error " in done.stdout
    assert "### Gates" in summary.read_text()
    done = run_cli(project, "report", *lock, "--json")
    assert json.loads(done.stdout)["gates"] == {"live-50": "hold"}
    done = run_cli(project, "gate", "--stage", "live-10")
    assert done.returncode == ExitCode.USER_ERROR
    assert "stages with a gate: live-50, live-100" in done.stderr
    done = run_cli(project, "gate", "--stage", "live-50", "--attempt", "0")
    assert done.returncode == ExitCode.USER_ERROR
