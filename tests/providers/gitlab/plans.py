"""Plans, and the pipelines that they become."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import example_pipeline
import yaml

from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.lock import Lock
from ci_orchestrator.plan.pipeline import Pipeline, Shape
from ci_orchestrator.providers.gitlab.limits import LIMITS
from ci_orchestrator.providers.gitlab.render import RENDERER
from ci_orchestrator.translate.phases import schedule
from ci_orchestrator.translate.pipelines import dynamic_pipeline, static_pipeline

PATH = ".gitlab-ci.yml"
VARIABLE = "CI_ORCHESTRATOR_JOB"
EXAMPLE = example_pipeline.PLAN
EXAMPLE_PINS = example_pipeline.PINS

MONOREPO = example_pipeline.monorepo(
    pipeline__concurrency="none",
    go__setup__toolchain={"go": "1.24"},
    web__services__db__env={"POSTGRES_PASSWORD": "te$t"},
    web__coverage={"report": "cobertura.xml"},
)
MONOREPO_PINS = {"go": 1, "web": 3}

WIDE = """
gates: {canary: {error-rate: {healthy: "<50%", unhealthy: ">50%", confidence: 50%}}}
suites:
  unit: {tool: pytest, shards: 70}
  live: {tool: pytest, shards: 120, stages: [50, 100], gate: canary}
  after: {tool: pytest, needs: [unit, live]}
  alone: {tool: pytest, shards: 201}
"""
WIDE_PINS = {"after": 1, "alone": 201, "live-50": 60, "live-100": 60, "unit": 70}

HOSTILE = r"""
name: "it's \"x\" $CI_JOB_TOKEN $(touch /tmp/pwned) `id` %0A::error::x #: {[ \U0001F600"
pipeline:
  trigger: {push: ["main*+/x.y"]}
runners:
  odd:
    labels: {gitlab: ["a, b: $x ]", "on", "yes #no", "!reference [.x, script]", "it's \"é\" 😀"]}
gates:
  canary:
    error-rate: {healthy: "<30%", unhealthy: ">40%", confidence: 80%, min-samples: 6}
    on-hold: [["echo", "$CI_JOB_TOKEN", "$(touch pwned)", "`touch pwned`", "it's", "a\nb", "%0A::error::x", "$[[ x ]]"]]
suites:
  cache:
    tool: pytest
    stages: [50, 100]
    gate: canary
    shards: 2
    env: {A: "$CI_JOB_TOKEN", B: "$(touch pwned)\n- x: y\n", C: "yes", D: "1e3", E: "it's \"${HOME}\" %PATH% $$"}
    setup:
      run: [["sh", "-c", "echo '$HOME' \"$1\"", "-", "${A} `id`\n- script: [x]"]]
      cache: {paths: ["a-b", "~/c"], key: ["it's #x.txt", "n: #o"]}
  "null": {tool: pytest, needs: ["cache"]}
""".replace("$x ]", "x ]")
HOSTILE_PINS = {"null": 1, "cache-100": 1, "cache-50": 1}


class Loader(yaml.CSafeLoader):
    """Reads GitLab's YAML, and refuses a key that stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        made = super().construct_mapping(node, deep)
        assert len(made) == len(node.value), f"a key stands twice at {node.start_mark}"
        return made


def dynamic(text: str, plan_file: str = "testplan.yaml", lock: Lock | None = None) -> Pipeline:
    """The dynamic pipeline of a plan: before it has planned, or with a lock."""
    return dynamic_pipeline(load_plan(text), LIMITS, plan_file=plan_file, tool="1.2.3", lock=lock)


def static(text: str, pins: dict[str, int], plan_file: str = "testplan.yaml") -> Pipeline:
    """The static pipeline of a plan."""
    return static_pipeline(load_plan(text), pins, LIMITS, plan_file=plan_file, tool="1.2.3")


def locked(text: str, tests: int, empty: tuple[str, ...] = ()) -> Lock:
    """The lock of a plan whose suites have this many tests each, those of `empty` none."""
    plan = load_plan(text)
    found = {name: [f"t.py::test_{n}" for n in range(0 if name in empty else tests)] for name in plan.suites}
    return schedule(plan, found, durations={}, tool_version="1.2.3").lock


def rendered(pipeline: Pipeline) -> str:
    """The committed file."""
    done = RENDERER.render(pipeline, PATH)
    assert list(done.files) == [done.main] == [PATH]
    return done.files[PATH]


def child(text: str, lock: Lock) -> str:
    """The child pipeline of a plan and its lock."""
    pipeline = dynamic(text, lock=lock)
    assert pipeline.shape is Shape.DYNAMIC
    return RENDERER.emit(pipeline)


def read(text: str) -> dict[str, Any]:
    """The file as GitLab reads it."""
    value: dict[str, Any] = yaml.load(text, Loader)
    return value


def jobs(text: str) -> dict[str, dict[str, Any]]:
    """The jobs of a file: `extends` resolved, hidden ones left out."""
    top = {"workflow", "stages", "default", "variables"}
    content = {name: job for name, job in read(text).items() if name not in top}
    return {name: _whole(content, job) for name, job in content.items() if not name.startswith(".")}


def _whole(content: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    """GitLab merges mappings, and takes everything else from the job itself."""
    if "extends" not in job:
        return job
    return _merged(_whole(content, content[job["extends"]]), {k: v for k, v in job.items() if k != "extends"})


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    both = {key: _merged(base[key], own[key]) for key in base.keys() & own.keys() if isinstance(own[key], dict)}
    return {**base, **own, **both}


def instances(name: str, job: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    """The names of a job's instances, each with the id of the lock's job that it runs."""
    if "parallel" not in job:
        yield name, job.get("variables", {}).get(VARIABLE)
        return
    ((key, values),) = (pair for entry in job["parallel"]["matrix"] for pair in entry.items())
    assert key == VARIABLE
    for value in values:
        yield f"{name}: [{value}]", value


def needed(job: dict[str, Any]) -> list[str]:
    """The names in a job's `needs`, but for those of another pipeline."""
    each = job.get("needs", [])
    return [
        one if isinstance(one, str) else one["job"] for one in each if isinstance(one, str) or "pipeline" not in one
    ]
