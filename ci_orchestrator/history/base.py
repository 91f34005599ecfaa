"""What is remembered between builds, and the Protocol of the place that remembers it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ci_orchestrator.results.model import Outcome, Totals


@dataclass(frozen=True, slots=True)
class Observation:
    """What one build says of one test: its final outcome, the seconds of its deciding attempt, how many attempts.

    `usable`: the duration may feed estimates: the deciding attempt ran to its own end (passed, failed by
    assertion; not killed, timed out, interrupted, skipped or retried after losing its worker).
    """

    test: str
    outcome: Outcome
    duration: float
    attempts: int = 1
    usable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRecord:
    """One build (one run of one plan). Recording the same `build` again replaces it: recording is idempotent.

    `runner` is the runner class that the durations belong to. `complete` is False for subsets,
    interrupted builds and uncertified reports: they add observations but are no base for *removed tests*.
    """

    build: str
    started: float
    runner: str = ""
    revision: str = ""
    branch: str = ""
    wall: float = 0.0
    complete: bool = True
    observations: Sequence[Observation] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSummary:
    """A build without its tests."""

    build: str
    started: float
    runner: str
    revision: str
    branch: str
    wall: float
    complete: bool
    totals: Totals
    duration: float


class Store(Protocol):
    """A history. Reads see builds newest first; nothing here ever fails a build for want of memory."""

    def record(self, build: BuildRecord) -> None:
        """Remember a build, atomically."""

    def durations(
        self, tests: Collection[str] | None = None, *, last: int = 5, runner: str | None = None
    ) -> Mapping[str, tuple[float, ...]]:
        """Up to `last` usable durations a test, newest first; tests without any are absent. None: all tests."""

    def outcomes(self, test: str, *, last: int = 20) -> Sequence[tuple[BuildSummary, Observation]]:
        """What the last builds said of one test, newest first."""

    def builds(self, *, last: int = 20) -> Sequence[BuildSummary]:
        """The last builds, newest first."""

    def forget(self, *, keep: int) -> int:
        """Drop all but the newest `keep` builds; returns how many went."""

    def close(self) -> None:
        """Release what is held."""
