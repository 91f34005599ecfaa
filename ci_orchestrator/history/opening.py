"""Opening the history so that no build fails for want of memory."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from ci_orchestrator.history.base import DamagedHistoryError, HistoryError, Store
from ci_orchestrator.history.memory import MemoryHistory
from ci_orchestrator.history.schema import PATIENCE
from ci_orchestrator.history.sqlite import SqliteHistory


@dataclass(frozen=True, slots=True)
class Opened:
    """A history that works. `warning` says why it is empty or will not last; empty when all is well."""

    store: Store
    warning: str = ""


def open_history(path: Path, *, patience: float = PATIENCE) -> Opened:
    """The history at `path`; never raises for what is wrong with the file.

    Missing: a new one. Damaged: the file is moved aside (``NAME.damaged-1``, never deleted) and a new one begun.
    Anything else (a newer version's, not ours, not writable): the file is left alone and this build remembers nothing.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _open(path, patience)
    except (HistoryError, OSError) as error:
        return Opened(MemoryHistory(), f"no history: {error}\n  this build is not remembered")


def _open(path: Path, patience: float) -> Opened:
    # One process at a time: a file must not be moved while another looks into it, for SQLite finds a file's log by name
    # and would take that of the new file for the old one's.
    with _alone(path.parent):
        try:
            return Opened(SqliteHistory(path, patience=patience))
        except DamagedHistoryError as error:
            aside = _move_aside(path)
            warning = f"{path}: {error.what}\n  it was moved to {aside.name}; a new history begins with this build"
            return Opened(SqliteHistory(path, patience=patience), warning)


def _move_aside(path: Path) -> Path:
    aside = next(name for name in (path.with_name(f"{path.name}.damaged-{n}") for n in count(1)) if not name.exists())
    for suffix in ("-wal", "-shm", ""):  # the file last: a crash between leaves the damage to be found again
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One process at a time in here, per directory."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
