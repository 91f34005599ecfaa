"""``explain``: where a test or a job is, why there, and how it fared; what a pipeline makes of results."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from ci_orchestrator.api.explaining import JobExplained, PipelineExplained, TestExplained, explain
from ci_orchestrator.api.project import Project
from ci_orchestrator.cli.output import Output, printable
from ci_orchestrator.cli.plan import add_plan
from ci_orchestrator.errors import ExitCode
from ci_orchestrator.plan.result_types import Shape
from ci_orchestrator.report.wording import counted, moment, seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``ci-orchestrator explain --help``."""
    add_plan(parser)
    parser.add_argument("name", metavar="NAME", help="a job id, a pipeline over results, a test id, or the end of one")


def run(args: argparse.Namespace) -> ExitCode:
    """Explain it."""
    output: Output = args.output
    found = explain(Project.at(args.plan), args.name)
    if isinstance(found, TestExplained):
        _show_test(output, found)
    elif isinstance(found, PipelineExplained):
        _show_pipeline(output, found)
    else:
        _show_job(output, found)
    return ExitCode.OK


def _show_test(output: Output, test: TestExplained) -> None:
    if output.json_wanted:
        history = [{"build": build.build, **asdict(seen)} for build, seen in test.history]
        output.json(
            {
                "test": test.id,
                "job": test.job.id,
                "runner": test.job.runner,
                "stage": test.job.stage,
                "level": test.job.level,
                "estimate_milliseconds": test.estimate,
                "position": test.position,
                "history": history,
            }
        )
        return
    job = test.job
    output.print(output.style(printable(test.id), "bold"))
    output.print(
        f"  job {job.id} (level {job.level}, runner class {job.runner}), test {test.position + 1} of {len(job.tests)}"
    )
    output.print(f"  why there: longest first to the lightest shard; estimated at {seconds(test.estimate / 1000)}")
    if not test.history:
        output.print("  no history yet")
    for build, seen in test.history:
        tries = f", {seen.attempts} attempts" if seen.attempts > 1 else ""
        output.print(f"  {moment(build.started)}  {seen.outcome:<10} {seconds(seen.duration):>8}{tries}")


def _show_job(output: Output, found: JobExplained) -> None:
    job = found.job
    if output.json_wanted:
        output.json(
            {
                "job": job.id,
                "suite": job.suite,
                "stage": job.stage,
                "level": job.level,
                "after": job.after,
                "runner": job.runner,
                "tests": len(job.tests),
                "estimate": job.seconds,
                "needs": [need.label for need in job.needs],
                "dependents": list(found.dependents),
                "shards": found.shards,
                "slowest": [{"test": test, "milliseconds": estimate} for test, estimate in found.slowest],
            }
        )
        return
    output.print(output.style(job.id, "bold"))
    size = f"{counted(len(job.tests), 'test')}, about {seconds(job.seconds)}"
    output.print(f"  suite {job.suite}, one of {counted(found.shards, 'job')}; {size}")
    output.print(f"  level {job.level}, runner class {job.runner}: the cheapest that has what the suite requires")
    if job.after:
        output.print(f"  waits for {job.after} to say proceed")
    output.print(f"  needs: {', '.join(need.label.removeprefix('needs:') for need in job.needs) or 'nothing'}")
    output.print(f"  needed by: {', '.join(found.dependents) or 'nothing'}")
    output.print("  slowest by estimate:")
    for test, estimate in found.slowest:
        output.print(printable(f"    {seconds(estimate / 1000):>8}  {test}"))


def _show_pipeline(output: Output, found: PipelineExplained) -> None:
    begins = found.steps[0].before
    if output.json_wanted:
        stages = [
            {"stage": step.stage.kind, "columns": _columns(step.after), "grouped_by": list(step.after.keys or ())}
            for step in found.steps
        ]
        output.json({"pipeline": found.name, "columns": _columns(begins), "stages": stages})
        return
    output.print(output.style(found.name, "bold"))
    output.print("  a table of the report; at first, a row for each test:")
    output.print(f"          → {begins}")
    for step in found.steps:
        said = step.stage.model_dump(mode="json", by_alias=True, exclude_none=True)[step.stage.kind]
        output.print(printable(f"  {step.stage.kind:<7} {_flow(said, outermost=True)}"))
        if step.after.columns != step.before.columns:
            output.print(printable(f"          → {step.after}"))


def _columns(shape: Shape) -> list[dict[str, str]]:
    return [{"name": name, "type": kind.value} for name, kind in shape.columns.items()]


def _flow(value: object, *, outermost: bool = False) -> str:
    """As a plan says it in one line; a list of one is that one."""
    if isinstance(value, dict):
        inside = ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items())
        return inside if outermost else f"{{{inside}}}"
    if isinstance(value, list):
        return _flow(value[0]) if len(value) == 1 else f"[{', '.join(map(_flow, value))}]"
    return value if isinstance(value, str) else json.dumps(value)
