"""The queue of tests that still have to run: who may take what, and until when.

A queue orders and leases; it decides nothing about retries (that is `coordinator.machine`). Time is an argument.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One attempt at one test that waits to be made.

    `channel`: what a worker must be able to run it (the suite). `group`: tests that like to stay together and in
    `order` (the file). `priority`: higher first. `estimate`: seconds. `not_before`: earliest time (back-off).
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


class Queue(Protocol):
    """Each task is waiting, leased, or settled; never two of these."""

    def put(self, tasks: Iterable[Task], now: float) -> None:
        """Add tasks. Raises ValueError when a key is already waiting or leased."""

    def reserve(
        self, worker: str, channel: str, now: float, *, lease: float, budget: float, prefer: Collection[str] = ()
    ) -> Sequence[Lease]:
        """The next tasks for this worker: one group's, in order, about `budget` seconds' worth, at least one.

        Highest effective priority first (it rises while a task waits, so that nothing starves), then the worker's
        current group, then groups in `prefer`, then the most remaining work, then first in first out.
        """

    def extend(self, worker: str, now: float, *, lease: float) -> None:
        """The worker is alive: its leases last until `now + lease`."""

    def settle(self, token: int, *, again: Task | None = None, now: float = 0.0) -> bool:
        """End a lease; `again` puts the next attempt in the same step. False when the lease is stale: ignore the result."""

    def release(self, worker: str) -> Sequence[Task]:
        """Give back everything the worker holds, unharmed; returns those tasks."""

    def expired(self, now: float) -> Sequence[Lease]:
        """Leases whose time is over, oldest first; they stay leased until settled or released."""

    def withdraw(self, keys: Iterable[str]) -> Sequence[Task]:
        """Take waiting tasks out for good."""

    def waiting(self, channel: str | None = None) -> int:
        """How many tasks wait (also those in back-off)."""

    def remaining(self, channel: str | None = None) -> float:
        """Estimated seconds of waiting work."""

    def next_at(self, now: float) -> float | None:
        """When the earliest task in back-off becomes ready, or None."""
