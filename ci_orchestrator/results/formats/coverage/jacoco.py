"""JaCoCo XML (Java, Kotlin, Scala; Pester writes it, too).

Form: https://www.jacoco.org/jacoco/trunk/coverage/report.dtd. Traps:

- a file is named by package and name (``com/example/A.java``), without the directory that the sources lie in, which
  only the repository tells (`results.paths`); in a report over several modules a ``group`` is the module, and two of
  them may have a file of one name;
- lines are told by their instructions missed and covered: a line counts as executed when any of its instructions was.
  How often is not told: 1 stands for that it was;
- branches are counts, which shards cannot add up (the higher one counts);
- counters are not read: lines are counted. A report made without debug information has nothing but counters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_orchestrator.results.coverage import Branches
from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.coverage.record import Record, number
from ci_orchestrator.results.formats.coverage.xmlrecords import NO_NUMBER, RecordReader
from ci_orchestrator.results.formats.document import text_of
from ci_orchestrator.results.formats.xmlfeed import Attributes, root_tag

GROUPS = 32
"""Groups within each other that are part of a path."""

_INSIDE = re.compile(
    r"<!DOCTYPE\s[^<>]*JACOCO|<(?:sessioninfo|group|counter)\b|<package\b[^<>]*+>\s*+<(?:class|sourcefile)\b"
)


def sniff(head: bytes) -> bool:
    """True when the first element is ``report`` and it holds what JaCoCo's does."""
    return root_tag(head) == "report" and _INSIDE.search(text_of(head)) is not None


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The source files. Raises `ResultsError` when nothing can be read."""
    return _Reader(file).read(stream)


JACOCO = Format(name="jacoco", sniff=sniff, parse=parse, kind="coverage", about="JaCoCo XML: Java, Kotlin, Pester")


class _Reader(RecordReader):
    ROOT = "report"

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self._groups: list[str] = []
        self._package = ""
        self._record: Record | None = None

    def begin(self, tag: str, attributes: Attributes) -> None:
        if tag == "line" and self._record is not None:
            self._line(self._record, attributes)
        elif tag == "sourcefile":
            module = "/".join(name for name in self._groups[:GROUPS] if name)
            parts = (module, self._package, attributes.get("name", ""))
            self._record = Record("/".join(part for part in parts if part), module)
        elif tag == "package":
            self._package = attributes.get("name", "")
        elif tag == "group":
            self._groups.append(attributes.get("name", "").replace("/", "_")[:200])

    def finish(self, tag: str) -> None:
        if tag == "sourcefile" and self._record is not None:
            self.tell(self._record)
            self._record = None
        elif tag == "group" and self._groups:
            self._groups.pop()

    def _line(self, record: Record, attributes: Attributes) -> None:
        line = number(attributes.get("nr"))
        missed, covered, branches_missed, branches_covered = (
            max(0, number(attributes.get(name, "0")) or 0) for name in ("mi", "ci", "mb", "cb")
        )
        if line is None:
            self.feed.warn(NO_NUMBER)
            return
        if missed or covered:
            record.hit(line, 1 if covered else 0)
        if branches_missed or branches_covered:
            record.branches(line, Branches(branches_missed + branches_covered, branches_covered))
