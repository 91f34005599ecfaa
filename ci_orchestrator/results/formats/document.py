"""How a file of JSON or lines is told by its head, and what its end says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ci_orchestrator.errors import ResultsError, Where
from ci_orchestrator.results.formats.base import Item, Readable, ReadWarning
from ci_orchestrator.results.formats.encoding import encoding_of
from ci_orchestrator.results.formats.jsonfeed import ITEM, JsonFeed, Path
from ci_orchestrator.results.formats.linefeed import LineFeed

_DEPTH = 6
"""Keys of a path that `shape` tells."""

_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*+"?)(\s*+:)?|([\[{])|([\]}])', re.DOTALL)


@lru_cache(maxsize=1)
def text_of(head: bytes) -> str:
    """The head of a file as text, in the encoding that it is in, without byte order mark and leading white space."""
    name, _ = encoding_of(head)
    return head.decode(name, errors="replace").lstrip("\ufeff\0\t\n\r ")


def lines_of(head: bytes) -> str:
    """`text_of`, for formats that are searched for line by line; empty when the file says that it is XML: most do."""
    text = text_of(head)
    return "" if text.startswith("<?xml") else text


@lru_cache(maxsize=1)
def shape(head: bytes) -> frozenset[Path]:
    """The paths of the keys in a JSON document that starts with `head`, as `JsonFeed.values` writes them.

    ``{"a": [{"b": 1}]}`` gives ``("a",)``, ``("a", "[]")`` and ``("a", "[]", "b")``: a format is told by the keys that
    stand where its own stand, whatever names and messages the tests wrote. Empty when it is no JSON. What is nested
    deeper than `_DEPTH` is left out.
    """
    text = text_of(head)
    if not text.startswith(("{", "[")):
        return frozenset()
    found: set[Path] = set()
    around: list[str] = []  # the step into each open value: its key, or ITEM
    arrays: list[bool] = []
    key = ""
    for match in _TOKEN.finditer(text):
        quoted, colon, opens, closes = match.groups()
        if colon and arrays and not arrays[-1]:
            key = quoted[1:-1]
            if len(around) <= _DEPTH:
                found.add((*around[1:], key))
        elif opens:
            around.append(ITEM if arrays and arrays[-1] else key)
            arrays.append(opens == "[")
            if 1 < len(around) <= _DEPTH and arrays[-2]:
                found.add(tuple(around[1:]))
        elif closes and arrays:
            around.pop()
            arrays.pop()
    return frozenset(found)


class Watched:
    """A stream that knows, once it is read, whether its last line was ended: one that was not may be cut."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._last = b"\n"

    @property
    def ended(self) -> bool:
        """True when the last line has its end."""
        return self._last.rstrip(b"\0").endswith(b"\n")

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        piece = self._stream.read(size)
        self._last = (self._last + piece)[-4:]
        return piece


def read_all(feed: JsonFeed | LineFeed, items: Iterator[Item], what: str) -> Iterator[Item]:
    """`items`, which are made of what `feed` reads, and in their course and at the end what was wrong with the file.

    `what` names that of which a file must hold one at least, such as ``test cases``. Raises `ResultsError` when the
    document is broken and nothing came of it.
    """
    found = False
    for item in items:
        found = found or not isinstance(item, ReadWarning)
        yield from feed.warnings()
        yield item
    where = Where(feed.where.file)
    if isinstance(feed, JsonFeed) and feed.broken and not found:
        raise ResultsError(feed.broken, fix="nothing could be read of it: run the tool again", where=where)
    yield from feed.warnings()
    yield from feed.repeated()
    if not found:
        yield ReadWarning(f"the file holds no {what}", where)
