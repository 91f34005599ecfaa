"""Blobs in a folder: on a disk that all builds share, or in one that the CI provider restores and saves (its cache), or
into which the artifacts of several builds were unpacked.

Network disks will do: only the renaming of a file must be atomic, and no lock is taken.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ci_orchestrator.history.base import HistoryError
from ci_orchestrator.history.blobs.base import LARGEST
from ci_orchestrator.history.blobs.heads import Heads

_UNFINISHED = ".unfinished-"
_ABANDONED = 24 * 3600.0
"""Seconds after which a file that was never finished belongs to a writer that was killed."""


class FolderBlobs(Heads):
    """`history.blobs.base.BlobStore` over a directory, made when something is written. `address`: its path, from `root`
    where it is relative."""

    def __init__(self, address: str, root: Path = Path()) -> None:
        self._folder = root / address
        self.place = str(self._folder)

    def _names(self) -> Iterable[str]:
        with self._explained("read"):
            try:
                return [path.name for path in self._folder.iterdir()]
            except FileNotFoundError:
                return ()

    def _get(self, name: str) -> bytes | None:
        with self._explained("read"):
            try:
                with (self._folder / name).open("rb") as file:
                    return file.read(LARGEST + 1)
            except FileNotFoundError:
                return None

    def _put(self, name: str, data: bytes) -> None:
        with self._explained("written to"):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            with tempfile.NamedTemporaryFile(dir=self._folder, prefix=_UNFINISHED, delete=False) as file:
                unfinished = Path(file.name)
                try:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                    unfinished.chmod(0o666 & ~_umask())  # others' builds read it, too
                    unfinished.rename(self._folder / name)
                except BaseException:
                    unfinished.unlink(missing_ok=True)
                    raise

    def _delete(self, name: str) -> None:
        with self._explained("written to"):
            (self._folder / name).unlink(missing_ok=True)

    def _sweep(self) -> None:
        for path in self._folder.glob(f"{_UNFINISHED}*"):
            with suppress(FileNotFoundError):  # another may sweep at once
                if time.time() - path.stat().st_mtime > _ABANDONED:
                    path.unlink()

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            fix = "check that it is a directory, that this user may write there, and that its disk is not full"
            raise HistoryError(f"{self.place} cannot be {what}: {error.strerror or error}", fix=fix) from None


def _umask() -> int:
    """What this process takes from the mode of new files; it can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
