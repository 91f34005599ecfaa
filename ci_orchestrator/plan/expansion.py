"""What follows from a plan before any test is known: runner classes, numbers of jobs, and the ids of jobs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ci_orchestrator.capabilities.matching import mismatches
from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.fields import MOST_JOBS
from ci_orchestrator.plan.models import Plan, Suite

LOCAL = "local"
MOST_SHARDS = 256
"""Jobs of one stage with a target time, unless it says otherwise: what a GitHub matrix takes."""
_SHARD_SUFFIX = re.compile(r"_[0-9]+of[0-9]+$")


@dataclass(frozen=True, slots=True)
class Stage:
    """Jobs of one suite that may start together: all of the suite, or what a canary adds up to `percent` of it.

    `before`: percent of the suite that earlier stages have run.
    """

    suite: str
    percent: int = 100
    before: int = 0
    gated: bool = False

    @property
    def name(self) -> str:
        """``unit``, or ``kernels-25`` for the stage of a canary that ends at 25 percent."""
        return f"{self.suite}-{self.percent}" if self.gated else self.suite

    @property
    def stem(self) -> str:
        """The name as job ids spell it. `checks` refuses plans in which two stages share a stem."""
        return self.name.replace("-", "_")

    @property
    def gate(self) -> str:
        """The id of the gate after this stage, empty when there is none."""
        return f"gate_{self.stem}" if self.gated else ""

    @property
    def after(self) -> str:
        """The id of the gate that must let this stage start, empty when there is none."""
        return Stage(self.suite, self.before, 0, gated=True).gate if self.before else ""


def stages_of(suite: Suite) -> tuple[Stage, ...]:
    """A suite's stages, in order; one without a canary."""
    if not suite.stages:
        return (Stage(suite.name),)
    starts = (0, *suite.stages)
    return tuple(
        Stage(suite.name, percent, before, gated=True) for before, percent in zip(starts, suite.stages, strict=False)
    )


def looks_like_a_shard(suite: str) -> bool:
    """Whether a suite's only job could be taken for a shard of another suite."""
    return _SHARD_SUFFIX.search(Stage(suite).stem) is not None


def job_id(stem: str, shard: int, count: int) -> str:
    """The id of shard `shard` (from 1) of `count`: ``unit``, or ``unit_03of12``. Unique in a plan that was loaded.

    Always ``[a-z][a-z0-9_]{0,59}``: a stem has at most 44 characters, a count at most five digits.
    """
    if not 1 <= shard <= count:
        raise ValueError(f"shard {shard} of {count}")
    return stem if count == 1 else f"{stem}_{shard:0{len(str(count))}}of{count}"


def job_name(stage: str, shard: int, count: int) -> str:
    """What people call the job: ``unit``, or ``unit (3/12)``."""
    return stage if count == 1 else f"{stage} ({shard}/{count})"


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
    return min(fitting, key=lambda name: plan.runners[name].rank)


def shard_count(stage: Stage, plan: Plan) -> int | None:
    """Into how many jobs a stage is divided: its share of the suite's jobs; None when a target time decides that from
    estimates.
    """
    suite = plan.suites[stage.suite]
    if suite.shards.target is not None:
        return None
    runner = plan.runners.get(resolve_class(suite, plan))
    jobs = suite.shards.count or min((runner.count if runner else None) or 1, MOST_JOBS)
    return max(1, round(jobs * (stage.percent - stage.before) / 100))


def most_jobs(stage: Stage, plan: Plan) -> int:
    """The most jobs that a stage can have, before any test is known."""
    fixed = shard_count(stage, plan)
    return fixed if fixed is not None else plan.suites[stage.suite].shards.max or MOST_SHARDS
