"""The value that everything published is a rendering of: merged results, their proof, and what surrounds them."""

from __future__ import annotations

from dataclasses import dataclass, field

from ci_orchestrator.errors import ExitCode
from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.coverage import CoverageSummary
from ci_orchestrator.results.findings import Analysis
from ci_orchestrator.results.model import TestResult, Totals, Verdict
from ci_orchestrator.results.quality import QualityGate

_CODES = {
    Verdict.PROCEED: ExitCode.OK,
    Verdict.HOLD: ExitCode.GATE_HOLDS,
    Verdict.ROLLBACK: ExitCode.GATE_FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The proof that collected = planned = reported. Lists are sorted; ids unless said otherwise.

    `missing`: planned, no result (not proven). `duplicate`: reported by more than one job, or twice.
    `unexpected`: reported, never planned. `skipped_at_collection`: ``suite::path`` → reason.
    `withheld`: id → ``needs:SUITE`` / ``gate:NAME``: accounted for, yet not green.
    `certified` is False when there was no lock to hold the results against.
    """

    certified: bool
    lock: str = ""
    planned: int = 0
    reported: int = 0
    missing: tuple[str, ...] = ()
    duplicate: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    dead: tuple[str, ...] = ()
    withheld: tuple[tuple[str, str], ...] = ()
    skipped_at_collection: tuple[tuple[str, str], ...] = ()

    @property
    def complete(self) -> bool:
        """True when every planned test has a result of its own or a recorded reason to have none."""
        return self.certified and not (self.missing or self.duplicate or self.unexpected)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one worker's time, for the timeline: seconds since the run began."""

    job: str
    worker: str
    test: str
    start: float
    end: float
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSummary:
    """What one job planned and what it took; seconds."""

    job: str
    name: str
    suite: str
    tests: int
    estimate: float
    duration: float
    workers: int
    workers_lost: int
    exit_code: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSummary:
    """What a gate decided after its `stage`; no `verdict`: it should have decided and did not.

    `lower`, `upper`: the error rate (0 to 1) that `samples` with `errors` allow; `why`: the verdict in words.
    """

    gate: str
    name: str
    stage: str
    verdict: Verdict | None = None
    samples: int = 0
    errors: int = 0
    lower: float = 0.0
    upper: float = 1.0
    why: str = ""

    @property
    def exit_code(self) -> ExitCode:
        """What the decision comes to; missing data is not proven."""
        return ExitCode.NOT_PROVEN if self.verdict is None else _CODES[self.verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """One earlier build, oldest first in a trend: Unix seconds, counts and seconds of test time.

    `coverage`: the share of lines, 0 to 1; None when it was not measured.
    """

    build: str
    started: float
    totals: Totals
    duration: float
    coverage: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a pipeline of the plan made of the results: rows as wide as `columns`. `more`: rows that were cut off."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where things can be opened, empty when they cannot. All are absolute `https` or `http` addresses.

    `source`: of a line of a file at this revision, with ``{path}`` and ``{line}`` in it. `build`: the build at its
    provider. `report`: the whole report. `artifacts`: all files. `images`: the directory in which charts are hosted.
    """

    source: str = ""
    build: str = ""
    report: str = ""
    artifacts: str = ""
    images: str = ""


NO_LINKS = Links()
"""Nothing can be opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All there is to say about one build. `results` are sorted by id; `warnings` say what could not be read.

    `benchmarks_partial`: why `benchmarks` are fewer than were measured; empty when they are all.
    """

    title: str
    revision: str = ""
    branch: str = ""
    started: float = 0.0
    wall: float = 0.0
    tool_version: str = ""
    totals: Totals = field(default_factory=Totals)
    results: tuple[TestResult, ...] = ()
    certificate: Certificate
    jobs: tuple[JobSummary, ...] = ()
    gates: tuple[GateSummary, ...] = ()
    timeline: tuple[Span, ...] = ()
    trend: tuple[TrendPoint, ...] = ()
    coverage: CoverageSummary | None = None
    benchmarks: tuple[Benchmark, ...] = ()
    benchmarks_partial: tuple[str, ...] = ()
    analysis: Analysis = field(default_factory=Analysis)
    quality: tuple[QualityGate, ...] = ()
    tables: tuple[Table, ...] = ()
    links: Links = NO_LINKS
    warnings: tuple[str, ...] = ()
    interrupted: bool = False
    exit_code: ExitCode = ExitCode.OK
