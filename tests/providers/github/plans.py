"""Plans, and the workflows that they become."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import example_pipeline
import yaml

from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.pipeline import Limits, Pipeline, Rendered
from ci_orchestrator.providers.github.limits import LIMITS
from ci_orchestrator.providers.github.render import RENDERER, GitHub
from ci_orchestrator.translate.pipelines import dynamic_pipeline, static_pipeline

PATH = ".github/workflows/tests.yml"
EXAMPLE = example_pipeline.PLAN
EXAMPLE_PINS = example_pipeline.PINS

MONOREPO = example_pipeline.monorepo()
MONOREPO_PINS = {"go": 1, "web": 3}

REMEMBERING = """
pipeline: {memory: "branch:ci-history", secrets: [GITLAB_TOKEN], forge: "gitlab=https://gitlab.example.com/shop/web"}
report: {comment: {images: true}}
suites:
  unit: {tool: pytest, secrets: [DATABASE_URL]}
"""

WIDE = """
suites:
  unit: {tool: pytest, shards: 600}
  after: {tool: pytest, needs: [unit]}
"""
WIDE_PINS = {"after": 1, "unit": 600}

VAST = """
name: vast
runners:
  cpu: {labels: {github: [ubuntu-latest]}, count: 600}
pipeline: {mode: resource-aware}
gates:
  canary: {error-rate: {healthy: "<30%", unhealthy: ">40%", confidence: 80%}}
suites:
  kernels:
    tool: pytest
    shards: 1200
    stages: [10, 100]
    gate: canary
    secrets: [TOKEN]
    container: "python:3.12"
  api: {tool: pytest, needs: [kernels], shards: {target: 5m}}
"""
VAST_PINS = {"api": 2, "kernels-10": 3, "kernels-100": 7}

HOSTILE = r"""
name: "it's \"x\" ${{ secrets.A }} $(touch /tmp/pwned) `id` %0A::error::x #: {[ \U0001F600"
pipeline:
  trigger: {push: ["main*"]}
runners:
  odd:
    labels: {github: ["self-hosted", "a, b: ${{ github.token }} ]", "on", "yes #no"]}
gates:
  canary:
    error-rate: {healthy: "<30%", unhealthy: ">40%", confidence: 80%, min-samples: 6}
    on-hold: [["echo", "${{ secrets.A }}", "$(touch pwned)", "`touch pwned`", "it's", "a\nb", "%0A::error::x"]]
suites:
  on:
    tool: pytest
    stages: [50, 100]
    gate: canary
    shards: 2
    env: {A: "${{ secrets.A }}", B: "$(touch pwned)\n::error::x\n", C: "yes", D: "1e3", E: "it's \"${{ '}}' }}\""}
    setup:
      run: [["sh", "-c", "echo '${{ github.actor }}' \"$1\"", "-", "${{ 1 }}\n::warning::y"]]
      cache: {paths: ["a-b"], key: ["it's ${{ x }} }}.txt", "n: #o"]}
  "null": {tool: pytest, needs: ["on"]}
"""
HOSTILE_VALUES = ["${{ secrets.A }}", "$(touch pwned)\n::error::x\n", "yes", "1e3", "it's \"${{ '}}' }}\""]
HOSTILE_PINS = {"null": 1, "on-100": 1, "on-50": 1}


def tight(**walls: int) -> Limits:
    """GitHub's limits, but for some that are tighter, so that few jobs are many."""
    return replace(
        LIMITS,
        walls={
            name: replace(wall, value=walls[name]) if name in walls else wall for name, wall in LIMITS.walls.items()
        },
    )


FEW = tight(matrix=3, listed=0, artifacts=0)
"""Every plan is collected by name, and more than three jobs are calls."""


def dynamic(text: str, plan_file: str = "testplan.yaml", limits: Limits = LIMITS) -> Pipeline:
    """The dynamic pipeline of a plan that has not planned."""
    return dynamic_pipeline(load_plan(text), limits, plan_file=plan_file, tool="1.2.3")


def static(text: str, pins: dict[str, int], plan_file: str = "testplan.yaml", limits: Limits = LIMITS) -> Pipeline:
    """The static pipeline of a plan."""
    return static_pipeline(load_plan(text), pins, limits, plan_file=plan_file, tool="1.2.3")


def rendered(pipeline: Pipeline) -> str:
    """The workflow."""
    done: Rendered = RENDERER.render(pipeline, PATH)
    assert list(done.files) == [done.main] == [PATH]
    return done.files[PATH]


def written(pipeline: Pipeline, limits: Limits = LIMITS, name: str = "tests") -> dict[str, str]:
    """The workflow and those that it calls: file name → text."""
    done = GitHub(limits).render(pipeline, f".github/workflows/{name}.yml")
    assert all(Path(path).parent == Path(".github/workflows") for path in done.files)
    return {Path(path).name: text for path, text in done.files.items()}


def jobs(pipeline: Pipeline) -> dict[str, dict]:
    """The workflow's jobs, as they are read back."""
    return yaml.safe_load(rendered(pipeline))["jobs"]


def repository(place: Path, texts: dict[str, str], labels: list[str]) -> list[Path]:
    """A repository with workflows, where linters look for them; `labels` are those of its own runners."""
    home = place / ".github" / "workflows"
    home.mkdir(parents=True)
    for name, text in texts.items():
        (home / f"{name}.yml").write_text(text, encoding="utf-8")
    (place / ".github/actionlint.yaml").write_text(yaml.safe_dump({"self-hosted-runner": {"labels": labels}}))
    commit(place)
    return sorted(home.iterdir())


def commit(place: Path) -> None:
    """Make a repository of a directory, with all that is in it."""
    me = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "--quiet", "--initial-branch=main"], ["add", "--all"], [*me, "commit", "--quiet", "-mx"]):
        subprocess.run(["git", "-C", str(place), *words], check=True)
