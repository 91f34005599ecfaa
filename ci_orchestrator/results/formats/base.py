"""What a reader of result files hands on, and what a format is.

A format is one file with a `Format` value: `sniff` looks at the first bytes, `parse` turns a stream into items. Readers
stream: they hold one test, source file or benchmark at a time, bound every text (see `text`), never raise anything but
`ResultsError`, and say what they could not read as `ReadWarning`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Literal, Protocol

from ci_orchestrator.errors import Where
from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.coverage import FileCoverage
from ci_orchestrator.results.model import Attempt, Cause, Outcome, TestResult, make_id

SUITE_CASE = "(suite)"
"""The name of the case that stands for an outcome which a group of tests has and none of them."""


class Readable(Protocol):
    """All that a reader asks of a stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class ReadWarning:
    """Something in a result file that could not be taken as it is: the reader went on, and says so.

    `harmless`: no outcome, no name, and nothing of how many tests there are hangs on it; a time, or a text, does.
    """

    what: str
    where: Where
    harmless: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class SuiteOutput:
    """What a group of tests wrote as a whole, where the tool does not say which test wrote it."""

    suites: tuple[str, ...]
    stdout: str = ""
    stderr: str = ""


@dataclass
class Case:
    """One test as a file tells it; `Case.result` makes it a `TestResult`.

    `suites` are the names of the groups around it, outermost first. `duration` is in seconds, 0 when unknown.
    `before` and `after` are the attempts that the file nests in this one: a test that passed in the end has its
    failures *before*; one that failed again on each retry has the retries *after*.

    A million of them are made while reading, so: not frozen, no keywords, and no slots. Without slots the defaults are
    the class's, and a reader may set only the fields that most cases have on an ``object.__new__(Case)``, in half the
    time of a call.
    """

    suites: tuple[str, ...]
    classname: str
    name: str
    file: str = ""
    line: int = 0
    duration: float = field(default_factory=float)  # not the class's: what hides a class's value is slow to set
    outcome: Outcome = Outcome.PASSED
    cause: Cause = Cause.NONE
    message: str = ""
    details: str = ""
    stdout: str = ""
    stderr: str = ""
    before: tuple[Attempt, ...] = ()
    after: tuple[Attempt, ...] = ()

    def test_id(self, suite: str = "") -> str:
        """``suite::path::name``: the id under which this test is known.

        `suite` is the suite of the plan that wrote the file; without one the outermost group stands in. The path is
        the file when the tool tells it, else the class name, else the names of the groups. Beside a file, the class
        is a part of the name, without the module that repeats the file: ``tests/test_a.py`` with the class
        ``tests.test_a.TestB`` gives ``tests/test_a.py::TestB::name``, pytest's own id.
        """
        owner = (suite or (self.suites[0] if self.suites else "")).replace("::", ":")
        if not self.file:
            return make_id(owner, self.classname or "/".join(self.suites), self.name)
        inner = class_in_file(self.classname, self.file, self.suites[0] if self.suites else "")
        return make_id(owner, self.file, f"{inner}::{self.name}" if inner else self.name)

    def result(self, suite: str = "", *, job: str = "", first: int = 1, test: str = "") -> TestResult:
        """This case as a result; its attempts are counted from `first`. A test that is not proven made no attempt.

        `test`: its id (`test_id`), where the caller has it.
        """
        outcome = self.outcome
        explained = outcome is Outcome.SKIPPED or outcome is Outcome.NOT_PROVEN
        if self.before or self.after or outcome is Outcome.NOT_PROVEN:
            own = () if outcome is Outcome.NOT_PROVEN else (self._attempt(job, 0),)
            tries = (*self.before, *own, *self.after)
            attempts = tuple(replace(tried, number=number, job=job) for number, tried in enumerate(tries, first))
        elif outcome is Outcome.PASSED and not (
            self.stdout or self.stderr or self.message or self.details or self.cause
        ):
            attempts = _passed(self.duration, self.file, self.line, job, first)
        else:
            attempts = (self._attempt(job, first),)
        return TestResult(
            id=test or self.test_id(suite),
            outcome=outcome,
            attempts=attempts,
            flaky=outcome is Outcome.PASSED and bool(self.before),
            reason=self.message if explained else "",
        )

    def _attempt(self, job: str, number: int) -> Attempt:
        return Attempt(
            outcome=self.outcome,
            cause=self.cause,
            number=number,
            job=job,
            duration=self.duration,
            message=self.message,
            details=self.details,
            stdout=self.stdout,
            stderr=self.stderr,
            file=self.file,
            line=self.line,
        )


@lru_cache(maxsize=8_192)
def _passed(duration: float, file: str, line: int, job: str, number: int) -> tuple[Attempt, ...]:
    """The attempt of a test that passed without a word. Most did, in the same few milliseconds: they share one value,
    which is half the memory of a million results."""
    return (Attempt(outcome=Outcome.PASSED, number=number, job=job, duration=duration, file=file, line=line),)


Item = Case | SuiteOutput | FileCoverage | Benchmark | ReadWarning
Kind = Literal["tests", "coverage", "benchmarks"]


@dataclass(frozen=True, slots=True)
class Format:
    """A result format: `sniff` says if a file that starts with these bytes is one; `parse(stream, file)` reads it.

    `kind`: what its files are about (they may tell more: `go test` writes tests and benchmarks into one). `about`: its
    tools, for the documentation. `file` is only the name for messages. `parse` raises `ResultsError` when nothing can
    be read.
    """

    name: str
    sniff: Callable[[bytes], bool]
    parse: Callable[[Readable, str], Iterator[Item]]
    kind: Kind = "tests"
    about: str = ""


def to_results(cases: Iterable[Case], suite: str = "", *, job: str = "") -> Iterator[TestResult]:
    """The cases of one file as results. A test that the file tells again becomes a further attempt, by its number.

    Nothing is merged here: `results.merge` makes one test of them.
    """
    seen: set[str] = set()
    several: dict[str, int] = {}  # of those that have more than one attempt by now: how many
    for case in cases:
        test = case.test_id(suite)
        before = several.get(test, 1) if test in seen else 0
        seen.add(test)
        result = case.result(suite, job=job, first=before + 1, test=test)
        attempts = before + max(len(result.attempts), 1)
        if attempts > 1:
            several[test] = attempts
        yield result


@lru_cache(maxsize=1_024)  # the tests of a file follow each other
def module_of(file: str) -> str:
    """The dotted name that test tools make of a file: ``tests/test_a.py`` → ``tests.test_a``."""
    return str(PurePosixPath(file).with_suffix("")).replace("/", ".") if PurePosixPath(file).name else file


@lru_cache(maxsize=1_024)  # the tests of a class follow each other
def class_in_file(classname: str, file: str, group: str = "") -> str:
    """The part of a class name that its file does not say, with ``::`` between nested classes.

    `group` is the outermost group: our writer begins a class name that is not unique with it (`unique_class`).
    """
    for said in (unique_class(group, file), module_of(file), file):
        if classname == said:
            return ""
        if classname.startswith(f"{said}."):
            return classname[len(said) + 1 :].replace(".", "::")
    return classname


def unique_class(suite: str, file: str) -> str:
    """What stands for the module where two suites, or files that differ in their ending, have the same one."""
    return f"{suite}.{file.replace('/', '.')}"
