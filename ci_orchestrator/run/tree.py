"""The processes that descend from one process: who they are, even when they hide, and what they use.

A descendant is found by its parents, by its session, and by a mark in its environment, which outlives a daemon's double
fork and `setsid`. Only a process that leaves its session, loses its parent *and* clears its environment between two
looks escapes; nothing short of a control group would hold that one.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MARK = "CI_ORCHESTRATOR_WORKER_MARK"
_SEPARATOR = ":"
_LOOKS = 4
_HUNTS = 100
GONE = (psutil.Error, OSError)  # psutil lets a plain FileNotFoundError through when a process ends while it reads

Seen = Callable[[psutil.Process], None]


def marked(env: Mapping[str, str], marker: str) -> dict[str, str]:
    """`env` with `marker` added; marks of orchestrators around us stay, so that they find our children too."""
    marks = [mark for mark in env.get(MARK, "").split(_SEPARATOR) if mark and mark != marker]
    return {**env, MARK: _SEPARATOR.join([*marks, marker])}


def _is_marked(process: psutil.Process, marker: str) -> bool:
    try:
        return marker in process.environ().get(MARK, "").split(_SEPARATOR)
    except GONE:
        return False


def _session(pid: int) -> int:
    """The session of a process, 0 when it cannot be told."""
    if sys.platform != "win32":
        with suppress(OSError):
            return os.getsid(pid)
    return 0


def _newest_pid() -> int:
    """The process made last, where the system tells (Linux: the last word of /proc/loadavg); else none (-2)."""
    try:
        return int(Path("/proc/loadavg").read_text(encoding="ascii").split()[-1])
    except (OSError, ValueError):
        return -2


def is_alive(process: psutil.Process) -> bool:
    """It runs, and is not a zombie or another process that was given the same number."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except GONE:
        return False


@dataclass(slots=True)
class _Census:
    """One look at every process of the machine."""

    alive: dict[int, psutil.Process] = field(default_factory=dict)
    children: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    sessions: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    session_of: dict[int, int] = field(default_factory=dict)
    marked: set[int] = field(default_factory=set)
    dead: set[int] = field(default_factory=set)
    vanished: int = 0

    def add(self, process: psutil.Process, parent: int) -> None:
        pid = process.pid
        self.alive[pid] = process
        self.children[parent].append(pid)
        session = self.session_of[pid] = _session(pid)
        self.sessions[session].append(pid)

    def closure(self, seeds: Iterable[int], foreign: frozenset[int]) -> set[int]:
        """`seeds`, all that descends from them, and all that shares a session with one of those."""
        found: set[int] = set()
        waiting = list(seeds)
        while waiting:
            pid = waiting.pop()
            if pid in found or pid in foreign:
                continue
            found.add(pid)
            waiting.extend(self.children.get(pid, ()))
            session = self.session_of.get(pid, 0)
            if session not in foreign:
                waiting.extend(self.sessions.get(session, ()))
        return found


class Tree:
    """The process `root` and its descendants, marked with `marker`. Not thread-safe: its owner holds a lock."""

    def __init__(self, root: psutil.Process, marker: str) -> None:
        self._root = root
        self._marker = marker
        self._known: dict[int, psutil.Process] = {root.pid: root}
        self._dead: set[int] = set()

    def members(self, on_sight: Seen | None = None) -> list[psutil.Process]:
        """The living members, by pid. `on_sight` is called with each the moment it is recognised.

        A process that forks and exits all the time must be caught on sight: at the end of the look it is gone. So an
        empty look is believed only when nothing of the machine ended during it, or when several were empty.
        """
        for look in range(_LOOKS):
            if look and on_sight is not None:
                self._hunt(on_sight)
            census = self._look(on_sight)
            found = census.closure(self._seeds(census), self._foreign())
            settled = not census.vanished and census.dead <= self._dead
            self._dead = census.dead
            if found or settled:
                break
        members = [census.alive.get(pid) or self._known[pid] for pid in sorted(found)]
        if on_sight is not None:
            for process in members:
                on_sight(process)
        self._known.update((process.pid, process) for process in members)
        return members

    def _seeds(self, census: _Census) -> set[int]:
        seeds = {pid for pid, process in self._known.items() if is_alive(process)} | census.marked
        if self._root.pid not in census.alive or self._root.pid in seeds:  # else the number belongs to another process
            seeds.update(census.sessions.get(self._root.pid, ()))
        return seeds

    def _look(self, on_sight: Seen | None) -> _Census:
        census = _Census()
        foreign = self._foreign()
        for pid in reversed(psutil.pids()):  # the newest first: those are the ones that move
            try:
                process = psutil.Process(pid)
                with process.oneshot():
                    parent, status = process.ppid(), process.status()
            except GONE:
                census.vanished += 1
                continue
            if status == psutil.STATUS_ZOMBIE:
                census.dead.add(pid)
            elif pid not in foreign:
                census.add(process, parent)
                if _is_marked(process, self._marker):
                    census.marked.add(pid)
                    if on_sight is not None:
                        on_sight(process)
        return census

    def _hunt(self, on_sight: Seen) -> None:
        """Look many times at the process that was made last: a member that hops from fork to fork is that one."""
        foreign = self._foreign()
        for _ in range(_HUNTS):
            newest = _newest_pid()
            for pid in (newest + 1, newest):
                with suppress(*GONE):
                    process = psutil.Process(pid)
                    if pid not in foreign and _is_marked(process, self._marker):
                        on_sight(process)
                        self._known[pid] = process
                        return

    @staticmethod
    def _foreign() -> frozenset[int]:
        """What is never a member, whatever it looks like: ourselves, our ancestors, our session and none (0)."""
        ourselves = psutil.Process()
        return frozenset((0, ourselves.pid, _session(0), *(parent.pid for parent in ourselves.parents())))


@dataclass(frozen=True, slots=True)
class TreeUsage:
    """What a tree has used. `cpu`: user and system seconds of its members and of the children they waited for.

    `rss`: bytes resident now, summed (pages shared by members count for each of them).
    """

    cpu: float = 0.0
    rss: int = 0
    processes: int = 0


def sample(pid: int) -> TreeUsage:
    """The usage of `pid` and its descendants at this moment; all zero when it is gone."""
    try:
        root = psutil.Process(pid)
        members = [root, *root.children(recursive=True)]
    except GONE:
        return TreeUsage()
    cpu, rss, processes = 0.0, 0, 0
    for process in members:
        with suppress(*GONE), process.oneshot():
            times = process.cpu_times()
            cpu += times.user + times.system + getattr(times, "children_user", 0.0)
            cpu += getattr(times, "children_system", 0.0)
            rss += process.memory_info().rss
            processes += 1
    return TreeUsage(cpu=cpu, rss=rss, processes=processes)
