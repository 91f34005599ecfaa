"""Zip files of providers, unpacked so that nothing in them can do harm.

Whoever made them is not believed: a job of a fork may have. Names stay below the directory, links and devices are
refused, nothing is overwritten, modes are not taken over, and a bomb is refused before it is lit: by the size of its
list of files, their number, the sizes they declare, and how much more that is than what was sent. What a file declares
binds: `zipfile` reads no more, and compares the checksum.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

PIECE = 256 * 1024
"""Bytes that are held at a time."""

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""What providers send. The others may take gigabytes of memory to unpack."""
_END, _END_SIZE = b"PK\5\6", 22
_LOCATOR, _LOCATOR_SIZE = b"PK\6\7", 20
_END64, _END64_SIZE = b"PK\6\6", 56
_LONGEST_COMMENT = 0xFFFF
"""Where the end of an archive stands: 4.3.14 to 4.3.16 of https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT."""
_ENCRYPTED = 0x1
_LONGEST_NAME = 255
"""Bytes of a file's name, in the file systems that there are."""


class HostileArchiveError(Exception):
    """An archive that is refused whatever is tried, and why."""


class BrokenArchiveError(Exception):
    """An archive that is not whole, and what is wrong with it: it may arrive better another time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is taken at most. `download`: bytes of an archive; `unpacked`: bytes of its files together; `files`: their
    number, and that of their directories; `listing`: bytes of its list of files, which is held in memory; `path`: bytes
    of the name of a file; `ratio`: how many bytes may come of one, judged only when `judged` bytes would (logs compress
    well, a bomb of a few megabytes is none; 1,032 is the most that an honest deflated file can reach).
    """

    download: int = 8 << 30
    unpacked: int = 32 << 30
    files: int = 50_000
    listing: int = 16 << 20
    path: int = 2048
    ratio: float = 200.0
    judged: int = 256 << 20


def unpack(archive: Path, into: Path, limits: Limits, *, around: str = "") -> None:
    """Write the files of `archive` below the directory `into`, which is empty.

    `around`: the name of a directory that is left out where it is around everything; some providers add it. Raises
    `HostileArchiveError`, `BrokenArchiveError`, and `OSError` when the files cannot be written.
    """
    with archive.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        count = _check_listing(file, size, limits)
        try:
            with zipfile.ZipFile(file) as opened:
                every = opened.infolist()
                if len(every) != count:
                    raise BrokenArchiveError(f"its list has {len(every):,} files, and should have {count:,}")
                _check_sizes(every, size, limits)
                paths = _without(around, [_safe_path(info, limits) for info in every])
                _check_directories(paths, limits)
                for info, path in zip(every, paths, strict=True):
                    _write(opened, info, into, path)
        except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, ValueError) as error:
            raise BrokenArchiveError(str(error) or type(error).__name__) from None


def _check_listing(file: BinaryIO, size: int, limits: Limits) -> int:
    """How many files it says it has. `zipfile` reads the list of them at once, so its size is looked at before."""
    tail = min(size, _END_SIZE + _LONGEST_COMMENT)
    file.seek(size - tail)
    data = file.read(tail)
    at = _end(data)
    if at < 0:
        raise BrokenArchiveError("it is no zip file, or it ends too early")
    count, listing = struct.unpack_from("<HL", data, at + 10)
    begin = size - tail + at - _LOCATOR_SIZE - _END64_SIZE
    if begin >= 0:
        file.seek(begin)
        data = file.read(_END64_SIZE + _LOCATOR_SIZE)
        if data.startswith(_END64) and data.startswith(_LOCATOR, _END64_SIZE):
            count, listing = struct.unpack_from("<QQ", data, 32)
    file.seek(0)
    if count > limits.files:
        raise HostileArchiveError(f"it has {count:,} files, and {limits.files:,} are taken at most")
    if listing > limits.listing:
        raise HostileArchiveError(f"its list of files has {listing:,} bytes, {limits.listing:,} are taken at most")
    return int(count)


def _end(data: bytes) -> int:
    """Where the end record begins, as `zipfile` finds it: without a comment first."""
    at = len(data) - _END_SIZE
    if at >= 0 and data.startswith(_END, at) and data.endswith(b"\0\0"):
        return at
    at = data.rfind(_END)
    return at if at + _END_SIZE <= len(data) else -1


def _check_sizes(every: Sequence[zipfile.ZipInfo], size: int, limits: Limits) -> None:
    if len(every) > limits.files:  # whatever its end record said
        raise HostileArchiveError(f"it has {len(every):,} files, and {limits.files:,} are taken at most")
    if not all(0 <= info.header_offset < size for info in every):
        raise BrokenArchiveError("it has files that begin outside of it")
    unpacked = sum(info.file_size for info in every)
    if unpacked > limits.unpacked:
        raise HostileArchiveError(f"it unpacks to {unpacked:,} bytes, and {limits.unpacked:,} are taken at most")
    if unpacked > limits.judged and unpacked > limits.ratio * size:
        raise HostileArchiveError(f"it unpacks to {unpacked:,} bytes from {size:,}: that is a bomb")


def _check_directories(paths: Sequence[PurePosixPath], limits: Limits) -> None:
    """A name of a few bytes may make hundreds of directories."""
    seen: set[PurePosixPath] = set()
    for path in paths:
        for parent in path.parents:
            if parent in seen:
                break
            seen.add(parent)
        if len(seen) > limits.files:
            raise HostileArchiveError(f"it has more than {limits.files:,} directories")


def _safe_path(info: zipfile.ZipInfo, limits: Limits) -> PurePosixPath:
    """Where a file belongs. Raises `HostileArchiveError`."""
    name = info.filename
    kind = stat.S_IFMT(info.external_attr >> 16)
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or any(part in ("", ".", "..") for part in parts) or "\0" in name:
        raise HostileArchiveError(f"it has a file {name[:200]!r}, which does not stay in its directory")
    if len(name.encode()) > limits.path or any(len(part.encode()) > _LONGEST_NAME for part in parts):
        raise HostileArchiveError(f"it has a file {name[:200]!r} …, whose name is too long")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise HostileArchiveError(f"it has {name[:200]!r}, which is a link or a device")
    if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
        raise HostileArchiveError(f"it has {name[:200]!r} encrypted, or compressed in a way that no provider uses")
    return PurePosixPath(*parts)


def _without(around: str, paths: Sequence[PurePosixPath]) -> Sequence[PurePosixPath]:
    """`paths`, relative to the directory `around` if it is around all of them, with at least one file in it."""
    inside = around and all(path.parts[0] == around for path in paths) and any(len(path.parts) > 1 for path in paths)
    return [PurePosixPath(*path.parts[1:]) for path in paths] if inside else paths


def _write(archive: zipfile.ZipFile, info: zipfile.ZipInfo, into: Path, path: PurePosixPath) -> None:
    target = into / path
    try:
        if info.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(info) as source, target.open("xb") as out:
            copy(iter(lambda: source.read(PIECE), b""), out)
    except (FileExistsError, NotADirectoryError):
        raise HostileArchiveError(f"it has {info.filename[:200]!r} twice, or as a file and as a directory") from None


def copy(pieces: Iterable[bytes], out: BinaryIO) -> None:
    """Write all pieces."""
    for piece in pieces:
        out.write(piece)
