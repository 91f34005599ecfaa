"""Running jobs of a lock on this machine: the machine room, wired to bundles on disk."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from ci_orchestrator.analysis.gates import policy_of
from ci_orchestrator.api import wire
from ci_orchestrator.api.project import writing
from ci_orchestrator.capabilities.amounts import least
from ci_orchestrator.clock import Clock
from ci_orchestrator.coordinator.commands import GateSpec, JobSpec, NeedSpec
from ci_orchestrator.coordinator.crew import Crew, Member
from ci_orchestrator.coordinator.driver import Capacity, Driver, Load
from ci_orchestrator.coordinator.machine import Machine
from ci_orchestrator.coordinator.policies import Backoff, RetryPolicy
from ci_orchestrator.coordinator.queue.base import Task
from ci_orchestrator.errors import UserError
from ci_orchestrator.plan.lock import Gate, Job, Lock
from ci_orchestrator.plan.models import Plan, Suite
from ci_orchestrator.results import events
from ci_orchestrator.results.fold import Fold, Status
from ci_orchestrator.results.formats.junit_writer import write_junit
from ci_orchestrator.results.model import Cause, Outcome, Verdict
from ci_orchestrator.run.artifacts import Kept, collect, collect_coverage, free_place
from ci_orchestrator.run.bundle import MANIFEST, EventLog, atomically, bundle_name, seal_bundle
from ci_orchestrator.run.redact import mask_file
from ci_orchestrator.translate.phases import tails

_CUT_SHORT = frozenset({Cause.INTERRUPTED, Cause.WITHHELD})
"""Why an attempt ended, or never began, for a reason that is not the test's."""
_WELL = frozenset({Outcome.PASSED, Outcome.SKIPPED})
"""How a test ended that need not run again in another attempt of its job."""


class Observer:
    """Told what a run does, as it does it. Override what you want to know."""

    def planned(self, lock: Lock, jobs: Sequence[Job]) -> None:
        """The decision is made; these jobs are about to run."""

    def happened(self, event: events.Event) -> None:
        """An event was written down."""

    def pulse(self, status: Status, running: Mapping[str, str]) -> None:
        """A few times a second: the counts, and worker → the test that it runs."""


