"""What the readers of XML coverage formats share: elements in turn, records out, and what a torn file comes to.

A source file whose element is cut off is left out, with a warning: half of its lines would be a false total.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from ci_orchestrator.errors import Where
from ci_orchestrator.results.coverage import FileCoverage
from ci_orchestrator.results.formats.base import Readable, ReadWarning
from ci_orchestrator.results.formats.coverage.record import NO_FILES, Record, number
from ci_orchestrator.results.formats.xmlfeed import Attributes, XmlFeed

NO_NUMBER = "a line whose number or hits are no number was left out"


class RecordReader(ABC):
    """Reads one file. A format is a subclass with `begin` and, where it needs it, `finish`."""

    ROOT: ClassVar[str]

    def __init__(self, file: str) -> None:
        self.feed = XmlFeed(file, self._root, self._end)
        self._told: list[FileCoverage] = []

    @abstractmethod
    def begin(self, tag: str, attributes: Attributes) -> None:
        """An element begins."""

    def finish(self, tag: str) -> None:  # noqa: B027 - few formats need it
        """An element ends."""

    def tell(self, record: Record) -> None:
        """Hand on what is known of a source file; it may be told in parts, which `merge_coverage` unites."""
        self._told.append(record.coverage())

    def hit(self, record: Record, line: str | None, hits: str | None) -> int | None:
        """Note a line; gives its number, or None when it is left out."""
        at, count = number(line), number(hits)
        if at is None or count is None:
            self.feed.warn(NO_NUMBER)
            return None
        record.hit(at, count)
        return at

    def read(self, stream: Readable) -> Iterator[FileCoverage | ReadWarning]:
        """The source files, each as soon as it is whole.

        Raises `ResultsError` when the file is refused (see `XmlFeed`) or breaks before its first source file.
        """
        found = False
        for _ in self.feed.pieces(stream):
            yield from self.feed.warnings()
            told, self._told = self._told, []
            found = found or bool(told)
            yield from told
        if self.feed.broken and not found:
            raise self.feed.refusal(self.feed.broken, "nothing could be read of it: run the tests again")
        if self.feed.broken:
            yield ReadWarning(f"{self.feed.broken}: what follows was not read", self.feed.where)
        if not found:
            yield ReadWarning(f"the file holds no {NO_FILES}", Where(self.feed.file))
        yield from self.feed.repeated()

    def _root(self, tag: str, attributes: list[str]) -> None:
        if _local(tag) != self.ROOT:
            raise self.feed.refusal(f"the first element is <{tag[:100]}>: this is another format")
        self.feed.parser.StartElementHandler = self._start
        self._start(tag, attributes)

    def _start(self, tag: str, attributes: list[str]) -> None:
        self.begin(_local(tag), dict(zip(attributes[::2], attributes[1::2], strict=True)))

    def _end(self, tag: str) -> None:
        self.finish(_local(tag))


def _local(tag: str) -> str:
    return tag.rpartition(":")[2] if ":" in tag else tag
