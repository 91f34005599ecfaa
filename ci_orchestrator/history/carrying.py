"""Carrying the history from build to build, when the machines that run them keep nothing.

`pull` before a build asks the history, `push` after it was recorded. Both merge; neither overwrites what another build
wrote. What goes wrong is said and costs the memory of a build, never the build.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

from ci_orchestrator.clock import Clock
from ci_orchestrator.history.base import DamagedHistoryError, HistoryError
from ci_orchestrator.history.blobs.base import LARGEST, Blob, BlobStore
from ci_orchestrator.history.merging import Ages, Offer
from ci_orchestrator.history.opening import open_history
from ci_orchestrator.history.sealing import LARGEST_FILE, seal, unseal
from ci_orchestrator.history.sqlite import SqliteHistory

PATIENCE = 120.0
"""Seconds in which a push gets its turn among other builds, or gives up."""

_SHORTEST, _LONGEST = 0.05, 4.0  # seconds of the first and of the longest pause between two tries; each is drawn below
_SPARE = 0.9  # of the room there is: the next builds fit, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What was carried. `builds`: how many came that were not known here (with each of their runner classes). `size`:
    bytes of what is kept there now. `warnings`: why it is less than it could be."""

    builds: int = 0
    size: int = 0
    warnings: tuple[str, ...] = ()


def pull(path: Path, blobs: BlobStore) -> Carried:
    """Merge what `blobs` remembers into the history at `path`, made if missing. Never raises `HistoryError`."""
    return _carry(path, blobs, lambda trip: trip.fetch())


def push(
    path: Path,
    blobs: BlobStore,
    *,
    keep: int,
    clock: Clock,
    chance: Random | None = None,
    largest: int = LARGEST,
) -> Carried:
    """Merge the history at `path` with what `blobs` remembers, forget all but the newest `keep` builds, and put the
    result there; until it is not larger than `largest` bytes, older builds are forgotten, too. Never raises
    `HistoryError`. `chance` draws the pauses between tries, when several builds write at once.
    """
    chance = chance or Random()  # noqa: S311 - no secret is drawn
    return _carry(path, blobs, lambda trip: trip.deliver(keep, largest, clock, chance))


def _carry(path: Path, blobs: BlobStore, errand: Callable[[_Trip], object]) -> Carried:
    opened = open_history(path)
    with closing(opened.store) as store:
        said = [opened.warning] if opened.warning else []
        if not isinstance(store, SqliteHistory):
            return Carried(warnings=tuple(said))
        with tempfile.TemporaryDirectory(prefix="ci-orchestrator-") as scratch:
            trip = _Trip(store, blobs, Path(scratch))
            try:
                errand(trip)
            except (HistoryError, OSError) as error:
                trip.warn(str(error))
        return Carried(builds=trip.builds, size=trip.size, warnings=(*said, *trip.warnings))


class _Trip:
    """One way between the history and the place."""

    def __init__(self, store: SqliteHistory, blobs: BlobStore, scratch: Path) -> None:
        self._store = store
        self._blobs = blobs
        self._scratch = scratch
        self.builds = 0
        self.size = 0
        self.warnings: list[str] = []
        self.untouchable = False
        """Something is there that works for others, and must not be replaced."""

    def warn(self, what: str) -> None:
        """Once is enough, however often it is tried."""
        if what not in self.warnings:
            self.warnings.append(what)

    def fetch(self) -> tuple[Sequence[Blob], list[Ages]]:
        """Merge all that is there; what was read, and what each blob of it remembers that could be opened."""
        found = self._blobs.read()
        self.size = sum(len(blob.data) for blob in found)
        held = []
        for blob in found:
            known = self._store.ages()
            try:
                offered, ages = self._open(blob, known)
            except DamagedHistoryError as error:
                self.warn(f"{self._blobs.place}: a history there is damaged, and not used: {error.what}")
            except HistoryError as error:
                self.untouchable = True
                self.warn(f"{self._blobs.place}: a history there cannot be used: {error.what}\n  fix: {error.fix}")
            else:
                self.builds += self._store.take(offered)
                held.append(ages)
        return found, held

    def deliver(self, keep: int, largest: int, clock: Clock, chance: Random) -> None:
        """Merge and write, again and again until nobody else wrote in between."""
        until, pause = clock.monotonic() + PATIENCE, _SHORTEST
        while True:
            found, held = self.fetch()
            self._store.forget(keep=keep)
            ours = self._store.ages()
            if self.untouchable or not (ours or found) or (len(found) == 1 and held == [ours]):
                return
            data = self._sealed(largest)
            if self._blobs.write(data, replacing=found):
                self.size = len(data)
                return
            if clock.monotonic() >= until:
                fix = "run fewer builds at once, or keep the history in a folder, a database or a bucket"
                raise HistoryError(f"{self._blobs.place}: other builds wrote first for {PATIENCE:.0f} s", fix=fix)
            clock.sleep(chance.uniform(0, pause))
            pause = min(2 * pause, _LONGEST)

    def _open(self, blob: Blob, known: Ages) -> tuple[Offer, Ages]:
        """What the blob has that is newer than the `known`, and all that it has. Whatever is wrong is wrong there."""
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            file = Path(folder, "found.sqlite")
            unseal(blob.data, file)
            with closing(SqliteHistory(file)) as other:
                return other.offer(known), other.ages()

    def _sealed(self, largest: int) -> bytes:
        """The history as it travels, after the oldest builds were forgotten that there is no room for."""
        file = self._scratch / "kept.sqlite"
        while True:
            self._store.compact(file)
            excess = file.stat().st_size / LARGEST_FILE
            data = seal(file) if excess <= 1 else b""
            file.unlink()
            excess = max(excess, len(data) / largest)
            if excess <= 1:
                return data
            self._shrink(excess)

    def _shrink(self, excess: float) -> None:
        builds = len({build for build, _ in self._store.ages()})
        if builds <= 1:
            raise HistoryError("one build alone is larger than what may be kept", fix="keep the history on a disk")
        kept = max(1, min(builds - 1, int(_SPARE * builds / excess)))
        self._store.forget(keep=kept)
        self.warn(f"{self._blobs.place}: only the newest {kept} builds are kept, for there is no room for more")
