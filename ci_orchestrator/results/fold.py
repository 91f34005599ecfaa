"""Folds over events: the state of a run at any instant, and the results at its end.

Any prefix of a log is a consistent state: queued + running + done is what the started jobs owe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ci_orchestrator.results import events
from ci_orchestrator.results.merge import FAILURES, result
from ci_orchestrator.results.model import Attempt, Cause, Outcome, TestResult
from ci_orchestrator.results.report import JobSummary, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Counts at one instant; `done` splits into the outcomes. `lost` counts workers, the rest counts tests."""

    total: int
    queued: int
    running: int
    done: int
    passed: int
    failed: int
    skipped: int
    not_proven: int
    flaky: int
    retried: int
    lost: int


@dataclass(slots=True)
class JobState:
    """What the events say of one attempt of one job. Times are Unix seconds.

    `present`: workers that have not ended. `cut_off`: how many never did, of a run that was ended and resumed.
    """

    job: str
    attempt: int
    suite: str = ""
    lock: str = ""
    tests: int = 0
    started: float = 0.0
    ended: float = 0.0
    exit_code: int | None = None
    reason: str = ""
    workers: set[str] = field(default_factory=set)
    lost: int = 0
    present: set[str] = field(default_factory=set)
    cut_off: int = 0


class Fold:
    """Feed events with `add`, in the order of each log; logs of several jobs may be interleaved."""

    def __init__(self, events_: Iterable[events.Event] = ()) -> None:
        self.jobs: dict[tuple[str, int], JobState] = {}
        self.attempts: dict[str, list[Attempt]] = {}
        self.dead: dict[str, str] = {}
        self.withheld: dict[str, str] = {}
        self.collection_skipped: dict[str, str] = {}
        self.gates: dict[str, events.GateDecided] = {}
        self.spans: list[Span] = []
        self.retries = 0
        self._flaky: set[str] = set()
        self._running: dict[str, tuple[str, str]] = {}
        self._done: dict[str, Outcome] = {}
        self._counts = dict.fromkeys(Outcome, 0)
        self._apply = {
            events.JobStarted: self._job_started,
            events.JobFinished: self._job_finished,
            events.WorkerStarted: self._worker_started,
            events.WorkerFinished: self._worker_finished,
            events.WorkerLost: self._worker_lost,
            events.TestStarted: self._test_started,
            events.TestFinished: self._test_finished,
            events.TestRetried: self._test_retried,
            events.TestDead: self._test_dead,
            events.TestWithheld: self._test_withheld,
            events.CollectionSkipped: self._collection_skipped,
            events.GateDecided: self._gate_decided,
        }
        for event in events_:
            self.add(event)

    def add(self, event: events.Event) -> None:
        """Take one event in."""
        apply = self._apply.get(type(event))
        if apply is not None:
            apply(event)  # type: ignore[operator]

    def status(self) -> Status:
        """The counts now."""
        counts = self._counts
        latest = {job: state for (job, _), state in sorted(self.jobs.items())}
        total = sum(state.tests for state in latest.values())
        done, running = len(self._done), len(self._running)
        total = max(total, done + running)  # a damaged log can lack its beginning
        return Status(
            total=total,
            queued=total - done - running,
            running=running,
            done=done,
            passed=counts[Outcome.PASSED],
            failed=counts[Outcome.FAILED] + counts[Outcome.ERRORED],
            skipped=counts[Outcome.SKIPPED],
            not_proven=counts[Outcome.NOT_PROVEN],
            flaky=len(self._flaky),
            retried=self.retries,
            lost=sum(state.lost for state in self.jobs.values()),
        )

    def settled(self, *, dead_too: bool = True) -> Mapping[str, Outcome]:
        """Tests that need not run again: those with a final outcome of their own, and the dead letters."""
        return {
            test: outcome
            for test, outcome in sorted(self._done.items())
            if (test not in self.withheld and outcome is not Outcome.NOT_PROVEN) or (dead_too and test in self.dead)
        }

    def results(self) -> dict[str, TestResult]:
        """One result for each test that has ended in any way, by id."""
        return {name: result(name, self.attempts[name]) for name in sorted(self.attempts)}

    def summaries(self, names: Mapping[str, str], estimates: Mapping[str, float]) -> tuple[JobSummary, ...]:
        """The jobs, by id; `names` and `estimates` come from the lock."""
        return tuple(
            JobSummary(
                job=job,
                name=names.get(job, job),
                suite=state.suite,
                tests=state.tests,
                estimate=estimates.get(job, 0.0),
                duration=max(0.0, state.ended - state.started),
                workers=len(state.workers),
                workers_lost=state.lost,
                exit_code=state.exit_code,
            )
            for (job, _), state in sorted(self.jobs.items())
        )

    def _state(self, event: events.Event) -> JobState:
        key = (event.job, event.attempt)
        state = self.jobs.get(key)
        if state is None:
            state = self.jobs[key] = JobState(event.job, event.attempt, started=event.ts)
        state.ended = max(state.ended, event.ts)
        return state

    def _decide(self, test: str, outcome: Outcome | None) -> None:
        """Set the outcome that a test has for now; None: it has none any more. What was decided before is over."""
        self.dead.pop(test, None)
        self.withheld.pop(test, None)
        self._flaky.discard(test)
        before = self._done.pop(test, None)
        if before is not None:
            self._counts[before] -= 1
        if outcome is not None:
            self._counts[outcome] += 1
            self._done[test] = outcome

    def _stop(self, gone: Callable[[str, str], bool]) -> None:
        """What ran there, by job and worker, does not run any more."""
        self._running = {test: place for test, place in self._running.items() if not gone(*place)}

    def _job_started(self, event: events.JobStarted) -> None:
        state = self._state(event)
        state.suite, state.lock, state.tests = event.suite, event.lock, event.tests
        state.exit_code = None
        state.cut_off += len(state.present)
        state.present.clear()
        self._stop(lambda job, _: job == event.job)  # left over from a run that was killed

    def _job_finished(self, event: events.JobFinished) -> None:
        state = self._state(event)
        state.exit_code, state.reason = event.exit_code, event.reason

    def _worker_started(self, event: events.WorkerStarted) -> None:
        state = self._state(event)
        state.workers.add(event.worker)
        state.present.add(event.worker)

    def _worker_finished(self, event: events.WorkerFinished) -> None:
        if state := self.jobs.get((event.job, event.attempt)):  # which may have ended long before its worker
            state.present.discard(event.worker)

    def _worker_lost(self, event: events.WorkerLost) -> None:
        state = self._state(event)
        state.workers.add(event.worker)
        state.present.discard(event.worker)
        state.lost += 1
        self._stop(lambda job, worker: (job, worker) == (event.job, event.worker))

    def _test_started(self, event: events.TestStarted) -> None:
        self._state(event).workers.add(event.worker)
        self._decide(event.test, None)
        self._running[event.test] = (event.job, event.worker)

    def _test_finished(self, event: events.TestFinished) -> None:
        self._state(event)
        self._running.pop(event.test, None)
        self._decide(event.test, event.outcome)
        before = self.attempts.setdefault(event.test, [])
        if event.outcome is Outcome.PASSED and any(one.outcome in FAILURES and one.job == event.job for one in before):
            self._flaky.add(event.test)
        before.append(attempt_of(event))
        begin = event.started or event.ts
        self.spans.append(Span(event.job, event.worker, event.test, begin, begin + event.duration, event.outcome.value))

    def _test_retried(self, event: events.TestRetried) -> None:
        self._state(event)
        self.retries += 1
        self._running.pop(event.test, None)
        self._decide(event.test, None)

    def _test_dead(self, event: events.TestDead) -> None:
        self._state(event)
        self._running.pop(event.test, None)
        self._decide(event.test, Outcome.NOT_PROVEN)
        self.dead[event.test] = event.cause.value
        if event.cause is not Cause.DEAD_LETTER:  # else its last attempt says it all
            self.attempts.setdefault(event.test, []).append(_never_made(event))

    def _test_withheld(self, event: events.TestWithheld) -> None:
        self._state(event)
        self._decide(event.test, Outcome.SKIPPED)
        self.withheld[event.test] = event.reason
        self.attempts.setdefault(event.test, []).append(
            Attempt(
                outcome=Outcome.SKIPPED,
                cause=Cause.WITHHELD,
                number=0,
                job=event.job,
                job_attempt=event.attempt,
                message=event.reason,
            )
        )

    def _collection_skipped(self, event: events.CollectionSkipped) -> None:
        self._state(event)
        self.collection_skipped[event.path] = event.reason

    def _gate_decided(self, event: events.GateDecided) -> None:
        before = self.gates.get(event.job)
        if before is None or (before.attempt, before.seq) <= (event.attempt, event.seq):
            self.gates[event.job] = event


def attempt_of(event: events.TestFinished) -> Attempt:
    """The attempt that an event records."""
    return Attempt(
        outcome=event.outcome,
        cause=event.cause,
        number=event.number,
        job=event.job,
        job_attempt=event.attempt,
        worker=event.worker,
        started=event.started,
        duration=event.duration,
        cpu=event.cpu,
        peak_memory=event.peak_memory,
        message=event.message,
        details=event.details,
        stdout=event.stdout,
        stderr=event.stderr,
        file=event.file,
        line=event.line,
    )


def _never_made(event: events.TestDead) -> Attempt:
    """The attempt that a parked test still had before it. It decides: the failure of an earlier one does not stand."""
    return Attempt(
        outcome=Outcome.NOT_PROVEN,
        cause=event.cause,
        number=event.number,
        job=event.job,
        job_attempt=event.attempt,
        message=event.evidence.strip().split("\n", 1)[0] or event.cause.value,
        details=event.evidence,
    )
