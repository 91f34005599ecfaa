"""What a pipeline remembers and tells, and who sees the secrets that this takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from providers.gitlab import plans
from providers.gitlab.shell import sh

from ci_orchestrator.plan.pipeline import Shape
from ci_orchestrator.providers.gitlab import memory

SUITES = "suites: {unit: {tool: pytest, secrets: [OURS]}}\n"


def made(options: str, shape: Shape) -> dict[str, dict[str, Any]]:
    """All jobs of a pipeline, those of a child included."""
    text = f"pipeline: {options}\n{SUITES}"
    if shape is Shape.STATIC:
        return plans.jobs(plans.rendered(plans.static(text, {"unit": 1})))
    found = plans.jobs(plans.rendered(plans.dynamic(text)))
    return {**found, **plans.jobs(plans.child(text, plans.locked(text, 1)))}


def installs(job: dict[str, Any]) -> str:
    """What a job has pip install."""
    text: str = job["before_script"][-1]
    return text.partition("SPEC:-")[2].partition("}")[0]


@pytest.mark.parametrize("shape", Shape)
def test_the_report_keeps_the_history_in_a_cache_and_a_dynamic_plan_reads_it(shape: Shape) -> None:
    jobs = made("{}", shape)
    (kept,) = jobs["report"]["cache"]
    assert (kept["policy"], kept["when"]) == ("$HISTORY_CACHE", "always")
    assert jobs["report"]["variables"] == {"HISTORY_CACHE": "pull"}
    default, other = jobs["report"]["rules"]
    assert (default["when"], default["variables"]) == ("always", {"HISTORY_CACHE": "pull-push"})
    assert other == {"when": "always"}
    read = jobs["plan"].get("cache", [])
    assert [one["policy"] for one in read] == (["pull"] if shape is Shape.DYNAMIC else [])
    assert all((kept["key"], kept["paths"]) == (one["key"], one["paths"]) for one in read)


@pytest.mark.parametrize("shape", Shape)
def test_a_history_elsewhere_is_fetched_before_anything_of_the_plan_runs(shape: Shape) -> None:
    jobs = made('{memory: "s3://a/b&c", secrets: [KEY, OURS]}', shape)
    said, also, fetched, hidden, *_, planned = jobs["plan"]["script"]
    assert "KEY is missing" in said
    assert "OURS is missing" in also
    assert fetched == ".ci-orchestrator/bin/ci-orchestrator history --memory 's3://a/b&c'"
    assert hidden == "unset KEY", "and what a suite asks for stays"
    assert "ci-orchestrator plan" in planned
    assert jobs["report"]["script"][-1].endswith(" --publish --memory 's3://a/b&c'")
    assert jobs["report"]["when"] == "always"
    assert all("cache" not in jobs[name] for name in ("plan", "report"))
    assert installs(jobs["plan"]) == installs(jobs["report"]) == "ci-orchestrator[online,s3]==1.2.3"
    assert installs(jobs["unit"]) == "ci-orchestrator==1.2.3"


@pytest.mark.parametrize("shape", Shape)
def test_a_history_on_a_branch_takes_nothing_more(shape: Shape) -> None:
    jobs = made("{memory: 'branch:history', publish: false}", shape)
    assert {installs(job) for job in jobs.values() if "before_script" in job} == {"ci-orchestrator==1.2.3"}
    assert "codequality" not in str(jobs["report"])
    assert "--publish" not in str(jobs["report"])


@pytest.mark.parametrize("shape", Shape)
def test_tests_do_not_see_what_the_report_is_told(shape: Shape) -> None:
    jobs = made("{secrets: [GITLAB_TOKEN, OURS]}", shape)
    assert jobs["unit"]["script"][0] == jobs["plan"]["script"][0] == "unset GITLAB_TOKEN"
    assert "unset" not in str(jobs["report"])
    assert jobs["report"]["artifacts"]["reports"] == {
        "codequality": ".ci-orchestrator/report/gl-code-quality-report.json"
    }


def test_a_missing_secret_of_the_report_is_said_and_no_failure(tmp_path: Path) -> None:
    pipeline = plans.dynamic(f"pipeline: {{secrets: [GITLAB_TOKEN, KEY]}}\n{SUITES}")
    lines = [*memory.missed(pipeline), *memory.hidden(pipeline), 'echo "<$KEY>"']
    missing, there = sh(lines, tmp_path), sh(lines, tmp_path, KEY="x")
    assert (missing.returncode, missing.stdout) == (0, "<>\n")
    assert missing.stderr == "KEY is missing: add it under Settings, CI/CD, Variables\n"
    assert (there.stdout, there.stderr) == ("<>\n", "")
