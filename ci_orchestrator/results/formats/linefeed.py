"""The one way in which text from outside is read line by line: any encoding, bounded lines, nothing that acts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ci_orchestrator.errors import Where
from ci_orchestrator.results.formats.base import Readable, ReadWarning
from ci_orchestrator.results.formats.encoding import utf8_chunks
from ci_orchestrator.results.formats.noted import Noted

LINE_LIMIT = 4 * 1024 * 1024
"""Bytes of one line; what is beyond them is left out, with a warning."""


class LineFeed:
    """The lines of a stream, without their ends. `number` is the line that is being read, from 1."""

    def __init__(self, stream: Readable, file: str) -> None:
        self.file = file
        self.number = 0
        self._stream = stream
        self._noted = Noted(file)

    @property
    def where(self) -> Where:
        """The place that is being read."""
        return Where(self.file, self.number or None)

    def warn(self, what: str) -> None:
        """Note something that was mended or left out, here."""
        self._noted.note(what, self.where)

    def warnings(self) -> Iterator[ReadWarning]:
        """The warnings since the last call. To be called after the last line, too."""
        return self._noted.fresh()

    def repeated(self) -> Iterator[ReadWarning]:
        """At the end: how many warnings of each wording were not shown."""
        return self._noted.repeated()

    def __iter__(self) -> Iterator[str]:
        for line in self._bounded():
            self.number += 1
            yield line.decode("utf-8").removesuffix("\r")

    def objects(self) -> Iterator[dict[str, Any] | str]:
        """Lines that are JSON objects as such; any other as it stands: tools share their stream with what tests print.

        Empty lines are left out.
        """
        for line in self:
            if line.startswith("{"):
                try:
                    value = json.loads(line)
                except (ValueError, RecursionError):
                    value = None
                if isinstance(value, dict):
                    yield value
                    continue
            if line and not line.isspace():
                yield line

    def _bounded(self) -> Iterator[bytes]:
        """Lines as clean UTF-8."""
        held, dropping = b"", False
        for piece in utf8_chunks(self._stream, self.warn):
            first, *others = piece.split(b"\n")
            if not dropping:
                held += first
            for line in others:
                yield held
                held, dropping = line, False
            if len(held) > LINE_LIMIT:
                held, dropping = held[:LINE_LIMIT].decode("utf-8", "ignore").encode(), True
                self.warn(f"a line is longer than {LINE_LIMIT >> 20} MiB: its end was left out")
        if held:
            yield held
