"""The queue of one process: plain dictionaries, nothing that outlives it (the event log does)."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count

from ci_orchestrator.coordinator.queue.base import ChannelState, Lease, Task

AGEING = 300.0
"""Seconds of waiting that raise a task's priority by one."""


@dataclass(slots=True)
class _Group:
    """Waiting tasks of one file and one priority, in order."""

    name: str
    channel: str
    priority: int
    seq: int
    since: float
    whole: bool
    tasks: list[Task] = field(default_factory=list)
    remaining: float = 0.0

    def add(self, task: Task) -> None:
        self.tasks.append(task)
        if len(self.tasks) > 1 and task.order < self.tasks[-2].order:
            self.tasks.sort(key=lambda one: one.order)
        self.remaining += task.estimate

    def effective(self, now: float) -> int:
        return self.priority + int((now - self.since) // AGEING)


@dataclass(slots=True)
class _Level:
    """The sums over the groups of one channel and priority; `since` is when the oldest of them began to wait."""

    since: float
    waiting: int = 0
    remaining: float = 0.0


class MemoryQueue:
    """A `Queue` in memory."""

    def __init__(self) -> None:
        self._levels: dict[tuple[str, int], _Level] = {}
        self._groups: dict[tuple[str, int, str], _Group] = {}
        self._where: dict[str, tuple[str, int, str]] = {}
        self._delayed: list[tuple[float, int, Task]] = []
        self._leases: dict[int, Lease] = {}
        self._holdings: dict[str, dict[int, Lease]] = {}
        self._leased: set[str] = set()
        self._in_group: dict[str, str] = {}
        self._tokens = count(1)
        self._seq = count(1)

    def put(self, tasks: Iterable[Task], now: float) -> None:
        """See `Queue.put`."""
        for task in tasks:
            if task.key in self._where or task.key in self._leased:
                raise ValueError(f"{task.key} is in the queue already")
            if task.not_before > now:
                heapq.heappush(self._delayed, (task.not_before, next(self._seq), task))
                self._where[task.key] = ("", 0, "")
            else:
                self._add(task, now)

    def reserve(
        self, worker: str, channel: str, now: float, *, lease: float, budget: float, prefer: Collection[str] = ()
    ) -> Sequence[Lease]:
        """See `Queue.reserve`."""
        self._wake(now)
        taken: list[Lease] = []
        left = budget
        for group in self._ranked(worker, channel, now, prefer):
            shared = self._held_by_other(worker, group.name)
            for task in self._take(group, left, shared):
                taken.append(Lease(next(self._tokens), task, worker, now + lease))
                left -= task.estimate
            self._in_group[worker] = group.name
            if left <= 0 or shared:
                break
        for one in taken:
            self._leases[one.token] = one
            self._leased.add(one.task.key)
            self._holdings.setdefault(worker, {})[one.token] = one
        return taken

    def extend(self, worker: str, now: float, *, lease: float) -> None:
        """See `Queue.extend`."""
        for token, old in self._holdings.get(worker, {}).items():
            renewed = Lease(token, old.task, worker, now + lease)
            self._leases[token] = self._holdings[worker][token] = renewed

    def settle(self, token: int, now: float, *, again: Task | None = None) -> bool:
        """See `Queue.settle`."""
        lease = self._leases.pop(token, None)
        if lease is None:
            return False
        del self._holdings[lease.worker][token]
        self._leased.discard(lease.task.key)
        if again is not None:
            self.put([again], now)
        return True

    def release(self, worker: str, now: float) -> Sequence[Task]:
        """See `Queue.release`."""
        leases = self._holdings.pop(worker, {})
        self._in_group.pop(worker, None)
        tasks = [lease.task for lease in leases.values()]
        for token, lease in leases.items():
            del self._leases[token]
            self._leased.discard(lease.task.key)
        self.put(tasks, now)
        return tasks

    def expired(self, now: float) -> Sequence[Lease]:
        """See `Queue.expired`."""
        over = [lease for lease in self._leases.values() if lease.expires <= now]
        return sorted(over, key=lambda lease: (lease.expires, lease.token))

    def withdraw(self, keys: Iterable[str]) -> Sequence[Task]:
        """See `Queue.withdraw`."""
        wanted = {key for key in keys if key in self._where}
        gone: list[Task] = []
        for place in sorted({self._where[key] for key in wanted}):
            group = self._groups.get(place)
            if group is not None:
                gone += [task for task in group.tasks if task.key in wanted]
                self._replace(group, [task for task in group.tasks if task.key not in wanted])
        gone += [task for _, _, task in self._delayed if task.key in wanted]
        self._delayed = [entry for entry in self._delayed if entry[2].key not in wanted]
        heapq.heapify(self._delayed)
        for key in wanted:
            self._where.pop(key, None)
        return gone

    def channels(self, now: float) -> Sequence[ChannelState]:
        """See `Queue.channels`."""
        self._wake(now)
        states: dict[str, ChannelState] = {}
        for (channel, base), level in self._levels.items():
            priority = base + int((now - level.since) // AGEING)
            old = states.get(channel, ChannelState(channel, priority, 0, 0.0))
            states[channel] = ChannelState(
                channel, max(old.priority, priority), old.waiting + level.waiting, old.remaining + level.remaining
            )
        return sorted(states.values(), key=lambda state: (-state.priority, state.channel))

    def held(self, worker: str) -> Collection[Lease]:
        """See `Queue.held`."""
        return self._holdings.get(worker, {}).values()

    def next_at(self, now: float) -> float | None:
        """See `Queue.next_at`."""
        self._wake(now)
        return self._delayed[0][0] if self._delayed else None

    def _add(self, task: Task, now: float) -> None:
        place = (task.channel, task.priority, task.group)
        group = self._groups.get(place)
        if group is None:
            group = _Group(task.group, task.channel, task.priority, next(self._seq), now, task.whole)
            self._groups[place] = group
        group.add(task)
        self._where[task.key] = place
        level = self._levels.setdefault((task.channel, task.priority), _Level(now))
        level.waiting += 1
        level.remaining += task.estimate

    def _wake(self, now: float) -> None:
        while self._delayed and self._delayed[0][0] <= now:
            self._add(heapq.heappop(self._delayed)[2], now)

    def _held_by_other(self, worker: str, group: str) -> bool:
        return any(name == group and holder != worker for holder, name in self._in_group.items())

    def _ranked(self, worker: str, channel: str, now: float, prefer: Collection[str]) -> list[_Group]:
        taken_by_others = {name for holder, name in self._in_group.items() if holder != worker}
        current = self._in_group.get(worker)

        def rank(group: _Group) -> tuple[float, ...]:
            nearness = (
                0 if group.name == current else 3 if group.name in taken_by_others else 1 if group.name in prefer else 2
            )
            return (-group.effective(now), nearness, -group.remaining, group.seq)

        return sorted((group for group in self._groups.values() if group.channel == channel), key=rank)

    def _take(self, group: _Group, budget: float, shared: bool) -> list[Task]:
        """The tasks to hand out. From a group that another worker is in, its far end: at most half."""
        if group.whole:
            return self._cut(group, 0, len(group.tasks))
        if shared:
            tail = max(1, len(group.tasks) // 2)
            first = len(group.tasks) - self._fit(group.tasks[::-1][:tail], budget)
            return self._cut(group, first, len(group.tasks))
        return self._cut(group, 0, self._fit(group.tasks, budget))

    @staticmethod
    def _fit(tasks: list[Task], budget: float) -> int:
        """How many of the first tasks fit into `budget` seconds: at least one."""
        for index, task in enumerate(tasks):
            budget -= task.estimate
            if budget < 0:
                return max(1, index)
        return len(tasks)

    def _cut(self, group: _Group, first: int, end: int) -> list[Task]:
        out = group.tasks[first:end]
        for task in out:
            del self._where[task.key]
        self._replace(group, group.tasks[:first] + group.tasks[end:])
        return out

    def _replace(self, group: _Group, tasks: list[Task]) -> None:
        level = self._levels[group.channel, group.priority]
        level.waiting -= len(group.tasks) - len(tasks)
        level.remaining -= group.remaining
        group.tasks = tasks
        group.remaining = sum(task.estimate for task in tasks)
        level.remaining += group.remaining
        if not tasks:
            del self._groups[group.channel, group.priority, group.name]
        if not level.waiting:
            del self._levels[group.channel, group.priority]
