"""A whole run without processes: machine and queue, driven by workers that finish, fail, die and hang at random."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from random import Random

from hypothesis import strategies as st

from ci_orchestrator.coordinator.commands import Command, Emit, GateSpec, JobSpec, Kill, NeedSpec, Put, Settle, Withdraw
from ci_orchestrator.coordinator.machine import Machine
from ci_orchestrator.coordinator.policies import Backoff, RetryPolicy
from ci_orchestrator.coordinator.queue.base import Task
from ci_orchestrator.coordinator.queue.memory import MemoryQueue
from ci_orchestrator.plan.gates import ErrorRate, Gate
from ci_orchestrator.results import events
from ci_orchestrator.results.fold import Fold
from ci_orchestrator.results.model import Cause, Outcome

LEASE = 60.0
WORKERS = 3
RETRIABLE = (Cause.FAILURE, Cause.TIMEOUT, Cause.WORKER_LOST, Cause.INFRASTRUCTURE)
FATES = ("pass", "pass", "pass", "fail", "error", "skip", "vanish", "die", "hang")


@dataclass(slots=True)
class Worker:
    name: str
    suite: str
    hand: list[str] = field(default_factory=list)
    running: str = ""
    killed: bool = False


def always(fate: str) -> Callable[[str, Random], str]:
    return lambda test, random: fate


def anything(test: str, random: Random) -> str:
    return random.choice(FATES)


class Simulation:
    """Does what the driver does, in any order that could happen. `log` is every event; `fate` says how a test ends."""

    def __init__(
        self,
        specs: Iterable[JobSpec],
        random: Random,
        fate: Callable[[str, Random], str] = anything,
        start: float = 0,
        gates: Iterable[GateSpec] = (),
    ) -> None:
        self.specs = {spec.id: spec for spec in specs}
        self.random = random
        self.fate = fate
        self.now = start
        self.machine = Machine(self.specs.values(), Backoff(first=0.5), gates=gates)
        self.queue = MemoryQueue()
        self.log: list[events.Event] = []
        self.workers: dict[str, Worker] = {}
        self.opened = 0
        self.tokens: dict[str, int] = {}
        self.apply(self.machine.start(self.now))

    def run(self, chaos: int = 0) -> None:
        """`chaos` steps in any order, then fair turns until the end: it must come."""
        for _ in range(chaos):
            if self.machine.finished:
                return
            self.turn(self.random.choice(sorted(self.workers)) if self.workers else "", wild=True)
        for _ in range(2_000):
            if self.machine.finished:
                return
            for name in sorted(self.workers) or [""]:
                self.turn(name, wild=False)
        raise AssertionError(f"no end in sight; {self.machine.running()} {self.queue.channels(self.now)}")

    def turn(self, name: str, *, wild: bool) -> None:
        """Something happens, mostly to one worker."""
        self.staff()
        worker = self.workers.get(name)
        self.pass_time(wild)
        if worker is None or (wild and self.random.random() < 0.2):
            return
        if worker.killed and (not wild or self.random.random() < 0.5):
            self.gone(worker)
        elif worker.running:
            self.end(worker, wild)
        elif worker.hand and not self.mishap(worker, wild):
            self.begin(worker)
        elif not worker.hand and not worker.killed:
            self.feed(worker)

    def staff(self) -> None:
        for state in self.queue.channels(self.now):
            if len(self.workers) < WORKERS:
                self.opened += 1
                name = f"w{self.opened}"
                self.workers[name] = Worker(name, state.channel)

    def pass_time(self, wild: bool) -> None:
        """A little, or right up to the next moment that matters."""
        moments = [at for at in (self.machine.next_deadline(), self.queue.next_at(self.now)) if at is not None]
        idle = not any(worker.running or worker.hand for worker in self.workers.values())
        if moments and (idle or (wild and self.random.random() < 0.1)):
            self.now = max(self.now, min(moments))
        self.now += self.random.random()
        self.apply(self.machine.tick(self.now))

    def feed(self, worker: Worker) -> None:
        leases = self.queue.reserve(
            worker.name, worker.suite, self.now, lease=LEASE, budget=self.random.choice((0.0, 1.0, 5.0))
        )
        if not leases:
            del self.workers[worker.name]  # it leaves in peace: there is nothing for it to do
            self.queue.release(worker.name, self.now)
        worker.hand = [lease.task.key for lease in leases]
        self.tokens.update((lease.task.key, lease.token) for lease in leases)

    def mishap(self, worker: Worker, wild: bool) -> bool:
        """Before it starts a test: its process ends, or it does not know the test."""
        dice = self.random.random() if wild else 1.0
        if dice < 0.1:
            self.gone(worker)
        elif dice < 0.15:
            self.apply(self.machine.on_unknown(worker.name, [worker.hand.pop(0)], self.now))
        elif dice < 0.17:
            self.apply(self.machine.give_up(worker.suite, "no interpreter", self.now))
        return dice < 0.17

    def begin(self, worker: Worker) -> None:
        worker.running = worker.hand.pop(0)
        self.apply(self.machine.on_started(worker.name, worker.running, self.now, self.now))

    def end(self, worker: Worker, wild: bool) -> None:
        fate = self.fate(worker.running, self.random)
        if fate == "hang" and (self.machine.next_deadline() is not None or worker.killed):
            if not wild:  # in a fair turn, hang until somebody does something about it
                self.now = max(self.now, self.machine.next_deadline() or 0.0)
            return
        if fate == "die":
            self.gone(worker)
            return
        outcome, cause = {
            "fail": (Outcome.FAILED, Cause.FAILURE),
            "error": (Outcome.ERRORED, Cause.FAILURE),
            "skip": (Outcome.SKIPPED, Cause.NONE),
            "vanish": (Outcome.NOT_PROVEN, Cause.INFRASTRUCTURE),
        }.get(fate, (Outcome.PASSED, Cause.NONE))
        test, worker.running = worker.running, ""
        finished = events.TestFinished(ts=self.now, job="", test=test, number=0, outcome=outcome, cause=cause)
        self.apply(self.machine.on_finished(worker.name, finished, self.now))

    def gone(self, worker: Worker) -> None:
        lost = self.machine.on_lost(
            worker.name, worker.suite, exit_code=-9, signal="SIGKILL", evidence="killed", now=self.now
        )
        self.apply(lost)
        self.queue.release(worker.name, self.now)
        del self.workers[worker.name]

    def apply(self, commands: Iterable[Command]) -> None:
        for command in commands:
            if isinstance(command, Emit):
                self.log.append(command.event)
            elif isinstance(command, Put):
                self.queue.put(command.tasks, self.now)
            elif isinstance(command, Settle):
                token = self.tokens.pop(command.test, None)
                assert token is not None or command.again is None, "a retry would be lost"
                if token is not None:
                    self.queue.settle(token, self.now, again=command.again)
            elif isinstance(command, Withdraw):
                self.queue.withdraw(command.tests)
            elif isinstance(command, Kill):
                assert not self.workers[command.worker].killed, "killed twice"
                self.workers[command.worker].killed = True

    @property
    def tests(self) -> dict[str, JobSpec]:
        """Every test that is owed → its job."""
        return {task.key: spec for spec in self.specs.values() for task in spec.tasks}


def resumed(specs: Iterable[JobSpec], log: Iterable[events.Event]) -> list[JobSpec]:
    """The jobs as they are set up again from what an earlier run has written down."""
    fold = Fold(log)
    settled = fold.settled()
    return [
        replace(
            spec,
            tasks=tuple(
                replace(task, number=len(fold.attempts.get(task.key, ())) + 1)
                for task in spec.tasks
                if task.key not in settled
            ),
            settled={task.key: settled[task.key] for task in spec.tasks if task.key in settled},
        )
        for spec in specs
    ]


def resumed_gates(gates: Iterable[GateSpec], log: Iterable[events.Event]) -> list[GateSpec]:
    """The gates as they are set up again: what was decided stands."""
    decided = Fold(log).gates
    return [replace(gate, decided=decided[gate.id].verdict if gate.id in decided else None) for gate in gates]


@st.composite
def worlds(draw: st.DrawFn, *, timeouts: bool = True) -> list[JobSpec]:
    """Up to four jobs of two suites, with needs among them, retry policies and time-outs."""
    specs: list[JobSpec] = []
    for index in range(draw(st.integers(1, 4))):
        suite = draw(st.sampled_from(("unit", "e2e")))
        tasks = tuple(
            Task(
                key=f"{suite}::f{draw(st.integers(0, 1))}_{index}.py::t{number}",
                channel=suite,
                group=f"{suite}::f{index}.py",
                order=number,
                estimate=draw(st.sampled_from((0.0, 0.5, 2.0))),
                whole=draw(st.booleans()),
            )
            for number in range(draw(st.integers(0, 5)))
        )
        needs = tuple(
            NeedSpec(f"needs:{other.id}", frozenset(task.key for task in other.tasks))
            for other in specs
            if draw(st.integers(0, 2)) == 0
        )
        when = frozenset(draw(st.sets(st.sampled_from(RETRIABLE))))
        limit = st.sampled_from((None, 3.0, 20.0)) if timeouts else st.none()
        specs.append(
            JobSpec(
                id=f"job{index}",
                suite=suite,
                lock="sha256:0",
                tasks=tasks,
                needs=needs,
                retries=RetryPolicy(draw(st.integers(0, 2)), when),
                timeout=draw(limit),
                test_timeout=draw(limit),
            )
        )
    return specs


LENIENT = Gate(name="lenient", error_rate=ErrorRate(healthy=0.6, unhealthy=0.7, confidence=0.5))
"""A policy that can decide from one test on."""
STRICTER = Gate(name="stricter", error_rate=ErrorRate(healthy=0.6, unhealthy=0.7, confidence=0.5, min_samples=3))
"""A policy that asks for more samples."""


@st.composite
def canaries(draw: st.DrawFn) -> tuple[list[JobSpec], list[GateSpec]]:
    """A suite in stages with gates between them; it may need another, and another may need it."""
    specs, gates = [], []
    small = st.integers(0, 4)

    def spec(name: str, suite: str, **more: object) -> JobSpec:
        keys = (f"{suite}::{name}.py::t{number}" for number in range(draw(small)))
        tasks = tuple(Task(key=key, channel=suite, group=name) for key in keys)
        retries = RetryPolicy(draw(st.integers(0, 1)), frozenset(RETRIABLE))
        return JobSpec(id=name, suite=suite, lock="sha256:0", tasks=tasks, retries=retries, **more)  # type: ignore[arg-type]

    def all_of(suite: str) -> tuple[NeedSpec, ...]:
        tests = frozenset(task.key for one in specs if one.suite == suite for task in one.tasks)
        return (NeedSpec(f"needs:{suite}", tests),)

    specs.append(spec("base", "base"))
    needs = all_of("base") if draw(st.booleans()) else ()
    after = ""
    for number in range(1, draw(st.integers(1, 3)) + 1):
        jobs = [spec(f"live_{number}_{part}", "live", needs=needs, after=after) for part in range(draw(small) % 2 + 1)]
        after, stage = f"gate_live_{number}", f"live-{number}"
        specs += jobs
        policy = draw(st.sampled_from((LENIENT, STRICTER)))
        gates.append(
            GateSpec(id=after, stage=stage, lock="sha256:0", policy=policy, jobs=tuple(one.id for one in jobs))
        )
    specs.append(spec("end", "end", needs=all_of("live")))
    return specs, gates


def chances() -> st.SearchStrategy[Random]:
    """Randomness of a simulation; by a seed, for hundreds of draws one by one are slow."""
    return st.integers(0, 2**32 - 1).map(Random)
