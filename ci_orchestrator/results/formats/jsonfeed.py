"""The one way in which a JSON document from outside is parsed: streaming, bounded in depth and in the size of a value.

ijson (yajl) reads; a document of any size costs the memory of the one value that is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ijson

from ci_orchestrator.errors import ResultsError, Where
from ci_orchestrator.results.formats.base import Readable, ReadWarning
from ci_orchestrator.results.formats.encoding import utf8_chunks
from ci_orchestrator.results.formats.noted import Noted

DEPTH_LIMIT = 200
"""Arrays and objects within each other; no tool writes half as many."""

VALUE_LIMIT = 64 * 1024 * 1024
"""Bytes of the document that one value may take."""

ITEM = "[]"
"""In a path: each element of an array."""

ANY = "*"
"""In a path: each member of an object."""

Path = tuple[str, ...]
_OPENS, _CLOSES = {"start_map": dict, "start_array": list}, {"end_map", "end_array"}


class JsonFeed:
    """The values of one document.

    `broken` says, after the last value, why reading stopped early; what came before is good. `cut`: it did so at the
    end, for want of more.
    """

    def __init__(self, stream: Readable, file: str) -> None:
        self.broken = ""
        self.where = Where(file)
        self._noted = Noted(file)
        self._source = _Source(utf8_chunks(stream, self.warn), self.where)
        self._key = ""

    @property
    def cut(self) -> bool:
        """True when the document is not over where the file is."""
        return bool(self.broken) and self._source.over

    def warn(self, what: str) -> None:
        """Note something that was mended or left out."""
        self._noted.note(what, self.where)

    def warnings(self) -> Iterator[ReadWarning]:
        """The warnings since the last call. To be called after the last value, too."""
        return self._noted.fresh()

    def repeated(self) -> Iterator[ReadWarning]:
        """At the end: how many warnings of each wording were not shown, and that the document is broken."""
        yield from self._noted.repeated()
        if self.broken:
            yield ReadWarning(f"{self.broken}: what follows was not read", self.where)

    def values(self, *paths: Path) -> Iterator[tuple[Path, str, Any]]:
        """`(path, key, value)` of each value at one of `paths`, in the document's order. To be called once.

        A path is a tuple of keys from the root, with `ITEM` for each element of an array and `ANY` for each member of
        an object; `key` is the member's key (or the last key on the way). ``("testResults", ITEM)`` gives the elements
        one after another, ``("files", ANY)`` the members. What lies within a value that is given is not looked for
        again. Numbers are int or float. Raises `ResultsError` for what is refused outright: nested too deeply, or a
        value that is too large.
        """
        try:
            yield from self._values(paths)
        except (ijson.JSONError, ValueError, RecursionError) as error:
            self.broken = f"not well-formed JSON ({_first_line(error)})"

    def _values(self, paths: tuple[Path, ...]) -> Iterator[tuple[Path, str, Any]]:
        places = _Places(paths)
        events = ijson.basic_parse(self._source, use_float=True)
        for event, value in events:
            self._source.since = 0
            if event == "map_key":
                places.key = value
            elif event in _CLOSES:
                places.leave()
            else:
                path = places.at()
                if path is not None:
                    yield path, places.key, self._build(event, value, events)
                elif event in _OPENS:
                    places.enter(event == "start_array")
                    if places.depth > DEPTH_LIMIT:
                        raise self._too_deep()

    def _build(self, event: str, value: Any, events: Iterator[tuple[str, Any]]) -> Any:  # noqa: ANN401 - JSON
        """The value that begins with this event; the events of it are taken."""
        if event not in _OPENS:
            return value
        root: Any = _OPENS[event]()
        around: list[Any] = [root]
        keys: list[str] = [""]
        for inner, found in events:
            if inner == "map_key":
                keys[-1] = found
                continue
            if inner in _CLOSES:
                around.pop()
                keys.pop()
                if not around:
                    return root
                continue
            made: Any = _OPENS[inner]() if inner in _OPENS else found
            if isinstance(around[-1], dict):
                around[-1][keys[-1]] = made
            else:
                around[-1].append(made)
            if inner in _OPENS:
                around.append(made)
                keys.append("")
                if len(around) > DEPTH_LIMIT:
                    raise self._too_deep()
        return root

    def _too_deep(self) -> ResultsError:
        return ResultsError(f"more than {DEPTH_LIMIT} arrays and objects within each other", where=self.where)


class _Places:
    """Where in the document we are, and which of the wanted paths can still be met from here."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self.key = ""
        self.depth = 0
        self._paths = paths
        self._open: list[bool] = []  # whether each open value on the way is an array
        self._keys: list[str] = []  # the key at which each of them stands
        self._live = [paths]  # the paths that fit each of them so far

    def _fitting(self) -> tuple[Path, ...]:
        if not self._open:
            return self._paths
        step, depth = (ITEM if self._open[-1] else self.key), self.depth
        fits = (step,) if step == ITEM else (step, ANY)
        return tuple(path for path in self._live[-1] if len(path) >= depth and path[depth - 1] in fits)

    def at(self) -> Path | None:
        """The wanted path that is met by the value that begins here."""
        return next((path for path in self._fitting() if len(path) == self.depth), None)

    def enter(self, array: bool) -> None:
        """The value that begins here is not wanted itself: go into it."""
        self._live.append(self._fitting())
        self._open.append(array)
        self._keys.append(self.key)
        self.depth += 1

    def leave(self) -> None:
        """The value that was entered last ends."""
        self._live.pop()
        self._open.pop()
        self.key = self._keys.pop()
        self.depth -= 1


class _Source:
    """The document as ijson reads it. `since`: bytes that were read since the last value that nobody wanted to keep.
    `over`: it asked for more than there is."""

    def __init__(self, pieces: Iterator[bytes], where: Where) -> None:
        self.since = 0
        self.over = False
        self._pieces = pieces
        self._where = where
        self._rest = b""

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        if size <= 0:  # ijson asks for nothing, once, to see whether it gets bytes or text
            return b""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                self.over = True
                return b""
            self._rest = piece
        head, self._rest = self._rest[:size], self._rest[size:]
        self.since += len(head)
        if self.since > VALUE_LIMIT:
            raise ResultsError(f"one value is longer than {VALUE_LIMIT >> 20} MiB", where=self._where)
        return head


def _first_line(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return text.strip().split("\n", 1)[0][:100]
