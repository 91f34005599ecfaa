"""One Go package while its tests run, for the two ways in which ``go test`` writes: as JSON and as text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats.base import SUITE_CASE, Case
from ci_orchestrator.results.formats.benchmarks.go_bench import benchmark_of
from ci_orchestrator.results.formats.fields import explain, plain
from ci_orchestrator.results.formats.linetext import LineText
from ci_orchestrator.results.formats.text import cut, cut_name
from ci_orchestrator.results.model import Cause, Outcome

OUTCOMES = {"pass": Outcome.PASSED, "fail": Outcome.FAILED, "skip": Outcome.SKIPPED}
"""What an end is called in JSON; in text it is the same in capitals."""

_END = r"--- (PASS|FAIL|SKIP): (\S+)(?: \((\d+(?:\.\d+)?)(?:s| seconds)\))?"
ENDED = re.compile(rf"{_END}\s*$")
"""The line that tells the end of a test. A test that left its own line open has it in the middle of a line."""

_ENDS = re.compile(rf"[ \t]*{_END}$\n?", re.MULTILINE)
_FRAME = re.compile(r"=== (?:RUN|PAUSE|CONT|NAME)\s")
_LOGGED = re.compile(r"\s*\S+\.go:\d+: (.*\S)")
_RESULT = re.compile(r"(Benchmark\S*?)(?:-\d+)?\s")
_TIMED_OUT = "panic: test timed out after"
_PACKAGE = re.compile(r"(ok|FAIL|\?)(?: *\t| {2,})(\S+)\s+(?:\d+(?:\.\d+)?s|\(cached\)|\[[a-z ]+\])")
_BUILDS = 1_000  # packages whose build errors are kept until the package itself is told
_LINE = 65_536  # characters kept of a line of output that is told in pieces


class PackageEnd(NamedTuple):
    """The line that tells the end of a package."""

    package: str
    failed: bool

    @classmethod
    def of(cls, line: str) -> PackageEnd | None:
        """None when `line` is another one."""
        found = _PACKAGE.match(line)
        return cls(cut_name(found[2]), found[1] == "FAIL") if found else None


class GoPackage:
    """The tests of one package that are running, and what it wrote itself.

    `name` may become known at the end only. `failed`: one of its tests has. A test that is told once more after it
    failed is no retry (``-count``; who retries runs the package anew): it is a test of its own, so that no later pass
    hides the failure.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.failed = False
        self._open: dict[str, LineText] = {}
        self._parents: set[str] = set()
        self._failures: dict[str, int] = {}  # tests that failed → how often they were told since
        self._own = LineText()
        self._timed_out = False
        self._line = ""  # a line of output that goes on in the next piece
        self._processors: dict[tuple[str, str], str] = {}

    @property
    def running(self) -> Collection[str]:
        """The tests whose ends were not told."""
        return self._open.keys()

    def run(self, test: str) -> None:
        """`test` starts."""
        self._open.setdefault(test, LineText())
        if test.startswith("Benchmark") and "/" in test:
            self._parents.add(test.rpartition("/")[0])

    def write(self, test: str, text: str) -> Iterator[Benchmark]:
        """A piece of output of `test`, or of the package itself: any benchmark whose result it tells."""
        if text.startswith(_TIMED_OUT):
            self._timed_out = True
        if not _FRAME.match(text):
            self._open.get(test, self._own).line(text)
        self._line = (self._line + text)[-_LINE:]
        if not self._line.endswith("\n"):
            return
        line, self._line = self._line, ""
        found = _RESULT.match(line)
        for measured in benchmark_of(line, self.name, self._processors) if found else ():
            self._open.pop(found[1] if found else "", None)
            if isinstance(measured, Benchmark):
                yield measured

    def end(self, test: str, outcome: Outcome, seconds: float) -> Case:
        """The end of `test`."""
        text = self._open.pop(test, None)
        self.failed = self.failed or outcome is Outcome.FAILED
        case = self._case(test, outcome, _clean(text.value()) if text else "")
        case.duration = seconds
        if test in self._failures:
            self._failures[test] += 1
            case.name = cut_name(f"{test} ({self._failures[test]})")
        elif outcome is Outcome.FAILED:
            self._failures[test] = 1
        return case

    def close(self, *, failed: bool, builds: Builds) -> Iterator[Case]:
        """The package ends: the tests whose ends were not told, and the package itself when it failed on its own."""
        for test in sorted(self._open):
            case = self._unended(test, died=failed)
            if case is not None:
                yield case
        if failed and not self.failed:
            built = builds.take(self.name)
            text = built or _clean(self._own.value())
            message, details = explain(text)
            if not built:
                message = _headline(text) or "the package failed"
            yield Case((self.name,), self.name, SUITE_CASE, outcome=Outcome.ERRORED, message=message, details=details)

    def torn(self) -> Iterator[Case]:
        """The file ends within the package."""
        for test in sorted(self._open):
            yield self._told(test) or self._case(test, Outcome.NOT_PROVEN, "", message="the file ends within this test")

    def _unended(self, test: str, *, died: bool) -> Case | None:
        if test in self._parents or (test.startswith("Benchmark") and not died):
            return None
        if (told := self._told(test)) is not None:
            return told
        if not died:
            return self._case(test, Outcome.NOT_PROVEN, "", message="the package does not tell how this test ended")
        self.failed = True
        case = self._case(test, Outcome.ERRORED, _clean(self._open[test].value()))
        case.cause = Cause.TIMEOUT if self._timed_out else Cause.WORKER_LOST
        case.message = case.message or "the program ended within this test"
        return case

    def _told(self, test: str) -> Case | None:
        """The end of a test that was told in the middle of a line, where Go before 1.20 does not see it."""
        lines = self._open[test].value().rstrip("\n").rsplit("\n", 1)
        found = ENDED.search(lines[-1])
        if found is None or found[2] != test:
            return None
        return self.end(test, OUTCOMES[found[1].lower()], float(found[3] or 0))

    def _case(self, test: str, outcome: Outcome, text: str, *, message: str = "") -> Case:
        case = Case((self.name,), self.name, cut_name(test), outcome=outcome, message=message)
        if outcome is Outcome.PASSED:
            case.stdout = text
        elif text:
            case.message = _headline(text)
            case.details = "" if text.strip() == case.message else text
        return case


