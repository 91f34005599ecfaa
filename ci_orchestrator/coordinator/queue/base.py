"""The queue of tests that still have to run: who may take what, and until when.

A queue orders and leases; it decides nothing about retries (that is `coordinator.machine`). Time is an argument.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

AGEING = 300.0
"""Seconds of waiting that raise a task's effective priority by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One attempt at one test that waits to be made.

    `key`: the test's id. `channel`: what a worker must be able to run it (the suite). `group`: tests that like to
    stay together and in `order` (the file; empty: the test stands alone); `whole`: they must. `priority`: higher
    first. `estimate`: seconds. `number`: which attempt it will be. `not_before`: the earliest time to start it
    (back-off).
    """

    key: str
    channel: str
    group: str = ""
    order: int = 0
    priority: int = 0
    estimate: float = 0.0
    number: int = 1
    not_before: float = 0.0
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of `worker` to run `task` until `expires`. A later lease of the same task has a higher `token`."""

    token: int
    task: Task
    worker: str
    expires: float


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What waits in one channel: its highest effective priority, how many tasks, their estimated seconds."""

    channel: str
    priority: int
    waiting: int
    remaining: float


class Queue(Protocol):
    """Each task is waiting, leased, or settled; never two of these."""

    def put(self, tasks: Iterable[Task], now: float) -> None:
        """Add tasks: all, or none and a ValueError when a key is already waiting or leased."""

    def reserve(
        self, worker: str, channel: str, now: float, *, lease: float, budget: float, prefer: Collection[str] = ()
    ) -> Sequence[Lease]:
        """The next tasks for this worker, about `budget` seconds' worth, at least one if any is ready for it.

        Highest effective priority first (it rises while a task waits, so that nothing starves); among equals the
        worker's current group, then groups in `prefer`, then groups that no other worker is in; then the most
        remaining work, then first in, first out. Within a group, in order. A group that another worker is in gives
        each worker once the far half of its remaining work; the rest is kept for the worker that goes on with it,
        for as long as that one holds anything.
        """

    def extend(self, worker: str, now: float, *, lease: float) -> None:
        """The worker is alive: its leases last until `now + lease`."""

    def settle(self, token: int, now: float, *, again: Task | None = None) -> bool:
        """End a lease; `again` puts the next attempt in the same step. False: the lease is stale, ignore its result."""

    def release(self, worker: str, now: float) -> Sequence[Task]:
        """Give back everything that the worker holds, unharmed; returns those tasks."""

    def expired(self, now: float) -> Sequence[Lease]:
        """Leases whose time is over, oldest first; they stay leased until settled or released."""

    def withdraw(self, keys: Iterable[str]) -> Sequence[Task]:
        """Take tasks out for good: those that wait, and those that are leased, whose leases are then stale.

        Keys that the queue does not have are passed over. Returns what it took out.
        """

    def channels(self, now: float) -> Sequence[ChannelState]:
        """The channels in which a task is ready, highest priority first, ties by name."""

    def held(self, worker: str) -> Collection[Lease]:
        """What the worker holds, in the order in which it was reserved."""

    def next_at(self, now: float) -> float | None:
        """When the earliest task in back-off becomes ready, or None when none is in back-off."""
