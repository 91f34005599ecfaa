"""Blobs that live as long as their process."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ci_orchestrator.history.blobs.base import LARGEST
from ci_orchestrator.history.blobs.heads import Heads


class MemoryBlobs(Heads):
    """`history.blobs.base.BlobStore` over a dict."""

    def __init__(self, address: str = "", root: Path = Path()) -> None:
        self.place = "the memory of this process"
        self._files: dict[str, bytes] = {}

    def _names(self) -> Iterable[str]:
        return tuple(self._files)

    def _get(self, name: str) -> bytes | None:
        data = self._files.get(name)
        return None if data is None else data[: LARGEST + 1]

    def _put(self, name: str, data: bytes) -> None:
        self._files[name] = data

    def _delete(self, name: str) -> None:
        self._files.pop(name, None)
