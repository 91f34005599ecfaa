"""What recorded decisions kept from running. On many machines a job that never started leaves nothing that says why:
the decision that held it back stands in what others left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ci_orchestrator.errors import ExitCode
from ci_orchestrator.plan.lock import Gate, Job, Lock
from ci_orchestrator.results.events import GateDecided
from ci_orchestrator.results.fold import Fold, JobState
from ci_orchestrator.results.merge import result
from ci_orchestrator.results.model import Attempt, Cause, Outcome, TestResult, Verdict
from ci_orchestrator.results.report import GateSummary

GATE, NEEDS = "gate:", "needs:"
"""What the reasons begin with."""


def withheld(lock: Lock, fold: Fold) -> dict[str, str]:
    """Job → why it was not started, for those that left nothing: ``gate:STAGE`` when the gate before it did not say
    *proceed*, ``needs:SUITE`` when a job of what it needs did not pass or was withheld itself.

    A job that is missing for any other reason is not in it: its tests are not proven.
    """
    gates = {gate.id: gate for gate in lock.gates}
    suites = {job.id: job.suite for job in lock.jobs}
    latest = _latest(fold)
    red = {suites[job] for job, state in latest.items() if job in suites and _failed(state)}
    reasons: dict[str, str] = {}
    for job in sorted(lock.jobs, key=lambda job: (job.level, job.id)):
        if job.id not in latest:
            reason = _behind(gates.get(job.after), fold, reasons) or _unmet(job, red)
            if reason:
                reasons[job.id] = reason
                red.add(job.suite)
    return reasons


def withheld_results(lock: Lock, reasons: Mapping[str, str]) -> Iterator[TestResult]:
    """A skipped result for every test of the jobs in `reasons`, as a run on one machine records it."""
    for job in lock.jobs:
        if job.id in reasons:
            attempt = Attempt(
                outcome=Outcome.SKIPPED, cause=Cause.WITHHELD, number=0, job=job.id, message=reasons[job.id]
            )
            for test in job.tests:
                yield result(f"{job.suite}::{test}", (attempt,))


def gate_summaries(fold: Fold, lock: Lock | None, reasons: Mapping[str, str]) -> tuple[GateSummary, ...]:
    """The gates' decisions, in the lock's order. One that should have decided and did not has no verdict.

    A gate need not decide on a stage that has no tests, or none of whose jobs was started (`reasons`: see `withheld`).
    """
    if lock is None:
        return tuple(_summary(fold, gate, gate, "") for gate in sorted(fold.gates))
    absent = {*reasons, *(job for job, state in _latest(fold).items() if state.reason.startswith((GATE, NEEDS)))}
    absent.update(job.id for job in lock.jobs if not job.tests)
    due = (gate for gate in lock.gates if gate.id in fold.gates or not absent.issuperset(gate.jobs))
    return tuple(_summary(fold, gate.id, gate.name, gate.stage) for gate in due)


def _latest(fold: Fold) -> dict[str, JobState]:
    """Job → what its last attempt came to."""
    return {job: state for (job, _), state in sorted(fold.jobs.items())}


def _behind(gate: Gate | None, fold: Fold, reasons: Mapping[str, str]) -> str:
    """Why a job does not start that waits for this gate; empty when that is not known or it may."""
    if gate is None:
        return ""
    decided = fold.gates.get(gate.id)
    if decided is not None:
        return "" if decided.verdict is Verdict.PROCEED else f"{GATE}{gate.stage}"
    before = {reasons.get(job, "") for job in gate.jobs}  # all of them withheld: there was nothing to judge
    return min(before, default="")


def _unmet(job: Job, red: set[str]) -> str:
    """The first need of which a job is known not to have passed. As in a pipeline, whole suites are needed."""
    return next((need.label for need in job.needs if need.suite in red), "")


def _failed(state: JobState) -> bool:
    """Whether a job came to its end, and not well. One that was cut short decides nothing: it may be gone on with."""
    if state.exit_code in (None, ExitCode.INTERRUPTED):
        return False
    return state.exit_code != ExitCode.OK or bool(state.reason)


def _summary(fold: Fold, gate: str, name: str, stage: str) -> GateSummary:
    decided = fold.gates.get(gate)
    if decided is None:
        return GateSummary(gate=gate, name=name, stage=stage, why="it left no decision")
    return summary_of(decided, name)


def summary_of(decided: GateDecided, name: str) -> GateSummary:
    """What a gate decided, by its event; `name`: what people call it."""
    return GateSummary(
        gate=decided.job,
        name=name,
        stage=decided.stage,
        verdict=decided.verdict,
        samples=decided.samples,
        errors=decided.errors,
        lower=decided.lower,
        upper=decided.upper,
        why=decided.why,
    )
