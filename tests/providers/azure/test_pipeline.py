"""What a pipeline of Azure has, and what is refused."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import examples
from providers.azure import plans

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.providers.azure.limits import LIMITS
from ci_orchestrator.providers.base import command_in
from ci_orchestrator.translate.phases import schedule
from ci_orchestrator.translate.pipelines import dynamic_pipeline, pins_of, static_pipeline


def test_the_walls_are_these() -> None:
    walls = {"matrix": 256, "jobs": 5_000, "bytes": 600_000, "leg": 100, "minutes": 360}
    assert {name: wall.value for name, wall in LIMITS.walls.items()} == walls


SUITE = "suites: {s: {tool: pytest, %s}}"


@pytest.mark.parametrize(
    ("plan", "what"),
    [
        ("runners: {a: {labels: {gitlab: [x]}}}\nsuites: {s: {tool: pytest}}", "`labels: azure` is missing"),
        (
            "runners: {a: {labels: {azure: {pool: '$(x)'}}}}\nsuites: {s: {tool: pytest}}",
            "`azure: pool` has '$(', which Azure Pipelines would evaluate",
        ),
        (
            SUITE % "services: {db: {image: x, env: {A: '$(System.AccessToken)'}}}",
            "suite s: service db: `env: A` has '$('",
        ),
        (SUITE % "setup: {cache: {paths: [a], key: ['a | b']}}", "`cache: key` has the file 'a | b'"),
        (SUITE % "timeout: 6h", "370 minutes of a job, and Azure Pipelines takes 360"),
        (SUITE % "shards: 5001", "5,001 jobs whose bundles one run publishes, and Azure Pipelines takes 5,000"),
        (
            json.dumps({"suites": {f"s{n}": {"tool": "pytest"} for n in range(400)}}),
            "bytes of YAML, and Azure Pipelines takes 600,000",
        ),
    ],
)
def test_what_cannot_be_said_is_refused(plan: str, what: str) -> None:
    with pytest.raises(PlanError, match=re.escape(what)) as refused:
        plans.rendered(plans.dynamic(plan))
    assert refused.value.fix


def test_the_head_renders_it_again() -> None:
    assert command_in(plans.rendered(plans.static(plans.EXAMPLE, plans.EXAMPLE_PINS))) == ("static", plans.EXAMPLE_PINS)


@pytest.mark.parametrize(
    ("concurrency", "batch", "cancel"), [("cancel-older", True, True), ("queue", True, False), ("none", False, False)]
)
def test_concurrency(concurrency: str, batch: bool, cancel: bool) -> None:
    text = plans.rendered(plans.dynamic(f"pipeline: {{concurrency: {concurrency}}}\nsuites: {{s: {{tool: pytest}}}}"))
    pipeline = yaml.safe_load(text)
    assert (pipeline["trigger"]["batch"], pipeline["pr"]["autoCancel"]) == (batch, cancel)
    assert ("a new push ends an older run" in text) == (concurrency == "cancel-older")


def test_what_a_shell_sees_is_what_the_plan_says(tmp_path: Path) -> None:
    """As an agent does it: `${{ }}` is read first, then `$(…)` in values and scripts, which must not find any."""
    steps = plans.jobs(plans.static(plans.hostile(), {"null": 1, "on": 1}))["null"]["steps"]
    setup = next(step for step in steps if step.get("displayName") == "Set up")
    env = {name: value.replace("${{ '${{' }}", "${{") for name, value in setup["env"].items()}
    assert "$(" not in "".join([setup["bash"], *env.values()])
    assert "${{" not in setup["bash"]
    path = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    words = ["bash", "--noprofile", "--norc", "-c", setup["bash"]]
    done = subprocess.run(words, env={**path, **env}, cwd=tmp_path, capture_output=True, text=True, check=True)
    seen, told = done.stdout.splitlines()
    assert json.loads(seen.removeprefix("SEEN ")) == list(plans.HOSTILE_ENV.values())
    assert json.loads(told.removeprefix("TOLD ")) == plans.HOSTILE_ARGUMENTS
    assert list(tmp_path.iterdir()) == []


def test_a_secret_that_a_fork_does_not_get_is_unset(tmp_path: Path) -> None:
    steps = plans.jobs(plans.dynamic(plans.EXAMPLE))["api"]["steps"]
    setup = next(step for step in steps if step.get("displayName") == "Set up")
    assert setup["env"]["EXAMPLE_TOKEN"] == "$(EXAMPLE_TOKEN)"
    script = setup["bash"].replace("git --version", 'echo "[${EXAMPLE_TOKEN-none}]"')
    for given_, expected in (("$(EXAMPLE_TOKEN)", "[none]"), ("s3cret", "[s3cret]")):
        env = {"PATH": "/usr/bin:/bin", "EXAMPLE_TOKEN": given_}
        done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected


@settings(max_examples=examples(5))
@given(st.lists(st.one_of(st.integers(1, 600), st.sampled_from([2_500, 10_000])), min_size=1, max_size=4))
def test_every_job_once_and_within_every_wall(counts: list[int]) -> None:
    suites = {f"s{n}": {"tool": "pytest", "shards": count} for n, count in enumerate(counts)}
    plan = load_plan(json.dumps({"suites": suites}))
    if sum(counts) > LIMITS["jobs"]:
        with pytest.raises(PlanError, match=f"{sum(counts):,} .* Azure Pipelines takes 5,000"):
            dynamic_pipeline(plan, LIMITS, plan_file="p.yaml", tool="1")
        return
    found = {name: [f"t.py::t{n}" for n in range(suite["shards"])] for name, suite in suites.items()}
    lock = schedule(plan, found, durations={}, tool_version="1").lock
    expected = sorted(job.id for job in lock.jobs)
    fixed = plans.jobs(static_pipeline(plan, pins_of(lock), LIMITS, plan_file="p.yaml", tool="1"))
    matrices = [job["strategy"]["matrix"] for job in fixed.values() if "strategy" in job]
    planned = plans.emitted(dynamic_pipeline(plan, LIMITS, plan_file="p.yaml", tool="1", lock=lock))
    for legs in (matrices, list(planned.values())):
        assert sorted(leg for matrix in legs for leg in matrix) == expected
        assert all(len(matrix) <= LIMITS["matrix"] for matrix in legs)
        assert all(leg == {"CI_ORCHESTRATOR_JOB": name} for matrix in legs for name, leg in matrix.items())
        assert all(re.fullmatch("[A-Za-z][A-Za-z0-9_]{0,99}", name) for matrix in legs for name in matrix)
    waiting = plans.jobs(dynamic_pipeline(plan, LIMITS, plan_file="p.yaml", tool="1"))
    asked = {job["strategy"]["matrix"] for job in waiting.values() if "strategy" in job}
    assert {f"$[ dependencies.plan.outputs['emit.jobs_{name}'] ]" for name in planned} <= asked


def test_an_empty_matrix_is_an_empty_output() -> None:
    plan = load_plan("suites: {a: {tool: pytest, allow-empty: true}, b: {tool: pytest}}")
    lock = schedule(plan, {"a": [], "b": ["t.py::t"]}, durations={}, tool_version="1", suites=["b"]).lock
    pipeline = dynamic_pipeline(plan, LIMITS, plan_file="p.yaml", tool="1", lock=lock)
    assert plans.emitted(pipeline) == {"a": {}, "b": {"b": {"CI_ORCHESTRATOR_JOB": "b"}}}
