"""Whole files: the static pipeline, the parent of a dynamic one, and the child that its plan job makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ci_orchestrator.plan.pipeline import Pipeline, refuse
from ci_orchestrator.providers.base import command_of
from ci_orchestrator.providers.gitlab import jobs, words
from ci_orchestrator.providers.gitlab.limits import LIMITS
from ci_orchestrator.providers.gitlab.stages import Stages
from ci_orchestrator.providers.gitlab.workflow import child_workflow, workflow
from ci_orchestrator.providers.yaml import Flow, Note, Raw, Value, dump

_RETRIED = ("api_failure", "data_integrity_failure", "runner_system_failure", "scheduler_failure")
"""Failures that are the infrastructure's; those of tests are retried by ci-orchestrator, as the plan says."""
_RENDERED = "Rendered by ci-orchestrator from {}: change that, and render this file again."


def static(pipeline: Pipeline, path: str) -> str:
    """The committed file of a static pipeline."""
    made = Stages(pipeline, lock="plan")
    names = ["plan", *made.names(), "report"]
    content = _top(pipeline, workflow(pipeline), names) | _spaced({"plan": jobs.plan(pipeline), **made.all()})
    return _text(content, _head(pipeline, path))


def parent(pipeline: Pipeline, path: str) -> str:
    """The committed file of a dynamic pipeline."""
    content = _top(pipeline, workflow(pipeline), ["plan", "tests"])
    note = ["The jobs of the lock, with gates and report. This job ends as they end."]
    content |= _spaced({"plan": jobs.plan(pipeline), "run the plan": Note(jobs.run_child(pipeline), above=note)})
    return _text(content, _head(pipeline, path))


def child(pipeline: Pipeline) -> str:
    """The file that the plan job of a dynamic pipeline makes, once the cells are known."""
    made = Stages(pipeline, lock=jobs.TAKE_OVER)
    names = ["plan", *made.names(), "report"]
    content = _top(pipeline, child_workflow(pipeline), names)
    content |= _spaced({jobs.TAKE_OVER: jobs.take_over(pipeline), **made.all()})
    return _text(content, ["Made by ci-orchestrator from the lock of this pipeline's plan job."])


def _head(pipeline: Pipeline, path: str) -> list[str]:
    lines = [_RENDERED.format(pipeline.plan_file), command_of(pipeline, "gitlab", path)]
    secrets = sorted({name for stage in pipeline.stages for name in stage.secrets})
    if secrets:
        lines += ["", "Secrets are masked variables under Settings, CI/CD, Variables:", f"  {', '.join(secrets)}"]
    if pipeline.fail_fast:
        lines += ["", *_NO_FAIL_FAST]
    return lines


_NO_FAIL_FAST = (
    "fail-fast: GitLab ends the other jobs of a stage only together with the whole pipeline, its report included;",
    "so they run on.",
)


def _top(pipeline: Pipeline, flow: Mapping[str, Value], stages: Sequence[str]) -> dict[str | Raw, Value]:
    cancelled = {"interruptible": pipeline.concurrency == "cancel-older"}
    return _spaced(
        {
            "workflow": flow,
            "stages": Flow(list(dict.fromkeys(stages))),
            "default": {**cancelled, "retry": {"max": LIMITS["retry"], "when": list(_RETRIED)}},
            "variables": words.checkout(pipeline.planning.checkout),
            jobs.WITH_TOOL: jobs.tool(pipeline),
        }
    )


def _spaced(entries: Mapping[str, Value]) -> dict[str | Raw, Value]:
    return {
        key: replace(value, blank=True) if isinstance(value, Note) else Note(value, blank=True)
        for key, value in entries.items()
    }


def _text(content: Mapping[str | Raw, Value], head: Sequence[str]) -> str:
    text = dump(content, head)
    for wall, size in (("bytes", len(text.encode("utf-8"))), ("memory", _memory(content))):
        if size > LIMITS[wall]:
            refuse(LIMITS, wall, size, "the pipeline is too large a file", _SMALLER)
    return text


_SMALLER = ("fewer `shards`", "shorter `env` and commands, or in a script of the project", "several plans")


def _memory(value: Value | Mapping[str | Raw, Value]) -> int:
    """About what Ruby holds for a value, by which GitLab measures a file: 40 bytes an object, and its content."""
    match value:
        case Note(inside) | Flow(inside):
            return _memory(inside)
        case str():
            return 40 + (len(value.encode("utf-8")) if len(value) > 23 else 0)
        case Mapping():
            return 40 + sum(48 + _memory(str(key)) + _memory(each) for key, each in value.items())
        case Sequence():
            return 40 + sum(8 + _memory(each) for each in value)
    return 0
