"""The history between builds, and the steps that may have secrets for it: those that run nothing of the project's."""

from __future__ import annotations

from ci_orchestrator.plan.pipeline import Pipeline
from ci_orchestrator.providers.base import extras, memory_extras
from ci_orchestrator.providers.github.pins import pinned
from ci_orchestrator.providers.github.steps import ATTEMPT, Step, action, path_of, plan_file, secrets
from ci_orchestrator.providers.shell import STATE

BRANCH = "branch:"
"""What the place of a memory begins with that git keeps: the job's token opens it."""
_FETCH = "Fetch the history"


def reporting_extras(pipeline: Pipeline) -> tuple[str, ...]:
    """What reporting needs. Of all that can be asked online these are GitHub, and where the change lives."""
    asked = sorted({"github", *({forge(pipeline)} & {"azure", "gitlab"})})
    return tuple(sorted(one for each in extras(pipeline) for one in (asked if each == "online" else [each])))


def forge(pipeline: Pipeline) -> str:
    """The kind of the place where the change lives."""
    return pipeline.forge.partition("=")[0] or "github"


def trusted(pipeline: Pipeline, *, publish: bool) -> Step:
    """The environment of a step that runs nothing of the project's: the secrets of the pipeline, and the job's token
    where something takes it. `publish`: the step tells GitHub.
    """
    asks = publish or pipeline.memory.startswith(BRANCH)
    return {**({"GITHUB_TOKEN": "${{ github.token }}"} if asks else {}), **secrets(pipeline.secrets)}


def fetch_memory(pipeline: Pipeline) -> Step:
    """What is remembered of earlier builds, from where the plan keeps it. No code of a test is near these secrets."""
    inputs: Step = {"command": "history", **plan_file(pipeline), "memory": pipeline.memory}
    env = trusted(pipeline, publish=False)
    return action(pipeline, _FETCH, inputs, env=env, needs=memory_extras(pipeline))


def restore_history(pipeline: Pipeline) -> Step:
    """The durations and outcomes of earlier builds, if there are any in GitHub's cache."""
    with_ = {**_history(pipeline), "restore-keys": "dtf-history-"}
    return {"name": _FETCH, "uses": pinned("actions/cache/restore"), "with": with_}


def save_history(pipeline: Pipeline) -> Step:
    """Keep the history, best effort. Pull requests do not write it; other branches' caches are their own."""
    return {
        "name": "Keep the history",
        "if": "always() && github.event_name != 'pull_request'",
        "continue-on-error": True,
        "uses": pinned("actions/cache/save"),
        "with": _history(pipeline),
    }


def _history(pipeline: Pipeline) -> Step:
    key = f"dtf-history-${{{{ github.run_id }}}}-{ATTEMPT}"
    return {"path": path_of(pipeline, f"{STATE}/history.sqlite"), "key": key}
