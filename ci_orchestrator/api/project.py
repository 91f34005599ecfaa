"""A project on disk: its plan, and the state that we keep beside it in ``.ci-orchestrator/``."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ci_orchestrator.api.elsewhere import findings
from ci_orchestrator.api.opening import open_regular, read_regular
from ci_orchestrator.errors import LockError, PlanError, UserError, Where
from ci_orchestrator.plan.loading import MAX_BYTES, PLAN_FILE, load_plan
from ci_orchestrator.plan.lock import Lock, decode, plan_of
from ci_orchestrator.plan.models import Plan
from ci_orchestrator.run.bundle import write_atomically

LOCK_FILE = "plan.lock.json"
BUNDLES = "bundles"
HISTORY_FILE = "history.sqlite"
STATE = ".ci-orchestrator"
LOCK_LIMIT = 2 << 30
"""Bytes of a lock: that of a million tests has 0.1 GB."""


@dataclass(frozen=True, slots=True)
class Project:
    """`root`: the directory that the plan's paths are relative to. `plan_file`: the plan."""

    root: Path
    plan_file: Path

    @classmethod
    def at(cls, plan_file: str | Path = PLAN_FILE) -> Project:
        """The project whose plan this is."""
        path = Path(plan_file).resolve()
        return cls(path.parent, path)

    @property
    def place(self) -> Path:
        """Where we keep what we know, for those who only read it: nothing is made."""
        return self.root / STATE

    @property
    def state(self) -> Path:
        """Where we keep what we know. Made, and hidden from git, at first use. Raises `UserError` when it cannot be."""
        ignore = self.place / ".gitignore"
        with writing(self.place):
            if not os.access(ignore, os.F_OK):
                write_atomically(ignore, b"*\n")
            elif not os.access(self.place, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return self.place

    @property
    def history_file(self) -> Path:
        """The history."""
        return self.state / HISTORY_FILE

    @property
    def lock_file(self) -> Path:
        """The lock of the last plan that was made here."""
        return self.state / LOCK_FILE

    def plan(self) -> Plan:
        """Read the plan. Raises `PlanError`."""
        try:
            with open_regular(self.plan_file) as file:
                data = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            raise PlanError(
                "there is no test plan", where=Where(str(self.plan_file)), fix="write one: ci-orchestrator init"
            ) from None
        except OSError as error:
            raise PlanError(f"cannot be read: {error.strerror}", where=Where(str(self.plan_file))) from None
        return load_plan(data, self.plan_file.name, also=findings)

    def plan_if_any(self) -> Plan | None:
        """The plan, or None where there is none. Raises `PlanError` for one with mistakes."""
        return self.plan() if os.path.lexists(self.plan_file) else None

    def planned_forge(self, lock_file: Path | None = None) -> str:
        """Where the change lives by the plan of a lock, else by the plan here; empty when it does not say. Raises
        `PlanError`, `LockError`.
        """
        plan = plan_of(read_lock(lock_file)) if lock_file else self.plan_if_any()
        return (plan.pipeline.forge if plan else None) or ""

    def new_run(self, now: float, lock: Lock) -> Path:
        """A new, empty directory for a run, named by its time and its lock; it becomes the latest."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        base = self.state / "runs"
        for number in range(1, 1000):
            path = base / f"{stamp}-{lock.digest[7:13]}{'' if number == 1 else f'-{number}'}"
            with writing(path):
                try:
                    path.mkdir(parents=True)
                except FileExistsError:
                    continue
                write_atomically(self.state / "latest", path.name.encode() + b"\n")
            return path
        raise UserError(f"{base} has a thousand runs of this second", fix="remove old runs")

    @property
    def has_run(self) -> bool:
        """Whether something was run here."""
        return (self.place / "latest").is_file()

    def latest_run(self) -> Path:
        """The last run. Raises `UserError` when there was none."""
        try:
            name = (self.place / "latest").read_text(encoding="utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):
            name = ""
        path = self.place / "runs" / name
        if not name or Path(name).name != name or not path.is_dir():
            raise UserError("nothing was run here yet", fix="ci-orchestrator run")
        return path


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Around what writes at or below `place`: that it cannot is the machine's trouble, told as a `UserError`."""
    try:
        yield
    except OSError as error:
        what = error.strerror or str(error)
        raise UserError(
            f"{place} cannot be written: {what}", fix="it must be a folder that this user can write, with room left"
        ) from None


@contextmanager
def alone(run: Path) -> Iterator[None]:
    """One process at a time works in a run's directory, however it ends. Raises `UserError` for the second."""
    handle = os.open(run, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"run {run.name} still goes on", fix="wait for its end, or end it") from None
        yield
    finally:
        os.close(handle)


def read_lock(path: Path) -> Lock:
    """Read a lock file. Raises `LockError`."""
    try:
        data = read_regular(path, LOCK_LIMIT)
    except OSError as error:
        raise LockError(
            f"cannot be read: {error.strerror}",
            where=Where(str(path)),
            fix="make one: ci-orchestrator plan --lock-out FILE",
        ) from None
    return decode(data, str(path))
