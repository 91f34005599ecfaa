"""From a plan and the tests that were found to the lock, in named phases, each of which can be shown.

``discover`` (what there is) → ``select`` (what to run) → ``estimate`` (how long it takes) → ``match`` (on which runner
class) → ``shard`` (in how many jobs) → ``lock`` (written down). Pure: the same arguments give the same bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ci_orchestrator.analysis.durations import Estimates, estimate
from ci_orchestrator.errors import PlanError, UserError
from ci_orchestrator.graph import Dag
from ci_orchestrator.plan import lock as locks
from ci_orchestrator.plan.expansion import MOST_SHARDS, Stage, job_id, job_name, resolve_class, shard_count, stages_of
from ci_orchestrator.plan.lock import Gate, Job, Lock, Need, precedence
from ci_orchestrator.plan.models import Plan
from ci_orchestrator.schedule.sharding import Shard, ShardPlan, Target, shard
from ci_orchestrator.translate.canary import check_sizes, portions

PHASES = ("discover", "select", "estimate", "match", "shard", "lock")
START_UP = 2.0
"""Seconds that a job costs before its first test, when choosing the number of jobs for a target time."""

Found = Mapping[str, Sequence[str]]
"""Suite → its tests, ``path::name``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The lock, and how it came about.

    `found`, `selected`: suite → tests. `estimates`: suite → milliseconds aligned with `selected`, and their sources.
    `runners`: suite → runner class. `shards`: stage → how it was divided. `critical_path`: seconds and job ids.
    """

    found: Mapping[str, tuple[str, ...]]
    selected: Mapping[str, tuple[str, ...]]
    estimates: Mapping[str, Estimates]
    runners: Mapping[str, str]
    shards: Mapping[str, ShardPlan]
    critical_path: tuple[float, tuple[str, ...]]
    lock: Lock


def suites_to_run(plan: Plan, *, only: Collection[str] = (), groups: Collection[str] = ()) -> tuple[str, ...]:
    """The suites that were asked for by name or group, and what they need; all without either. Sorted.

    Raises `UserError` for a name or group that the plan does not have.
    """
    known_groups = {suite.group for suite in plan.suites.values() if suite.group}
    for kind, wanted, known in (("suite", only, set(plan.suites)), ("group", groups, known_groups)):
        for name in sorted(set(wanted) - known):
            raise UserError(f"the plan has no {kind} {name!r}", fix=f"it has: {', '.join(sorted(known)) or 'none'}")
    if not only and not groups:
        return tuple(sorted(plan.suites))
    chosen = {*only, *(name for name, suite in plan.suites.items() if suite.group in set(groups))}
    return suite_graph(plan).closure(chosen)


def suite_graph(plan: Plan) -> Dag:
    """Which suite needs which."""
    return Dag({name: {need.partition("::")[0] for need in suite.needs} for name, suite in plan.suites.items()})


def schedule(
    plan: Plan,
    found: Found,
    *,
    durations: Mapping[str, Sequence[float]],
    tool_version: str,
    suites: Collection[str] | None = None,
    skipped: Sequence[tuple[str, str]] = (),
    pins: Mapping[str, int] | None = None,
) -> Schedule:
    """All phases. `durations`: test id → its last usable seconds, newest first. `suites`: only these (default: all).

    `pins`: stage → its number of jobs, where a committed pipeline has fixed it. Raises `PlanError` for a stage of a
    canary that is too small, and for a need of tests that are not there.
    """
    every = {name: _ordered(found[name]) for name in sorted(found)}
    selected = {name: every[name] for name in sorted(suites if suites is not None else every)}
    estimates = {name: estimate([f"{name}::{test}" for test in tests], durations) for name, tests in selected.items()}
    runners = {name: resolve_class(plan.suites[name], plan) for name in selected}
    by_test = {name: dict(zip(selected[name], one.milliseconds, strict=True)) for name, one in estimates.items()}
    stages = {stage: tests for name in selected for stage, tests in portions(plan.suites[name], selected[name]).items()}
    check_sizes(plan, {stage: len(tests) for stage, tests in stages.items()})
    shards = {
        stage: _shard(plan, stage, tests, by_test[stage.suite], (pins or {}).get(stage.name))
        for stage, tests in stages.items()
    }
    jobs = _jobs(plan, by_test, runners, shards)
    lock = locks.seal(
        Lock(
            tool_version=tool_version,
            plan_digest=locks.digest_of(locks.plan_value(plan)),
            tests_digest=locks.digest_of(sorted(f"{job.suite}::{test}" for job in jobs for test in job.tests)),
            history_digest=locks.digest_of({name: sorted(times.items()) for name, times in by_test.items()}),
            plan=locks.plan_value(plan),
            skipped_at_collection=tuple(sorted(skipped)),
            gates=_gates(plan, jobs, shards),
            jobs=jobs,
        )
    )
    return Schedule(
        found=every,
        selected=selected,
        estimates=estimates,
        runners=runners,
        shards={stage.name: one for stage, one in shards.items()},
        critical_path=critical_path(lock),
        lock=lock,
    )


def _ordered(tests: Sequence[str]) -> tuple[str, ...]:
    """By path, whoever collected it when; within a path in the tool's own order, which may mean something."""
    return tuple(sorted(tests, key=lambda test: test.partition("::")[0]))


def job_graph(lock: Lock) -> Dag:
    """Which job comes after which, by way of gates and whole suites (`plan.lock.precedence`)."""
    return Dag(precedence(lock.jobs, lock.gates))


