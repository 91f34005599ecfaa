"""The use case *run*: everything here, or exactly one job of a lock, as a CI job does it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from ci_orchestrator.api import wire
from ci_orchestrator.api.assembly import exit_code
from ci_orchestrator.api.bundles import Bundle, distinct, read_bundle
from ci_orchestrator.api.execution import Execution, Observer
from ci_orchestrator.api.planning import check_lock, check_tests, discover, prepare, refuse_changes
from ci_orchestrator.api.project import BUNDLES, LOCK_FILE, Project, alone, read_lock, writing
from ci_orchestrator.api.reporting import Reported, report_run
from ci_orchestrator.clock import Clock
from ci_orchestrator.coordinator.crew import Crew, remove_scratch
from ci_orchestrator.coordinator.discovery import Discovery, end_all
from ci_orchestrator.errors import ExitCode, UserError
from ci_orchestrator.plan.gates import final_gates
from ci_orchestrator.plan.lock import Job, Lock, encode
from ci_orchestrator.plan.models import Plan
from ci_orchestrator.providers.local.context import source_of
from ci_orchestrator.results import events
from ci_orchestrator.results.certificate import certify
from ci_orchestrator.results.fold import Fold
from ci_orchestrator.results.merge import totals
from ci_orchestrator.results.model import TestResult, Totals, Verdict
from ci_orchestrator.run.artifacts import expire
from ci_orchestrator.run.bundle import bundle_name, find_bundles, read_events, write_atomically
from ci_orchestrator.run.orphans import end_orphans

BEGUN = "begun"
"""A file that is there from the moment a run begins until it has planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """What one job came to: its bundle, and the exit code that its process should return.

    `results`: of its tests, and of those that were reported without having been asked for.
    """

    bundle: Path
    totals: Totals
    results: tuple[TestResult, ...]
    exit_code: ExitCode
    warnings: tuple[str, ...] = ()


def run_project(
    project: Project,
    *,
    workers: int | None = None,
    suites: Collection[str] = (),
    groups: Collection[str] = (),
    lock_file: Path | None = None,
    observer: Observer | None = None,
    clock: Clock | None = None,
) -> Reported:
    """Plan (or take the lock) and run everything on this machine; report and remember it.

    Interrupted runs are reported as far as they came. Raises `PlanError`, `DiscoveryError`, `LockError`.
    """
    clock, observer = clock or wire.system_clock(), observer or Observer()
    started = clock.now()
    begun = project.state / BEGUN
    with writing(begun.parent):
        write_atomically(begun, b"")
    crew = wire.new_crew(project.root, workers)
    try:
        if lock_file is None:
            planned = prepare(project, crew, clock, suites=suites, groups=groups, keep=True)
            plan, lock, warnings = planned.plan, planned.lock, planned.warnings
        else:
            plan, lock, warnings = *_obey(project, lock_file, crew, clock), ()
        root = project.new_run(started, lock)
        begun.unlink(missing_ok=True)
        with alone(root):
            with writing(root):
                write_atomically(root / "marker", crew.marker.encode())
                write_atomically(root / LOCK_FILE, encode(lock))  # last: with it the run can be resumed
            source = source_of(project.root)
            execution = Execution(lock, plan, lock.jobs, root, crew, clock, observer, gates=lock.gates, source=source)
            return _run(project, execution, started, warnings)
    finally:
        end_all(crew, clock)
        crew.close()


def resume_project(
    project: Project,
    *,
    workers: int | None = None,
    retry_dead: bool = False,
    observer: Observer | None = None,
    clock: Clock | None = None,
) -> Reported:
    """Go on with the latest run: what has a result keeps it, the rest runs. `retry_dead`: dead letters get another try.

    Workers that a killed run left behind are ended first. Raises `UserError` when there is nothing to resume, or when
    that run still goes on.
    """
    if (project.state / BEGUN).exists():
        raise UserError(
            "the last run ended before it had planned: nothing of it can be resumed",
            fix="begin anew: ci-orchestrator run",
        )
    root = project.latest_run()
    with alone(root):
        return _resume(
            project, root, workers, clock or wire.system_clock(), observer or Observer(), retry_dead=retry_dead
        )


