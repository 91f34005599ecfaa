"""The decisions of a run: a step function from what happened to what to do.

`Machine` does no I/O, starts nothing and reads no clock: the driver tells it what happened and when, and
applies the commands that it answers with, in order. Everything that it decides is also an event, so that a machine
can be set up again from a log (`JobSpec.settled`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ci_orchestrator.coordinator.commands import Command, Emit, GateSpec, JobSpec, Kill, Put, Settle, Withdraw
from ci_orchestrator.coordinator.gates import Gates
from ci_orchestrator.coordinator.jobs import Job, Running
from ci_orchestrator.coordinator.policies import Backoff
from ci_orchestrator.coordinator.queue.base import Task
from ci_orchestrator.errors import ExitCode
from ci_orchestrator.results import events
from ci_orchestrator.results.model import Cause, Outcome, split_id

MAX_BARREN_LOSSES = 3
"""Workers that a suite may lose in a row without one test having started before it is given up."""


class Machine:
    """See the module. One instance runs the given jobs once."""

    def __init__(
        self, jobs: Iterable[JobSpec], backoff: Backoff | None = None, *, gates: Iterable[GateSpec] = ()
    ) -> None:
        self._gates = Gates(gates)
        self._jobs = {spec.id: Job(spec, {task.key: task for task in spec.tasks}) for spec in jobs}
        self._job_of = {task.key: job for job in self._jobs.values() for task in job.spec.tasks}
        self._outcomes: dict[str, Outcome] = {}
        for job in self._jobs.values():
            for test, outcome in sorted(job.spec.settled.items()):
                self._close(job, test, outcome, job.spec.took.get(test))
        for job in self._jobs.values():
            needs = (self._job_of.get(test) for need in job.spec.needs for test in need.tests)
            job.needed = frozenset(other.spec.id for other in needs if other is not None)
        self._backoff = backoff or Backoff()
        self._running: dict[str, Running] = {}
        self._killed: dict[str, str] = {}  # worker → the test that it was killed for
        self._barren: dict[str, int] = {}  # suite → workers lost in a row before one test had started

    # -- what the driver asks --------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Every job has ended, one way or another."""
        return all(job.state == "finished" for job in self._jobs.values())

    def running(self) -> Mapping[str, str]:
        """Worker → the test that it is running."""
        return {worker: one.test for worker, one in sorted(self._running.items())}

    def owed(self, suite: str) -> bool:
        """Whether any test of the suite may still have to be run."""
        return any(job.spec.suite == suite and job.state != "finished" for job in self._jobs.values())

    def job_of(self, test: str) -> str:
        """The id of the job that a test belongs to."""
        return self._job_of[test].spec.id

    def attempt_of(self, job: str) -> int:
        """Which try of the job this is."""
        return self._jobs[job].spec.attempt

    def next_deadline(self) -> float | None:
        """The next moment at which `tick` has something to decide."""
        moments = [
            one.deadline
            for worker, one in self._running.items()
            if one.deadline is not None and worker not in self._killed
        ]
        ends = (job.deadline() for job in self._jobs.values())
        return min([*moments, *(end for end in ends if end is not None)], default=None)

    # -- what happened ---------------------------------------------------------------------------

    def start(self, now: float) -> list[Command]:
        """The run begins: jobs that need nothing start."""
        return self._advance(now)

    def on_started(self, worker: str, test: str, at: float, now: float) -> list[Command]:
        """A worker began an attempt."""
        job = self._job_of[test]
        task = job.open.get(test)
        if task is None:
            return []
        self._barren.pop(job.spec.suite, None)
        limit = job.spec.test_timeout
        self._running[worker] = Running(test, task.number, at, None if limit is None else now + limit)
        return [self._emit(events.TestStarted, job, at, worker, test=test, number=task.number)]

    def on_finished(self, worker: str, finished: events.TestFinished, now: float) -> list[Command]:
        """An attempt ended by itself. `finished.number` and `job` are filled in here."""
        if worker in self._running and self._running[worker].test == finished.test:
            del self._running[worker]
        job = self._job_of[finished.test]
        task = job.open.get(finished.test)
        if task is None:  # parked in the meantime
            return [Settle(worker, finished.test)]
        return self._ended(job, worker, task, finished, now)

    def on_lost(
        self, worker: str, suite: str, *, exit_code: int, signal: str, evidence: str, now: float
    ) -> list[Command]:
        """A worker is gone without having been asked to end, or because of a `Kill`."""
        loss = {"exit_code": exit_code, "signal": signal, "evidence": evidence}
        killed_for = self._killed.pop(worker, None)
        running = self._running.pop(worker, None)
        if running is None:
            return [] if killed_for else self._lost_idle(worker, suite, now, **loss)
        job = self._job_of[running.test]
        task = job.open.get(running.test)
        lost = self._emit(events.WorkerLost, job, now, worker, test=running.test, **loss)
        if task is None or (killed_for is not None and killed_for != running.test):
            return [lost]  # it had gone on to this test before the kill reached it: the test was not tried
        took = max(0.0, now - running.since)
        how = signal or f"exit code {exit_code}"
        attempt = self._attempt(
            worker,
            running,
            now,
            outcome=Outcome.FAILED if killed_for else Outcome.NOT_PROVEN,
            cause=Cause.TIMEOUT if killed_for else Cause.WORKER_LOST,
            message=f"timed out after {took:.1f} s" if killed_for else f"its worker was lost ({how})",
            details=evidence,
        )
        return [lost, *self._ended(job, worker, task, attempt, now)]

    def on_unknown(self, worker: str, tests: Iterable[str], now: float) -> list[Command]:
        """The worker's suite does not have these tests (any more): they cannot be proven here."""
        out: list[Command] = []
        for test in tests:
            job = self._job_of[test]
            if test in job.open:
                out.append(Settle(worker, test))
                out += self._park(job, test, Cause.INFRASTRUCTURE, "the suite does not have this test any more", now)
        return out + self._advance(now)

    def tick(self, now: float) -> list[Command]:
        """Time passed: what ran too long is ended."""
        out: list[Command] = []
        for job in self._jobs.values():
            end = job.deadline()
            if end is not None and now >= end:
                out += self._stop_job(job, end - job.started, now)
        for worker, one in sorted(self._running.items()):
            if one.deadline is not None and now >= one.deadline and worker not in self._killed:
                self._killed[worker] = one.test
                out.append(Kill(worker))
        return out + self._advance(now) if out else out

    def give_up(self, suite: str, why: str, now: float) -> list[Command]:
        """No worker of the suite can be had: what it still owes is parked."""
        out: list[Command] = []
        for job in self._jobs.values():
            if job.spec.suite == suite and job.state == "running":
                out += self._park_all(job, Cause.INFRASTRUCTURE, why, now)
        return out + self._advance(now)

    def interrupt(self, now: float) -> list[Command]:
        """The run is being stopped: running attempts end without a result, jobs end as interrupted."""
        out: list[Command] = [
            Emit(
                self._attempt(
                    worker,
                    one,
                    now,
                    outcome=Outcome.NOT_PROVEN,
                    cause=Cause.INTERRUPTED,
                    message="interrupted",
                )
            )
            for worker, one in sorted(self._running.items())
        ]
        self._running.clear()
        for job in self._jobs.values():
            if job.state == "running":
                out.append(
                    self._emit(events.JobFinished, job, now, exit_code=ExitCode.INTERRUPTED, reason="interrupted")
                )
            job.state = "finished"
            job.open.clear()
        return out

    # -- inside ----------------------------------------------------------------------------------

    def _ended(self, job: Job, worker: str, task: Task, done: events.TestFinished, now: float) -> list[Command]:
        """One attempt has its outcome: retry it, park it, or let it stand."""
        retried = not job.stopped and job.spec.retries.again(job.tries(task), done.outcome, done.cause)
        dead = done.outcome is Outcome.NOT_PROVEN and not retried
        done = replace(
            done,
            ts=now,
            job=job.spec.id,
            attempt=job.spec.attempt,
            worker=worker,
            number=task.number,
            message=f"dead letter: {done.message or done.cause.value}" if dead else done.message,
        )
        out: list[Command] = [Emit(done)]
        if retried:
            delay = self._backoff.delay(task.key, task.number)
            again = replace(task, number=task.number + 1, not_before=now + delay)
            job.open[task.key] = again
            out.append(
                self._emit(
                    events.TestRetried,
                    job,
                    now,
                    worker,
                    test=task.key,
                    number=task.number,
                    cause=done.cause,
                    delay=delay,
                )
            )
            return [*out, Settle(worker, task.key, again)]
        out.append(Settle(worker, task.key))
        if dead:
            out += self._park(job, task.key, Cause.DEAD_LETTER, done.details, now)
        else:
            self._close(job, task.key, done.outcome, done.duration)
        return out if job.open else out + self._advance(now)

    def _close(self, job: Job, test: str, outcome: Outcome, seconds: float | None = None) -> None:
        job.close(test, outcome)
        self._gates.took(test, seconds)
        self._outcomes[test] = outcome

    def _park(self, job: Job, test: str, cause: Cause, evidence: str, now: float) -> list[Command]:
        number = job.open[test].number
        self._close(job, test, Outcome.NOT_PROVEN)
        return [self._emit(events.TestDead, job, now, test=test, number=number, cause=cause, evidence=evidence)]

    def _park_all(self, job: Job, cause: Cause, why: str, now: float) -> list[Command]:
        busy = {one.test for one in self._running.values()}
        tests = tuple(test for test in job.open if test not in busy)
        out: list[Command] = [Withdraw(tests)]
        for test in tests:
            out += self._park(job, test, cause, why, now)
        return out

    def _stop_job(self, job: Job, limit: float, now: float) -> list[Command]:
        job.stopped = True
        out = self._park_all(job, Cause.TIMEOUT, f"the job timed out after {limit:g} s", now)
        for worker, one in sorted(self._running.items()):
            if self._job_of[one.test] is job:
                if worker not in self._killed:
                    out.append(Kill(worker))
                self._killed[worker] = one.test
        return out

    def _lost_idle(self, worker: str, suite: str, now: float, **loss: object) -> list[Command]:
        """A worker went without running a test. Once is bad luck; again and again it cannot work."""
        jobs = [job for job in self._jobs.values() if job.spec.suite == suite and job.state == "running"]
        if not jobs:
            return []
        lost = self._barren[suite] = self._barren.get(suite, 0) + 1
        out: list[Command] = [self._emit(events.WorkerLost, jobs[0], now, worker, **loss)]
        if lost >= MAX_BARREN_LOSSES:
            why = f"{lost} workers in a row ended before they ran a test\n{loss['evidence']}"
            for job in jobs:
                out += self._park_all(job, Cause.INFRASTRUCTURE, why, now)
        return out + self._advance(now)

    def _advance(self, now: float) -> list[Command]:
        """End the jobs that owe nothing, decide the gates after them, start or withhold the jobs whose needs and gates
        are decided, until nothing moves.
        """
        out: list[Command] = []
        moved = True
        while moved:
            step: list[Command] = list(self._gates.decide(self._jobs, self._outcomes, now))
            for job in self._jobs.values():
                step += self._step_job(job, now)
            out += step
            moved = bool(step)
        return out

    def _step_job(self, job: Job, now: float) -> list[Command]:
        if job.state == "running" and not job.open:
            job.state = "finished"
            return [self._emit(events.JobFinished, job, now, exit_code=int(job.worst))]
        if job.state != "waiting":
            return []
        kept_back = self._gates.answer(job.spec.after)
        if kept_back is None or any(self._jobs[other].state != "finished" for other in job.needed):
            return []
        job.state, job.started = "running", now
        spec = job.spec
        owed = len(spec.tasks) + len(spec.settled)
        told = {"suite": spec.suite, "lock": spec.lock, "runner": spec.runner, "source": spec.source}
        begin = self._emit(events.JobStarted, job, now, tests=owed, **told)
        if kept_back:
            return [begin, *self._withhold(job, kept_back, now)]
        for need in spec.needs:
            if any(self._outcomes.get(test) not in (Outcome.PASSED, Outcome.SKIPPED) for test in need.tests):
                return [begin, *self._withhold(job, need.label, now)]
        return [begin, *self._skip(job, now), Put(tuple(job.open.values()))]

    def _skip(self, job: Job, now: float) -> list[Command]:
        """Tests of modules that were skipped at collection are skipped too."""
        out: list[Command] = []
        skipped = {test: why for test, why in sorted(job.spec.skipped.items()) if test in job.open}
        for test, reason in skipped.items():
            number = job.open[test].number
            self._close(job, test, Outcome.SKIPPED)
            out.append(
                self._emit(
                    events.TestFinished, job, now, test=test, number=number, outcome=Outcome.SKIPPED, message=reason
                )
            )
        paths = {split_id(test)[1]: why for test, why in skipped.items()}
        for path, why in sorted(paths.items()):
            out.append(self._emit(events.CollectionSkipped, job, now, path=f"{job.spec.suite}::{path}", reason=why))
        return out

    def _withhold(self, job: Job, label: str, now: float) -> list[Command]:
        tests = tuple(job.open)
        job.open.clear()
        for test in tests:
            self._outcomes[test] = Outcome.NOT_PROVEN
        out: list[Command] = [self._emit(events.TestWithheld, job, now, test=test, reason=label) for test in tests]
        job.state, job.withheld = "finished", label
        return [*out, self._emit(events.JobFinished, job, now, exit_code=int(job.worst), reason=label)]

    def _attempt(
        self, worker: str, one: Running, now: float, *, outcome: Outcome, cause: Cause, message: str, details: str = ""
    ) -> events.TestFinished:
        """What is known of an attempt that nobody reported."""
        job = self._job_of[one.test].spec
        return events.TestFinished(
            ts=now,
            job=job.id,
            attempt=job.attempt,
            worker=worker,
            test=one.test,
            number=one.number,
            outcome=outcome,
            cause=cause,
            started=one.since,
            duration=max(0.0, now - one.since),
            message=message,
            details=details,
        )

    @staticmethod
    def _emit(kind: type[events.Event], job: Job, now: float, worker: str = "", **fields: object) -> Emit:
        return Emit(kind(ts=now, job=job.spec.id, attempt=job.spec.attempt, worker=worker, **fields))  # type: ignore[arg-type]
