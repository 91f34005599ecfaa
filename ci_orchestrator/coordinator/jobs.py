"""What a machine remembers of a job while it runs it, and of the attempts that are running."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ci_orchestrator.coordinator.commands import JobSpec
from ci_orchestrator.coordinator.queue.base import Task
from ci_orchestrator.errors import ExitCode
from ci_orchestrator.results.model import Outcome


@dataclass(slots=True)
class Job:
    """`open`: what it still owes. `needed`: the jobs that must have ended before. `withheld`: why it never began."""

    spec: JobSpec
    open: dict[str, Task]
    needed: frozenset[str] = frozenset()
    state: str = "waiting"
    started: float = 0.0
    stopped: bool = False
    withheld: str = ""
    worst: ExitCode = ExitCode.OK

    def tests(self) -> Iterator[str]:
        """All that it owed, in the run before this one too."""
        yield from (task.key for task in self.spec.tasks)
        yield from self.spec.settled

    def close(self, test: str, outcome: Outcome) -> None:
        """A test has its final outcome."""
        self.open.pop(test, None)
        if outcome in (Outcome.FAILED, Outcome.ERRORED):
            self.worst = ExitCode.TESTS_FAILED
        elif outcome is Outcome.NOT_PROVEN and self.worst is ExitCode.OK:
            self.worst = ExitCode.NOT_PROVEN

    def tries(self, task: Task) -> int:
        """The attempts, this one included, that the retry policy counts."""
        return task.number - self.spec.cut_short.get(task.key, 0)

    def deadline(self) -> float | None:
        """When it will have run too long."""
        if self.state != "running" or self.stopped or self.spec.timeout is None:
            return None
        return self.started + self.spec.timeout


@dataclass(slots=True)
class Running:
    """An attempt; `deadline`: when it will have run too long."""

    test: str
    number: int
    since: float
    deadline: float | None