def run_job(
    project: Project,
    lock_file: Path,
    job_id: str,
    *,
    attempt: int | None = None,
    workers: int | None = None,
    resume: bool = False,
    out: Path | None = None,
    observer: Observer | None = None,
    clock: Clock | None = None,
) -> JobRun:
    """Run exactly one job of a lock and leave its bundle below `out`; its needs are the pipeline's concern.

    `attempt`: which try of the job this is, by default the first, or the next one with `resume`: what passed or was
    skipped in the bundles of earlier tries that are below `out` is not run again, if they are of the same source.
    Raises `LockError` when plan or tests are not those of the lock.
    """
    clock, observer = clock or wire.system_clock(), observer or Observer()
    lock = read_lock(lock_file)
    job = lock.job(job_id)
    plan = project.plan()
    check_lock(lock, plan)
    root = out or project.state / BUNDLES
    tries = _tries(lock, job, root) if resume else []
    attempt = attempt or (_next(root, job, tries) if resume else 1)
    bundle = root / bundle_name(job.id, attempt)
    if os.path.lexists(bundle):
        fix = "leave out --attempt: it counts on by itself" if resume else "go on from what is there with --resume"
        raise UserError(f"{bundle} is there already", fix=f"{fix}, or remove it")
    source = source_of(project.root)
    earlier, warnings = _earlier([one for one in tries if one.attempt < attempt], source)
    crew = wire.new_crew(project.root, workers)
    try:
        skipped = _collect_job(lock, job, plan, crew, clock)
        observer.planned(lock, [job])
        alone = job.model_copy(update={"needs": (), "after": ""})
        execution = Execution(
            lock,
            plan,
            [alone],
            root,
            crew,
            clock,
            observer,
            attempt=attempt,
            rerun=True,
            skipped=skipped,
            fold=earlier,
            warnings=warnings,
            source=source,
        )
        interrupted = execution.run()
    finally:
        end_all(crew, clock)
        crew.close()
    planned = [f"{job.suite}::{test}" for test in job.tests]
    certificate, results = certify(planned, execution.fold, lock=lock.digest, skipped={})
    return JobRun(
        bundle=bundle,
        totals=totals(results),
        results=results,
        exit_code=exit_code(certificate, results, interrupted=interrupted),
        warnings=execution.warnings,
    )


def _tries(lock: Lock, job: Job, root: Path) -> list[Bundle]:
    """The bundles of the job below `root`, by attempt."""
    found = [read_bundle(bundle, lock) for bundle in distinct(find_bundles(root))]
    return sorted((one for one in found if one.job == job.id), key=lambda one: (one.attempt, one.name))


def _next(root: Path, job: Job, tries: Sequence[Bundle]) -> int:
    """The number of the next try: none that a bundle tells, and none that something is called like."""
    number = max((one.attempt for one in tries), default=0) + 1
    return next(n for n in count(number) if not os.path.lexists(root / bundle_name(job.id, n)))


def _earlier(tries: Sequence[Bundle], source: str) -> tuple[Fold, tuple[str, ...]]:
    """What tries of the job left, in order, and what of it is not believed: then its tests run again."""
    fold, warnings = Fold(), []
    for bundle in tries:
        why = bundle.problems[0] if bundle.problems else ""
        if bundle.foreign:
            why = "it belongs to another lock"
        elif bundle.sources - {source}:
            why = "the source has changed since"
        if why:
            warnings.append(f"{bundle.name} was not taken into account: {why}")
            continue
        for event in bundle.log:
            fold.add(event)
    return fold, tuple(warnings)


