"""The Protocol of a test tool: list the tests of a suite, and run exactly the tests that it is handed.

A tool opens *sessions*: one session is one worker of one suite. A session tells what happens through a `Sink`, from
any thread; it never decides about retries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from ci_orchestrator.masking import Mask
from ci_orchestrator.plan.models import Suite
from ci_orchestrator.results.model import Cause, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What a session found. `tests`: ``path::name`` in the tool's order. `errors`, `skipped`: (path, message).
    `modules`: (name, path) of what was imported, where two files of the same name cannot both be."""

    tests: tuple[str, ...] = ()
    errors: tuple[tuple[str, str], ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    modules: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A test begins, `at` Unix seconds."""

    test: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A test ended by itself. The fields are those of `results.Attempt`."""

    test: str
    outcome: Outcome
    cause: Cause = Cause.NONE
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The session was asked for tests that it does not have: the suite moved under the lock."""

    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexpected:
    """A result that nobody asked for, reported by the run of the test `beside`. It belongs to that one's job."""

    result: Finished
    beside: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The session's process ended. `exit_code` is negative for a signal (as `subprocess` has it).

    `asked`: we stopped it ourselves. `evidence`: the tail of what it wrote. `failed`: why it could not go on, if it
    said.
    """

    exit_code: int
    asked: bool
    evidence: str = ""
    failed: str = ""


Message = Collected | Started | Finished | Unknown | Unexpected | Gone
Sink = Callable[[str, Message], None]


def masked(message: Message, mask: Mask) -> Message:
    """The message without secrets in what a test or its tool wrote. Names of tests stay: they are how all of us know
    them.
    """
    if not mask:
        return message
    if isinstance(message, Finished):
        return replace(
            message,
            message=mask(message.message),
            details=mask(message.details),
            stdout=mask(message.stdout),
            stderr=mask(message.stderr),
        )
    if isinstance(message, Unexpected):
        result = masked(message.result, mask)
        return replace(message, result=result) if isinstance(result, Finished) else message
    if isinstance(message, Gone):
        return replace(message, evidence=mask(message.evidence), failed=mask(message.failed))
    if isinstance(message, Collected):
        return replace(
            message,
            errors=tuple((path, mask(text)) for path, text in message.errors),
            skipped=tuple((path, mask(text)) for path, text in message.skipped),
        )
    return message


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where one worker works: everything it may write is its own.

    `worker`: its name (``w1``). `index`/`count`: its place among the workers. `scratch`: private directory (temp files,
    caches, logs). `results`, `coverage`: where report files go. `claims`: shared by the sessions that collect a suite
    together: a file is collected by the session that first makes a file for it there, which holds the worker's name.
    `only`: collect no other paths (a job's files). `marker`: stands in the environment of all that the worker starts,
    so that it can be found.
    """

    worker: str
    index: int
    count: int
    project: Path
    scratch: Path
    results: Path
    coverage: Path
    marker: str
    claims: Path | None = None
    only: frozenset[str] | None = None
    env: dict[str, str] = field(default_factory=dict)


class Session(Protocol):
    """One worker of one suite. Calls return at once; what follows arrives at the sink."""

    pid: int

    def run(self, tests: Sequence[str]) -> None:
        """Append tests (``path::name``) to what this worker runs, in this order."""

    def flush(self) -> None:
        """Nothing more is coming for now: run the test that was held back for its successor."""

    def stop(self) -> None:
        """End after what was handed over; `Gone(asked=True)` follows."""

    def kill(self) -> None:
        """End the whole process tree now: interrupt, terminate, kill; `Gone(asked=True)` follows."""


class Tool(Protocol):
    """A test tool."""

    name: str

    def open(self, suite: Suite, workspace: Workspace, sink: Sink) -> Session:
        """Start a worker; its first message is `Collected`."""
