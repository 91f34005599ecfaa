"""The one model that every test result becomes, whatever tool wrote it.

A *test* is named by its id ``suite::path::name``. It has *attempts* (one try each); its outcome is
a fold over them (`results.merge`), never a fact of its own. Slotted dataclasses: there are millions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

LONGEST = 1e9
"""Seconds (31 years). What claims to have taken longer, or less than nothing, was not measured: its time is 0."""


class Outcome(StrEnum):
    """How a test, or one attempt of it, ended. `NOT_PROVEN`: it should have run and has no result."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"
    NOT_PROVEN = "not-proven"


class Verdict(StrEnum):
    """What a gate between stages decided: the next stage starts, waits for people, or the change is taken back."""

    PROCEED = "proceed"
    HOLD = "hold"
    ROLLBACK = "rollback"


class Cause(StrEnum):
    """Why an attempt ended as it did, where the outcome alone does not say it."""

    NONE = ""
    FAILURE = "failure"
    TIMEOUT = "timeout"
    WORKER_LOST = "worker-lost"
    INFRASTRUCTURE = "infrastructure"
    XFAIL = "xfail"
    XPASS = "xpass"
    INTERRUPTED = "interrupted"
    WITHHELD = "withheld"
    DEAD_LETTER = "dead-letter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of one test.

    `number` counts the tries of this test in this job attempt, from 1; (`job`, `job_attempt`, `number`) names an
    attempt and is what makes merging idempotent. Times are seconds (`started`: Unix time, 0 when unknown; `cpu`: user
    and system time of the test and the children it waited for), `peak_memory` is bytes (0 when unknown). `message` is
    one line, `details` the traceback, `stdout`/`stderr` what the test wrote (bounded, the cut is marked).
    """

    outcome: Outcome
    cause: Cause = Cause.NONE
    number: int = 1
    job: str = ""
    job_attempt: int = 1
    worker: str = ""
    started: float = 0.0
    duration: float = 0.0
    cpu: float = 0.0
    peak_memory: int = 0
    message: str = ""
    details: str = ""
    stdout: str = ""
    stderr: str = ""
    file: str = ""
    line: int = 0

    @property
    def order(self) -> tuple[int, int]:
        """Attempts of one job, in the order in which they were made."""
        return (self.job_attempt, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """A test with all its attempts, in order (see `results.merge` for the order and for the outcome's rule).

    `flaky`: it passed, but not at its first attempt that ran to an end. `reason` explains a skip or a missing proof.
    """

    __test__ = False  # for pytest: a value, not a test class

    id: str
    outcome: Outcome
    attempts: tuple[Attempt, ...] = ()
    flaky: bool = False
    reason: str = ""

    @property
    def suite(self) -> str:
        return self.id.split("::", 1)[0]

    @property
    def path(self) -> str:
        return split_id(self.id)[1]

    @property
    def name(self) -> str:
        return split_id(self.id)[2]

    @property
    def last(self) -> Attempt | None:
        """The attempt that decided, or None when there was none."""
        return self.attempts[-1] if self.attempts else None

    @property
    def duration(self) -> float:
        """Seconds of the deciding attempt."""
        return self.attempts[-1].duration if self.attempts else 0.0


def make_id(suite: str, path: str, name: str) -> str:
    """The id of a test: ``suite::path::name``. The suite never contains ``::``; the name may."""
    return f"{suite}::{path}::{name}"


def shown_id(test: str) -> str:
    """An id for people: without the parts that are empty where it begins, as no suite and no file is told by."""
    return test.removeprefix("::").removeprefix("::") or test


def split_id(test: str) -> tuple[str, str, str]:
    """`(suite, path, name)` of an id; missing parts are empty."""
    suite, _, rest = test.partition("::")
    path, _, name = rest.partition("::")
    return suite, path, name


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of tests by outcome; `tests` is their sum, `runs` counts attempts, `flaky` is a part of `passed`."""

    passed: int = 0
    failed: int = 0
    errored: int = 0
    skipped: int = 0
    not_proven: int = 0
    flaky: int = 0
    runs: int = 0

    @classmethod
    def of(cls, counts: Mapping[Outcome, int], *, flaky: int, runs: int) -> Totals:
        """The totals of a count for every outcome."""
        return cls(
            passed=counts[Outcome.PASSED],
            failed=counts[Outcome.FAILED],
            errored=counts[Outcome.ERRORED],
            skipped=counts[Outcome.SKIPPED],
            not_proven=counts[Outcome.NOT_PROVEN],
            flaky=flaky,
            runs=runs,
        )

    @property
    def tests(self) -> int:
        return self.passed + self.failed + self.errored + self.skipped + self.not_proven
