"""How a plan's texts are said to GitLab, which expands ``$name`` and ``%name%`` in most of its fields."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.environment import Checkout
from ci_orchestrator.plan.models import Labels
from ci_orchestrator.plan.pipeline import refuse
from ci_orchestrator.providers.gitlab.limits import LIMITS
from ci_orchestrator.providers.yaml import Flow, Value

_EXPANDED = re.compile(r"[$%]")
_KEYWORDS = frozenset(
    (
        *("after_script", "before_script", "cache", "default", "image", "include", "pages", "services", "spec"),
        *("stages", "types", "variables", "workflow", "true", "false", "nil", "null"),
    )
)
"""What cannot be a job's name, or is no plain job then: https://docs.gitlab.com/ci/jobs/#job-names"""


def job_name(stage: str) -> str:
    """The name of the job that runs a stage of the plan. Our own jobs' names have a space, or are reserved in plans."""
    return f"{stage} tests" if stage in _KEYWORDS else stage


def plain(text: str, what: str) -> str:
    """The text, for a field in which GitLab expands variables. Raises `PlanError` if it would."""
    if _EXPANDED.search(text):
        raise PlanError(
            f"{what} {text!r} has a `$` or `%`, which GitLab would expand as a variable", fix="rename it without"
        )
    return text


def tags(labels: Labels | None, runner: str = "") -> dict[str, Value]:
    """`tags` of a runner class, of that of the plan job by default; none without runner classes.

    Raises `PlanError` for a class that has none for GitLab.
    """
    if labels is None:
        return {}
    if not labels.gitlab:
        what = f"runner class {runner}" if runner else "the runner class that plans and reports (`pipeline.runner`)"
        raise PlanError(f"{what} has no tags for GitLab", fix=f"add `labels: {{gitlab: [linux]}}` to {what}")
    return {"tags": Flow([plain(tag, f"the tag of {runner or 'the class that plans'}") for tag in labels.gitlab])}


def variables(env: Mapping[str, str]) -> dict[str, Value]:
    """Environment variables with exactly these values."""
    return {
        name: Flow({"value": value, "expand": False}) if _EXPANDED.search(value) else value
        for name, value in env.items()
    }


def checkout(wanted: Checkout, usual: Checkout | None = None) -> dict[str, Value]:
    """The variables that say how the source is fetched, but for what is `usual` in the file."""
    said = _checkout(wanted)
    known = {} if usual is None else _checkout(usual)
    return {name: value for name, value in said.items() if known.get(name) != value}


def _checkout(wanted: Checkout) -> dict[str, Value]:
    return {
        "GIT_DEPTH": str(wanted.depth),
        "GIT_SUBMODULE_STRATEGY": "recursive" if wanted.submodules else "none",
        "GIT_LFS_SKIP_SMUDGE": "0" if wanted.lfs else "1",
    }


def duration(seconds: float, *, more: float = 0) -> str:
    """A time-out in GitLab's words, in whole minutes. Raises `PlanError` for more than GitLab takes."""
    whole = max(1, -(-int(seconds + more) // 60))
    if whole * 60 > LIMITS["timeout"]:
        refuse(LIMITS, "timeout", whole * 60, "a time-out is too long", _SHORTER)
    hours, minutes = divmod(whole, 60)
    return " ".join(f"{number}{unit}" for number, unit in ((hours, "h"), (minutes, "m")) if number)


_SHORTER = ("a shorter `timeout`", "more `shards`", "another provider for this suite")


def expiry(seconds: float) -> str:
    """How long artifacts are kept, in the largest unit that says it exactly."""
    whole = max(1, int(seconds))
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if whole % size == 0:
            return f"{whole // size} {unit if whole > size else unit.removesuffix('s')}"
    return f"{whole} seconds"


def inside(root: str, path: str) -> str:
    """A path of the project, relative to the repository, in which GitLab looks for it."""
    return path if root == "." else f"{root}/{path}"
