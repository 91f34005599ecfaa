"""Another try of a job runs only what has no pass yet, and nothing is believed that cannot be."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from projects import make_project

from ci_orchestrator.api.gating import gate_stage
from ci_orchestrator.api.planning import plan_project
from ci_orchestrator.api.project import Project
from ci_orchestrator.api.reporting import report_files
from ci_orchestrator.api.running import JobRun, resume_project, run_job, run_project
from ci_orchestrator.errors import ExitCode, UserError
from ci_orchestrator.providers.base import Context
from ci_orchestrator.results.model import Verdict

TESTS = """
    import pathlib
    import pytest

    RAN = pathlib.Path(__file__).parent.parent / "ran.txt"
    MENDED = pathlib.Path(__file__).parent.parent / "mended"

    @pytest.fixture(autouse=True)
    def note(request):
        with RAN.open("a") as file:
            file.write(request.node.name + "\\n")

    def test_well(): pass
    def test_skipped(): pytest.skip("not here")
    def test_fails(): assert MENDED.exists()
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    suites = {"unit": {"tool": "pytest", "paths": ["tests"], "retries": {"max": 0}}}
    return make_project(tmp_path, {"tests/test_it.py": TESTS}, suites)


def attempt(project: Project, number: int | None = None, *, resume: bool = False, out: str = "bundles") -> JobRun:
    (project.root / "ran.txt").write_text("")
    lock = project.place / "plan.lock.json"
    return run_job(project, lock, "unit", attempt=number, resume=resume, out=project.root / out)


def ran(project: Project) -> list[str]:
    return (project.root / "ran.txt").read_text().split()


def test_what_passed_or_was_skipped_is_not_run_again(project):
    plan_project(project)
    first = attempt(project, 1)
    assert (first.exit_code, len(ran(project))) == (ExitCode.TESTS_FAILED, 3)
    (project.root / "mended").touch()
    second = attempt(project, 2, resume=True)
    assert ran(project) == ["test_fails"]
    assert second.exit_code is ExitCode.OK
    assert (second.totals.passed, second.totals.skipped) == (2, 1)
    report = report_files(project, [project.root / "bundles"], lock_file=project.place / "plan.lock.json").report
    assert report.certificate.complete
    assert report.exit_code is ExitCode.OK
    assert [one.id for one in report.results if one.flaky] == ["unit::tests/test_it.py::test_fails"]
    assert report.totals.runs == 4


def test_a_bundle_that_comes_twice_counts_once(project):
    """Where a provider keeps only the last try's artifact, it carries the earlier tries' bundles along."""
    plan_project(project)
    bundle = attempt(project, 1).bundle
    copy = project.root / "bundles" / "second artifact"
    shutil.copytree(bundle, copy / bundle.name)
    cut = attempt(project, 2, out="elsewhere").bundle
    (cut / "manifest.json").unlink()  # its job was killed
    shutil.copytree(cut, copy / cut.name)
    found = [project.root / "bundles", project.root / "elsewhere"]
    report = report_files(project, found, lock_file=project.place / "plan.lock.json").report
    assert report.totals.runs == 6
    assert report.certificate.complete
    third = attempt(project, resume=True)
    assert (third.bundle.name, third.warnings) == ("dtf-unit-3", ())
    assert ran(project) == ["test_fails"]


def test_what_failed_and_fails_again_stays_red(project):
    plan_project(project)
    attempt(project, 1)
    second = attempt(project, 2, resume=True)
    assert ran(project) == ["test_fails"]
    assert second.exit_code is ExitCode.TESTS_FAILED


def test_without_earlier_bundles_everything_runs(project):
    plan_project(project)
    assert attempt(project, 2, resume=True).totals.tests == 3
    assert len(ran(project)) == 3


