"""Which test a reported case is, where a tool reports by the same names that it listed: by file (or package) and title.

What a run leaves is held against what it was asked for:

- cases of one test (the subtests of Go) are one result: the worst of them. What a tool repeats (``--repeat-each`` of
  Playwright) is no such case: repetitions are counted, ``title (2)``, when tests are listed as when they run;
- a case that was lost with its process, or never ended, is no result: the test runs again, alone;
- an error of a whole file (it could not be loaded, its tear-down failed) is the error of its tests that have no
  result, else of the last one that has;
- a case that nobody asked for is passed over when it did not run, or when it is a test of the list: tools run what a
  test depends on, and what bears the same name. Any other is told as unexpected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from ci_orchestrator.results.formats.base import SUITE_CASE, Case
from ci_orchestrator.results.model import Cause, Outcome
from ci_orchestrator.run.capture import TEXT_LIMIT
from ci_orchestrator.run.tools.base import Collected, Finished
from ci_orchestrator.run.tools.reported import Reported, cases_in, finished, note_unexpected

_NOTED = 10  # cases without proof whose texts are kept of a run
_BAD = (Outcome.FAILED, Outcome.ERRORED)
_IDLE = (Outcome.SKIPPED, Outcome.NOT_PROVEN)


class Place(NamedTuple):
    """Where a case belongs: to the test `name` of `path`, as a `part` of it, or to all of `path` (empty: no file).

    `file` and `line`: where people find it, relative to the project, as far as that is known.
    """

    path: str
    name: str
    part: str = ""
    file: str = ""
    line: int = 0

    @property
    def test(self) -> str:
        """The test's id."""
        return f"{self.path}::{self.name}"


@dataclass(frozen=True, slots=True)
class Naming:
    """How cases are told apart. `listed`: whether a test is known.

    `one_fate`: several tests share a process and its time-out. When that ends, neither the test at which the time-out
    struck nor those that had yet to run are to blame.
    """

    place: Callable[[Case], Place]
    listed: Callable[[str], bool]
    one_fate: bool = False


def by_path(tests: Iterable[str]) -> tuple[str, ...]:
    """`tests` sorted by path, and within a path as they were: tools take files in whatever order suits them."""
    return tuple(sorted(tests, key=lambda test: test.partition("::")[0]))


def collect_named(directory: Path, place: Callable[[Case], Place]) -> Collected:
    """The tests of a report that was made without running any; what is wrong with a file is an error."""
    told = Reported()
    tests: dict[str, None] = {}
    errors: list[tuple[str, str]] = []
    for case in cases_in(directory, told):
        at = place(case)
        if case.name == SUITE_CASE:
            errors.append((at.path, _text(case)))
        else:
            tests.setdefault(at.test)
    if tests:  # a report without any says so, which is no problem where there are none
        errors += [(".", problem) for problem in told.problems]
    elif not told.files:
        errors.append((".", "the tool left no report"))
    return Collected(tests=by_path(tests), errors=tuple(errors))


def read_named(directory: Path, tests: Sequence[str], naming: Naming, *, started: float) -> Reported:
    """Read every result file below `directory`. `tests` were run; `started`: when (Unix seconds).

    The tests of a report are taken to have run one after another, in its order.
    """
    told = Reported()
    wanted = set(tests)
    found: dict[str, list[tuple[Place, Case]]] = {}
    broken: dict[str, Case] = {}
    for case in cases_in(directory, told):
        at = naming.place(case)
        if case.name == SUITE_CASE:
            broken.setdefault(at.path, case)
        elif at.test in wanted:
            found.setdefault(at.test, []).append((at, replace(case, file=at.file, line=at.line)))
        else:
            _pass_over(at.test, case, told, naming, started)
    begin = started
    for test, cases in found.items():
        lost = [f"{case.name}: {_text(case)}" for _, case in cases if not _is_proof(case, naming)]
        whole = _whole(cases)
        if lost or whole is None:
            told.problems += lost[: max(0, _NOTED - len(told.problems))]
        else:
            told.results[test] = finished(test, whole, begin)
            begin += whole.duration
    for path, case in sorted(broken.items()):
        own = [test for test in tests if path and test.startswith(f"{path}::")]
        _spread(case, own, told, naming, started)
    return told


def _pass_over(test: str, case: Case, told: Reported, naming: Naming, at: float) -> None:
    """A case of another test."""
    told.elsewhere = told.elsewhere or case.outcome in _BAD
    if case.outcome not in _IDLE and not naming.listed(test):
        note_unexpected(finished(test, case, at), told)


def _whole(cases: Sequence[tuple[Place, Case]]) -> Case | None:
    """The cases of a test as one; None when there are only parts of it."""
    own = next((case for at, case in cases if not at.part), None)
    bad = [(at, case) for at, case in cases if case.outcome in _BAD]
    if own is None or len(cases) == 1 or not bad:
        return own
    errored = any(case.outcome is Outcome.ERRORED for _, case in bad)
    at, telling = next(((at, case) for at, case in bad if case.message), bad[0])
    texts = [f"{at.part}\n{_text(case)}".strip() for at, case in bad if _text(case)]
    return replace(
        own,
        outcome=Outcome.ERRORED if errored else Outcome.FAILED,
        cause=telling.cause,
        message=f"{at.part}: {telling.message}" if at.part else telling.message,
        details="\n\n".join(texts)[:TEXT_LIMIT],
        file=telling.file,
        line=telling.line,
    )


def _is_proof(case: Case, naming: Naming) -> bool:
    if case.outcome is Outcome.NOT_PROVEN or case.cause is Cause.WORKER_LOST:
        return False
    return not (naming.one_fate and case.cause is Cause.TIMEOUT)


def _spread(case: Case, own: Sequence[str], told: Reported, naming: Naming, at: float) -> None:
    """An error of a whole file belongs to its tests (`own`): those without a result, those skipped when all were (so
    does vitest, when a hook fails), else the last.
    """
    without = [test for test in own if test not in told.results]
    if not own or (without and naming.one_fate):
        told.problems.append(f"{case.file or case.classname or 'the run'}: {_text(case)}")
    elif without:
        error = replace(case, file="", line=0)
        told.results.update((test, finished(test, error, at)) for test in without)
    else:
        idle = all(told.results[test].outcome is Outcome.SKIPPED for test in own)
        told.results.update((test, _spoiled(told.results[test], case)) for test in (own if idle else own[-1:]))


def _spoiled(result: Finished, case: Case) -> Finished:
    if result.outcome in _BAD:
        return result
    return replace(result, outcome=Outcome.ERRORED, cause=case.cause, message=case.message, details=case.details)


def _text(case: Case) -> str:
    return case.details or case.message
