"""What a build of Azure Pipelines was of.

The build of a pull request tests a merge, which is all that ``sourceVersion`` tells. What it proposes stands in the
build's parameters, by the names of the variables that a job sees (https://learn.microsoft.com/azure/devops/pipelines/build/variables,
*System.PullRequest*), and in its ``triggerInfo``, which
https://learn.microsoft.com/rest/api/azure/devops/build/builds/get describes as texts by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ci_orchestrator.providers.azure.context import NUMBER, PULL, REVISION
from ci_orchestrator.providers.azure.sdk import Sdk
from ci_orchestrator.providers.online import Build

_PROPOSED = frozenset({"pullRequest", "validateShelveset"})
"""Reasons of builds of pull requests. The second is what older servers say."""
_HEADS = "refs/heads/"


def of_branch(one: Any, sdk: Sdk) -> Build:  # noqa: ANN401 - a model of the client library, which has no types
    """A build of a branch; one of a tag has none."""
    ref = one.source_branch or ""
    revision = one.source_version or ""
    return Build(
        id=str(one.id),
        revision=revision if REVISION.fullmatch(revision) else "",
        branch=ref.removeprefix(_HEADS) if not ref.startswith("refs/") or ref.startswith(_HEADS) else "",
        url=f"{sdk.place.web}/{quote(sdk.project, safe='')}/_build/results?buildId={one.id}",
    )


def read(one: Any, sdk: Sdk) -> Build:  # noqa: ANN401
    """Any build. What is not said to be of the repository itself counts as of a fork."""
    found = of_branch(one, sdk)
    merged = PULL.fullmatch(one.source_branch or "")
    if one.reason not in _PROPOSED and not merged:
        return found
    told = _Told(_parameters(one.parameters), one.trigger_info or {})
    head = told("sourceCommitId", "sourceSha")
    number = told("pullRequestNumber", "number") or (merged[1] if merged else "")  # what is called id may be GitHub's
    return Build(
        id=found.id,
        revision=head if REVISION.fullmatch(head) else "",
        branch=told("sourceBranch", "sourceBranch").removeprefix(_HEADS),
        url=found.url,
        change=int(number) if NUMBER.fullmatch(number) else 0,
        base=told("targetBranch", "targetBranch").removeprefix(_HEADS),
        fork=told("isFork", "isFork").lower() != "false",
    )


class _Told:
    """A text by its name in the parameters, else by that in what triggered the build."""

    def __init__(self, parameters: Mapping[str, object], trigger: Mapping[str, object]) -> None:
        self._parameters, self._trigger = parameters, trigger

    def __call__(self, parameter: str, trigger: str) -> str:
        value = self._parameters.get(f"system.pullRequest.{parameter}") or self._trigger.get(f"pr.{trigger}")
        return str(value) if isinstance(value, str | int) else ""


def _parameters(text: str | None) -> Mapping[str, object]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