def _resume(
    project: Project, root: Path, workers: int | None, clock: Clock, observer: Observer, *, retry_dead: bool
) -> Reported:
    lock = read_lock(root / LOCK_FILE)
    plan = project.plan()
    check_lock(lock, plan)
    source = source_of(project.root)
    if any(told - {source} for told in (read_bundle(bundle, lock).sources for bundle in find_bundles(root))):
        raise UserError(
            "the source has changed since that run began: what it found may no longer be so",
            fix="begin anew: ci-orchestrator run",
        )
    marker = (root / "marker").read_text(encoding="utf-8")
    end_orphans(marker)
    remove_scratch(marker)
    every = (event for bundle in find_bundles(root) for event in read_events(bundle))
    fold = Fold(event for event in every if isinstance(event, events.Event))
    started = min((state.started for state in fold.jobs.values()), default=clock.now())
    crew = wire.new_crew(project.root, workers, marker=marker)
    try:
        found = discover(plan, sorted({job.suite for job in lock.jobs}), crew, clock, keep=True)
        check_tests(lock, [plan.suites[name] for name in found], {name: one.tests for name, one in found.items()})
        execution = Execution(
            lock,
            plan,
            lock.jobs,
            root,
            crew,
            clock,
            observer,
            gates=lock.gates,
            fold=fold,
            retry_dead=retry_dead,
            source=source,
        )
        return _run(project, execution, started, ())
    finally:
        end_all(crew, clock)
        crew.close()


def _run(project: Project, execution: Execution, started: float, warnings: tuple[str, ...]) -> Reported:
    execution.observer.planned(execution.lock, execution.jobs)
    interrupted = execution.run()
    retain = max(suite.artifacts.retain for suite in execution.plan.suites.values())
    expire(execution.root.parent, execution.clock.now(), retain)
    return report_run(
        project,
        execution.lock,
        execution.fold,
        root=execution.root,
        started=started,
        clock=execution.clock,
        interrupted=interrupted,
        warnings=(*warnings, *_not_done_here(execution), *execution.warnings),
    )


def _not_done_here(execution: Execution) -> Iterator[str]:
    """What a pipeline does for this plan and a run on this machine does not."""
    for gate in execution.gates:
        decided = execution.fold.gates.get(gate.id)
        policy = execution.plan.gates[gate.policy]
        asked = {Verdict.HOLD: policy.on_hold, Verdict.ROLLBACK: policy.on_rollback}
        commands = asked.get(decided.verdict, ()) if decided else ()
        if decided and commands:
            shown = "; ".join(shlex.join(words) for words in commands)
            yield f"{gate.name} says {decided.verdict.value}: a pipeline would now run {shown}; here it was not run"
    if final := sorted(final_gates(execution.plan.gates)):
        yield f"final gates have not judged ({', '.join(final)}): ci-orchestrator report --gate"
    for name in sorted({job.suite for job in execution.jobs}):
        services = sorted(execution.plan.suites[name].services)
        if services:
            yield (f"suite {name} has services ({', '.join(services)}): a CI job gets them, here they must already run")


def _obey(project: Project, lock_file: Path, crew: Crew, clock: Clock) -> tuple[Plan, Lock]:
    """The plan and the lock, when they still belong together and the suites are those of the lock."""
    lock = read_lock(lock_file)
    plan = project.plan()
    check_lock(lock, plan)
    found = discover(plan, sorted({job.suite for job in lock.jobs}), crew, clock, keep=True)
    check_tests(lock, [plan.suites[name] for name in found], {name: one.tests for name, one in found.items()})
    return plan, lock


def _collect_job(lock: Lock, job: Job, plan: Plan, crew: Crew, clock: Clock) -> dict[str, str]:
    """Collect the job's files only, and hold them against the lock; returns tests that skip as a module → the reason.

    Raises `LockError` when a test of the job is gone, or one of its files has a test that the lock does not know.
    """
    if not job.tests:
        return {}
    suite = plan.suites[job.suite]
    files = frozenset(test.partition("::")[0] for test in job.tests)
    found = Discovery(crew, clock).run([suite], keep=True, only=files)[job.suite]
    reasons = dict(found.skipped)
    skipped = {test: reasons[test.partition("::")[0]] for test in job.tests if test.partition("::")[0] in reasons}
    known = {test for other in lock.jobs if other.suite == job.suite for test in other.tests}
    present = {test for test in found.tests if test.partition("::")[0] in files}
    refuse_changes(suite.name, gone=set(job.tests) - present - skipped.keys(), new=present - known)
    return {f"{job.suite}::{test}": reason for test, reason in skipped.items()}
