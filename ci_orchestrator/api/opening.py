"""Files that somebody named, opened to be read: regular ones only. A pipe may never end, nor even open."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def irregular(mode: int) -> str:
    """What a file of this mode is, such as ``a pipe, and no regular file``; empty for a regular one."""
    return "" if stat.S_ISREG(mode) else f"{_KINDS.get(stat.S_IFMT(mode), 'something else')}, and no regular file"


def open_regular(path: Path) -> BinaryIO:
    """The file, open. Raises `OSError`, at once, for whatever else a path can lead to; `strerror` says what it is."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)  # who waits for a writer may wait for ever
    try:
        if odd := irregular(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, f"it is {odd}", str(path))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_regular(path: Path, limit: int) -> bytes:
    """All that a regular file holds. Raises `OSError` as `open_regular` does, and for more than `limit` bytes."""
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > limit:
            raise OSError(errno.EFBIG, f"it is longer than {limit >> 20} MiB", str(path))
        return file.read()
