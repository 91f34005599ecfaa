"""The use case *gate*: decide, from what the jobs of one stage left, whether the next stage may start.

Everything that is missing, damaged or of another lock speaks against it: nothing proceeds on data that is not there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from ci_orchestrator.analysis.gates import NO_TESTS, Decision, decide, policy_of, recorded
from ci_orchestrator.api import wire
from ci_orchestrator.api.bundles import Bundle, distinct, read_bundle, trees
from ci_orchestrator.api.project import BUNDLES, LOCK_FILE, Project, read_lock, writing
from ci_orchestrator.clock import Clock
from ci_orchestrator.errors import ExitCode, UserError
from ci_orchestrator.plan.lock import Gate, Job, Lock
from ci_orchestrator.providers.base import Ci
from ci_orchestrator.providers.local.context import LocalCi
from ci_orchestrator.report.gates import render_gate
from ci_orchestrator.report.wording import counted
from ci_orchestrator.results import events
from ci_orchestrator.results.fold import Fold
from ci_orchestrator.results.model import Outcome
from ci_orchestrator.results.report import GateSummary
from ci_orchestrator.results.withholding import summary_of, withheld
from ci_orchestrator.run.bundle import EventLog, bundle_name, find_bundles, seal_bundle

SHOWN = 3
"""Reasons for doubt that are told before it says how many more there are."""
WITHHELD = "withheld"
"""What is published instead of a verdict when the stage never ran, by an earlier decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """What a gate came to, and the bundle that says so. `decision.verdict` is None when the stage had been withheld."""

    decision: GateSummary
    bundle: Path
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """0 proceed, 4 rollback, 5 hold; 3 when there was nothing to decide on."""
        return self.decision.exit_code


def gate_stage(
    project: Project,
    stage: str,
    paths: Sequence[Path] = (),
    *,
    lock_file: Path | None = None,
    attempt: int | None = None,
    out: Path | None = None,
    ci: Ci | None = None,
    clock: Clock | None = None,
) -> Gated:
    """Decide on a stage by the bundles of its jobs below `paths` (default: those below the project's state).

    Of each job the last attempt must have come to its end; of each test the last attempt counts. The decision is left
    as a bundle below `out` and told to the pipeline (`ci`).
    `attempt`: which try of the gate this is; by default as the provider counts, or the first that is not there yet.
    Raises `LockError`, and `UserError` for a path that does not exist.
    """
    ci, clock = ci or LocalCi(), clock or wire.system_clock()
    lock = read_lock(lock_file or project.place / LOCK_FILE)
    gate = lock.gate(stage)
    evidence = _Evidence(lock, gate, _read(_places(project, paths), lock))
    decision, why_not = evidence.decide()
    bundle, number = _bundle(out or project.state / BUNDLES, gate, attempt or ci.attempt)
    with writing(bundle):
        event = None
        if decision is not None:
            event = recorded(
                decision, gate=gate.id, stage=gate.stage, lock=lock.digest, attempt=number, now=clock.now()
            )
        _leave(bundle, event, lock=lock.digest, gate=gate.id, attempt=number)
        summary = summary_of(event, gate.name) if event else _withheld(gate, why_not)
        ci.publish(_values(summary))
        ci.summarise(render_gate(summary))
    return Gated(decision=summary, bundle=bundle, warnings=evidence.warnings)


