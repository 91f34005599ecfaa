"""Plans, and the pipelines of Azure that they become."""

from __future__ import annotations

import json
from typing import Any

import example_pipeline
import yaml

from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.pipeline import Pipeline
from ci_orchestrator.providers.azure.limits import LIMITS
from ci_orchestrator.providers.azure.render import RENDERER
from ci_orchestrator.translate.pipelines import dynamic_pipeline, static_pipeline

PATH = "azure-pipelines.yml"
EXAMPLE = example_pipeline.PLAN
EXAMPLE_PINS = example_pipeline.PINS

MONOREPO = example_pipeline.monorepo(
    pipeline__concurrency="none",
    pipeline__trigger={"push": ["release/*"], "pull-request": False, "schedule": "0 3 * * MON", "manual": False},
    pipeline__memory="branch:test-history",
    pipeline__secrets=["GITHUB_TOKEN"],
    web__shards=300,
)
MONOREPO_PINS = {"go": 1, "web": 300}

HOSTILE_ENV = {
    "A": "${{ variables.secret }} ${{ '}}' }}",
    "B": "$(System.AccessToken)\n##vso[task.setvariable variable=x]y\n",
    "C": "$[ variables.secret ]",
    "D": 'it\'s "quoted" `id` \\ $HOME',
    "E": "emoji \U0001f600: {[ #",
    "F": "x" * 300,
    "G": "",
    "H": "yes",
}
HOSTILE_PRINT = "import json, os; print('SEEN ' + json.dumps([os.environ[name] for name in 'ABCDEFGH']))"
HOSTILE_ARGUMENTS = [
    "it's",
    "a\nb",
    "$(touch pwned)",
    "$(Agent.Name)",
    "`touch pwned`",
    "${{ 1 }}",
    "$[ 1 ]",
    "",
    "# x",
]
HOSTILE_ECHO = "import json, sys; print('TOLD ' + json.dumps(sys.argv[1:]))"


def hostile() -> str:
    """A plan with texts that want out."""
    suite = {
        "tool": "pytest",
        "env": HOSTILE_ENV,
        "setup": {"run": [["python3", "-c", HOSTILE_PRINT], ["python3", "-c", HOSTILE_ECHO, *HOSTILE_ARGUMENTS]]},
    }
    pool = {"pool": 'it\'s "odd" \U0001f600: #x', "demands": ["a, b ]", "yes"]}
    name = 'it\'s "x" ${{ x }} $(touch pwned) # */ {[ %0A##vso[task.complete]'
    runners = {"odd": {"labels": {"azure": pool}}}
    pipeline = {
        "publish": False,
        "memory": "s3://tests/history?region=eu&size=#1",
        "secrets": ["AWS_SECRET_ACCESS_KEY"],
    }
    suites = {"null": suite, "on": {"tool": "pytest"}}
    return yaml.safe_dump({"name": name, "pipeline": pipeline, "runners": runners, "suites": suites})


def dynamic(text: str, plan_file: str = "testplan.yaml") -> Pipeline:
    """The dynamic pipeline of a plan that has not planned."""
    return dynamic_pipeline(load_plan(text), LIMITS, plan_file=plan_file, tool="1.2.3")


def static(text: str, pins: dict[str, int], plan_file: str = "testplan.yaml") -> Pipeline:
    """The static pipeline of a plan."""
    return static_pipeline(load_plan(text), pins, LIMITS, plan_file=plan_file, tool="1.2.3")


def rendered(pipeline: Pipeline) -> str:
    """The file."""
    done = RENDERER.render(pipeline, PATH)
    assert list(done.files) == [done.main] == [PATH]
    return done.files[PATH]


def jobs(pipeline: Pipeline) -> dict[str, dict[str, Any]]:
    """Its jobs, as they are read back."""
    return {job["job"]: job for job in yaml.safe_load(rendered(pipeline))["jobs"]}


def emitted(pipeline: Pipeline) -> dict[str, dict[str, dict[str, str]]]:
    """Matrix → its legs, from logging commands."""
    legs = {}
    for line in RENDERER.emit(pipeline).splitlines():
        head, _, value = line.partition("]")
        name = head.removeprefix("##vso[task.setvariable variable=jobs_").removesuffix(";isOutput=true")
        legs[name] = json.loads(value) if value else {}
    return legs
