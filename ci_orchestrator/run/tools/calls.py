"""What a test tool that starts anew for every batch of tests is asked: see `session`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ci_orchestrator.run.capture import tail_text
from ci_orchestrator.run.process import describe_exit
from ci_orchestrator.run.tools.base import Collected, Finished
from ci_orchestrator.run.tools.reported import Reported

EVIDENCE = 16 * 1024
"""Bytes kept of the end of a log that explains a failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A command to start in the suite's directory. `env` is added to the worker's; `stdout`: a file, else the log."""

    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    stdout: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What the listing command left. `output`: its stdout; `results`: the directory that it could write to."""

    code: int
    output: bytes
    results: Path
    log: Path

    def evidence(self) -> str:
        """How it ended and the last that it said, for a listing that failed."""
        return f"{describe_exit(self.code)}\n{tail_text(self.log, EVIDENCE)}".rstrip()


class Commands(Protocol):
    """The commands of one tool, for one worker of one suite.

    `streams`: a run writes each result as the test ends, so that those without one are not to blame for its end as
    long as there is any. `start_up`: seconds that a run may need before its first test. `coverage`: the name of the
    file that a run leaves in its coverage directory, empty when it leaves none.
    """

    @property
    def streams(self) -> bool: ...

    @property
    def start_up(self) -> float: ...

    @property
    def coverage(self) -> str: ...

    def listing(self, results: Path, only: frozenset[str] | None) -> Call:
        """Lists the tests, without running any. `only`: no other paths are asked for; more may be told."""

    def collected(self, listed: Listed) -> Collected:
        """The tests that it listed, or why it could not. Raises `DiscoveryError` for a list that makes no sense."""

    def together(self, tests: Sequence[str]) -> int:
        """How many of `tests`, from the first on, one run can take without running any other. At least 1."""

    def running(self, tests: Sequence[str], results: Path, coverage: Path) -> Call:
        """Runs these tests and no others."""

    def read(self, tests: Sequence[str], results: Path, *, started: float) -> Reported:
        """What a run left in `results`."""

    def judge(self, test: str, code: int, log: Path) -> Finished | None:
        """The result of a test that ran alone and has none in the report, when the exit code tells it."""
