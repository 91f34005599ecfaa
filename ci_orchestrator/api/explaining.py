"""The use case *explain*: where a test or a job is, why there, and how it fared; what a pipeline makes of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from ci_orchestrator.analysis.stages import Step
from ci_orchestrator.analysis.tables import steps
from ci_orchestrator.api import wire
from ci_orchestrator.api.project import HISTORY_FILE, LOCK_FILE, Project, read_lock
from ci_orchestrator.errors import PlanError, UserError
from ci_orchestrator.history.base import BuildSummary, HistoryError, Observation
from ci_orchestrator.plan.lock import Job, Lock, Need
from ci_orchestrator.plan.result_pipelines import Stage

LAST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TestExplained:
    """A test of the last lock. `estimate`: milliseconds. `history`: what the last builds said, newest first."""

    __test__ = False

    id: str
    job: Job
    estimate: int
    position: int
    history: Sequence[tuple[BuildSummary, Observation]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobExplained:
    """A job of the last lock, and what waits for it."""

    job: Job
    dependents: tuple[str, ...]
    shards: int
    slowest: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineExplained:
    """A pipeline over results: its stages with the columns that come in and go out."""

    name: str
    steps: tuple[Step, ...]


def explain(project: Project, name: str) -> TestExplained | JobExplained | PipelineExplained:
    """Explain a job id, a pipeline over results, a test id, or the end of exactly one test id, in this order.

    Raises `UserError` for anything else.
    """
    planned = project.place / LOCK_FILE
    lock = read_lock(planned) if planned.exists() else None
    for job in lock.jobs if lock else ():
        if lock and job.id == name:
            return _job(lock, job)
    stages = _pipelines(project).get(name)
    if stages is not None:
        return PipelineExplained(name=name, steps=steps(name, stages))
    if lock is None:
        raise UserError("nothing was planned here yet", fix="ci-orchestrator plan")
    return _test(project, lock, name)


def _pipelines(project: Project) -> Mapping[str, Sequence[Stage]]:
    """Those of the plan. One that has mistakes now hides nothing of what was planned with it before."""
    try:
        plan = project.plan_if_any()
    except PlanError:
        return {}
    return plan.results.pipelines if plan else {}


def _test(project: Project, lock: Lock, name: str) -> TestExplained:
    test = _find(lock, name)
    for job in lock.jobs:
        short = test.partition("::")[2]
        if job.suite == test.partition("::")[0] and short in job.tests:
            position = job.tests.index(short)
            return TestExplained(
                id=test, job=job, estimate=job.estimates[position], position=position, history=_history(project, test)
            )
    raise UserError(f"{name} is in no job")


def _find(lock: Lock, name: str) -> str:
    tests = list(lock.test_ids())
    if name in tests:
        return name
    ends = [test for test in tests if test.endswith((f"::{name}", f"/{name}"))]
    if len(ends) == 1:
        return ends[0]
    if ends:
        raise UserError(f"{name!r} could be {len(ends)} tests", fix=_one_of(ends))
    inside = [test for test in tests if name in test]
    if inside:
        raise UserError(f"{name!r} is the end of no test; it is in the names of {len(inside)}", fix=_one_of(inside))
    near = get_close_matches(name, [job.id for job in lock.jobs], n=1) or get_close_matches(name, tests, n=1)
    fix = f"did you mean {near[0]}?" if near else "see `ci-orchestrator plan`"
    raise UserError(f"the last plan has no test or job {name!r}", fix=fix)


def _one_of(tests: Sequence[str]) -> str:
    more = f" and {len(tests) - LAST} more" if len(tests) > LAST else ""
    return f"one of: {', '.join(tests[:LAST])}{more}"


def _job(lock: Lock, job: Job) -> JobExplained:
    slowest = sorted(zip(job.tests, job.estimates, strict=True), key=lambda pair: (-pair[1], pair[0]))
    return JobExplained(
        job=job,
        dependents=tuple(other.id for other in lock.jobs if any(_needs(need, job) for need in other.needs)),
        shards=sum(other.suite == job.suite for other in lock.jobs),
        slowest=tuple(slowest[:5]),
    )


def _needs(need: Need, job: Job) -> bool:
    return job.id in need.jobs if need.tests else need.suite == job.suite


def _history(project: Project, test: str) -> Sequence[tuple[BuildSummary, Observation]]:
    file = project.place / HISTORY_FILE
    if not file.exists():
        return ()
    opened = wire.open_history(file)
    try:
        return opened.store.outcomes(test, last=LAST)
    except HistoryError:
        return ()
    finally:
        opened.store.close()
