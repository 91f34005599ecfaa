"""What follows from a plan before any test is known: runner classes, numbers of jobs, and the ids of jobs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ci_orchestrator.capabilities.matching import mismatches
from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.models import Plan, Suite

LOCAL = "local"
_SHARD_SUFFIX = re.compile(r"_[0-9]+of[0-9]+$")


def job_stem(suite: str) -> str:
    """A suite's name as job ids spell it. `checks` refuses plans in which two suites share a stem."""
    return suite.replace("-", "_")


def looks_like_a_shard(suite: str) -> bool:
    """Whether a suite's only job could be taken for a shard of another suite."""
    return _SHARD_SUFFIX.search(job_stem(suite)) is not None


def job_id(suite: str, shard: int, count: int) -> str:
    """The id of shard `shard` (from 1) of `count`: ``unit``, or ``unit_03of12``. Unique in a plan that was loaded.

    Always ``[a-z][a-z0-9_]{0,59}``: a suite's name has at most 40 characters, a count at most five digits.
    """
    if not 1 <= shard <= count:
        raise ValueError(f"shard {shard} of {count}")
    stem = job_stem(suite)
    return stem if count == 1 else f"{stem}_{shard:0{len(str(count))}}of{count}"


def misfits(suite: Suite, plan: Plan) -> Mapping[str, tuple[str, ...]]:
    """For each runner class, sorted by name, why it cannot run the suite (empty when it can)."""
    return {name: mismatches(suite.requires, plan.runners[name].provides) for name in sorted(plan.runners)}


def resolve_class(suite: Suite, plan: Plan) -> str:
    """The runner class of a suite: the cheapest that fits, the first by name among equals; `local` without any classes.

    Raises `PlanError` when no class fits; a plan that was loaded has none such.
    """
    if not plan.runners:
        return LOCAL
    fitting = [name for name, reasons in misfits(suite, plan).items() if not reasons]
    if not fitting:
        raise PlanError(
            f"no runner class can run {suite.name!r}", fix="mend its `requires`, or what a class `provides`"
        )
    return min(fitting, key=lambda name: (plan.runners[name].price, name))


def shard_count(suite: Suite, plan: Plan) -> int | None:
    """Into how many jobs a suite is divided; None when a target time decides that from estimates."""
    if suite.shards.target is not None:
        return None
    if suite.shards.count is not None:
        return suite.shards.count
    runner = plan.runners.get(resolve_class(suite, plan))
    return min(runner.count or 1, 10_000) if runner else 1