def test_a_damaged_bundle_is_not_believed(project):
    plan_project(project)
    bundle = attempt(project, 1).bundle
    (bundle / "events.ndjson").write_text((bundle / "events.ndjson").read_text().replace("failed", "passed"))
    second = attempt(project, 2, resume=True)
    assert len(ran(project)) == 3
    assert second.warnings[0].startswith("dtf-unit-1 was not taken into account: dtf-unit-1: events.ndjson")


def test_a_bundle_of_another_lock_is_not_believed(project):
    plan_project(project)
    attempt(project, 1)
    project.plan_file.write_text(project.plan_file.read_text() + "name: another\n")
    plan_project(project)
    second = attempt(project, 2, resume=True)
    assert len(ran(project)) == 3
    assert "belongs to another lock" in second.warnings[0]


def test_a_later_attempt_is_no_earlier_one(project):
    plan_project(project)
    (project.root / "mended").touch()
    attempt(project, 3)
    attempt(project, 2, resume=True)
    assert len(ran(project)) == 3


def test_a_gate_judges_all_attempts_together(tmp_path):
    gate = {"error-rate": {"healthy": "<50%", "unhealthy": ">60%", "confidence": "50%", "min-samples": 2}}
    suites = {
        "unit": {
            "tool": "pytest",
            "paths": ["tests"],
            "retries": {"max": 0},
            "stages": [100],
            "gate": "canary",
        }
    }
    project = make_project(tmp_path, {"tests/test_it.py": TESTS}, suites, gates={"canary": gate})
    lock = plan_project(project).lock
    for number in (1, 2):
        run_job(
            project,
            project.place / "plan.lock.json",
            lock.jobs[0].id,
            attempt=number,
            resume=True,
            out=project.root / "bundles",
        )
        (project.root / "mended").touch()
    decided = gate_stage(project, lock.gates[0].stage, [project.root / "bundles"]).decision
    assert (decided.verdict, decided.samples, decided.errors) == (Verdict.PROCEED, 2, 0)


def test_tries_are_counted_where_nobody_else_does(project):
    plan_project(project)
    assert attempt(project).bundle.name == "dtf-unit-1"
    assert attempt(project, resume=True).bundle.name == "dtf-unit-2"
    assert ran(project) == ["test_fails"]


