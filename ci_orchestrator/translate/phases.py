"""From a plan and the tests that were found to the lock, in named phases, each of which can be shown.

``discover`` (what there is) → ``select`` (what to run) → ``estimate`` (how long it takes) → ``match`` (on which runner
class) → ``shard`` (in how many jobs) → ``lock`` (written down). Pure: the same arguments give the same bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ci_orchestrator.analysis.durations import Estimates, estimate
from ci_orchestrator.errors import PlanError, UserError
from ci_orchestrator.graph import Dag
from ci_orchestrator.plan import lock as locks
from ci_orchestrator.plan.expansion import job_id, resolve_class, shard_count
from ci_orchestrator.plan.lock import Job, Lock, Need
from ci_orchestrator.plan.models import Plan, Suite
from ci_orchestrator.schedule.sharding import ShardPlan, Target, shard

PHASES = ("discover", "select", "estimate", "match", "shard", "lock")
START_UP = 2.0
"""Seconds that a job costs before its first test, when choosing the number of jobs for a target time."""
MOST_SHARDS = 256
"""Jobs of one suite with a target time, unless it says otherwise: what a GitHub matrix takes."""

Found = Mapping[str, Sequence[str]]
"""Suite → its tests, ``path::name``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The lock, and how it came about.

    `found`, `selected`: suite → tests. `estimates`: suite → milliseconds aligned with `selected`, and their sources.
    `runners`: suite → runner class. `shards`: suite → how it was divided. `critical_path`: seconds and job ids.
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
) -> Schedule:
    """All phases. `durations`: test id → its last usable seconds, newest first. `suites`: only these (default: all)."""
    graph = suite_graph(plan)
    every = {name: _ordered(found[name]) for name in sorted(found)}
    selected = {name: every[name] for name in sorted(suites if suites is not None else every)}
    estimates = {name: estimate([f"{name}::{test}" for test in tests], durations) for name, tests in selected.items()}
    runners = {name: resolve_class(plan.suites[name], plan) for name in selected}
    shards = {name: _shard(plan, plan.suites[name], tests, estimates[name]) for name, tests in selected.items()}
    by_test = {name: dict(zip(selected[name], one.milliseconds, strict=True)) for name, one in estimates.items()}
    jobs = _jobs(plan, graph, by_test, runners, shards)
    lock = locks.seal(
        Lock(
            tool_version=tool_version,
            plan_digest=locks.digest_of(locks.plan_value(plan)),
            tests_digest=locks.digest_of(sorted(f"{job.suite}::{test}" for job in jobs for test in job.tests)),
            history_digest=locks.digest_of({name: sorted(times.items()) for name, times in by_test.items()}),
            plan=locks.plan_value(plan),
            skipped_at_collection=tuple(sorted(skipped)),
            jobs=jobs,
        )
    )
    return Schedule(
        found=every,
        selected=selected,
        estimates=estimates,
        runners=runners,
        shards=shards,
        critical_path=critical_path(lock),
        lock=lock,
    )


def _ordered(tests: Sequence[str]) -> tuple[str, ...]:
    """By path, whoever collected it when; within a path in the tool's own order, which may mean something."""
    return tuple(sorted(tests, key=lambda test: test.partition("::")[0]))


def job_graph(lock: Lock) -> Dag:
    """Which job needs which."""
    return Dag({job.id: {other for need in job.needs for other in need.jobs} for job in lock.jobs})


def critical_path(lock: Lock) -> tuple[float, tuple[str, ...]]:
    """The longest chain of jobs: its estimated seconds, start-up included, and the jobs."""
    return job_graph(lock).critical_path({job.id: job.seconds + START_UP for job in lock.jobs})


def tails(lock: Lock) -> dict[str, float]:
    """Suite → estimated seconds of the longest chain of jobs that begins with one of its own."""
    chains = job_graph(lock).tails({job.id: job.seconds + START_UP for job in lock.jobs})
    out: dict[str, float] = {}
    for job in lock.jobs:
        out[job.suite] = max(out.get(job.suite, 0.0), chains[job.id])
    return out


def _shard(plan: Plan, suite: Suite, tests: Sequence[str], estimates: Estimates) -> ShardPlan:
    seconds = [milliseconds / 1000 for milliseconds in estimates.milliseconds]
    files = [test.partition("::")[0] for test in tests] if suite.keep_together == "file" else None
    fixed = shard_count(suite, plan)
    if fixed is not None:
        auto = f"one for each runner of class {resolve_class(suite, plan)}"
        return shard(tests, seconds, fixed, files=files, why=auto if suite.shards.count is None else "as asked")
    target = Target(seconds=suite.shards.target or 0.0, most=suite.shards.max or MOST_SHARDS, startup=START_UP)
    return shard(tests, seconds, target, files=files)


def _ids(shards: Mapping[str, ShardPlan]) -> dict[str, tuple[str, ...]]:
    """The ids of each suite's jobs."""
    return {
        name: tuple(job_id(name, number, len(one.shards)) for number in range(1, len(one.shards) + 1))
        for name, one in shards.items()
    }


def _jobs(
    plan: Plan,
    graph: Dag,
    estimates: Mapping[str, Mapping[str, int]],
    runners: Mapping[str, str],
    shards: Mapping[str, ShardPlan],
) -> tuple[Job, ...]:
    stage_of = {name: stage for stage, names in enumerate(graph.levels()) for name in names}
    ids = _ids(shards)
    jobs = []
    for name, division in shards.items():
        needs = tuple(_need(need, ids, shards) for need in plan.suites[name].needs)
        for number, (job, part) in enumerate(zip(ids[name], division.shards, strict=True), start=1):
            jobs.append(
                Job(
                    id=job,
                    name=name if len(ids[name]) == 1 else f"{name} ({number}/{len(ids[name])})",
                    suite=name,
                    stage=stage_of[name],
                    runner=runners[name],
                    needs=needs,
                    tests=part.tests,
                    estimates=tuple(map(estimates[name].__getitem__, part.tests)),
                )
            )
    return tuple(sorted(jobs, key=lambda job: (job.stage, job.id)))


def _need(need: str, ids: Mapping[str, Sequence[str]], shards: Mapping[str, ShardPlan]) -> Need:
    """The jobs, and for a need of single tests those, that must have passed. Raises `PlanError` if there are none."""
    suite, _, wanted = need.partition("::")
    if not wanted:
        return Need(label=f"needs:{need}", jobs=tuple(ids[suite]))
    jobs = []
    tests: list[str] = []
    for job, part in zip(ids[suite], shards[suite].shards, strict=True):
        chosen = [test for test in part.tests if test == wanted or test.startswith((f"{wanted}::", f"{wanted}["))]
        if chosen:
            jobs.append(job)
            tests += (f"{suite}::{test}" for test in chosen)
    if not tests:
        raise PlanError(
            f"needs {need!r}: suite {suite} has no such test", fix="list them: ci-orchestrator plan --show discover"
        )
    return Need(label=f"needs:{need}", jobs=tuple(jobs), tests=tuple(sorted(tests)))
