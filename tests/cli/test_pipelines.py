"""``plan --provider`` as a command: which options go together, and what it exits with."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import make_project, run_cli

from ci_orchestrator.api.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path, {}, {"unit": {"tool": "pytest", "paths": ["tests"], "shards": 2}})


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--shape", "static"], "--shape is about a provider's pipeline"),
        (["--emit", ""], "--emit is about a provider's pipeline"),
        (["--provider", "gitlab", "--suite", "unit"], "a pipeline is that of the whole plan"),
        (["--provider", "gitlab", "--check", "--emit", "-"], "--check takes no other"),
        (["--provider", "gitlab", "--check", "--lock-out", "l.json"], "--check takes no other"),
        (["--provider", "gitlab", "--check", "--shards", "unit=2"], "--check takes no other"),
        (["--provider", "gitlab", "--emit", "-", "--out", "p.yml"], "--emit takes no other"),
        (["--provider", "gitlab", "--shards", "unit=2"], "a dynamic pipeline has no fixed number of jobs"),
        (["--provider", "gitlab", "--shape", "static", "--shards", "unit=000001999999999"], "is not like unit=4"),
        (["--provider", "gitlab", "--shape", "static", "--shards", "uint=2"], "did you mean 'unit'?"),
        (["--provider", "gitlab", "--out", "."], ". cannot be written: Is a directory"),
        (["--provider", "gitlab", "--out", ""], ". cannot be written: Is a directory"),
    ],
)
def test_options_that_make_no_sense_are_refused(project: Project, words: list[str], why: str) -> None:
    done = run_cli(project, "plan", *words)
    assert done.returncode == 2
    assert why in done.stderr


def test_check_fails_when_plan_and_pipeline_no_longer_agree(project: Project) -> None:
    file = ["--out", "ci/pipeline.yml"]
    assert run_cli(project, "plan", "--provider", "gitlab", "--shape", "static", *file).returncode == 0
    assert (
        run_cli(project, "plan", "--provider", "gitlab", "--check", *file).stdout == "ci/pipeline.yml is the plan's\n"
    )
    project.plan_file.write_text(project.plan_file.read_text().replace("shards: 2", "shards: 3"))
    done = run_cli(project, "plan", "--provider", "gitlab", "--check", *file)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the plan gives stage 'unit' 3 jobs, not 2" in done.stderr
