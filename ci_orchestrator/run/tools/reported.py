"""The result files that a run left, and which test each of their cases is: the command tool's way to tell.

A case is the test whose listed id is its name or ``classname::name``. Two tests for one case, or two cases for one
test, prove nothing about either: those tests are errors.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results import formats
from ci_orchestrator.results.formats.base import Case, ReadWarning
from ci_orchestrator.results.model import Cause, Outcome
from ci_orchestrator.run.capture import TEXT_LIMIT
from ci_orchestrator.run.tools.base import Finished
from ci_orchestrator.run.tools.listing import to_listed, to_test

FILE_LIMIT = 10_000
UNEXPECTED_LIMIT = 1_000
"""Cases that are none of the tests, kept of one run: enough to see what is wrong."""
_SHOWN = 10


@dataclass(slots=True)
class Reported:
    """What the result files of one run tell. `files`: how many of them are reports at all.

    `results`: by test. `unexpected`: cases that are no test of the run. `problems`: what could not be read.
    `elsewhere`: something failed that is no result of the run, and that explains a command that failed.
    """

    files: int = 0
    elsewhere: bool = False
    results: dict[str, Finished] = field(default_factory=dict)
    unexpected: list[Finished] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def notes(self) -> str:
        """What is odd about the report, for people: empty when nothing is."""
        lines = [*self.problems[:_SHOWN]]
        if self.unexpected:
            shown = ", ".join(repr(to_listed(one.test)[:200]) for one in self.unexpected[:_SHOWN])
            more = f" and {len(self.unexpected) - _SHOWN} more" if len(self.unexpected) > _SHOWN else ""
            lines.append(f"cases that are none of these tests: {shown}{more}")
        return "\n".join(lines)


def read_reports(directory: Path, tests: Sequence[str], *, started: float) -> Reported:
    """Read every result file below `directory`. `tests` were run; `started`: when (Unix seconds).

    The tests of a report are taken to have run one after another, in its order.
    """
    told = Reported()
    claims: dict[str, list[Case]] = {}
    doubtful: dict[str, str] = {}
    ids = {to_listed(test): test for test in tests}
    for case in cases_in(directory, told):
        keys = {key for key in (case.name, f"{case.classname}::{case.name}") if key in ids}
        if not keys:
            listed = f"{case.classname}::{case.name}" if case.classname else case.name
            note_unexpected(finished(to_test(listed), case, started), told)
        elif len(keys) > 1:
            why = f"the case {case.name!r} of {case.classname!r} could be any of {sorted(keys)}"
            doubtful.update((ids[key], why) for key in keys)
        else:
            claims.setdefault(ids[keys.pop()], []).append(case)
    for test, cases in claims.items():
        if len(cases) > 1:
            of = ", ".join(sorted({repr(case.classname) for case in cases})[:_SHOWN])
            doubtful.setdefault(test, f"{len(cases)} cases of the report are this test (classes: {of})")
    at = started
    for test, (case, *_) in claims.items():
        if test not in doubtful and case.outcome is not Outcome.NOT_PROVEN:
            told.results[test] = finished(test, case, at)
            at += case.duration
    told.results.update((test, _ambiguous(test, why, started)) for test, why in sorted(doubtful.items()))
    return told


def note_unexpected(result: Finished, told: Reported) -> None:
    """Keep a result that nobody asked for, while they are few."""
    if len(told.unexpected) < UNEXPECTED_LIMIT:
        told.unexpected.append(result)


def cases_in(directory: Path, told: Reported) -> Iterator[Case]:
    """The cases of all result files below `directory`; how many files there are and what is wrong goes to `told`."""
    for path in _files(directory):
        with path.open("rb") as stream:
            if not _is_report(stream, path, told):
                continue
            told.files += 1
            name = path.relative_to(directory).as_posix()
            try:
                for item in formats.read(stream, name):
                    if isinstance(item, Case):
                        yield item
                    elif isinstance(item, ReadWarning) and not item.harmless:
                        told.problems.append(str(item))
            except ResultsError as error:
                told.problems.append(str(error))


def _files(directory: Path) -> list[Path]:
    """Regular files, sorted; links are not followed out of the directory that is the run's own."""
    found = sorted(path for path in directory.rglob("*") if stat.S_ISREG(path.lstat().st_mode))
    return found[:FILE_LIMIT]


def _is_report(stream: BinaryIO, path: Path, told: Reported) -> bool:
    """Other files, such as logs, may lie beside the reports; one that could be two formats is told."""
    head = stream.read(formats.HEAD)
    stream.seek(0)
    try:
        return formats.detect(head) is not None
    except ResultsError as error:
        told.problems.append(f"{path.name}: {error}")
        return False


def finished(test: str, case: Case, at: float) -> Finished:
    """The result of `test`, which started `at` (Unix seconds), as a case tells it."""
    message, details = case.message, case.details
    if case.before:  # the tool tried again by itself: the end counts here, but is never told as plainly passed
        message = message or f"{case.outcome} at try {len(case.before) + 1} of the tool's own"
        details = details or "\n".join(tried.details or tried.message for tried in case.before)[:TEXT_LIMIT]
    return Finished(
        test=test,
        outcome=case.outcome,
        cause=case.cause,
        started=at,
        duration=case.duration,
        message=message,
        details=details,
        stdout=case.stdout,
        stderr=case.stderr,
        file=case.file,
        line=case.line,
    )


def _ambiguous(test: str, why: str, at: float) -> Finished:
    return Finished(
        test=test,
        outcome=Outcome.ERRORED,
        cause=Cause.INFRASTRUCTURE,
        started=at,
        message=f"ambiguous report: {why}",
        details="A case is matched by its name, or by `classname::name`. Let the report or the list tell them apart.",
    )
