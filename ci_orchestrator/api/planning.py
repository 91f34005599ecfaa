"""The use case *plan*: load, discover, and decide; with the workers kept for a run that follows, if one does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ci_orchestrator import __version__
from ci_orchestrator.api import wire
from ci_orchestrator.api.project import Project, writing
from ci_orchestrator.clock import Clock
from ci_orchestrator.coordinator.crew import Crew
from ci_orchestrator.coordinator.discovery import Discovery, Found, end_all
from ci_orchestrator.errors import LockError
from ci_orchestrator.history.base import HistoryError
from ci_orchestrator.plan.lock import Lock, encode, moved
from ci_orchestrator.plan.models import Plan, Suite
from ci_orchestrator.plan.not_acted_on import not_acted_on
from ci_orchestrator.run.bundle import write_atomically
from ci_orchestrator.translate.phases import Schedule, schedule, suite_graph, suites_to_run

SHOWN = 10
"""Names of tests that an error lists before it says how many more there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan and the decision made from it; `warnings` say what was not as it should be (a damaged history)."""

    project: Project
    plan: Plan
    schedule: Schedule
    warnings: tuple[str, ...] = ()

    @property
    def lock(self) -> Lock:
        """The decision."""
        return self.schedule.lock


def plan_project(
    project: Project,
    *,
    suites: Collection[str] = (),
    groups: Collection[str] = (),
    pins: Mapping[str, int] | None = None,
    workers: int | None = None,
    clock: Clock | None = None,
) -> Planned:
    """Discover the tests and decide; nothing is run. The lock is also kept as the project's last.

    `suites`, `groups`: only these, and what they need. `pins`: stage → its number of jobs, where a pipeline fixes it.
    `workers`: processes that collect at once (default: the CPUs).
    Raises `PlanError` and `DiscoveryError`.
    """
    clock = clock or wire.system_clock()
    crew = wire.new_crew(project.root, workers)
    try:
        return prepare(project, crew, clock, suites=suites, groups=groups, pins=pins, keep=False)
    finally:
        end_all(crew, clock)
        crew.close()


def prepare(
    project: Project,
    crew: Crew,
    clock: Clock,
    *,
    suites: Collection[str] = (),
    groups: Collection[str] = (),
    pins: Mapping[str, int] | None = None,
    keep: bool,
) -> Planned:
    """As `plan_project`, with a crew; `keep` leaves its workers ready to run what they collected."""
    plan = project.plan()
    chosen = suites_to_run(plan, only=suites, groups=groups)
    durations, warnings = _durations(project)
    found = discover(plan, chosen, crew, clock, keep=keep)
    decided = schedule(
        plan,
        {name: one.tests for name, one in found.items()},
        durations=durations,
        tool_version=__version__,
        skipped=skipped_modules(found),
        pins=pins,
    )
    with writing(project.place):
        write_atomically(project.lock_file, encode(decided.lock))
    return Planned(project=project, plan=plan, schedule=decided, warnings=(*warnings, *not_acted_on(plan)))


def discover(plan: Plan, suites: Sequence[str], crew: Crew, clock: Clock, *, keep: bool) -> dict[str, Found]:
    """List the tests of these suites, those first that can start first."""
    level = {name: number for number, names in enumerate(suite_graph(plan).levels()) for name in names}
    order = sorted(suites, key=lambda name: (level[name], -plan.suites[name].priority, name))
    return Discovery(crew, clock).run([plan.suites[name] for name in order], keep=keep)


def skipped_modules(found: Mapping[str, Found]) -> tuple[tuple[str, str], ...]:
    """Modules skipped at collection, as (``suite::path``, reason)."""
    return tuple(sorted((f"{name}::{path}", why) for name, one in found.items() for path, why in one.skipped))


def check_lock(lock: Lock, plan: Plan) -> None:
    """Raises `LockError`, saying what moved, when the plan is not the one that the lock was made from."""
    differences = moved(lock, plan)
    if differences:
        raise LockError(
            f"the plan has changed since the lock was made:\n{_listed(differences)}",
            fix="make a new lock: ci-orchestrator plan --lock-out FILE",
        )


def check_tests(lock: Lock, suites: Collection[Suite], found: Mapping[str, Sequence[str]]) -> None:
    """Raises `LockError`, naming the tests, when a whole suite no longer has exactly the tests of the lock."""
    for suite in suites:
        planned = {test for job in lock.jobs if job.suite == suite.name for test in job.tests}
        present = set(found.get(suite.name, ()))
        refuse_changes(suite.name, gone=planned - present, new=present - planned)


def refuse_changes(suite: str, *, gone: Collection[str], new: Collection[str]) -> None:
    """Raises `LockError` when there are any."""
    changes = [f"{kind}: {suite}::{test}" for kind, tests in (("gone", gone), ("new", new)) for test in sorted(tests)]
    if changes:
        raise LockError(
            f"the tests have changed since the lock was made:\n{_listed(changes)}",
            fix="check out the revision of the lock, or make a new lock: ci-orchestrator plan --lock-out FILE",
        )


def _listed(lines: Sequence[str]) -> str:
    more = len(lines) - SHOWN
    shown = [f"  {line}" for line in lines[:SHOWN]]
    return "\n".join([*shown, f"  … and {more} more"] if more > 0 else shown)


def _durations(project: Project) -> tuple[Mapping[str, tuple[float, ...]], tuple[str, ...]]:
    if not project.history_file.exists():
        return {}, ()
    opened = wire.open_history(project.history_file)
    warnings = (opened.warning,) if opened.warning else ()
    try:
        return opened.store.durations(), warnings
    except HistoryError as error:
        return {}, (*warnings, f"no history: {error}")
    finally:
        opened.store.close()
