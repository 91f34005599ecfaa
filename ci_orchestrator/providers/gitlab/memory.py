"""How a pipeline remembers: in a cache of GitLab, or where the plan says; and the secrets that this takes."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping

from ci_orchestrator.plan.pipeline import Pipeline
from ci_orchestrator.providers.base import memory_option, plan_option
from ci_orchestrator.providers.gitlab.context import TOKENS
from ci_orchestrator.providers.gitlab.words import inside
from ci_orchestrator.providers.shell import STATE, TOOL
from ci_orchestrator.providers.yaml import Flow, Value

HISTORY = f"{STATE}/history.sqlite"
_POLICY = "HISTORY_CACHE"


def cache(pipeline: Pipeline, policy: str) -> Value:
    """The history in a cache; what is on the default branch counts, and merge requests may read it."""
    always = {} if policy == "pull" else {"when": "always"}
    return {
        "key": "ci-orchestrator-history",
        "paths": Flow([inside(pipeline.root, HISTORY)]),
        "policy": policy,
        "unprotect": True,
        **always,
    }


def kept(pipeline: Pipeline) -> Mapping[str, Value]:
    """When the report runs, which is always, and with what: adding to the cache is for the default branch alone."""
    if pipeline.memory:
        return {"when": "always"}
    default: dict[str, Value] = {
        "if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
        "when": "always",
        "variables": {_POLICY: "pull-push"},
    }
    return {
        "rules": [default, {"when": "always"}],
        "variables": {_POLICY: "pull"},
        "cache": [cache(pipeline, f"${_POLICY}")],
    }


def fetch(pipeline: Pipeline) -> list[str]:
    """The lines that fetch a history which no cache brings: before any command of the plan, which must not see what
    that takes.
    """
    if not pipeline.memory:
        return []
    line = shlex.join([TOOL, "history", *plan_option(pipeline), *memory_option(pipeline)])
    return [*missed(pipeline), line]


def missed(pipeline: Pipeline) -> list[str]:
    """Lines that say which secret is not there. That is no failure: a protected one is missing on most branches, and
    no build is red for want of memory. What takes a token of GitLab says so itself.
    """
    text = "echo '{0} is missing: add it under Settings, CI/CD, Variables' >&2"
    return [f'[ -n "${{{name}:-}}" ] || {text.format(name)}' for name in pipeline.secrets if name not in TOKENS]


def hidden(pipeline: Pipeline, known: Collection[str] = ()) -> list[str]:
    """The line after which nothing in the job sees the secrets of the report, but for those that are `known` there.
    GitLab gives every variable to every job.
    """
    names = [name for name in pipeline.secrets if name not in known]
    return [shlex.join(["unset", *names])] if names else []
