"""Blobs as files that are named by their content: the way to share where one can only list, read, write and delete.

A writer puts its blob beside those that it has read, and then deletes these. It needs no lock and no comparison by the
server: of two that write at once, neither deletes what the other wrote, and the next reader finds both. A writer that
is killed between the two steps leaves a blob too many, whose builds the next merge finds twice. Nothing is ever changed
in place, so a reader sees a whole blob or none.
"""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from ci_orchestrator.history.base import HistoryError
from ci_orchestrator.history.blobs.base import Blob

MOST = 32
"""Blobs of one reading; the next writer reads what is left."""

_TRIES = 100
_OURS = re.compile(r"history-[0-9a-f]{64}\.bin", re.ASCII)


def address(data: bytes) -> str:
    """The name of a blob."""
    return f"history-{hashlib.sha256(data).hexdigest()}.bin"


class Heads(ABC):
    """`history.blobs.base.BlobStore` over four primitives. They raise `HistoryError`."""

    place: str

    def read(self) -> Sequence[Blob]:
        names = self._ours()
        for _ in range(_TRIES):
            found = [Blob(name, data) for name in names[:MOST] if (data := self._get(name)) is not None]
            names, before = self._ours(), names
            if names == before:  # nobody wrote meanwhile: neither what came nor what went could have been overlooked
                return found
        fix = "look for what writes to it in an endless loop"
        raise HistoryError(f"{self.place}: it changes faster than it can be read", fix=fix)

    def write(self, data: bytes, *, replacing: Sequence[Blob]) -> bool:
        name = address(data)
        self._put(name, data)
        for blob in replacing:
            if blob.version != name:
                self._delete(blob.version)
        return True

    def _ours(self) -> list[str]:
        return sorted(name for name in self._names() if _OURS.fullmatch(name))

    @abstractmethod
    def _names(self) -> Iterable[str]:
        """The names of all files; others than ours may be among them."""

    @abstractmethod
    def _get(self, name: str) -> bytes | None:
        """Not more than `LARGEST` bytes and one; None when it was deleted."""

    @abstractmethod
    def _put(self, name: str, data: bytes) -> None:
        """All of it or nothing, also for one who reads now and when this process is killed. It may be there already."""

    @abstractmethod
    def _delete(self, name: str) -> None:
        """It may be gone already."""
