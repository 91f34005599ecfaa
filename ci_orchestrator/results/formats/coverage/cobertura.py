"""Cobertura XML, the form that most tools can write: coverage.py, gcovr, coverlet, Istanbul, PHPUnit, SimpleCov, …

Form: http://cobertura.sourceforge.net/xml/coverage-04.dtd. Traps:

- several classes lie in one file, and one class is told several times (coverlet: async methods): the parts of a file
  are told one by one and unite later;
- lines stand in the class and again in its methods, where they do not always agree (Istanbul: a method's line is where
  it is declared, with the calls as hits): those of the class are the truth, and the methods' where it has none (C++);
- a file name is relative to one of the ``sources``: to which of them only a single one tells; of several it is left
  as it is (`results.paths` finds the file). Sources with ``$`` in them were never filled in;
- branches are counts (``condition-coverage="50% (1/2)"``), which shards cannot add up, unless names are there:
  coverage.py says where the branch not taken leads (``missing-branches``), coverlet how much of each jump was taken;
- a line with ``branch="true"`` and no ``condition-coverage`` has no branch that anybody counted;
- rates and totals in attributes are not believed: lines are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_orchestrator.results.coverage import Branches
from ci_orchestrator.results.formats.base import Format, Item, Readable
from ci_orchestrator.results.formats.coverage.record import Record
from ci_orchestrator.results.formats.coverage.xmlrecords import RecordReader
from ci_orchestrator.results.formats.document import text_of
from ci_orchestrator.results.formats.text import BoundedText
from ci_orchestrator.results.formats.xmlfeed import Attributes, root_says, root_tag

SOURCES = 1_000
"""Sources that are kept: from the second on only that there are several matters."""

CONDITIONS = 1_000
"""Jumps of one line that are told apart."""

_COUNTED = re.compile(r"\(\s*(\d{1,9})\s*/\s*(\d{1,9})\s*\)")
_ABSOLUTE = re.compile(r"[\\/]|[A-Za-z]:")
_INSIDE = re.compile(r"<(?:packages|sources)\b")


def sniff(head: bytes) -> bool:
    """True when the first element is ``coverage`` with rates, or with packages or sources in it."""
    if root_tag(head) != "coverage":
        return False
    return root_says(head, "line-rate=") or (
        _INSIDE.search(text_of(head)) is not None and not root_says(head, "clover=")
    )


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The classes' lines, as files. Raises `ResultsError` when nothing can be read."""
    return _Reader(file).read(stream)


COBERTURA = Format(
    name="cobertura",
    sniff=sniff,
    parse=parse,
    kind="coverage",
    about="Cobertura XML: coverage.py, gcovr, coverlet, Istanbul, PHPUnit, SimpleCov, scoverage, …",
)


class _Reader(RecordReader):
    ROOT = "coverage"

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self._sources: list[str] = []
        self._text: BoundedText | None = None
        self._record: Record | None = None
        self._methods: Record | None = None
        self._within_methods = False
        self._line = 0
        self._counts: Branches | None = None
        self._whole: set[str] = set()  # jumps that went both ways

    def begin(self, tag: str, attributes: Attributes) -> None:
        if tag == "source":
            self._text = BoundedText()
            self.feed.parser.CharacterDataHandler = self._text.add
        elif tag == "class":
            self._class(attributes)
        elif tag == "methods":
            self._within_methods = True
        elif tag == "line" and (record := self._current()):
            self._begin_line(record, attributes)
        elif tag == "condition":
            self._condition(attributes)

    def finish(self, tag: str) -> None:
        if tag == "source" and self._text is not None:
            self._source(self._text.value().strip())
            self.feed.parser.CharacterDataHandler = self._text = None
        elif tag == "line" and self._counts is not None and (record := self._current()):
            self._end_line(record, self._counts)
        elif tag == "methods":
            self._within_methods = False
        elif tag == "class" and self._record is not None and self._methods is not None:
            self.tell(self._record if self._record.lines or not self._methods.lines else self._methods)
            self._record = self._methods = None

    def _current(self) -> Record | None:
        return self._methods if self._within_methods else self._record

    def _source(self, source: str) -> None:
        if source and "$" not in source and source not in self._sources and len(self._sources) < SOURCES:
            self._sources.append(source)

    def _class(self, attributes: Attributes) -> None:
        name = attributes.get("filename", "").strip()
        self._record = self._methods = None
        if not name:
            self.feed.warn("a class without the name of its file was left out")
            return
        if len(self._sources) == 1 and not _ABSOLUTE.match(name):
            name = f"{self._sources[0].rstrip('/')}/{name}"
        self._record, self._methods = Record(name), Record(name)

    def _begin_line(self, record: Record, attributes: Attributes) -> None:
        line = self.hit(record, attributes.get("number"), attributes.get("hits"))
        self._counts = None
        if line is None or "condition-coverage" not in attributes:
            return
        counted = _COUNTED.search(attributes["condition-coverage"])
        if counted is None:
            return
        covered, total = int(counted[1]), int(counted[2])
        missing = [one.strip() for one in attributes.get("missing-branches", "").split(",") if one.strip()]
        # Of two branches, the one that is not missing has a name: "not the missing one". Of more it has none.
        taken = frozenset({f"not {missing[0]}"} if total == 2 and len(missing) == 1 and covered == 1 else ())
        self._line, self._counts, self._whole = line, Branches(total, covered, taken), set()

    def _condition(self, attributes: Attributes) -> None:
        went_both_ways = attributes.get("type") == "jump" and attributes.get("coverage") == "100%"
        if went_both_ways and len(self._whole) < CONDITIONS:
            self._whole.add(attributes.get("number", ""))

    def _end_line(self, record: Record, counts: Branches) -> None:
        both = frozenset(f"{one} {way}" for one in self._whole for way in ("taken", "not taken"))
        known = counts.taken | both
        fits = len(known) <= counts.covered
        record.branches(self._line, Branches(counts.total, counts.covered, known if fits else frozenset()))
        self._counts = None