@dataclass(slots=True)
class Execution:
    """One run of `jobs`. Bundles are written below `root`; `fold` holds all that happened, earlier attempts included.

    `gates`: those of the lock that are decided here: of stages all of whose jobs run here.
    `skipped`: tests whose module was skipped when it was collected here, and why. `retry_dead`: dead letters run again.
    `rerun`: `fold` holds earlier attempts of these jobs, of which only what passed or was skipped stands.
    `source`: what is tested (`providers.local.context.source_of`).
    """

    lock: Lock
    plan: Plan
    jobs: Sequence[Job]
    root: Path
    crew: Crew
    clock: Clock
    observer: Observer
    gates: Sequence[Gate] = ()
    attempt: int = 1
    retry_dead: bool = False
    rerun: bool = False
    source: str = ""
    skipped: Mapping[str, str] = field(default_factory=dict)
    fold: Fold = field(default_factory=Fold)
    warnings: tuple[str, ...] = ()
    _logs: dict[str, EventLog] = field(default_factory=dict)
    _tests_of: dict[str, frozenset[str]] = field(default_factory=dict)
    _older: dict[str, tuple[int, ...]] = field(default_factory=dict)  # suite → its report of coverage, before the run
    _saved: set[str] = field(default_factory=set)  # suites of which that report is in a bundle

    def run(self) -> bool:
        """Run; returns whether it was interrupted. What had finished is in the bundles either way."""
        self._older = {name: self._written(self.plan.suites[name]) for name in sorted({job.suite for job in self.jobs})}
        if self.fold.jobs:
            with writing(self.root):
                self._save_coverage()
        specs = [self._spec(job) for job in self.jobs]
        gates = [self._gate(gate) for gate in self.gates]
        machine = Machine(specs, Backoff(seed=self.lock.digest), gates=gates)
        driver = Driver(
            machine,
            wire.new_queue(),
            self.crew,
            self.clock,
            suites=self.plan.suites,
            capacity=_capacity(self.plan, self.crew.width),
            loads=_loads(self.plan, self.lock),
            log=self._log,
            parted=self._keep_files,
            pulse=lambda: self.observer.pulse(self.fold.status(), machine.running()),
        )
        try:
            driver.run()
        except KeyboardInterrupt:
            return True
        finally:
            self.warnings += tuple(driver.notes)
            for log in self._logs.values():
                log.close()
        with writing(self.root):
            self._seal()
        return False

    def _bundle(self, job: str) -> Path:
        return self.root / bundle_name(job, self.attempt)

    def _log(self, event: events.Event) -> None:
        log = self._logs.get(event.job)
        with writing(self.root):
            if log is None:
                log = self._logs[event.job] = EventLog(self._bundle(event.job))
            written = log.append(event)
        self.fold.add(written)
        self.observer.happened(written)

    def _keep_files(self, member: Member, job: str, whole: bool) -> None:
        """Move what a worker wrote into the bundle; what a worker left that was lost is marked as partial."""
        for kind, source in (("coverage", member.workspace.coverage), ("results", member.workspace.results)):
            files = [path for path in sorted(source.rglob("*")) if path.is_file() and not path.is_symlink()]
            place = free_place(self._bundle(job) / kind / (member.name if whole else f"{member.name}.partial"))
            for path in files:
                target = place / path.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(path, target)
                mask_file(target, self.crew.mask(member.suite))

    def _spec(self, job: Job) -> JobSpec:
        suite = self.plan.suites[job.suite]
        ids = {f"{job.suite}::{test}" for test in job.tests}
        stands = _WELL if self.rerun else frozenset(Outcome)
        every = self.fold.settled(dead_too=not self.retry_dead and not self.rerun)
        settled = {test: outcome for test, outcome in every.items() if test in ids and outcome in stands}
        return JobSpec(
            id=job.id,
            suite=job.suite,
            lock=self.lock.digest,
            attempt=self.attempt,
            runner=job.runner,
            tasks=tuple(task for task in self._tasks(job, suite) if task.key not in settled),
            needs=tuple(
                NeedSpec(need.label, frozenset(need.tests) or self._suite_tests(need.suite)) for need in job.needs
            ),
            retries=RetryPolicy(suite.retries.max, frozenset(Cause(cause) for cause in suite.retries.when)),
            timeout=suite.timeout,
            test_timeout=suite.test_timeout,
            settled=settled,
            took={test: attempts[-1].duration for test in settled if (attempts := self.fold.attempts.get(test))},
            cut_short={test: self._cut_short(test) for test in ids & self.fold.attempts.keys()},
            skipped={test: reason for test, reason in self.skipped.items() if test in ids},
            after=job.after,
            source=self.source,
        )

    def _gate(self, gate: Gate) -> GateSpec:
        return GateSpec(
            id=gate.id,
            stage=gate.stage,
            lock=self.lock.digest,
            policy=policy_of(self.lock, gate),
            jobs=gate.jobs,
            attempt=self.attempt,
            decided=self._decided(gate),
        )

    def _decided(self, gate: Gate) -> Verdict | None:
        """What an earlier run decided. It stands, unless dead letters that spoke against the stage get another try."""
        before = self.fold.gates.get(gate.id)
        if before is None:
            return None
        judged = {f"{job.suite}::{test}" for job in self.lock.jobs if job.id in gate.jobs for test in job.tests}
        again = self.retry_dead and not judged.isdisjoint(self.fold.dead)
        return None if again and before.verdict is not Verdict.PROCEED else before.verdict

    def _cut_short(self, test: str) -> int:
        return sum(attempt.cause in _CUT_SHORT for attempt in self.fold.attempts[test])

    def _tasks(self, job: Job, suite: Suite) -> list[Task]:
        tasks = []
        for order, (test, estimate) in enumerate(zip(job.tests, job.estimates, strict=True)):
            key = f"{job.suite}::{test}"
            tasks.append(
                Task(
                    key=key,
                    channel=job.suite,
                    group=f"{job.suite}::{test.partition('::')[0]}",
                    order=order,
                    priority=suite.priority,
                    estimate=estimate / 1000,
                    number=1 + sum(one.job_attempt == self.attempt for one in self.fold.attempts.get(key, ())),
                    whole=suite.keep_together == "file",
                )
            )
        return tasks

    def _suite_tests(self, suite: str) -> frozenset[str]:
        """All tests of a suite: one set, however many jobs need them."""
        if suite not in self._tests_of:
            jobs = (job for job in self.lock.jobs if job.suite == suite)
            self._tests_of[suite] = frozenset(f"{suite}::{test}" for job in jobs for test in job.tests)
        return self._tests_of[suite]

    def _seal(self) -> None:
        """Artifacts, JUnit and a manifest for every bundle; a suite's files go to the first of its jobs."""
        results = self.fold.results()
        homes = self._homes()
        for job in self.jobs:
            bundle = self._bundle(job.id)
            if not bundle.is_dir():
                continue
            suite = self.plan.suites[job.suite]
            if job is homes[job.suite]:
                self._keep(suite, job, bundle)
            own = [results[name] for name in (f"{job.suite}::{test}" for test in job.tests) if name in results]
            with atomically(bundle / "results" / "junit.xml") as file:
                write_junit(own, file)
            seal_bundle(bundle, lock=self.lock.digest, job=job.id, attempt=self.attempt)
        for gate in self.gates:
            if gate.id in self._logs:
                seal_bundle(self._bundle(gate.id), lock=self.lock.digest, job=gate.id, attempt=self.attempt)

    def _homes(self) -> dict[str, Job]:
        """The jobs whose bundles take what their whole suite leaves: the first of each suite that has one."""
        return {job.suite: job for job in reversed(self.jobs) if self._bundle(job.id).is_dir()}

    def _save_coverage(self) -> None:
        """Before the run goes on: keep the reports of coverage that it had begun, for what goes on begins new ones."""
        begun = min(state.started for state in self.fold.jobs.values())
        for name, job in sorted(self._homes().items()):
            written = self._older[name]
            if written and written[1] >= begun * 1e9:  # else there is none, or it is older than the run
                self._saved.add(name)
                if not (self._bundle(job.id) / MANIFEST).exists():  # else the run had come to its end, with its report
                    self._keep_coverage(job)

    def _keep(self, suite: Suite, job: Job, bundle: Path) -> None:
        """The suite's artifacts and its report of coverage, into the bundle."""
        base, project = self.crew.project / suite.cwd, self.crew.project
        mask = self.crew.mask(suite)
        try:
            kept = collect(suite.artifacts.paths, base=base, project=project, bundle=bundle, mask=mask)
        except UserError as error:  # the tests have run: their results are worth more than these files
            self.warnings += (f"no artifacts of suite {suite.name} were kept: {error}",)
        else:
            self._note_kept(kept, job, bundle)
        written = self._written(suite)
        if not written or written != self._older.get(job.suite):
            self._keep_coverage(job)
        elif suite.coverage is not None and job.suite not in self._saved:
            name = suite.coverage.report
            self.warnings += (f"suite {suite.name} wrote no coverage report: {name} is older than this run",)

    def _keep_coverage(self, job: Job) -> None:
        """The report of coverage of the job's suite, into its bundle."""
        suite, project, bundle = self.plan.suites[job.suite], self.crew.project, self._bundle(job.id)
        if suite.coverage is None:
            return
        name, mask = suite.coverage.report, self.crew.mask(suite)
        report = collect_coverage(name, base=project / suite.cwd, project=project, bundle=bundle, mask=mask)
        self._note_kept(report, job, bundle)
        if not report.stored and not report.refused:
            self.warnings += (f"suite {suite.name} wrote no coverage report {name}",)

    def _written(self, suite: Suite) -> tuple[int, ...]:
        """What tells one writing of a suite's report of coverage from the next; nothing when there is no such file."""
        try:
            found = (self.crew.project / suite.cwd / suite.coverage.report).lstat() if suite.coverage else None
        except OSError:
            return ()
        return (found.st_ino, found.st_mtime_ns, found.st_size) if found and stat.S_ISREG(found.st_mode) else ()

    def _note_kept(self, kept: Kept, job: Job, bundle: Path) -> None:
        log = EventLog(bundle)
        for stored in kept.stored:
            event = events.ArtifactStored(
                ts=self.clock.now(),
                job=job.id,
                attempt=self.attempt,
                path=stored.path,
                kind=stored.kind,
                size=stored.size,
                digest=stored.digest,
            )
            self.fold.add(log.append(event))
        log.close()
        self.warnings += tuple(f"{path} was not kept: {why}" for path, why in kept.refused)


def _capacity(plan: Plan, width: int) -> Capacity:
    """What may run at once here, by the plan's mode."""
    if plan.pipeline.mode == "sequential":
        return Capacity(1)
    if plan.pipeline.mode == "max-parallel":
        return Capacity(width)
    return Capacity(width, cpu=float(wire.usable_cpus()), memory=float(psutil.virtual_memory().total))


def _loads(plan: Plan, lock: Lock) -> dict[str, Load]:
    """What a worker of each suite takes: what the suite requires of CPU and memory, at the least."""
    chains = tails(lock)
    return {
        name: Load(
            cpu=least(suite.requires, "cpu", 1.0),
            memory=least(suite.requires, "memory", 0.0),
            tail=chains.get(name, 0.0),
        )
        for name, suite in plan.suites.items()
    }