def git(project: Project, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", "-C", str(project.root), *who, *words], check=True, capture_output=True)


def commit(project: Project, change: str = "") -> None:
    path = project.root / "tests" / "test_it.py"
    path.write_text(path.read_text() + change)
    if not (project.root / ".git").exists():
        git(project, "init", "-q")
        (project.root / ".gitignore").write_text("ran.txt\nmended\n")
    git(project, "add", ".gitignore", "tests")
    git(project, "commit", "-qm", "a change")


@pytest.mark.parametrize("committed", [True, False])
def test_what_passed_in_another_state_of_the_source_runs_again(project, committed):
    plan_project(project)
    commit(project)
    attempt(project)
    change = "\ntest_well = lambda: 1 / 0\n"
    if committed:
        commit(project, change)
    else:
        path = project.root / "tests" / "test_it.py"
        path.write_text(path.read_text() + change)
    (project.root / "mended").touch()
    second = attempt(project, resume=True)
    assert len(ran(project)) == 3
    assert second.warnings == ("dtf-unit-1 was not taken into account: the source has changed since",)
    assert second.exit_code is ExitCode.TESTS_FAILED


def test_what_is_the_same_but_for_files_that_git_does_not_know_is_not_run_again(project):
    plan_project(project)
    commit(project)
    attempt(project)
    (project.root / "mended").touch()
    git(project, "commit", "--allow-empty", "-qm", "the same tree in another revision")
    assert attempt(project, resume=True).exit_code is ExitCode.OK
    assert ran(project) == ["test_fails"]


def test_bundles_of_two_revisions_prove_nothing_together(tmp_path):
    suite = {"tool": "pytest", "paths": ["tests"], "shards": 2, "keep-together": "none"}
    project = make_project(tmp_path, {"tests/test_it.py": TESTS}, {"unit": suite})
    (project.root / "mended").touch()
    lock = project.place / "plan.lock.json"
    for number, job in enumerate(plan_project(project).lock.jobs):
        commit(project, f"\n# revision {number}\n")
        run_job(project, lock, job.id, out=project.root / "bundles")
    report = report_files(project, [project.root / "bundles"], lock_file=lock).report
    assert report.exit_code is ExitCode.NOT_PROVEN
    assert "bundles are of different revisions of the source: dtf-unit_1of2-1 of " in " ".join(report.warnings)


def test_a_try_of_another_revision_costs_nothing_when_a_later_one_is_whole(project):
    plan_project(project)
    commit(project)
    attempt(project)
    (project.root / "mended").touch()
    commit(project, "\n# another revision\n")
    attempt(project, resume=True)
    lock = project.place / "plan.lock.json"
    report = report_files(project, [project.root / "bundles"], lock_file=lock).report
    assert (report.exit_code, report.totals.runs) == (ExitCode.OK, 3)
    assert report.warnings[0].startswith("dtf-unit-1: is of another revision of the source: left out")


def test_what_was_tested_is_held_against_what_is_checked_out(project):
    (project.root / "mended").touch()
    plan_project(project)
    commit(project)
    attempt(project)
    commit(project, "\n# another revision\n")
    lock = project.place / "plan.lock.json"
    here = report_files(project, [project.root / "bundles"], lock_file=lock).report
    assert here.exit_code is ExitCode.OK
    assert here.warnings[0].startswith("the bundles are of another revision of the source: ")
    told = report_files(project, [project.root / "bundles"], lock_file=lock, context=Context()).report
    assert told.exit_code is ExitCode.NOT_PROVEN, "a status would stand at a revision that nobody tested"
    known = report_files(project, [project.root / "bundles"], lock_file=lock, context=Context(), elsewhere=True).report
    assert (known.exit_code, known.warnings) == (ExitCode.OK, ())


def test_a_damaged_try_costs_nothing_when_a_later_one_is_whole(project):
    (project.root / "mended").touch()
    plan_project(project)
    bundle = attempt(project).bundle
    (bundle / "events.ndjson").write_bytes((bundle / "events.ndjson").read_bytes()[:-40])
    second = attempt(project, resume=True)
    assert len(ran(project)) == 3
    lock = project.place / "plan.lock.json"
    report = report_files(project, [project.root / "bundles"], lock_file=lock).report
    assert (report.exit_code, report.totals.runs) == (ExitCode.OK, 3)
    assert "left out, for a later try of the job is whole" in report.warnings[0]
    (second.bundle / "manifest.json").unlink()  # the later one was killed
    assert report_files(project, [project.root / "bundles"], lock_file=lock).report.exit_code is ExitCode.NOT_PROVEN


def test_a_number_that_something_is_called_by_is_passed_over(project):
    plan_project(project)
    bundle = attempt(project).bundle
    bundle.with_name("dtf-unit-2").symlink_to("nowhere")
    with pytest.raises(UserError, match="dtf-unit-1 is there already"):
        attempt(project)
    assert attempt(project, resume=True).bundle.name == "dtf-unit-3"


def test_a_number_that_nobody_counts_to_is_not_believed(project):
    plan_project(project)
    bundle = attempt(project).bundle
    for name in ("manifest.json", "events.ndjson"):
        path = bundle / name
        path.write_text(re.sub(r'"attempt": ?1\b', f'"attempt": {"9" * 300}', path.read_text()))
    second = attempt(project, resume=True)
    assert second.bundle.name == "dtf-unit-2"
    assert second.warnings[0].startswith("dtf-unit-1 was not taken into account")


def test_a_run_of_another_source_is_not_gone_on_with(project):
    commit(project)
    run_project(project)
    assert resume_project(project).report.totals.runs == 3
    commit(project, "\n# another revision\n")
    with pytest.raises(UserError, match="the source has changed since that run began"):
        resume_project(project)
