"""One tree of errors: what happened, how to fix it, and the exit code it becomes.

Every error that a user can cause or meet is raised as one of these; anything else that reaches
the CLI's single exit is our bug (exit code 70).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process tells its caller. When several apply, the first of `PRECEDENCE` wins."""

    OK = 0
    TESTS_FAILED = 1
    USER_ERROR = 2
    NOT_PROVEN = 3
    GATE_FAILED = 4
    GATE_HOLDS = 5
    PROVIDER_FAILURE = 6
    BUG = 70
    INTERRUPTED = 130


EXIT_MEANING: dict[ExitCode, str] = {
    ExitCode.OK: "everything that was planned ran and passed",
    ExitCode.TESTS_FAILED: "at least one test failed or errored",
    ExitCode.USER_ERROR: "the plan, a lock, an argument or the project has a mistake; the message says where",
    ExitCode.NOT_PROVEN: "a test that should have run has no result, was withheld or came twice; or a gate is silent",
    ExitCode.GATE_FAILED: "a gate failed, or asked for a rollback",
    ExitCode.GATE_HOLDS: "a gate holds, or is inconclusive",
    ExitCode.PROVIDER_FAILURE: "a CI provider could not be reached or refused",
    ExitCode.BUG: "a bug in ci-orchestrator; the message says where to report it",
    ExitCode.INTERRUPTED: "interrupted; what had finished is kept and can be resumed",
}

PRECEDENCE: tuple[ExitCode, ...] = (
    ExitCode.INTERRUPTED,
    ExitCode.BUG,
    ExitCode.USER_ERROR,
    ExitCode.PROVIDER_FAILURE,
    ExitCode.GATE_FAILED,
    ExitCode.GATE_HOLDS,
    ExitCode.TESTS_FAILED,
    ExitCode.NOT_PROVEN,
    ExitCode.OK,
)


def worst(codes: list[ExitCode]) -> ExitCode:
    """The exit code that wins among `codes` (an empty list is OK)."""
    return min(codes, key=PRECEDENCE.index, default=ExitCode.OK)


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """A place the user can open: a file, with 1-based line and column when known."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class OrchestratorError(Exception):
    """Base of every error we raise on purpose.

    `what` says what happened, `fix` how to mend it, `where` the place to look (if there is one).
    """

    exit_code: ExitCode = ExitCode.BUG

    def __init__(self, what: str, *, fix: str = "", where: Where | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix
        self.where = where

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}" + (f"\n  fix: {self.fix}" if self.fix else "")


class UserError(OrchestratorError):
    """Something the user wrote or asked for cannot be done as it stands."""

    exit_code = ExitCode.USER_ERROR


class PlanError(UserError):
    """The test plan has one or more mistakes; `problems` holds each, in file order."""

    def __init__(
        self, what: str, *, fix: str = "", where: Where | None = None, problems: tuple[PlanError, ...] = ()
    ) -> None:
        super().__init__(what, fix=fix, where=where)
        self.problems = problems or (self,)

    def __str__(self) -> str:
        if self.problems == (self,):
            return super().__str__()
        return "\n".join(str(problem) for problem in self.problems)


class DiscoveryError(UserError):
    """The tests of a suite could not be listed (a collection error, no tests, a broken list command)."""


class LockError(UserError):
    """A lock cannot be read, or no longer matches the plan or the suite it was made from."""


class ResultsError(UserError):
    """A result file is not what it says, or cannot be read."""


class MissingPartError(UserError):
    """An optional part (an extra, a program, a server) is needed and absent; `fix` says how to get it."""


class ProviderError(OrchestratorError):
    """A CI provider refused or could not be reached."""

    exit_code = ExitCode.PROVIDER_FAILURE


class ForbiddenError(ProviderError):
    """A CI provider does not know the token, or does not let it do or see this (HTTP 401, 403, 404)."""


class UnreachableError(ProviderError):
    """A CI provider gave no whole answer: it may another time, which a refusal never does."""
