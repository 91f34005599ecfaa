"""``explain`` of a pipeline over results: nothing needs to have been planned or run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from projects import make_project, run_cli

from ci_orchestrator.api.project import Project
from ci_orchestrator.errors import ExitCode

PIPELINES = {
    "slow": [
        {"filter": {"suite": "unit", "duration": ">10s", "outcome": ["failed", "errored"]}},
        {"map": {"minutes": {"from": "duration", "divide": 60}}},
        {"group": "owner"},
        {"reduce": {"sum": "minutes"}},
    ],
    "theirs": [{"custom": "absent"}],
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path, {"tests/test_a.py": "def test_slow(): pass\n"}, results={"pipelines": PIPELINES})


def test_its_stages_are_shown_with_what_goes_out(project: Project) -> None:
    told = run_cli(project, "explain", "slow").stdout.splitlines()
    assert told[0] == "slow"
    assert told[2].startswith("          → test: text, suite: text, path: text, ")
    assert told[3] == "  filter  suite: unit, duration: >10s, outcome: [failed, errored]"
    assert told[4] == "  map     minutes: {from: duration, divide: 60.0}"
    assert told[5].endswith("flaky: true or false, minutes: number")
    assert told[6:] == ["  group   owner", "  reduce  sum: minutes", "          → owner: text, sum-minutes: number"]


def test_the_same_for_programs(project: Project) -> None:
    told = json.loads(run_cli(project, "explain", "slow", "--json").stdout)
    assert told["pipeline"] == "slow"
    assert told["columns"][0] == {"name": "test", "type": "text"}
    assert [stage["stage"] for stage in told["stages"]] == ["filter", "map", "group", "reduce"]
    assert told["stages"][2]["grouped_by"] == ["owner"]
    assert told["stages"][3] == {
        "stage": "reduce",
        "columns": [{"name": "owner", "type": "text"}, {"name": "sum-minutes", "type": "number"}],
        "grouped_by": [],
    }


def test_a_stage_that_is_not_installed_is_the_users_matter(project: Project) -> None:
    done = run_cli(project, "explain", "theirs")
    assert done.returncode == ExitCode.USER_ERROR
    assert "no stages backend is called 'absent'" in done.stderr


def test_a_job_goes_before_a_pipeline_and_a_broken_plan_hides_no_job(project: Project) -> None:
    assert run_cli(project, "plan").returncode == ExitCode.OK
    plan = project.plan_file.read_text()
    project.plan_file.write_text(plan.replace("slow:", "unit:"))
    assert json.loads(run_cli(project, "explain", "unit", "--json").stdout)["job"] == "unit"
    project.plan_file.write_text(plan.replace("suites:", "suits:"))
    assert json.loads(run_cli(project, "explain", "unit", "--json").stdout)["job"] == "unit"
    assert json.loads(run_cli(project, "explain", "test_slow", "--json").stdout)["job"] == "unit"
