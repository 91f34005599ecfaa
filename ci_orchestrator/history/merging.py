"""Two histories become one: the union of their builds, and of two records of one build the newer.

The order in which histories are merged does not matter, nor how often, so builds that know nothing of each other may
each merge what they find (and what one of them forgot, another may bring back that had not yet).
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

from ci_orchestrator.history import packing
from ci_orchestrator.history.base import DamagedHistoryError
from ci_orchestrator.history.names import Names

Ages = Mapping[tuple[str, str], tuple[float, ...]]
"""For each build and runner class, which record of it this is: the greater is the newer, of two that were made in the
same moment the one that knows of more."""

_AGE = ("recorded", "runs", "complete", "duration")
_KEY = ("build", "runner")
_TEXTS = (*_KEY, "revision", "branch")
_NUMBERS = (*_AGE, "started", "wall", "passed", "failed", "errored", "skipped", "not_proven", "flaky")
_COLUMNS = (*_TEXTS, *_NUMBERS, "coverage", "marks", "attempts", "durations")
_ALL = ", ".join(_COLUMNS)


@dataclass(frozen=True, slots=True)
class Offer:
    """Builds of one history that another may take: checked, by the numbers that their tests have in the first."""

    ids: Sequence[str]
    builds: Sequence[Mapping[str, Any]]


def ages(db: sqlite3.Connection) -> Ages:
    """What the history holds."""
    rows = db.execute(f"SELECT {', '.join((*_KEY, *_AGE))} FROM builds")  # noqa: S608
    return {(build, runner): tuple(age) for build, runner, *age in rows}


def offer(db: sqlite3.Connection, names: Names, known: Ages) -> Offer:
    """The builds that are newer than the `known`. The file is not believed: raises `DamagedHistoryError` for whatever
    could not have been recorded."""
    rows = (dict(zip(_COLUMNS, row, strict=True)) for row in db.execute(f"SELECT {_ALL} FROM builds"))  # noqa: S608
    sound = (_checked(row, len(names)) for row in rows)
    return Offer(ids=names.ids, builds=[row for row in sound if _newer(row, known)])


def take(db: sqlite3.Connection, names: Names, offered: Offer) -> int:
    """Record what is still newer than what is there; returns how many builds. Within a transaction, with its names."""
    known = ages(db)
    rows = [row for row in offered.builds if _newer(row, known)]
    numbers = _renamed(db, names, offered.ids, rows)
    for row in rows:
        packed = packing.relabel(_packed(row), numbers)
        values = {**row, "marks": packed.marks, "attempts": packed.attempts, "durations": packed.durations}
        places = ", ".join(f":{name}" for name in _COLUMNS)
        db.execute(f"INSERT OR REPLACE INTO builds ({_ALL}) VALUES ({places})", values)  # noqa: S608
    return len(rows)


def _newer(row: Mapping[str, Any], known: Ages) -> bool:
    return tuple(row[name] for name in _AGE) > known.get((row["build"], row["runner"]), ())


def _renamed(db: sqlite3.Connection, names: Names, ids: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Our numbers by theirs, for the tests of these builds; -1 for others."""
    alive = 0
    for row in rows:
        alive |= packing.present(packing.unpack_bytes(row["marks"]))
    kept = packing.cells(alive, len(ids))
    found = iter(names.add(db, list(compress(ids, kept))))
    return [next(found) if cell else -1 for cell in kept]


def _checked(row: Mapping[str, Any], size: int) -> Mapping[str, Any]:
    numbers = [row[name] for name in _NUMBERS] + ([] if row["coverage"] is None else [row["coverage"]])
    if not all(isinstance(row[name], str) for name in _TEXTS) or not all(map(_is_number, numbers)):
        raise DamagedHistoryError("a build in the history is described by something else than texts and numbers")
    packing.check(_packed(row), size)
    return row


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _packed(row: Mapping[str, Any]) -> packing.Packed:
    return packing.Packed(marks=row["marks"], attempts=row["attempts"], durations=row["durations"])