class Builds:
    """What the compiler said, by package: it comes before the package that it is about fails."""

    def __init__(self) -> None:
        self._texts: dict[str, LineText] = {}
        self._package = ""

    def line(self, line: str) -> bool:
        """A line that no test wrote: ``# package`` begins what the compiler says about one. True when this is of it."""
        if line.startswith("# "):
            self._package = line[2:].split(" ", 1)[0]
        elif self._package:
            self.add(self._package, f"{line}\n")
        return bool(self._package)

    def add(self, package: str, text: str) -> None:
        """A piece of what the compiler says about `package`."""
        if package not in self._texts and len(self._texts) >= _BUILDS:
            return
        self._texts.setdefault(package, LineText()).line(text)

    def stop(self) -> None:
        """What follows is no more of the compiler's."""
        self._package = ""

    def take(self, package: str) -> str:
        """All that was said about `package`."""
        self.stop()
        kept = self._texts.pop(package, None) or self._texts.pop(package.removesuffix("_test"), None)
        return plain(kept.value()) if kept else ""


def _clean(text: str) -> str:
    """The output of a test without what tells its end."""
    return plain(_ENDS.sub("", text)).strip("\n")


def _headline(text: str) -> str:
    """The line of an output that says best what went wrong: a panic, else the last that was logged, else the first."""
    logged = first = ""
    for line in text.splitlines():
        if line.startswith("panic: "):
            return cut(line)
        first = first or line.strip()
        if found := _LOGGED.match(line):
            logged = found[1]
    return cut(logged or first)
