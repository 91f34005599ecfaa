"""What ``go test`` prints without ``-json``, with ``-v`` or without.

Without ``-v`` only failures are told: of what passed there is no trace, and so no result. Traps:

- the package is named at its end, so that its tests are held until then; a compiled test names none at all;
- what a test wrote stands above the line of its end, or below it: below without ``-v``, and with it before Go 1.14;
- a test may print such a line itself: of two ends of one test the worse counts;
- what the compiler said of all packages may stand above everything else.

Otherwise as in `go_test`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ci_orchestrator.errors import Where
from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats.base import Case, Format, Item, Readable, ReadWarning
from ci_orchestrator.results.formats.benchmarks import go_bench
from ci_orchestrator.results.formats.document import Watched, read_all, text_of
from ci_orchestrator.results.formats.linefeed import LineFeed
from ci_orchestrator.results.formats.tests import go_test
from ci_orchestrator.results.formats.tests.go_package import (
    ENDED,
    OUTCOMES,
    Builds,
    GoPackage,
    PackageEnd,
)
from ci_orchestrator.results.formats.text import cut_name
from ci_orchestrator.results.merge import SEVERITY
from ci_orchestrator.results.model import Outcome

_PACKAGE = re.compile(r"^(?:ok|\?)(?: *\t| {2,})\S+[ \t]+(?:\d+\.\d+s|\(cached\)|\[no test files\])", re.MULTILINE)
_MOVE = re.compile(r"=== (RUN|PAUSE|CONT|NAME)\s+(\S+)")


def sniff(head: bytes) -> bool:
    """True when a line is one that `go test` writes about a test or at the end of a package."""
    text = text_of(head)
    if text.startswith(("<", "{", "[", "TAP version ")) or go_test.sniff(head):
        return False
    return bool(go_bench.TESTED.search(text)) or (bool(_PACKAGE.search(text)) and not go_bench.sniff(head))


def parse(stream: Readable, file: str) -> Iterator[Item]:
    """The tests of each package as it ends. Raises `ResultsError` when nothing could be read."""
    watched = Watched(stream)
    feed = LineFeed(watched, file)
    return read_all(feed, _Lines().items(feed, watched), "tests of go")


GO_TEST_TEXT = Format(name="go_test_text", sniff=sniff, parse=parse, about="`go test` and `go test -v` as text")


class _Lines:
    def __init__(self) -> None:
        self._builds = Builds()
        self._end_told = ""  # the test whose end the last line tells
        self._begin()

    def _begin(self) -> None:
        self._package = GoPackage()
        self._group = ""  # the package that the header of its benchmarks names
        self._current = ""  # the test that writes
        self._ended: dict[str, tuple[Outcome, float]] = {}  # what these wrote may follow
        self._cases: list[Case] = []
        self._verdict = ""  # PASS or FAIL on a line of its own: all tests have ended

    def items(self, feed: LineFeed, watched: Watched) -> Iterator[Item]:
        for line in feed:
            self._end_told = ""
            if (end := PackageEnd.of(line)) is not None:
                yield from self._close(end)
            else:
                yield from self._line(line)
        if self._end_told and not watched.ended:
            del self._ended[self._end_told]  # the line may say more, or have meant another test
        if not (self._cases or self._package.running):
            return  # a last FAIL sums all packages up
        if self._verdict:
            yield from self._close(PackageEnd(self._group, failed=self._verdict == "FAIL"))
            return
        self._settle(list(self._ended))
        self._cases.extend(self._package.torn())
        yield from self._named(self._group)
        yield ReadWarning("the file ends before the package did", Where(feed.file))

    def _line(self, line: str) -> Iterator[Benchmark]:
        if (moved := _MOVE.match(line)) is not None:
            self._move(moved[1], cut_name(moved[2]))
        elif (ended := ENDED.search(line)) is not None and self._is_end(ended, line):
            self._end(ended, line[: ended.start()])
        elif line in ("PASS", "FAIL"):
            self._verdict = "FAIL" if "FAIL" in (line, self._verdict) else line
            self._current = ""
        elif line.startswith("pkg: "):
            self._group, self._current = cut_name(line.removeprefix("pkg: ").strip()), ""
            self._builds.stop()
        elif self._current or not self._builds.line(line):
            for measured in self._package.write(self._current, f"{line}\n"):
                yield replace(measured, group=self._group)

    def _move(self, how: str, test: str) -> None:
        self._builds.stop()
        if how == "RUN":
            self._settle([test] if test in self._ended else [])
            self._package.run(test)
        self._current = "" if how == "PAUSE" else test

    def _is_end(self, ended: re.Match[str], line: str) -> bool:
        """A line that begins otherwise is one only when its test runs, and left its own line open.

        A pass is always written with its time: without it the line is torn, and so may be the name.
        """
        if ended[1] == "PASS" and ended[3] is None:
            return False
        return not line[: ended.start()].strip() or ended[2] in self._package.running

    def _end(self, ended: re.Match[str], before: str) -> None:
        test, outcome, seconds = cut_name(ended[2]), OUTCOMES[ended[1].lower()], float(ended[3] or 0)
        self._package.run(test)
        if before.strip():
            for _ in self._package.write(test, f"{before}\n"):
                pass
        if test in self._ended:
            outcome = max(outcome, self._ended[test][0], key=SEVERITY.__getitem__)
        self._ended[test] = (outcome, seconds)
        self._end_told = test
        self._current = test

    def _settle(self, tests: list[str]) -> None:
        """Make cases of tests that have ended."""
        for test in tests:
            outcome, seconds = self._ended.pop(test)
            if not test.startswith("Benchmark") or outcome is not Outcome.PASSED:
                self._cases.append(self._package.end(test, outcome, seconds))

    def _close(self, end: PackageEnd) -> Iterator[Case]:
        self._package.name = end.package
        self._settle(list(self._ended))
        self._cases.extend(self._package.close(failed=end.failed, builds=self._builds))
        yield from self._named(end.package)

    def _named(self, package: str) -> Iterator[Case]:
        for case in self._cases:
            case.suites, case.classname = (package,), package
            yield case
        self._begin()
