"""The driver: tells the machine what happens, and does what it answers. It waits and acts; it decides nothing.

It staffs places with workers, hands each the next tests from the queue, and writes every event down.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from ci_orchestrator.clock import Clock
from ci_orchestrator.coordinator.commands import Command, Emit, Kill, Put, Settle, Withdraw
from ci_orchestrator.coordinator.crew import Crew, Member
from ci_orchestrator.coordinator.discovery import end_all
from ci_orchestrator.coordinator.machine import Machine
from ci_orchestrator.coordinator.queue.base import ChannelState, Lease, Queue
from ci_orchestrator.errors import UserError
from ci_orchestrator.plan.models import Suite
from ci_orchestrator.results import events
from ci_orchestrator.run.process import signal_name
from ci_orchestrator.run.tools.base import Collected, Finished, Gone, Message, Started, Unexpected, Unknown

LEASE = 60.0
"""Seconds. A worker's process is its heartbeat here, so this only matters when the machine itself sleeps."""
LOW_WATER = 2
"""Refill a worker that has no more tests than this: the one it runs, and the one held back for its successor."""
SHARE = 4
"""A worker takes at most one `SHARE`-th of its fair part of the remaining work at once (guided self-scheduling)."""
START_UP = 1.0
"""Seconds of remaining work for each worker below which another one is not worth starting."""
PULSE = 0.5
"""The longest wait, seconds."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What may run at once: `width` workers, whose suites together ask for at most `cpu` and `memory` (None: any)."""

    width: int
    cpu: float | None = None
    memory: float | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What one worker of a suite takes, and how urgent the suite is (`tail`: seconds of work that hang on it)."""

    cpu: float = 1.0
    memory: float = 0.0
    tail: float = 0.0


class Driver:
    """Runs a machine to its end.

    `log` is called with every event, in order; `pulse` a few times a second; `parted` when a worker has gone and its
    workspace is still there, with the job that it last ran a test of, and whether it ended as it should. `notes` holds
    what the tools said of whole sessions that no test explains.
    """

    def __init__(
        self,
        machine: Machine,
        work: Queue,
        crew: Crew,
        clock: Clock,
        *,
        suites: Mapping[str, Suite],
        capacity: Capacity,
        loads: Mapping[str, Load],
        log: Callable[[events.Event], None],
        parted: Callable[[Member, str, bool], None] = lambda _member, _job, _whole: None,
        pulse: Callable[[], None] = lambda: None,
    ) -> None:
        self._machine = machine
        self._queue = work
        self._crew = crew
        self._clock = clock
        self._suites = suites
        self._capacity = capacity
        self._loads = loads
        self._log = log
        self._parted = parted
        self._pulse = pulse
        self._tokens: dict[str, int] = {}
        self._met: dict[str, list[str]] = {}
        self._extended = 0.0
        self._beaten = 0.0
        self.notes: dict[str, None] = {}
        self._overdue: dict[str, float] = {}  # worker → when it should have left, infinite once it was told again
        self._begin = clock.now() - clock.monotonic()

    def run(self) -> None:
        """Run everything. KeyboardInterrupt ends the workers, is recorded for what was running, and is raised on."""
        try:
            self._trim()
            self._apply(self._machine.start(self._now()))
            while not self._machine.finished:
                self._staff()
                self._listen()
                self._apply(self._machine.tick(self._now()))
                self._beat()
            self._pulse()
            self._dismiss()
        except KeyboardInterrupt:
            self._apply(self._machine.interrupt(self._now()))
            raise
        finally:
            end_all(self._crew, self._clock)

    # -- what happens ----------------------------------------------------------------------------

    def _listen(self) -> None:
        """Wait for a message or the next deadline; then take all messages that are there."""
        now = self._now()
        moments = [self._machine.next_deadline(), self._queue.next_at(now), now + PULSE]
        wait = min(moment for moment in moments if moment is not None) - now
        try:
            worker, message = self._crew.inbox.get(timeout=max(0.0, wait))
            while True:
                self._hear(worker, message)
                worker, message = self._crew.inbox.get_nowait()
        except queue.Empty:
            return

    def _hear(self, worker: str, message: Message) -> None:
        member = self._crew.members.get(worker)
        if member is None:
            return
        now = self._now()
        if isinstance(message, Started):
            test = self._id(member, message.test)
            self._introduce(member, test, now)
            self._apply(self._machine.on_started(worker, test, message.at, now))
        elif isinstance(message, Finished):
            self._apply(self._machine.on_finished(worker, self._finished(member, message, now), now))
            self._feed(member)
        elif isinstance(message, Collected):
            member.note(message)
        elif isinstance(message, Unknown):
            tests = [self._id(member, test) for test in message.tests]
            self._apply(self._machine.on_unknown(worker, tests, now))
        elif isinstance(message, Unexpected):
            job = self._machine.job_of(self._id(member, message.beside))
            result = self._finished(member, message.result, now)
            self._log(replace(result, job=job, attempt=self._machine.attempt_of(job), number=1))
        else:
            self._gone(member, message, now)

    def _gone(self, member: Member, gone: Gone, now: float) -> None:
        suite = member.suite.name
        whole = gone.asked and gone.exit_code == 0 and not self._queue.held(member.name)
        if not whole:
            self._apply(
                self._machine.on_lost(
                    member.name,
                    suite,
                    exit_code=gone.exit_code,
                    signal=signal_name(gone.exit_code),
                    evidence=f"{gone.failed}\n{gone.evidence}".strip(),
                    now=now,
                )
            )
            if gone.failed and member.collected is not None:
                self._apply(self._machine.give_up(suite, gone.failed, now))
        self._queue.release(member.name, now)
        self._part(member, now, gone, whole=whole)

    def _introduce(self, member: Member, test: str, now: float) -> None:
        """A worker's first test of a job: the job's log learns of the worker."""
        job = self._machine.job_of(test)
        met = self._met.setdefault(member.name, [])
        if job not in met:
            met.append(job)
            attempt = self._machine.attempt_of(job)
            self._log(
                events.WorkerStarted(ts=now, job=job, attempt=attempt, worker=member.name, pid=member.session.pid)
            )

    def _part(self, member: Member, now: float, gone: Gone, *, whole: bool) -> None:
        """A worker is gone: its jobs' logs learn it if it ended as it should, and what it left is kept."""
        jobs = self._met.get(member.name, [])
        if whole and gone.failed:
            self.notes[f"suite {member.suite.name}: {gone.failed}"] = None
        if whole:
            for job in jobs:
                attempt = self._machine.attempt_of(job)
                self._log(events.WorkerFinished(ts=now, job=job, attempt=attempt, worker=member.name, exit_code=0))
        if jobs:
            self._parted(member, jobs[-1], whole)
        self._crew.forget(member)

    # -- what to do ------------------------------------------------------------------------------

    def _apply(self, commands: Iterable[Command]) -> None:
        for command in commands:
            if isinstance(command, Emit):
                self._log(command.event)
            elif isinstance(command, Put):
                self._queue.put(command.tasks, self._now())
            elif isinstance(command, Settle):
                token = self._tokens.pop(command.test, None)
                if token is not None:
                    self._queue.settle(token, self._now(), again=command.again)
            elif isinstance(command, Withdraw):
                self._queue.withdraw(command.tests)
            elif isinstance(command, Kill):
                self._crew.members[command.worker].stopping = True
                self._crew.members[command.worker].session.kill()

    def _staff(self) -> None:
        """Fill free places with workers, hungry workers with tests; end workers that nobody needs."""
        states = self._channels()
        for member in list(self._crew.members.values()):
            self._feed(member)
            if not member.stopping and not self._queue.held(member.name) and self._dispensable(member, states):
                member.stopping = True
                member.session.stop()
        for state in self._channels():
            suite = self._suites[state.channel]
            while self._wants_more(state) and self._fits(suite):
                try:
                    self._crew.open(suite, only=frozenset())
                except UserError as error:  # it could be had when the run began: what has finished is worth a report
                    self._apply(self._machine.give_up(suite.name, str(error), self._now()))
                    break

    def _feed(self, member: Member) -> None:
        if not member.ready or len(self._queue.held(member.name)) > LOW_WATER:
            return
        leases = self._reserve(member, self._now())
        if leases:
            self._tokens.update((lease.task.key, lease.token) for lease in leases)
            member.session.run([lease.task.key.partition("::")[2] for lease in leases])
            member.flushed = False
        elif not member.flushed and self._queue.held(member.name):
            member.flushed = True
            member.session.flush()

    def _reserve(self, member: Member, now: float) -> Sequence[Lease]:
        """The next tests for a worker: less at a time the less there is left, so that all end together."""
        suite = member.suite.name
        remaining = sum(one.remaining for one in self._queue.channels(now) if one.channel == suite)
        workers = sum(one.suite.name == suite for one in self._crew.members.values())
        budget = remaining / (SHARE * workers)
        return self._queue.reserve(member.name, suite, now, lease=LEASE, budget=budget, prefer=member.groups)

    def _dispensable(self, member: Member, states: Sequence[ChannelState]) -> bool:
        if any(state.channel == member.suite.name for state in states):
            return False
        return not self._machine.owed(member.suite.name) or bool(states)

    def _wants_more(self, state: ChannelState) -> bool:
        """Another worker for the channel would find something to do."""
        workers = [member for member in self._crew.members.values() if member.suite.name == state.channel]
        if not workers:
            return True
        starting = sum(member.collected is None for member in workers)
        return state.waiting > starting and state.remaining > START_UP * (len(workers) + 1)

    def _fits(self, suite: Suite) -> bool:
        """A place is free, and the machine carries one more worker of this suite (one alone always fits)."""
        return self._bears([self._loads[member.suite.name] for member in self._crew.members.values()], suite)

    def _trim(self) -> None:
        """Of the workers that discovery kept, end those that may not run at once."""
        kept: list[Load] = []
        for member in self._crew.members.values():
            if self._bears(kept, member.suite):
                kept.append(self._loads[member.suite.name])
            else:
                member.stopping = True
                member.session.stop()

    def _bears(self, present: Sequence[Load], suite: Suite) -> bool:
        load, limit = self._loads[suite.name], self._capacity
        if len(present) >= limit.width:
            return False
        cpu = load.cpu + sum(one.cpu for one in present)
        memory = load.memory + sum(one.memory for one in present)
        fits = (limit.cpu is None or cpu <= limit.cpu) and (limit.memory is None or memory <= limit.memory)
        return fits or not present

    def _channels(self) -> list[ChannelState]:
        """Channels with work, most urgent first: priority, then the longest path that hangs on it."""
        states = self._queue.channels(self._now())
        return sorted(states, key=lambda state: (-state.priority, -self._loads[state.channel].tail, state.channel))

    def _dismiss(self) -> None:
        """Everything is done: let the workers end by themselves, so that fixtures are torn down and data is saved."""
        for member in self._crew.members.values():
            if not member.stopping:
                member.stopping = True
                member.session.stop()
        limit = self._clock.monotonic() + LEASE
        while self._crew.members and self._clock.monotonic() < limit:
            try:
                worker, message = self._crew.inbox.get(timeout=PULSE)
            except queue.Empty:
                continue
            if isinstance(message, Gone):
                self._part(self._crew.members[worker], self._now(), message, whole=message.exit_code == 0)

    # -- small things ----------------------------------------------------------------------------

    def _now(self) -> float:
        """Unix time that never goes backwards, whatever is done to the machine's clock."""
        return self._begin + self._clock.monotonic()

    def _beat(self) -> None:
        """What is done now and then: show the state, extend the leases of the living."""
        now = self._now()
        if now - self._beaten > PULSE / 2:
            self._beaten = now
            self._pulse()
        if now - self._extended > LEASE / 3:
            self._extended = now
            for worker in self._crew.members:
                self._queue.extend(worker, now, lease=LEASE)
            self._evict(now)

    def _evict(self, now: float) -> None:
        """End the workers that were asked to leave and do not (a thread of a test may go on): others need the place."""
        for member in self._crew.members.values():
            if member.stopping and now >= self._overdue.setdefault(member.name, now + LEASE):
                self._overdue[member.name] = inf
                member.session.kill()

    @staticmethod
    def _id(member: Member, test: str) -> str:
        return f"{member.suite.name}::{test}"

    def _finished(self, member: Member, message: Finished, now: float) -> events.TestFinished:
        return events.TestFinished(
            ts=now,
            job="",
            worker=member.name,
            test=self._id(member, message.test),
            number=0,
            outcome=message.outcome,
            cause=message.cause,
            started=message.started,
            duration=message.duration,
            cpu=message.cpu,
            peak_memory=message.peak_memory,
            message=message.message,
            details=message.details,
            stdout=message.stdout,
            stderr=message.stderr,
            file=message.file,
            line=message.line,
        )
