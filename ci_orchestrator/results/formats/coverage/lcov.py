"""LCOV tracefiles (``lcov.info``): geninfo, llvm-cov, Istanbul, c8, coverage.py, Dart, grcov, …

Form: geninfo(1) of https://github.com/linux-test-project/lcov. Traps:

- ``BRDA:line,block,branch,taken``: ``-`` means that the line was never executed, which is a branch not taken; a block
  that starts with ``e`` is an exception's;
- hits beyond 63 bits, and less than none (both are gcov's overflows);
- a source file may be told several times, once for each test name (``TN``);
- ``DA`` may have a checksum as third field; some tools leave out the last ``end_of_record`` before the next ``SF``;
- totals (``LF``, ``LH``, …) are not believed: lines are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_orchestrator.results.coverage import FileCoverage
from ci_orchestrator.results.formats.base import Format, Item, Readable, ReadWarning
from ci_orchestrator.results.formats.coverage.record import NO_FILES, Record, number
from ci_orchestrator.results.formats.coverage.xmlrecords import NO_NUMBER
from ci_orchestrator.results.formats.document import read_all, text_of
from ci_orchestrator.results.formats.linefeed import LineFeed

_BEGIN = re.compile(r"(?:(?:#|TN:|VER:)[^\n]*\n\s*)*+SF:")


def sniff(head: bytes) -> bool:
    """True when the first line that is no comment and no test's name names a source file."""
    return _BEGIN.match(text_of(head)) is not None


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The source files. The last one is left out when the file ends within it."""
    feed = LineFeed(stream, file)
    return read_all(feed, _records(feed), NO_FILES)


LCOV = Format(
    name="lcov",
    sniff=sniff,
    parse=parse,
    kind="coverage",
    about="LCOV tracefiles: geninfo, llvm-cov, Istanbul, c8, Vitest, Dart, grcov, …",
)


def _records(feed: LineFeed) -> Iterator[FileCoverage | ReadWarning]:
    record: Record | None = None
    for line in feed:
        kind, _, rest = line.partition(":")
        if kind == "SF":
            if record is not None:
                yield record.coverage()
            record = Record(rest.strip())
        elif record is None:
            continue
        elif line.strip() == "end_of_record":
            yield record.coverage()
            record = None
        elif kind == "DA":
            _line(feed, record, rest)
        elif kind == "BRDA":
            _branch(feed, record, rest)
    if record is not None:
        yield ReadWarning(f"the file ends within {record.path[:200]!r}, which was left out", feed.where)


def _line(feed: LineFeed, record: Record, rest: str) -> None:
    at, _, told = rest.partition(",")
    line, hits = number(at), number(told.partition(",")[0])
    if line is None or hits is None:
        feed.warn(NO_NUMBER)
        return
    record.hit(line, hits)


def _branch(feed: LineFeed, record: Record, rest: str) -> None:
    """The name of a branch may have commas in it (lcov 2: an expression): what is taken stands last."""
    at, _, named = rest.partition(",")
    name, comma, told = named.rpartition(",")
    line, taken = number(at), 0 if told.strip() == "-" else number(told)
    if line is None or taken is None or not comma:
        feed.warn("a branch whose line or count is no number was left out")
        return
    record.branch(line, name, taken=taken > 0)
