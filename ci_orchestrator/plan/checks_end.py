"""Whether the parts of a valid plan fit together that matter beside and after its suites: gates, quotas, pipelines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from difflib import get_close_matches
from fractions import Fraction

from ci_orchestrator.capabilities.units import RefusedError, shown
from ci_orchestrator.plan.builder import Path
from ci_orchestrator.plan.finding import Finding
from ci_orchestrator.plan.gates import AT_THE_END, BETWEEN_STAGES, Gate
from ci_orchestrator.plan.memory_place import own_branch
from ci_orchestrator.plan.models import Plan
from ci_orchestrator.plan.result_pipelines import Stage
from ci_orchestrator.plan.result_types import START, after, final
from ci_orchestrator.plan.shares import format_percent


def end_findings(plan: Plan) -> list[Finding]:
    """All that does not fit, gates first."""
    found = [finding for gate in plan.gates.values() for finding in _fields(gate)]
    found += _final_between_stages(plan)
    found += _quotas(plan)
    found += _memory(plan)
    for name, stages in plan.results.pipelines.items():
        found += _pipeline(("results", "pipelines", name), stages)
    return found


def _fields(gate: Gate) -> Iterator[Finding]:
    """Fields of the other kind of gate would be read and never asked."""
    written = {name.replace("_", "-") for name in gate.model_fields_set}
    foreign = BETWEEN_STAGES if gate.final else AT_THE_END
    what = "decides between stages, and this gate is final" if gate.final else "stands in a final gate only"
    fix = "move it into a gate of its own" if gate.final else "add `final: true`, or remove it"
    for field in (field for field in foreign if field in written):
        yield Finding(("gates", gate.name, field), f"`{field}` {what}", fix, key=True)


def _final_between_stages(plan: Plan) -> Iterator[Finding]:
    for name, suite in plan.suites.items():
        gate = plan.gates.get(suite.gate or "")
        if gate is not None and gate.final:
            fix = "name one without `final: true`: a final gate judges every build by itself"
            yield Finding(("suites", name, "gate"), f"{shown(gate.name)} is a final gate", fix)


def _quotas(plan: Plan) -> Iterator[Finding]:
    owners = sorted({suite.owner for suite in plan.suites.values() if suite.owner})
    shares: defaultdict[str, Fraction] = defaultdict(Fraction)
    for owner, quota in plan.quotas.items():
        if owner not in owners:
            near = get_close_matches(owner, owners, n=1)
            fix = f"did you mean {near[0]!r}?" if near else f"owners: {', '.join(owners)[:200] or 'none'}"
            yield Finding(("quotas", owner), f"no suite has the owner {shown(owner)}", fix, key=True)
        if quota.runner not in plan.runners:
            fix = f"runner classes: {', '.join(sorted(plan.runners))[:200] or 'none'}"
            yield Finding(("quotas", owner, "runner"), f"there is no runner class {shown(quota.runner)}", fix)
        shares[quota.runner] += Fraction(quota.share).limit_denominator(1_000_000)
        if shares[quota.runner] > 1:
            what = f"with it, {format_percent(float(shares[quota.runner]))} of {quota.runner} are given away"
            yield Finding(("quotas", owner, "share"), what, "share out 100% at most")


def _memory(plan: Plan) -> Iterator[Finding]:
    """A branch that holds anything else than a history is never touched, so that nothing would be kept."""
    branch = own_branch(plan.pipeline.memory or "")
    if branch in plan.pipeline.trigger.push:
        fix = "name one that does not exist yet, such as branch:test-history"
        yield Finding(("pipeline", "memory"), f"{shown(branch)} is a branch of code, whose pushes start builds", fix)


def _pipeline(place: Path, stages: tuple[Stage, ...]) -> Iterator[Finding]:
    """The first stage that cannot work; what follows a custom one is told when it runs."""
    shape, at = START, place
    try:
        for number, stage in enumerate(stages):
            at = (*place, number)
            following = after(shape, stage)
            if following is None:
                return
            shape = following
        final(shape)
    except RefusedError as error:
        yield Finding((*at, *error.at), error.what, error.fix)
