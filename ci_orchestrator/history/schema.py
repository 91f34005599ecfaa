"""The file: how it is opened, what is in it, and how an older one becomes a current one.

Two processes may open, migrate, read and write it at once. Whoever writes holds the file for the milliseconds of one
transaction; others wait for it up to `PATIENCE`; readers never wait (WAL).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ci_orchestrator.errors import Where
from ci_orchestrator.history.base import DamagedHistoryError, HistoryError

PATIENCE = 10.0
"""Seconds to wait for another process's transaction."""

APPLICATION = 0x43494F48  # "CIOH": says whose file it is (PRAGMA application_id)

_SHAPE = "SELECT type, name, sql FROM sqlite_master"
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def _create(db: sqlite3.Connection) -> None:
    """Version 1. The columns come last, so that summaries are read without them; marks before durations, likewise."""
    db.execute("CREATE TABLE names (id INTEGER PRIMARY KEY AUTOINCREMENT, packed BLOB NOT NULL)")
    db.execute(
        """
        CREATE TABLE builds (
            id INTEGER PRIMARY KEY,
            build TEXT NOT NULL, started REAL NOT NULL, runner TEXT NOT NULL, revision TEXT NOT NULL,
            branch TEXT NOT NULL, wall REAL NOT NULL, complete INTEGER NOT NULL, duration REAL NOT NULL,
            passed INTEGER NOT NULL, failed INTEGER NOT NULL, errored INTEGER NOT NULL, skipped INTEGER NOT NULL,
            not_proven INTEGER NOT NULL, flaky INTEGER NOT NULL, runs INTEGER NOT NULL,
            marks BLOB NOT NULL, durations BLOB NOT NULL, attempts BLOB NOT NULL,
            UNIQUE (build, runner)
        )
        """
    )
    db.execute("CREATE INDEX newest ON builds (started, build, runner)")


def _add_coverage(db: sqlite3.Connection) -> None:
    """Version 2: the share of lines that a build covered."""
    db.execute("ALTER TABLE builds ADD COLUMN coverage REAL")


def _add_recorded(db: sqlite3.Connection) -> None:
    """Version 3: when a build was recorded (Unix seconds), so that of two records of it the newer one is known."""
    db.execute("ALTER TABLE builds ADD COLUMN recorded REAL NOT NULL DEFAULT 0")


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_create, _add_coverage, _add_recorded)
"""The n-th makes version n of version n - 1, inside a transaction. Append only: files of every version exist."""


def connect(path: Path, patience: float = PATIENCE) -> sqlite3.Connection:
    """Open the history at `path` (made if missing), checked and migrated.

    Raises `DamagedHistoryError` when the file is broken, `HistoryError` when it belongs to a newer version or to
    something else, or cannot be opened.
    """
    with explained(path):
        db = sqlite3.connect(path, timeout=patience, isolation_level=None)
        try:
            _prepare(db, path)
        except BaseException:
            db.close()
            raise
    return db


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says into a `HistoryError` that says what to do."""
    where = Where(str(path))
    try:
        yield
    except DamagedHistoryError as error:
        raise _damaged(where, error.what) from None
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGED:
            raise _damaged(where, f"the history is damaged: {error}") from None
        if code in _BUSY:
            fix = "another ci-orchestrator is writing to it, or was stopped while it did: wait, or end that process"
            raise HistoryError(f"the history is in use: {error}", where=where, fix=fix) from None
        fix = "check that the directory exists and is writable, and that its disk is not full"
        raise HistoryError(f"the history cannot be used: {error}", where=where, fix=fix) from None


def check_shape(db: sqlite3.Connection) -> None:
    """Raises `DamagedHistoryError` when the file holds other tables, views or triggers than a history's."""
    with closing(sqlite3.connect(":memory:")) as pure:
        for migration in MIGRATIONS:
            migration(pure)
        expected = set(pure.execute(_SHAPE))
    if set(db.execute(_SHAPE)) != expected:
        raise DamagedHistoryError("the history holds tables that are not its own")


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    with db:
        db.execute("BEGIN")
        version = _version(db, path)
    if version:
        _check(db)
    else:
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # only a file without tables obeys
    _use_wal(db)
    db.execute("PRAGMA trusted_schema = OFF")  # the file may have travelled: nothing in it is to be run
    db.execute("PRAGMA synchronous = NORMAL")  # with WAL: a power cut may cost the last build, never the file
    if version < len(MIGRATIONS):
        _migrate(db, path)


def _version(db: sqlite3.Connection, path: Path) -> int:
    """The version of the schema, 0 for an empty file. Within a transaction: another process may be making the file."""
    where = Where(str(path))
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION and (application or version or tables):
        fix = "name another file for the history"
        raise HistoryError("this database is not a history of ci-orchestrator", where=where, fix=fix)
    if version > len(MIGRATIONS):
        what = f"the history has schema {version}, this ci-orchestrator knows up to {len(MIGRATIONS)}"
        raise HistoryError(what, where=where, fix="upgrade ci-orchestrator, or name another file for the history")
    return int(version)


def _check(db: sqlite3.Connection) -> None:
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise DamagedHistoryError(f"the history is damaged: {verdict}")


def _use_wal(db: sqlite3.Connection) -> None:
    """The mode stays with the file. Where WAL cannot be had (some network disks), or another process is just switching
    to it, the mode that is works too: readers then wait for a writer's moment."""
    try:
        db.execute("PRAGMA journal_mode = WAL").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _BUSY:
            raise


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    """One transaction: another process sees the old version or the current one."""
    with db:
        db.execute("BEGIN IMMEDIATE")
        for number in range(_version(db, path), len(MIGRATIONS)):
            MIGRATIONS[number](db)
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _damaged(where: Where, what: str) -> DamagedHistoryError:
    return DamagedHistoryError(
        what, where=where, fix="move the file away, or delete it: the next build starts a new one"
    )
