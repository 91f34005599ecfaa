"""What a process wrote, in bounded size: the cut is always marked, and no byte sequence is refused."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

TEXT_LIMIT = 64 * 1024
"""Bytes kept of one test's output unless somebody asks for another limit."""


def bounded_text(path: Path, limit: int = TEXT_LIMIT) -> str:
    """The file's text; of one over `limit` bytes its first and its last half of that, with a mark between.

    Empty when there is no such file. Bytes that are not UTF-8 become U+FFFD.
    """
    return _read(path, head=limit - limit // 2, tail=limit // 2)


def tail_text(path: Path, limit: int = TEXT_LIMIT) -> str:
    """The last `limit` bytes of the file's text, with a mark before them when there was more. Otherwise as above."""
    return _read(path, head=0, tail=limit)


def _read(path: Path, *, head: int, tail: int) -> str:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size <= head + tail:
                return file.read(size).decode("utf-8", "replace")
            first = file.read(head)
            file.seek(size - tail)
            last = file.read(tail)
    except FileNotFoundError:
        return ""
    begin, end = _whole_start(first), _whole_end(last)
    mark = f"[… {size - head - tail} bytes cut …]\n"
    return f"{begin}\n{mark}{end}" if begin else mark + end


def _whole_start(data: bytes) -> str:
    """The text of bytes whose last character may be torn."""
    return codecs.getincrementaldecoder("utf-8")("replace").decode(data, final=False)


def _whole_end(data: bytes) -> str:
    """The text of bytes whose first character may be torn: at most three bytes continue one (RFC 3629)."""
    torn = 0
    while torn < min(3, len(data)) and data[torn] & 0xC0 == 0x80:
        torn += 1
    return data[torn:].decode("utf-8", "replace")
