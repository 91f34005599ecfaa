"""A history as one file that travels: compacted, compressed, and telling by itself whether it is whole.

One line ``ci-orchestrator history 1 sha256:DIGEST SIZE``, then the SQLite file compressed by zlib. DIGEST is that of
the compressed bytes, SIZE that of the file. Nothing is unpacked before the digest is right, nor beyond the size.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from ci_orchestrator.history.base import DamagedHistoryError, HistoryError

VERSION = 1
LARGEST_FILE = 200_000_000
"""Bytes of an unpacked history. Its columns are compressed already, so that it is hardly larger than sealed."""

_HEAD = re.compile(rb"ci-orchestrator history (\d{1,9})(?: sha256:([0-9a-f]{64}) (\d{1,12}))?[^\n]{0,200}\n")
_CHUNK = 1 << 20
_LEVEL = 6


def seal(file: Path) -> bytes:
    """The file (a compacted history, which nobody writes to) as it travels. Raises `HistoryError` when it is too large
    to be unpacked again."""
    size = file.stat().st_size
    if size > LARGEST_FILE:
        raise HistoryError(f"the history is larger than {LARGEST_FILE:,} bytes", fix="keep fewer builds")
    packer = zlib.compressobj(_LEVEL)
    body = b"".join([*map(packer.compress, _chunks(file)), packer.flush()])
    return b"ci-orchestrator history %d sha256:%s %d\n" % (VERSION, _digest(body), size) + body


def unseal(data: bytes, file: Path) -> None:
    """Write the history to `file`. Raises `DamagedHistoryError`; plain `HistoryError` for one of a newer version."""
    head = _HEAD.match(data)
    if head is None:
        raise DamagedHistoryError("it is not a history, or the beginning of one that was cut short")
    if int(head[1]) > VERSION:
        raise HistoryError("it was written by a newer ci-orchestrator", fix="upgrade, or name another place")
    body, size = memoryview(data)[head.end() :], int(head[3] or 0)
    if head[2] != _digest(body) or size > LARGEST_FILE:
        raise DamagedHistoryError("its content is not what its digest says: it was cut short or changed")
    unpacker = zlib.decompressobj()
    with file.open("wb") as target:
        try:
            target.write(unpacker.decompress(body, size + 1))
        except zlib.error as error:
            raise DamagedHistoryError(f"it cannot be unpacked: {error}") from None
    if not unpacker.eof or file.stat().st_size != size:
        raise DamagedHistoryError("it is not as long as it says")


def _digest(body: bytes | memoryview) -> bytes:
    return hashlib.sha256(body).hexdigest().encode("ascii")


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while chunk := source.read(_CHUNK):
            yield chunk
