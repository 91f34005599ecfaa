"""The file: its head, what starts it, and its jobs."""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator.plan.pipeline import Pipeline, refuse
from ci_orchestrator.plan.pipeline_options import Trigger
from ci_orchestrator.providers.azure.containers import resources
from ci_orchestrator.providers.azure.jobs import every_job
from ci_orchestrator.providers.azure.limits import LIMITS
from ci_orchestrator.providers.base import head
from ci_orchestrator.providers.yaml import Note, Raw, Value, dump

_SECONDS_A_DAY = 86_400


def document(pipeline: Pipeline, path: str) -> str:
    """The whole file. Raises `PlanError` for what Azure would evaluate, for a missing pool, and at a wall."""
    value: dict[str | Raw, Value] = {}
    value |= _starts(pipeline)
    if containers := resources(pipeline):
        value["resources"] = Note({"containers": containers}, blank=True)
    value["jobs"] = Note([Note(job, blank=number > 0) for number, job in enumerate(every_job(pipeline))], blank=True)
    text = dump(value, list(_head(pipeline, path)))
    if len(text.encode()) > LIMITS["bytes"]:
        ways = (
            "the dynamic shape, which does not list the jobs",
            "fewer suites, or fewer stages of canaries",
            "several plans, each with a pipeline of its own",
        )
        refuse(LIMITS, "bytes", len(text.encode()), "the pipeline is too large a file", ways)
    return text


def _head(pipeline: Pipeline, path: str) -> Iterator[str]:
    yield from head(pipeline, "azure", path)
    notes = list(_unsaid(pipeline))
    if notes:
        yield ""
        yield "What Azure Pipelines cannot say in this file:"
        yield from (f"- {note}" for note in notes)


def _unsaid(pipeline: Pipeline) -> Iterator[str]:
    days = -(-int(pipeline.retain) // _SECONDS_A_DAY)
    yield f"artifacts are kept for {days} days: the project's settings say how long runs are kept"
    if pipeline.trigger.pull_request:
        yield "pull requests in Azure Repos: a branch policy (build validation) starts this pipeline"
    if pipeline.concurrency == "cancel-older":
        yield "a new push ends an older run only in pull requests of GitHub and Bitbucket; elsewhere it waits for it"
    if pipeline.fail_fast:
        yield "fail-fast: no leg of a matrix ends the others"
    if not pipeline.trigger.manual:
        yield "not by hand: whoever may queue builds can run this pipeline"


def _starts(pipeline: Pipeline) -> dict[str | Raw, Value]:
    trigger = pipeline.trigger
    push: dict[str, Value] = {"batch": pipeline.concurrency != "none", "branches": {"include": list(trigger.push)}}
    start: dict[str | Raw, Value] = {"trigger": Note(push if trigger.push else "none", blank=True)}
    pull: dict[str, Value] = {"autoCancel": pipeline.concurrency == "cancel-older", "branches": {"include": ["*"]}}
    start["pr"] = Note(pull if trigger.pull_request else "none", blank=True)
    if trigger.schedule is not None:
        start["schedules"] = Note([_schedule(trigger)], blank=True)
    return start


def _schedule(trigger: Trigger) -> Value:
    """On the branches that are pushed to, by their full names."""
    branches = [branch for branch in trigger.push if "*" not in branch] or ["main"]
    times = str(trigger.schedule)
    return {"cron": times, "displayName": "By the plan", "branches": {"include": branches}, "always": True}
