"""OpenCover XML (.NET): OpenCover itself, coverlet, AltCover, dotCover's export.

Form: https://github.com/OpenCover/opencover/wiki/Reports. Traps:

- files are declared for each module and named by number in every point; an old report names the file once for each
  method (``FileRef``);
- a point covers all lines from ``sl`` to ``el``; the line 0xFEEFEE has no source;
- a branch has the line it leaves (``sl``), or only its offset in the code, from which the line of the last point before
  it follows;
- skipped modules and methods declare no points: they are not part of the total;
- the summaries are not believed: points are counted.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator
from operator import itemgetter

from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.coverage.record import LINES, Ranges, Record, number
from ci_orchestrator.results.formats.coverage.xmlrecords import NO_NUMBER, RecordReader
from ci_orchestrator.results.formats.text import cut_name
from ci_orchestrator.results.formats.xmlfeed import Attributes, root_tag

POINTS = 10_000
"""Points of one method that are kept to find the lines of its branches."""


def sniff(head: bytes) -> bool:
    """True when the first element is OpenCover's."""
    return root_tag(head) == "CoverageSession"


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The source files, class by class. Raises `ResultsError` when nothing can be read."""
    return _Reader(file).read(stream)


OPENCOVER = Format(
    name="opencover", sniff=sniff, parse=parse, kind="coverage", about="OpenCover XML: OpenCover, coverlet, AltCover"
)


class _Reader(RecordReader):
    ROOT = "CoverageSession"

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self._paths: dict[str, str] = {}
        self._records: dict[str, Record] = {}
        self._method = 0
        self._file = ""
        self._points: list[tuple[int, int, str]] = []  # offset, line, file; sorted
        self._ranges = Ranges()

    def begin(self, tag: str, attributes: Attributes) -> None:
        if tag == "SequencePoint":
            self._sequence_point(attributes)
        elif tag == "BranchPoint":
            self._branch_point(attributes)
        elif tag == "File":
            self._paths[attributes.get("uid", "")] = cut_name(attributes.get("fullPath", ""))
        elif tag == "FileRef":
            self._file = attributes.get("uid", "")
        elif tag == "Method":
            self._method += 1
            self._file, self._points = "", []

    def finish(self, tag: str) -> None:
        if tag == "Class":
            for uid in sorted(self._records):
                self.tell(self._records[uid])
            self._records, self._method = {}, 0
        elif tag == "Module":
            self._paths = {}

    def _record(self, uid: str) -> Record | None:
        if uid not in self._paths:
            return None
        if uid not in self._records:
            self._records[uid] = Record(self._paths[uid])
        return self._records[uid]

    def _sequence_point(self, attributes: Attributes) -> None:
        uid = attributes.get("fileid") or self._file
        first, hits = number(attributes.get("sl")), number(attributes.get("vc"))
        record = self._record(uid)
        if record is None or first is None or hits is None:
            self.feed.warn(NO_NUMBER)
            return
        last = number(attributes.get("el")) or first
        for line in self._ranges.lines(first, last):
            record.hit(line, hits)
        offset = number(attributes.get("offset"))
        if offset is not None and 0 < first <= LINES and len(self._points) < POINTS:
            insort(self._points, (offset, first, uid))

    def _branch_point(self, attributes: Attributes) -> None:
        hits, line = number(attributes.get("vc")), number(attributes.get("sl"))
        uid = attributes.get("fileid") or self._file
        if hits is None:
            self.feed.warn("a branch without a count was left out")
            return
        if not line:
            line, uid = self._before(number(attributes.get("offset")) or 0) or (0, uid)
        record = self._record(uid)
        if record is not None:
            way = ":".join(attributes.get(name, "") for name in ("offset", "path", "offsetend"))
            record.branch(line, f"{self._method}:{way}", taken=hits > 0)

    def _before(self, offset: int) -> tuple[int, str] | None:
        """Line and file of the last point that begins at or before `offset` in this method."""
        found = bisect_right(self._points, offset, key=itemgetter(0))
        return self._points[found - 1][1:] if found else None
