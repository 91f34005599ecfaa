"""SimpleCov's JSON (Ruby): ``.resultset.json``, and ``coverage.json`` of its formatter.

Form: https://github.com/simplecov-ruby/simplecov. Traps:

- a file's lines are an array in which the first is line 1, ``null`` no line to cover and ``"ignored"`` one that was
  excluded; with branch coverage (or since 0.18) the array stands under ``lines``;
- one result set holds several runs by name (*RSpec*, *Cucumber*), each with all files: they unite later;
- branches of a result set are named by Ruby's own tuple (``[:then, 1, 13, 6, 13, 11]``, the third is the line) under
  the one of their condition; the formatter writes them as objects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ci_orchestrator.results.coverage import FileCoverage
from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import Format, Item, Readable, ReadWarning
from ci_orchestrator.results.formats.coverage.record import NO_FILES, Record
from ci_orchestrator.results.formats.document import read_all, shape
from ci_orchestrator.results.formats.jsonfeed import ANY, JsonFeed

_TUPLE = re.compile(r"\[\s*:?\"?\w+\"?, \d+, (\d{1,9}), ")


def sniff(head: bytes) -> bool:
    """True when the object is of SimpleCov's formatter, or holds runs with files under ``coverage``."""
    keys = shape(head)
    if ("meta", "simplecov_version") in keys:
        return True
    runs = {path[0] for path in keys if len(path) == 3 and path[1] == "coverage"}
    return bool(runs) and runs == {path[0] for path in keys}


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The source files, once for each run. Raises `ResultsError` when nothing can be read."""
    feed = JsonFeed(stream, file)
    return read_all(feed, _records(feed), NO_FILES)


SIMPLECOV = Format(
    name="simplecov", sniff=sniff, parse=parse, kind="coverage", about="SimpleCov: .resultset.json, coverage.json"
)


def _records(feed: JsonFeed) -> Iterator[FileCoverage | ReadWarning]:
    for _, path, told in feed.values(("coverage", ANY), (ANY, "coverage", ANY)):
        record = Record(fields.plain(path))
        lines = told if isinstance(told, list) else told.get("lines") if isinstance(told, dict) else None
        if not isinstance(lines, list):
            yield ReadWarning(f"what is told of {record.path[:200]!r} could not be read", feed.where)
            continue
        for number, hits in enumerate(lines, 1):
            if type(hits) is int:  # true is no count
                record.hit(number, hits)
        if isinstance(told, dict):
            _branches(record, told.get("branches"))
        yield record.coverage()


def _branches(record: Record, told: Any) -> None:  # noqa: ANN401 - JSON
    if isinstance(told, dict):
        for condition in told:
            place = _TUPLE.match(condition)
            for branch, hits in fields.members(told, condition).items():
                if place and type(hits) is int:
                    record.branch(int(place[1]), f"{condition} {branch}", taken=hits > 0)
    elif isinstance(told, list):
        for index, branch in enumerate(told):
            hits = fields.number(branch, "coverage")
            if hits is not None:
                record.branch(fields.line(branch, "start_line"), str(index), taken=hits > 0)
