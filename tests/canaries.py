"""A lock with a canary, and bundles as its jobs and gates would have left them: no process runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ci_orchestrator.api.project import Project
from ci_orchestrator.plan.loading import load_plan
from ci_orchestrator.plan.lock import Lock, encode
from ci_orchestrator.results import events
from ci_orchestrator.results.model import Cause, Outcome, Verdict
from ci_orchestrator.run.bundle import EventLog, bundle_name, seal_bundle
from ci_orchestrator.translate.phases import schedule

PLAN = """
gates: {canary: {error-rate: {healthy: "<40%", unhealthy: ">60%", confidence: 80%}}}
suites:
  base: {tool: pytest}
  live: {tool: pytest, needs: [base], stages: [50, 100], gate: canary, shards: 4}
  end: {tool: pytest, needs: [live]}
"""
TESTS = {
    "base": ["b.py::t0", "b.py::t1"],
    "live": [f"l.py::t{number:02}" for number in range(24)],
    "end": ["e.py::t0"],
}
RED = Outcome.FAILED


def canary_lock(plan: str = PLAN, tests: Mapping[str, Sequence[str]] | None = None) -> Lock:
    """The lock of the plan: jobs base, live_50_[12]of2, live_100_[12]of2, end."""
    return schedule(load_plan(plan), tests or TESTS, durations={}, tool_version="1").lock


def project_with(root: Path, lock: Lock) -> Project:
    """A project that has only its lock."""
    (root / ".ci-orchestrator").mkdir(parents=True, exist_ok=True)
    (root / ".ci-orchestrator" / "plan.lock.json").write_bytes(encode(lock))
    return Project.at(root / "testplan.yaml")


def outcomes_of(lock: Lock, job: str, bad: int = 0, outcome: Outcome = RED) -> dict[str, Outcome]:
    """The job's tests, the first `bad` of them with `outcome`, the others passed."""
    one = lock.job(job)
    return {
        f"{one.suite}::{test}": outcome if number < bad else Outcome.PASSED for number, test in enumerate(one.tests)
    }


def job_log(lock: Lock, job: str, outcomes: Mapping[str, Outcome], *, attempt: int = 1) -> list[events.Event]:
    """What a job writes down whose tests end so; a test that is not proven is parked, one without outcome untold."""
    one = lock.job(job)
    code = 1 if RED in outcomes.values() else 3 if Outcome.NOT_PROVEN in outcomes.values() else 0
    log: list[events.Event] = [
        events.JobStarted(
            ts=1.0, job=job, attempt=attempt, suite=one.suite, lock=lock.digest, tests=len(one.tests), runner="local"
        )
    ]
    for test, outcome in outcomes.items():
        if outcome is Outcome.NOT_PROVEN:
            log.append(
                events.TestDead(ts=2.0, job=job, attempt=attempt, test=test, number=1, cause=Cause.INFRASTRUCTURE)
            )
        else:
            log.append(events.TestFinished(ts=2.0, job=job, attempt=attempt, test=test, number=1, outcome=outcome))
    return [*log, events.JobFinished(ts=3.0, job=job, attempt=attempt, exit_code=code)]


def gate_event(lock: Lock, stage: str, verdict: Verdict, *, attempt: int = 1) -> events.GateDecided:
    """What a gate writes down."""
    gate = lock.gate(stage)
    return events.GateDecided(
        ts=4.0,
        job=gate.id,
        attempt=attempt,
        stage=stage,
        lock=lock.digest,
        verdict=verdict,
        samples=12,
        errors=0,
        lower=0.0,
        upper=0.1,
        why=f"it was to say {verdict.value}",
    )


def leave(root: Path, lock: Lock, log: Sequence[events.Event], *, ended: bool = True) -> Path:
    """A bundle with this log; without its manifest when the job did not end."""
    job, attempt = log[0].job, log[0].attempt
    bundle = root / bundle_name(job, attempt)
    file = EventLog(bundle)
    for event in log:
        file.append(event)
    file.close()
    if ended:
        seal_bundle(bundle, lock=lock.digest, job=job, attempt=attempt)
    return bundle
