"""Rendering a plan of 5,000 jobs for every provider: seconds and memory, beside writing the same jobs as plain JSON and
as YAML with PyYAML's C dumper.

    python benchmarks/render.py          # ours < 2 s and < 200 MB for each provider

A provider that takes fewer jobs is measured with as many as it takes, and the line says so. Loading the plan is not
measured; translating it to a pipeline is.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

import yaml
from measure import Case, Figure, measure, table

from ci_orchestrator.api.rendering import providers, renderer_of
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.translate.phases import schedule
from ci_orchestrator.translate.pipelines import dynamic_pipeline, static_pipeline

SECONDS = 2.0
MEGABYTES = 200.0
SUITES = 20

PLAN = """
defaults: {{setup: {{run: [make prepare]}}, secrets: [TOKEN]}}
runners:
  cpu: {{labels: {{github: [linux], gitlab: [linux], jenkins: linux, azure: {{pool: linux}}}}}}
suites:
{suites}
"""


def plan_text(jobs: int) -> str:
    """Twenty suites in four layers, as many jobs each."""
    each = jobs // SUITES
    suites = [
        f"  s{number:02}: {{tool: pytest, shards: {each}" + (f", needs: [s{number - 5:02}]}}" if number >= 5 else "}")
        for number in range(SUITES)
    ]
    return PLAN.format(suites="\n".join(suites))


def static(provider: str, jobs: int) -> Callable[[], int]:
    """Render the whole static pipeline; returns its characters."""
    plan, renderer = load_plan(plan_text(jobs)), renderer_of(provider)
    pins = {f"s{number:02}": jobs // SUITES for number in range(SUITES)}

    def run() -> int:
        pipeline = static_pipeline(plan, pins, renderer.limits, plan_file="testplan.yaml", tool="1.0")
        return sum(map(len, renderer.render(pipeline, renderer.path).files.values()))

    return run


def emitted(provider: str, jobs: int) -> Callable[[], int]:
    """What the plan job of a dynamic pipeline hands over; returns its characters."""
    plan, renderer = load_plan(plan_text(jobs)), renderer_of(provider)
    found = {name: [f"t.py::test_{n}" for n in range(jobs // SUITES)] for name in plan.suites}
    lock = schedule(plan, found, durations={}, tool_version="1.0").lock

    def run() -> int:
        return len(
            renderer.emit(dynamic_pipeline(plan, renderer.limits, plan_file="testplan.yaml", tool="1.0", lock=lock))
        )

    return run


def _rows(jobs: int) -> list[dict[str, object]]:
    return [
        {"job": f"s{n % SUITES:02}_{n:04}of{jobs}", "name": f"s ({n}/{jobs})", "needs": ["plan"], "script": ["run"]}
        for n in range(jobs)
    ]


def plain_json(jobs: int) -> Callable[[], int]:
    """The floor: the jobs as JSON."""
    rows = _rows(jobs)
    return lambda: len(json.dumps(rows))


def c_yaml(jobs: int) -> Callable[[], int]:
    """The usual way: the jobs as YAML, by PyYAML's C dumper."""
    rows = _rows(jobs)
    return lambda: len(yaml.dump(rows, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False))


def _most(provider: str, jobs: int) -> int:
    """As many jobs as asked for, or as the provider takes, in whole suites."""
    return min(jobs, renderer_of(provider).limits["jobs"]) // SUITES * SUITES


def main() -> int:
    parser = argparse.ArgumentParser(description="Rendering pipelines.")
    parser.add_argument("--jobs", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    jobs = arguments.jobs
    cases = [Case("JSON (floor)", plain_json, (jobs,)), Case("PyYAML, C", c_yaml, (jobs,))]
    for provider in providers():
        most = _most(provider, jobs)
        cases += [
            Case(f"{provider} static", static, (provider, most)),
            Case(f"{provider} emit", emitted, (provider, most)),
        ]
    figures = measure(cases, rounds=arguments.rounds)
    table(f"{jobs:,} jobs", figures, against="PyYAML, C")
    for provider in providers():
        if _most(provider, jobs) < jobs:
            print(f"  {provider} refuses {jobs:,} jobs; measured with the {_most(provider, jobs):,} that it takes")
    met = [_judge(figure) for name, figure in figures.items() if name.partition(" ")[0] in providers()]
    return 0 if all(met) else 1


def _judge(figure: Figure) -> bool:
    met = figure.cpu < SECONDS and figure.peak_mb < MEGABYTES
    print(
        f"  {'met' if met else 'MISSED'}: {figure.name}: {figure.cpu:.2f} s, {figure.peak_mb:.0f} MB in all, "
        f"{figure.said:,} characters (targets < {SECONDS:g} s, < {MEGABYTES:g} MB)"
    )
    return met


if __name__ == "__main__":
    sys.exit(main())
