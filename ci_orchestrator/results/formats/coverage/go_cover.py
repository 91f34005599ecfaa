"""The profile of ``go test -coverprofile``: blocks of statements and how often each ran.

Form: https://pkg.go.dev/golang.org/x/tools/cover (``file:line.column,line.column statements count``). Traps:

- a file is named by its import path (``example.com/app/pkg/a.go``): `results.paths` finds it;
- a block's lines are all from its first to its last; where two blocks share a line, the one that ran counts;
- blocks without a statement (``{}``) are no lines to cover;
- with ``-coverpkg`` every test binary tells all files again, and concatenated profiles repeat ``mode:``; the parts of a
  file are told one by one and unite later;
- there are no branches in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_orchestrator.results.coverage import FileCoverage
from ci_orchestrator.results.formats.base import Format, Item, Readable, ReadWarning
from ci_orchestrator.results.formats.coverage.record import NO_FILES, Ranges, Record
from ci_orchestrator.results.formats.document import read_all, text_of
from ci_orchestrator.results.formats.linefeed import LineFeed

_MODE = re.compile(r"mode: (?:set|count|atomic)[ \t]*\r?(?:\n|$)")
_BLOCK = re.compile(r"(.+):(\d{1,9})\.\d{1,9},(\d{1,9})\.\d{1,9} (\d{1,9}) (\d{1,30})\s*")


def sniff(head: bytes) -> bool:
    """True when the first line tells how it was counted."""
    return _MODE.match(text_of(head)) is not None


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The source files, in parts. Raises `ResultsError` when the blocks are larger than source can be."""
    feed = LineFeed(stream, file)
    return read_all(feed, _records(feed), NO_FILES)


GO_COVER = Format(name="go_cover", sniff=sniff, parse=parse, kind="coverage", about="profiles of go test -coverprofile")


def _records(feed: LineFeed) -> Iterator[FileCoverage | ReadWarning]:
    record: Record | None = None
    ranges = Ranges()
    for line in feed:
        block = _BLOCK.fullmatch(line)
        if block is None:
            if line.strip() and not line.startswith("mode:"):
                feed.warn("a line that is no block was left out")
            continue
        path, first, last, statements, count = block[1], int(block[2]), int(block[3]), int(block[4]), int(block[5])
        if record is None or record.path != path:
            if record is not None:
                yield record.coverage()
            record = Record(path)
        for number in ranges.lines(first, last if statements else 0):
            record.hit(number, count)
    if record is not None:
        yield record.coverage()
