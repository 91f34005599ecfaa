"""The numbers of the tests: every id is written once, builds refer to it by number.

The ids are kept in chunks of compressed JSON, in the order of their numbers; a build with new tests appends some.
Chunks never change. When numbers are given anew all are replaced, under row ids that are never used again
(AUTOINCREMENT): so the first row id tells whether what this process has read is still true.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from itertools import compress

from ci_orchestrator.history.base import DamagedHistoryError
from ci_orchestrator.history.packing import inflate

LARGEST = 300_000_000
"""Bytes of all names together. A file from elsewhere may hold what unpacks to more than there is memory."""

CHUNK = 50_000
"""Ids of one chunk: a text of a few megabytes, which compresses as well as one of a hundred."""


class Names:
    """The ids by number, as of the transaction in which `refresh` was last called."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._numbers: dict[str, int] = {}
        self._rows: list[int] = []
        self._size = 0

    def __len__(self) -> int:
        return len(self.ids)

    def refresh(self, db: sqlite3.Connection) -> None:
        """Read what is new since the last time. Raises `DamagedHistoryError`."""
        (first,) = db.execute("SELECT min(id) FROM names").fetchone()
        if self._rows and self._rows[0] != first:
            self.clear()
        seen = self._rows[-1] if self._rows else 0
        for row, packed in db.execute("SELECT id, packed FROM names WHERE id > ? ORDER BY id", (seen,)).fetchall():
            self._extend(row, _unpack(packed, LARGEST - self._size))

    def clear(self) -> None:
        """Forget what was read: the transaction that wrote it was undone, or other numbers were given."""
        self.ids, self._numbers, self._rows, self._size = [], {}, [], 0

    def numbers(self, tests: Iterable[str]) -> list[int]:
        """The numbers of those tests that have one."""
        known = self._known()
        return [known[test] for test in tests if test in known]

    def add(self, db: sqlite3.Connection, tests: list[str]) -> Sequence[int]:
        """The numbers of all the tests, aligned; new ones get the next."""
        if not self.ids:  # the first build, or all is remembered anew: nothing to look for
            self._append(db, tests)
            return range(len(tests))
        known = self._known()
        new = [test for test in tests if test not in known]
        if new:
            self._append(db, new)
            known = self._known()
        return [known[test] for test in tests]

    def keep(self, db: sqlite3.Connection, kept: bytes) -> None:
        """Drop the ids whose cell in `kept` is 0; the others close ranks in the same order."""
        ids = list(compress(self.ids, kept))
        db.execute("DELETE FROM names")
        self.clear()
        self._append(db, ids)

    def _append(self, db: sqlite3.Connection, ids: list[str]) -> None:
        for start in range(0, len(ids), CHUNK):
            some = ids[start : start + CHUNK]
            row = db.execute("INSERT INTO names (packed) VALUES (?)", (_pack(some),)).lastrowid
            self._extend(row or 0, some)

    def _extend(self, row: int, ids: list[str]) -> None:
        self._rows.append(row)
        self.ids += ids
        self._size += sum(map(len, ids))

    def _known(self) -> dict[str, int]:
        """Built when asked for: reading everything needs no numbers."""
        for number in range(len(self._numbers), len(self.ids)):
            self._numbers[self.ids[number]] = number
        return self._numbers


def _pack(ids: list[str]) -> bytes:
    return zlib.compress(json.dumps(ids, separators=(",", ":")).encode("ascii"))


def _unpack(packed: bytes, room: int) -> list[str]:
    try:
        ids = json.loads(inflate(packed, room))
    except (zlib.error, TypeError, ValueError, RecursionError) as error:
        raise DamagedHistoryError(f"the names of the tests in the history cannot be read: {error}") from None
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise DamagedHistoryError("the names of the tests in the history are not names")
    return ids
