"""When a pipeline starts, and what a new one does to an older one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.pipeline import Pipeline, Shape
from ci_orchestrator.plan.pipeline_options import Trigger
from ci_orchestrator.providers.yaml import Note, Value


def workflow(pipeline: Pipeline) -> dict[str, Value]:
    """`workflow` of the committed file. Raises `PlanError` for a queue of static pipelines."""
    return {**_auto_cancel(pipeline), "rules": list(_rules(pipeline.trigger))}


def child_workflow(pipeline: Pipeline) -> dict[str, Value]:
    """`workflow` of a child pipeline: also for merge requests, whose children have to be asked for."""
    return {**_auto_cancel(pipeline), "rules": [{"if": '$CI_PIPELINE_SOURCE == "parent_pipeline"'}]}


def _auto_cancel(pipeline: Pipeline) -> dict[str, Value]:
    if pipeline.concurrency == "queue" and pipeline.shape is Shape.STATIC:
        raise PlanError(
            "GitLab can make a static pipeline wait for an older one only job by job",
            fix="use --shape dynamic, or `concurrency: cancel-older` or `none`",
        )
    cancel = "interruptible" if pipeline.concurrency == "cancel-older" else "none"
    return {"auto_cancel": {"on_new_commit": cancel}}


def _rules(trigger: Trigger) -> Iterator[Value]:
    if trigger.pull_request:
        yield {"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'}
    if trigger.schedule:
        note = f"At {trigger.schedule} (UTC): add this schedule under Build, Pipeline schedules."
        yield Note({"if": '$CI_PIPELINE_SOURCE == "schedule"'}, above=[note])
    if trigger.manual:
        yield {"if": "$CI_PIPELINE_SOURCE =~ /^(web|api)$/"}
    patterns = [branch for branch in trigger.push if "*" in branch]
    for branch in sorted(set(trigger.push) - set(patterns)):
        yield {"if": f'$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == "{branch}"'}
    if patterns and trigger.pull_request:
        yield Note(
            {"if": '$CI_PIPELINE_SOURCE == "push" && $CI_OPEN_MERGE_REQUESTS', "when": "never"},
            above=["A branch with a merge request is tested there."],
        )
    for pattern in sorted(set(patterns)):
        yield {"if": f'$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH =~ /^{_regex(pattern)}$/'}
    if not trigger.push and not trigger.pull_request and not trigger.manual and not trigger.schedule:
        yield {"when": "never"}


def _regex(pattern: str) -> str:
    """A branch pattern as GitLab's regular expressions have it; `*` stands for any part of a name."""
    return ".*".join(re.sub(r"[./+]", r"\\\g<0>", part) for part in pattern.split("*"))
