"""Clover XML: OpenClover, PHPUnit, Istanbul and Vitest (``clover`` reporter).

Form: https://openclover.org/doc/manual/latest/ant--generating-reports.html and what these tools write. Traps:

- the path stands in ``path`` (OpenClover, Istanbul) or in ``name`` (PHPUnit, old Clover); a bare name lies in the
  directory of its package;
- a line of the type *method* is where a method begins: neither these tools nor their metrics count it as a statement;
- a line of the type *cond* tells how often its condition was true and how often false, which are two branches, and no
  ``count``; Istanbul has a ``count`` there, and in these attributes how many branches were taken and how many not;
- what lies in ``testproject`` is the tests' own code, which is not what is measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_orchestrator.results.coverage import Branches
from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.coverage.record import Record, number
from ci_orchestrator.results.formats.coverage.xmlrecords import RecordReader
from ci_orchestrator.results.formats.document import text_of
from ci_orchestrator.results.formats.xmlfeed import Attributes, root_says, root_tag

_PROJECT = re.compile(r"<(?:test)?project\b")


def sniff(head: bytes) -> bool:
    """True when the first element is ``coverage`` and holds a project."""
    if root_tag(head) != "coverage" or root_says(head, "line-rate="):
        return False
    return root_says(head, "clover=") or _PROJECT.search(text_of(head)) is not None


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The source files. Raises `ResultsError` when nothing can be read."""
    return _Reader(file).read(stream)


CLOVER = Format(
    name="clover", sniff=sniff, parse=parse, kind="coverage", about="Clover XML: OpenClover, PHPUnit, Istanbul"
)


class _Reader(RecordReader):
    ROOT = "coverage"

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self._package = ""
        self._tests = False
        self._record: Record | None = None

    def begin(self, tag: str, attributes: Attributes) -> None:
        if tag == "line" and self._record is not None:
            self._line(self._record, attributes)
        elif tag == "file" and not self._tests:
            self._record = Record(self._path(attributes))
        elif tag == "package":
            self._package = attributes.get("name", "")
        elif tag == "testproject":
            self._tests = True

    def finish(self, tag: str) -> None:
        if tag == "file" and self._record is not None:
            self.tell(self._record)
            self._record = None
        elif tag == "package":
            self._package = ""
        elif tag == "testproject":
            self._tests = False

    def _path(self, attributes: Attributes) -> str:
        name = attributes.get("path") or attributes.get("name", "")
        if self._package and not ("/" in name or "\\" in name):
            return f"{self._package.replace('.', '/')}/{name}"
        return name

    def _line(self, record: Record, attributes: Attributes) -> None:
        kind, count = attributes.get("type"), attributes.get("count")
        if kind == "method":
            return
        true, false = (max(0, number(attributes.get(name)) or 0) for name in ("truecount", "falsecount"))
        conditional = kind == "cond" and "truecount" in attributes
        line = self.hit(record, attributes.get("num"), str(true + false) if conditional and count is None else count)
        if line is None or not conditional:
            return
        if count is not None:
            record.branches(line, Branches(true + false, true))
        else:
            record.branch(line, "true", taken=true > 0)
            record.branch(line, "false", taken=false > 0)
