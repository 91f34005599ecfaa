"""``coverage json`` of coverage.py: executed and missing lines and branches by name.

Form: https://coverage.readthedocs.io/en/latest/commands/cmd_json.html. Traps: a branch is ``[from, to]``, where a `to`
of less than none leaves the function or the module; excluded lines are in neither list; with contexts a file's object
is large. How often a line ran is not told: 1 stands for that it did.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator.results.coverage import FileCoverage
from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import Format, Item, Readable, ReadWarning
from ci_orchestrator.results.formats.coverage.record import NO_FILES, Record
from ci_orchestrator.results.formats.document import read_all, shape
from ci_orchestrator.results.formats.jsonfeed import ANY, JsonFeed


def sniff(head: bytes) -> bool:
    """True when the object tells of a coverage.py that wrote it."""
    return {("meta", "branch_coverage"), ("files",)} <= shape(head)


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The source files. Raises `ResultsError` when nothing can be read."""
    feed = JsonFeed(stream, file)
    return read_all(feed, _records(feed), NO_FILES)


COVERAGEPY_JSON = Format(
    name="coveragepy_json", sniff=sniff, parse=parse, kind="coverage", about="coverage json of coverage.py"
)


def _records(feed: JsonFeed) -> Iterator[FileCoverage | ReadWarning]:
    for _, path, told in feed.values(("files", ANY)):
        record = Record(fields.plain(path))
        if not isinstance(told, dict) or not isinstance(told.get("executed_lines"), list):
            yield ReadWarning(f"what is told of {record.path[:200]!r} could not be read", feed.where)
            continue
        for key, hits in (("executed_lines", 1), ("missing_lines", 0)):
            for line in fields.elements(told, key):
                if type(line) is int:  # true is no line
                    record.hit(line, hits)
        for key, taken in (("executed_branches", True), ("missing_branches", False)):
            for branch in fields.elements(told, key):
                match branch:
                    case [int(start), int(end)]:
                        record.branch(int(start), str(int(end)), taken=taken)
        yield record.coverage()
