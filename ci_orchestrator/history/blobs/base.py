"""The Protocol of a place that keeps the history between builds, and what it hands out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

LARGEST = 50_000_000
"""Bytes of a blob. Older builds are forgotten before it gets larger: forges warn of files from 50 MB on (GitHub refuses
100 MB), and every build fetches it. A build's results take 3 to 4 bytes each, so this is more than 10 million."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A sealed history (see `history.sealing`). `version`: how its backend knows it again; nobody else reads it."""

    version: str
    data: bytes = field(repr=False)


class BlobStore(Protocol):
    """A place that many builds read and write at once, without knowing of each other.

    One promise is all: *what was written is read, until a writer who has read it puts something in its place*. So
    nothing is lost as long as every writer writes what it has read, and its own. There may be several blobs at a time:
    builds that wrote at once, side by side. Methods raise `HistoryError`; what was kept is then as it was.
    """

    @property
    def place(self) -> str:
        """What to call it in messages; no secret is in it."""

    def read(self) -> Sequence[Blob]:
        """What is kept; empty when nothing was ever written. Longer than `LARGEST`: cut, and so it will not open."""

    def write(self, data: bytes, *, replacing: Sequence[Blob]) -> bool:
        """Put `data` in the place of blobs that were read. False: they are not what is kept any more, and nothing was
        written; read again."""
