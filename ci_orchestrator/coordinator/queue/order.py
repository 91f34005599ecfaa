"""Which waiting task is next: tasks in groups, groups in levels of equal urgency. No leases and no clock.

A level keeps its groups on a heap, most remaining work first, then first come. Entries are not removed when a group
changes: those that no longer tell its rank are dropped when they come up, so that nothing here scans what waits.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from ci_orchestrator.coordinator.queue.base import Task

LEAST = 1_000
"""Microseconds that a task counts for at least: handing it out is not free, however quick it is."""


def weight(task: Task) -> int:
    """Microseconds of work, whole so that sums of any order are exact."""
    return max(LEAST, round(task.estimate * 1_000_000))


@dataclass(slots=True, eq=False)
class Group:
    """Tasks that stay together, in order. `remaining`: microseconds."""

    name: str
    seq: int
    whole: bool
    tasks: deque[Task] = field(default_factory=deque)
    remaining: int = 0
    tidy: bool = True

    @property
    def rank(self) -> tuple[int, int]:
        """Lower goes first."""
        return (-self.remaining, self.seq)

    def add(self, task: Task) -> None:
        """Let a task in, at its place."""
        self.tidy = self.tidy and (not self.tasks or self.tasks[-1].order <= task.order)
        self.tasks.append(task)
        self.remaining += weight(task)

    def take(self, budget: int, *, shared: bool) -> list[Task]:
        """The first tasks, at least one, that fit into `budget`; all when they must stay together.

        `shared`: another worker is among them, so take the far half of the work, in one go.
        """
        if not self.tidy:
            self.tasks, self.tidy = deque(sorted(self.tasks, key=lambda task: task.order)), True
        far = shared and not self.whole
        budget = self.remaining // 2 if far else budget
        out: list[Task] = []
        while self.tasks:
            cost = weight(self.tasks[-1 if far else 0])
            if out and not self.whole and cost > budget:
                break
            out.append(self.tasks.pop() if far else self.tasks.popleft())
            budget -= cost
            self.remaining -= cost
        return out[::-1] if far else out

    def remove(self, keys: Collection[str]) -> list[Task]:
        """Take the tasks with these keys out."""
        out = [task for task in self.tasks if task.key in keys]
        self.tasks = deque(task for task in self.tasks if task.key not in keys)
        self.remaining -= sum(map(weight, out))
        return out


@dataclass(slots=True, eq=False)
class Level:
    """The groups of one channel that are equally urgent. `waiting` counts tasks, `remaining` is microseconds."""

    groups: dict[str, Group] = field(default_factory=dict)
    waiting: int = 0
    remaining: int = 0
    _heap: list[tuple[int, int, str]] = field(default_factory=list)
    _changed: dict[str, None] = field(default_factory=dict)

    def add(self, name: str, task: Task, seq: int) -> None:
        """Let a task in; `seq` is its group's place in the line if the group is new."""
        group = self.groups.get(name)
        if group is None:
            group = self.groups[name] = Group(name, seq, task.whole)
        group.add(task)
        self._note(group, 1, weight(task))

    def take(self, group: Group, budget: int, *, shared: bool) -> list[Task]:
        """See `Group.take`."""
        before = group.remaining
        out = group.take(budget, shared=shared)
        self._note(group, -len(out), group.remaining - before)
        return out

    def remove(self, name: str, keys: Collection[str]) -> list[Task]:
        """Take tasks out of a group."""
        group = self.groups[name]
        before = group.remaining
        out = group.remove(keys)
        self._note(group, -len(out), group.remaining - before)
        return out

    def ranked(self, current: str | None, prefer: Collection[str], taken: Collection[str]) -> Iterator[Group]:
        """The groups, best first: `current`, those in `prefer`, the others, and those that other workers have `taken`.

        Go on to the next only after the last one was taken empty.
        """
        if current is not None and current in self.groups:
            yield self.groups[current]
        near = self.groups.keys() & prefer if prefer else ()
        yield from sorted((self.groups[name] for name in near if name not in taken), key=lambda group: group.rank)
        while (free := self._first(taken)) is not None:
            yield free
        held = (self.groups[name] for name in taken if name in self.groups)
        yield from sorted(held, key=lambda group: group.rank)

    def _first(self, avoid: Collection[str]) -> Group | None:
        """The best group that is not in `avoid`."""
        for name in self._changed:
            if name in self.groups:
                heapq.heappush(self._heap, (*self.groups[name].rank, name))
        self._changed.clear()
        avoided, found = [], None
        while self._heap and found is None:
            *rank, name = self._heap[0]
            group = self.groups.get(name)
            if group is None or group.rank != tuple(rank):
                heapq.heappop(self._heap)
            elif name in avoid:
                avoided.append(heapq.heappop(self._heap))
            else:
                found = group
        for entry in avoided:
            heapq.heappush(self._heap, entry)
        return found

    def _note(self, group: Group, tasks: int, work: int) -> None:
        self.waiting += tasks
        self.remaining += work
        self._changed[group.name] = None
        if not group.tasks:
            del self.groups[group.name]
