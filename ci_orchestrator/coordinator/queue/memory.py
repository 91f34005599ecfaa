"""The queue of one process: plain dictionaries, nothing that outlives it (the event log does)."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import count

from ci_orchestrator.coordinator.queue.base import AGEING, ChannelState, Lease, Task
from ci_orchestrator.coordinator.queue.order import Group, Level

MICROSECONDS = 1_000_000


class MemoryQueue:
    """A `Queue` in memory.

    A task's level is its priority less the number of whole `AGEING` periods that were over when it began to wait. All
    levels rise alike as time goes on, so their order never changes, and nothing has to be ranked again.
    """

    def __init__(self) -> None:
        self._levels: dict[tuple[str, int], Level] = {}
        self._where: dict[str, tuple[tuple[str, int], str] | None] = {}  # None: in back-off
        self._delayed: list[tuple[float, int, Task]] = []
        self._leases: dict[int, Lease] = {}
        self._tokens: dict[str, int] = {}
        self._holdings: dict[str, dict[int, Lease]] = {}
        self._in_group: dict[str, str] = {}
        self._helped: dict[str, set[str]] = {}
        self._begin: float | None = None
        self._new_token = count(1)
        self._seq = count(1)

    def put(self, tasks: Iterable[Task], now: float) -> None:
        """See `Queue.put`."""
        new: dict[str, Task] = {}
        for task in tasks:
            if task.key in self._where or task.key in self._tokens or task.key in new:
                raise ValueError(f"{task.key} is in the queue already")
            new[task.key] = task
        for task in new.values():
            if task.not_before > now:
                heapq.heappush(self._delayed, (task.not_before, next(self._seq), task))
                self._where[task.key] = None
            else:
                self._add(task, now)

    def reserve(
        self, worker: str, channel: str, now: float, *, lease: float, budget: float, prefer: Collection[str] = ()
    ) -> Sequence[Lease]:
        """See `Queue.reserve`."""
        self._wake(now)
        held = self._holdings.setdefault(worker, {})
        out = []
        for task in self._take(worker, channel, round(budget * MICROSECONDS), prefer):
            one = Lease(next(self._new_token), task, worker, now + lease)
            del self._where[task.key]
            self._tokens[task.key] = one.token
            self._leases[one.token] = held[one.token] = one
            out.append(one)
        return out

    def extend(self, worker: str, now: float, *, lease: float) -> None:
        """See `Queue.extend`."""
        for token, old in self._holdings.get(worker, {}).items():
            renewed = Lease(token, old.task, worker, now + lease)
            self._leases[token] = self._holdings[worker][token] = renewed

    def settle(self, token: int, now: float, *, again: Task | None = None) -> bool:
        """See `Queue.settle`."""
        if token not in self._leases:
            return False
        self._end(token)
        if again is not None:
            self.put([again], now)
        return True

    def release(self, worker: str, now: float) -> Sequence[Task]:
        """See `Queue.release`."""
        tasks = [self._end(token) for token in tuple(self._holdings.get(worker, ()))]
        self._holdings.pop(worker, None)
        self._in_group.pop(worker, None)
        self._helped.pop(worker, None)
        self.put(tasks, now)
        return tasks

    def expired(self, now: float) -> Sequence[Lease]:
        """See `Queue.expired`."""
        over = [lease for lease in self._leases.values() if lease.expires <= now]
        return sorted(over, key=lambda lease: (lease.expires, lease.token))

    def withdraw(self, keys: Iterable[str]) -> Sequence[Task]:
        """See `Queue.withdraw`."""
        gone: list[Task] = []
        places: dict[tuple[tuple[str, int], str], set[str]] = {}
        delayed: set[str] = set()
        for key in dict.fromkeys(keys):
            if key in self._tokens:
                gone.append(self._end(self._tokens[key]))
            elif key in self._where:
                place = self._where.pop(key)
                (delayed if place is None else places.setdefault(place, set())).add(key)
        for (level, group), wanted in places.items():
            gone += self._levels[level].remove(group, wanted)
        gone += [task for _, _, task in self._delayed if task.key in delayed]
        self._delayed = [entry for entry in self._delayed if entry[2].key not in delayed]
        heapq.heapify(self._delayed)
        self._tidy()
        return gone

    def channels(self, now: float) -> Sequence[ChannelState]:
        """See `Queue.channels`."""
        self._wake(now)
        states: dict[str, ChannelState] = {}
        for (channel, base), level in self._levels.items():
            priority, seconds = base + self._age(now), level.remaining / MICROSECONDS
            old = states.get(channel, ChannelState(channel, priority, 0, 0.0))
            states[channel] = ChannelState(
                channel, max(old.priority, priority), old.waiting + level.waiting, old.remaining + seconds
            )
        return sorted(states.values(), key=lambda state: (-state.priority, state.channel))

    def held(self, worker: str) -> Collection[Lease]:
        """See `Queue.held`."""
        return self._holdings.get(worker, {}).values()

    def next_at(self, now: float) -> float | None:
        """See `Queue.next_at`."""
        self._wake(now)
        return self._delayed[0][0] if self._delayed else None

    def _age(self, now: float) -> int:
        """Whole periods of `AGEING` since the first task was put, so that what is put at once is always equal."""
        if self._begin is None:
            self._begin = now
        return int((now - self._begin) // AGEING)

    def _add(self, task: Task, now: float) -> None:
        place = (task.channel, task.priority - self._age(now))
        group = task.group or task.key
        self._levels.setdefault(place, Level()).add(group, task, next(self._seq))
        self._where[task.key] = (place, group)

    def _wake(self, now: float) -> None:
        while self._delayed and self._delayed[0][0] <= now:
            self._add(heapq.heappop(self._delayed)[2], now)

    def _take(self, worker: str, channel: str, budget: int, prefer: Collection[str]) -> list[Task]:
        busy = {holder for holder, held in self._holdings.items() if held and holder != worker}
        taken = {name for holder, name in self._in_group.items() if holder in busy}
        helped = self._helped.setdefault(worker, set())
        out: list[Task] = []
        for level, group in self._ranked(worker, channel, prefer, taken):
            before = level.remaining
            shared = group.name in taken
            if shared and group.name in helped:
                continue  # what is left stands before what this worker took: the other goes on with it, in order
            out += level.take(group, budget, shared=shared)
            budget -= before - level.remaining
            if shared:
                helped.add(group.name)
            else:
                self._in_group[worker] = group.name
            if shared or group.tasks or budget <= 0:
                break
        self._tidy()
        return out

    def _ranked(
        self, worker: str, channel: str, prefer: Collection[str], taken: Collection[str]
    ) -> Iterator[tuple[Level, Group]]:
        """The groups of a channel, best first; each must be taken empty before the next is asked for."""
        bases = sorted((base for name, base in self._levels if name == channel), reverse=True)
        for level in (self._levels[channel, base] for base in bases):
            for group in level.ranked(self._in_group.get(worker), prefer, taken):
                yield level, group

    def _end(self, token: int) -> Task:
        lease = self._leases.pop(token)
        del self._holdings[lease.worker][token]
        del self._tokens[lease.task.key]
        return lease.task

    def _tidy(self) -> None:
        self._levels = {place: level for place, level in self._levels.items() if level.waiting}
