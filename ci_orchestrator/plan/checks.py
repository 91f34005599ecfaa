"""Whether the parts of a valid plan fit together: needs, tools, runner classes, and names of jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from ci_orchestrator.capabilities.units import shown
from ci_orchestrator.graph import CycleError, Dag
from ci_orchestrator.plan.builder import Path
from ci_orchestrator.plan.expansion import looks_like_a_shard, misfits, stages_of
from ci_orchestrator.plan.finding import Finding
from ci_orchestrator.plan.models import Plan, Suite
from ci_orchestrator.plan.secret_names import OURS
from ci_orchestrator.plan.tool_checks import tool_findings

MOST_HINTS = 20
RESERVED = re.compile(r"plan|report|(gate|hold|rollback|collect)_.*|.*_part[0-9]+")
"""Names of jobs that a pipeline has of its own."""


def findings(plan: Plan) -> list[Finding]:
    """All that does not fit, in the order of the suites."""
    found = [finding for suite in plan.suites.values() for finding in _of_suite(suite, plan)]
    return [*found, *_unknown_needs(plan), *_cycle(plan), *_control_runner(plan), *_job_names(plan)]


def _of_suite(suite: Suite, plan: Plan) -> Iterator[Finding]:
    yield from tool_findings(suite)
    yield from _runner(suite, plan)
    yield from _canary(suite, plan)
    yield from _variables(suite)


def _unknown_needs(plan: Plan) -> Iterator[Finding]:
    known = sorted(plan.suites)
    unknown = [
        (("suites", suite.name, "needs", index), target)
        for suite in plan.suites.values()
        for index, need in enumerate(suite.needs)
        if (target := need.partition("::")[0]) not in plan.suites
    ]
    for number, (place, target) in enumerate(unknown):
        # Looking for the nearest name takes time in proportion to all names: not for thousands of mistakes.
        near = get_close_matches(target, known, n=1) if number < MOST_HINTS else []
        fix = f"did you mean {near[0]!r}?" if near else f"suites: {', '.join(known)[:200]}"
        yield Finding(place, f"there is no suite {shown(target)}", fix)


def _cycle(plan: Plan) -> Iterator[Finding]:
    edges = {
        name: sorted({target for need in suite.needs if (target := need.partition("::")[0]) in plan.suites})
        for name, suite in plan.suites.items()
    }
    try:
        Dag(edges)
    except CycleError as error:
        arrows = " → ".join(error.path)
        yield Finding(
            ("suites", error.path[0], "needs"), f"suites need each other: {arrows}", "remove one of these needs"
        )


def _runner(suite: Suite, plan: Plan) -> Iterator[Finding]:
    if not plan.runners:
        yield from _local(suite)
    reasons = misfits(suite, plan)
    if not reasons or not all(reasons.values()):
        return
    each = [f"{name}: {', '.join(why)}" for name, why in reasons.items()]
    more = f"; and {len(each) - 5} more" if len(each) > 5 else ""
    yield Finding(
        ("suites", suite.name, "requires"),
        f"no runner class can run this suite ({'; '.join(each[:5])}{more})",
        "ask for less, or say under `runners` what provides it",
    )


def _local(suite: Suite) -> Iterator[Finding]:
    """Without runner classes there is this machine only, of which a plan knows no more than that it can compute."""
    unknown = sorted(set(suite.requires) - {"cpu", "memory"})
    if unknown:
        yield Finding(
            ("suites", suite.name, "requires"),
            f"nothing says that this machine has {', '.join(unknown)}",
            "describe it under `runners:` with what it `provides`",
        )


def _canary(suite: Suite, plan: Plan) -> Iterator[Finding]:
    place: Path = ("suites", suite.name)
    if suite.stages and suite.gate is None:
        yield Finding(
            (*place, "stages"), "nothing decides between these stages", "add `gate:` with a gate's name", True
        )
    if suite.gate is not None and not suite.stages:
        yield Finding((*place, "gate"), "there are no stages to decide between", "add `stages: [10, 100]`", True)
    if suite.gate is not None and suite.gate not in plan.gates:
        near = get_close_matches(suite.gate, plan.gates, n=1)
        fix = f"did you mean {near[0]!r}?" if near else "describe it under `gates:`"
        yield Finding((*place, "gate"), f"there is no gate {shown(suite.gate)}", fix)


def _variables(suite: Suite) -> Iterator[Finding]:
    place: Path = ("suites", suite.name)
    if any(name.startswith(OURS) for name in suite.env):
        fix = "call the variable something else"
        yield Finding((*place, "env"), f"variables that begin with {OURS} are ci-orchestrator's own", fix)
    for name in sorted(suite.env.keys() & set(suite.secrets)):
        fix = "remove one of them, or call it something else"
        yield Finding((*place, "secrets"), f"{name} stands under `env` too", fix)


def _control_runner(plan: Plan) -> Iterator[Finding]:
    name = plan.pipeline.runner
    if name is not None and name not in plan.runners:
        fix = f"runner classes: {', '.join(sorted(plan.runners))[:200] or 'none'}"
        yield Finding(("pipeline", "runner"), f"there is no runner class {shown(name)}", fix)


def _job_names(plan: Plan) -> Iterator[Finding]:
    """Job ids have no `-`; no two stages, nor a job of the pipeline's own, may have the same."""
    stems: dict[str, str] = {}
    for name, suite in plan.suites.items():
        place: Path = ("suites", name)
        taken = [stage for stage in stages_of(suite) if stems.setdefault(stage.stem, name) != name]
        if taken:
            first = stems[taken[0].stem]
            what = f"its job {taken[0].stem!r} would be called like one of {first!r}: - and _ are the same there"
            yield Finding(place, what, "rename one", key=True)
        if looks_like_a_shard(name):
            yield Finding(place, "this name ends like that of a shard (_1of2)", "rename the suite", key=True)
        if RESERVED.fullmatch(name.replace("-", "_")):
            yield Finding(place, "the pipeline has a job of this name of its own", "rename the suite", key=True)