def critical_path(lock: Lock) -> tuple[float, tuple[str, ...]]:
    """The longest chain of jobs: its estimated seconds, start-up included, and the jobs."""
    graph, weights = job_graph(lock), _weights(lock)
    seconds, path = graph.critical_path({name: weights.get(name, 0.0) for name in graph})
    return seconds, tuple(name for name in path if name in weights)


def tails(lock: Lock) -> dict[str, float]:
    """Suite → estimated seconds of the longest chain of jobs that begins with one of its own."""
    graph, weights = job_graph(lock), _weights(lock)
    chains = graph.tails({name: weights.get(name, 0.0) for name in graph})
    out: dict[str, float] = {}
    for job in lock.jobs:
        out[job.suite] = max(out.get(job.suite, 0.0), chains[job.id])
    return out


def _weights(lock: Lock) -> dict[str, float]:
    """Seconds of each job; what only stands for jobs takes no time."""
    return {job.id: job.seconds + START_UP for job in lock.jobs}


def stage_graph(plan: Plan, suites: Collection[str]) -> Dag:
    """Which stage comes after which: those of one suite in a row, after the last of every suite that it needs."""
    edges: dict[str, set[str]] = {}
    for name in suites:
        suite = plan.suites[name]
        needed = {stages_of(plan.suites[need.partition("::")[0]])[-1].name for need in suite.needs}
        for stage in stages_of(suite):
            edges[stage.name] = needed
            needed = {stage.name}
    return Dag(edges)


def _shard(
    plan: Plan, stage: Stage, tests: Sequence[str], milliseconds: Mapping[str, int], pinned: int | None
) -> ShardPlan:
    suite = plan.suites[stage.suite]
    seconds = [milliseconds[test] / 1000 for test in tests]
    files = [test.partition("::")[0] for test in tests] if suite.keep_together == "file" else None
    if pinned is not None:
        division = shard(tests, seconds, pinned, files=files, why="as the pipeline has it")
        idle = (Shard(tests=(), seconds=0.0),) * (pinned - len(division.shards))
        return replace(division, shards=division.shards + idle)
    fixed = shard_count(stage, plan)
    if fixed is not None:
        auto = f"one for each runner of class {resolve_class(suite, plan)}"
        return shard(tests, seconds, fixed, files=files, why=auto if suite.shards.count is None else "as asked")
    target = Target(seconds=suite.shards.target or 0.0, most=suite.shards.max or MOST_SHARDS, startup=START_UP)
    return shard(tests, seconds, target, files=files)


def _jobs(
    plan: Plan,
    estimates: Mapping[str, Mapping[str, int]],
    runners: Mapping[str, str],
    shards: Mapping[Stage, ShardPlan],
) -> tuple[Job, ...]:
    graph = stage_graph(plan, runners)
    level_of = {name: level for level, names in enumerate(graph.levels()) for name in names}
    needs = {name: tuple(_need(need, shards) for need in plan.suites[name].needs) for name in runners}
    jobs = []
    for stage, division in shards.items():
        count = len(division.shards)
        for number, (job, part) in enumerate(_parts(stage, division), start=1):
            jobs.append(
                Job(
                    id=job,
                    name=job_name(stage.name, number, count),
                    suite=stage.suite,
                    stage=stage.name,
                    level=level_of[stage.name],
                    runner=runners[stage.suite],
                    needs=needs[stage.suite],
                    after=stage.after,
                    tests=part.tests,
                    estimates=tuple(map(estimates[stage.suite].__getitem__, part.tests)),
                )
            )
    return tuple(sorted(jobs, key=lambda job: (job.level, job.id)))


def _parts(stage: Stage, division: ShardPlan) -> list[tuple[str, Shard]]:
    """The ids of a stage's jobs, with their shards."""
    count = len(division.shards)
    return [(job_id(stage.stem, number, count), part) for number, part in enumerate(division.shards, start=1)]


def _gates(plan: Plan, jobs: Sequence[Job], stages: Iterable[Stage]) -> tuple[Gate, ...]:
    judged: dict[str, list[str]] = {}
    for job in jobs:
        judged.setdefault(job.stage, []).append(job.id)
    return tuple(
        Gate(
            id=stage.gate,
            name=f"gate {stage.name}",
            policy=plan.suites[stage.suite].gate or "",
            suite=stage.suite,
            stage=stage.name,
            jobs=tuple(judged.get(stage.name, ())),
        )
        for stage in sorted(stages, key=lambda stage: (stage.suite, stage.percent))
        if stage.gated
    )


def _need(need: str, shards: Mapping[Stage, ShardPlan]) -> Need:
    """The suite, or single tests of it, that must have passed. Raises `PlanError` if there are no such tests."""
    suite, _, wanted = need.partition("::")
    if not wanted:
        return Need(label=f"needs:{need}", suite=suite)
    parts = [part for stage, one in shards.items() if stage.suite == suite for part in _parts(stage, one)]
    jobs = []
    tests: list[str] = []
    for job, part in parts:
        chosen = [test for test in part.tests if test == wanted or test.startswith((f"{wanted}::", f"{wanted}["))]
        if chosen:
            jobs.append(job)
            tests += (f"{suite}::{test}" for test in chosen)
    if not tests:
        raise PlanError(
            f"needs {need!r}: suite {suite} has no such test", fix="list them: ci-orchestrator plan --show discover"
        )
    return Need(label=f"needs:{need}", suite=suite, tests=tuple(sorted(tests)), jobs=tuple(jobs))