class _Evidence:
    """What the bundles say of one stage."""

    def __init__(self, lock: Lock, gate: Gate, found: Iterable[Bundle]) -> None:
        self._lock = lock
        self._gate = gate
        self._jobs = [job for job in lock.jobs if job.id in gate.jobs]
        every = list(found)
        self._ours = [bundle for bundle in every if not bundle.foreign]
        self._foreign = {bundle.job: bundle for bundle in every if bundle.foreign and bundle.job in gate.jobs}
        self._latest: dict[str, list[Bundle]] = {}
        for bundle in sorted(self._ours, key=lambda one: one.attempt):
            if bundle.job in gate.jobs:
                same = [one for one in self._latest.get(bundle.job, ()) if one.attempt == bundle.attempt]
                self._latest[bundle.job] = [*same, bundle]
        self.warnings = tuple(
            problem for bundles in self._latest.values() for one in bundles for problem in one.problems
        )

    def decide(self) -> tuple[Decision | None, str]:
        """The decision; or None, and why the stage was withheld."""
        tests = [f"{job.suite}::{test}" for job in self._jobs for test in job.tests]
        if not tests:
            return NO_TESTS, ""
        if not self._latest and not self._foreign:
            reasons = withheld(self._lock, Fold(event for bundle in self._ours for event in bundle.log))
            if all(job.id in reasons for job in self._jobs):
                return None, min(reasons[job.id] for job in self._jobs)
        # a job that was tried again may have run only what had not passed: all that is sound counts, the last decides
        sound = (one for one in self._ours if one.job in self._gate.jobs and not one.problems)
        results = Fold(event for bundle in sound for event in bundle.log).results()
        final = {test: (one.outcome, one.duration) for test, one in results.items()}
        doubts = [doubt for job in self._jobs for doubt in self._doubts(job, final)]
        if len(trees(source for one in self._ours if one.job in self._gate.jobs for source in one.sources)) > 1:
            doubts.append("bundles are of different revisions of the source")
        policy = policy_of(self._lock, self._gate)
        samples = (final.get(test, (Outcome.NOT_PROVEN, None)) for test in tests)
        return decide(policy, samples, doubt=_told(doubts)), ""

    def _doubts(self, job: Job, final: Collection[str]) -> Iterable[str]:
        """Why what a job left cannot be all that happened."""
        if not job.tests:
            return
        bundles = self._latest.get(job.id)
        if not bundles and job.id in self._foreign:
            yield f"{self._foreign[job.id].name} belongs to another lock"
        elif not bundles:
            yield f"job {job.id} left no bundle"
        elif any(bundle.problems for bundle in bundles):
            yield f"{bundles[-1].name} is damaged"
        elif not all(bundle.ended for bundle in bundles):
            yield f"job {job.id} did not come to its end"
        elif lacking := sum(f"{job.suite}::{test}" not in final for test in job.tests):
            yield f"{counted(lacking, 'test')} of job {job.id} {'has' if lacking == 1 else 'have'} no result"


def _told(doubts: Sequence[str]) -> str:
    more = f" and {len(doubts) - SHOWN} more" if len(doubts) > SHOWN else ""
    return ", ".join(doubts[:SHOWN]) + more


def _places(project: Project, paths: Sequence[Path]) -> Sequence[Path]:
    for path in paths:
        if not path.is_dir():
            raise UserError(f"{path} is no directory", fix="name bundles, or directories with bundles")
    return paths or [project.place / BUNDLES]


def _read(places: Sequence[Path], lock: Lock) -> Iterable[Bundle]:
    """All bundles, each once."""
    for bundle in distinct(found for place in places for found in find_bundles(place)):
        yield read_bundle(bundle, lock)


def _bundle(root: Path, gate: Gate, attempt: int | None) -> tuple[Path, int]:
    """Where the gate's bundle goes, and which try it is."""
    if attempt is not None:
        bundle = root / bundle_name(gate.id, attempt)
        if bundle.exists():
            raise UserError(f"{bundle} is there already", fix="count --attempt up, or remove it")
        return bundle, attempt
    number = next(number for number in count(1) if not (root / bundle_name(gate.id, number)).exists())
    return root / bundle_name(gate.id, number), number


def _leave(bundle: Path, event: events.GateDecided | None, *, lock: str, gate: str, attempt: int) -> None:
    log = EventLog(bundle)
    if event is not None:
        log.append(event)
    log.close()
    seal_bundle(bundle, lock=lock, job=gate, attempt=attempt)


def _withheld(gate: Gate, why: str) -> GateSummary:
    return GateSummary(gate=gate.id, name=gate.name, stage=gate.stage, why=f"the stage was withheld: {why}")


def _values(summary: GateSummary) -> Mapping[str, str]:
    """What the jobs that follow are told."""
    return {
        "verdict": summary.verdict.value if summary.verdict else WITHHELD,
        "samples": str(summary.samples),
        "errors": str(summary.errors),
        "lower": f"{summary.lower:.6f}",
        "upper": f"{summary.upper:.6f}",
        "why": summary.why,
    }
