"""From a plan, its lock where there is one, and a provider's limits to a pipeline that is no provider's yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ci_orchestrator.plan.environment import Cache, Checkout, Setup, Toolchain
from ci_orchestrator.plan.expansion import Stage, job_id, job_name, most_jobs, resolve_class, stages_of
from ci_orchestrator.plan.gates import final_gates
from ci_orchestrator.plan.lock import Lock
from ci_orchestrator.plan.models import Labels, Plan, Suite
from ci_orchestrator.plan.pipeline import Cell, GateJob, Limits, Matrix, Pipeline, Shape, StageJobs, refuse
from ci_orchestrator.translate.phases import stage_graph


def pins_of(lock: Lock) -> dict[str, int]:
    """Stage → its number of jobs in a lock, sorted."""
    pins: dict[str, int] = {}
    for job in lock.jobs:
        pins[job.stage] = pins.get(job.stage, 0) + 1
    return dict(sorted(pins.items()))


def static_pipeline(plan: Plan, pins: Mapping[str, int], limits: Limits, *, plan_file: str, tool: str) -> Pipeline:
    """The pipeline whose jobs are fixed: `pins` says how many each stage has. Raises `PlanError` at a wall."""
    chosen = [stage for stage in _stages(plan) if pins.get(stage.name)]
    _check_size({stage: pins[stage.name] for stage in chosen}, limits)
    cells = {stage.name: _cells(stage, pins[stage.name]) for stage in chosen}
    return _pipeline(plan, Shape.STATIC, limits, cells, plan_file=plan_file, tool=tool, pins=dict(sorted(pins.items())))


def dynamic_pipeline(plan: Plan, limits: Limits, *, plan_file: str, tool: str, lock: Lock | None = None) -> Pipeline:
    """The pipeline whose first job plans the others. `lock`: what it planned, once it has; its cells are then known.

    Raises `PlanError` at a wall.
    """
    _check_size({stage: most_jobs(stage, plan) for stage in _stages(plan)}, limits)
    cells: dict[str, tuple[Cell, ...]] | None = None
    if lock is not None:
        found: dict[str, list[Cell]] = {stage.name: [] for stage in _stages(plan)}
        for job in lock.jobs:
            found[job.stage].append(Cell(job.id, job.name))
        cells = {stage: tuple(each) for stage, each in found.items()}
    return _pipeline(plan, Shape.DYNAMIC, limits, cells, plan_file=plan_file, tool=tool, pins={})


def _stages(plan: Plan) -> list[Stage]:
    """Every stage of every suite, sorted by suite."""
    return [stage for name in sorted(plan.suites) for stage in stages_of(plan.suites[name])]


def _cells(stage: Stage, count: int) -> tuple[Cell, ...]:
    numbers = range(1, count + 1)
    return tuple(Cell(job_id(stage.stem, n, count), job_name(stage.name, n, count)) for n in numbers)


def _pipeline(
    plan: Plan,
    shape: Shape,
    limits: Limits,
    cells: Mapping[str, tuple[Cell, ...]] | None,
    *,
    plan_file: str,
    tool: str,
    pins: Mapping[str, int],
) -> Pipeline:
    suites = [plan.suites[name] for name in sorted(plan.suites)]
    levels = {name: level for level, names in enumerate(stage_graph(plan, plan.suites).levels()) for name in names}
    chosen = [stage for stage in _stages(plan) if shape is Shape.DYNAMIC or pins.get(stage.name)]
    chosen.sort(key=lambda stage: (levels[stage.name], stage.stem))
    stages: list[StageJobs] = []
    for stage in chosen:
        behind = stages[-1].id if plan.pipeline.mode == "sequential" and stages else ""
        known = None if cells is None else cells.get(stage.name, ())
        most = pins[stage.name] if shape is Shape.STATIC else most_jobs(stage, plan)
        stages.append(_stage(plan, stage, limits, level=levels[stage.name], most=most, cells=known, behind=behind))
    return Pipeline(
        name=plan.name or "ci-orchestrator",
        plan_file=plan_file,
        tool_version=tool,
        shape=shape,
        trigger=plan.pipeline.trigger,
        concurrency=plan.pipeline.concurrency,
        fail_fast=plan.pipeline.fail_fast,
        sequential=plan.pipeline.mode == "sequential",
        pins=pins,
        control=_control(plan),
        planning=_planning(suites),
        planning_env={name: value for suite in reversed(suites) for name, value in sorted(suite.env.items())},
        planning_secrets=tuple(sorted({name for suite in suites for name in suite.secrets})),
        retain=max(suite.artifacts.retain for suite in suites),
        stages=tuple(stages),
        gates=tuple(_gate(plan, stage, levels[stage.name]) for stage in chosen if stage.gated),
        judged=bool(final_gates(plan.gates)),
        publish=plan.pipeline.publish,
        forge=plan.pipeline.forge or "",
        memory=plan.pipeline.memory or "",
        secrets=tuple(sorted(set(plan.pipeline.secrets))),
        images=plan.pipeline.publish and plan.report.comment.images is True,
    )


def _stage(
    plan: Plan, stage: Stage, limits: Limits, *, level: int, most: int, cells: tuple[Cell, ...] | None, behind: str
) -> StageJobs:
    suite = plan.suites[stage.suite]
    runner = plan.runners.get(resolve_class(suite, plan))
    needed = sorted({need.partition("::")[0] for need in suite.needs})
    at_once = {"sequential": 1, "resource-aware": runner.count if runner else None}.get(plan.pipeline.mode)
    return StageJobs(
        id=stage.stem,
        name=stage.name,
        suite=suite.name,
        level=level,
        runner=runner.name if runner else "local",
        labels=runner.labels if runner else None,
        most=most,
        matrices=tuple(_matrices(stage, limits["matrix"], most if cells is None else len(cells), cells)),
        needs=tuple(other.stem for name in needed for other in stages_of(plan.suites[name])),
        after=stage.after,
        behind=behind,
        at_once=at_once,
        timeout=suite.timeout,
        retain=suite.artifacts.retain,
        cwd=suite.cwd,
        setup=suite.setup,
        env=dict(sorted(suite.env.items())),
        secrets=tuple(sorted(set(suite.secrets))),
        services=dict(sorted(suite.services.items())),
        container=suite.container,
        coverage=suite.coverage,
    )


def _matrices(stage: Stage, limit: int, most: int, cells: tuple[Cell, ...] | None) -> Iterator[Matrix]:
    """As many matrices as it takes; ``unit``, then ``unit_part2`` and so on."""
    for number, start in enumerate(range(0, max(most, 1), limit), start=1):
        inside = () if cells is None else cells[start : start + limit]
        yield Matrix(stage.stem if number == 1 else f"{stage.stem}_part{number}", min(limit, most - start), inside)


def _gate(plan: Plan, stage: Stage, level: int) -> GateJob:
    policy = plan.gates[plan.suites[stage.suite].gate or ""]
    return GateJob(
        id=stage.gate,
        name=f"gate {stage.name}",
        stage=stage.name,
        of=stage.stem,
        level=level,
        secrets=tuple(sorted(set(policy.secrets))),
        on_hold=policy.on_hold,
        on_rollback=policy.on_rollback,
    )


def _control(plan: Plan) -> Labels | None:
    """The labels of the class that plans, decides and reports: the one asked for, else the cheapest."""
    if not plan.runners:
        return None
    name = plan.pipeline.runner or min(plan.runners, key=lambda name: plan.runners[name].rank)
    return plan.runners[name].labels


def _planning(suites: Sequence[Suite]) -> Setup:
    """What makes every suite's tests listable: all that any suite gets ready, each command and cache once."""
    setups = [suite.setup for suite in suites]
    chosen: dict[str, str] = {}
    for setup in setups:
        chosen = {**setup.toolchain.chosen(), **chosen}
    depths = [setup.checkout.depth for setup in setups]
    return Setup(
        checkout=Checkout(
            depth=0 if 0 in depths else max(depths),
            submodules=any(setup.checkout.submodules for setup in setups),
            lfs=any(setup.checkout.lfs for setup in setups),
        ),
        toolchain=Toolchain.model_validate(chosen),
        run=tuple(dict.fromkeys(command for setup in setups for command in setup.run)),
        cache=Cache(
            paths=tuple(dict.fromkeys(path for setup in setups for path in setup.cache.paths)),
            key=tuple(dict.fromkeys(path for setup in setups for path in setup.cache.key)),
        ),
    )


def _check_size(most: Mapping[Stage, int], limits: Limits) -> None:
    """Before a job of it is made: a plan may ask for a hundred million."""
    total = sum(most.values())
    if total > limits["jobs"]:
        largest = max(most, key=lambda stage: (most[stage], stage.name))
        refuse(
            limits,
            "jobs",
            total,
            "the plan cannot be one pipeline",
            (
                f"fewer `shards`, first for suite {largest.suite}",
                "a target time with `max:`",
                "several plans, each with a pipeline of its own",
            ),
        )
