"""What a build is held against: another build, a diff, statuses of other checks; each read from its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ci_orchestrator.analysis.benchmarks import benchmark_changes
from ci_orchestrator.analysis.changes import compare
from ci_orchestrator.api.opening import read_regular
from ci_orchestrator.errors import ResultsError, UserError, Where
from ci_orchestrator.report.report_json import load_report
from ci_orchestrator.results.coverage import CoverageSummary
from ci_orchestrator.results.diff import Diff, parse_diff
from ci_orchestrator.results.findings import Analysis, Base
from ci_orchestrator.results.report import Report

BASE_LIMIT = 2 << 30
"""Bytes of a base: that of a million tests has 0.4 GB."""
DIFF_LIMIT = 256 << 20
"""Bytes of a diff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """`base`: the ``results.json`` of another build. `diff`: a unified diff of the change. `checks`: name → status of
    what other jobs of the build checked. `gate`: the final gates decide the exit code."""

    base: Path | None = None
    diff: Path | None = None
    checks: Mapping[str, str] = field(default_factory=dict)
    gate: bool = False

    @classmethod
    def of(cls, *, base: Path | None, diff: Path | None, checks: Sequence[str], gate: bool) -> Against:
        """As a command line has it: `checks` are ``NAME=STATUS``. Raises `UserError` for others."""
        told: dict[str, str] = {}
        for check in checks:
            name, equals, status = check.rpartition("=")
            if not (name and equals and status) or told.get(name, status) != status:
                raise UserError(f"--check takes NAME=STATUS, each name once, not {check!r}", fix="--check lint=success")
            told[name] = status
        return cls(base=base, diff=diff, checks=told, gate=gate)

    def read_base(self) -> Report | None:
        """The base build. Raises `ResultsError` when it cannot be read or is none."""
        if self.base is None:
            return None
        try:
            return load_report(_read(self.base))
        except ResultsError as error:
            raise ResultsError(error.what, fix=error.fix, where=Where(str(self.base))) from None

    def read_diff(self, within: str) -> Diff | None:
        """The change, by paths of the project, which lies `within` its repository (``.``: at its root).

        Raises `ResultsError`.
        """
        if self.diff is None:
            return None
        try:
            told = parse_diff(_read(self.diff, DIFF_LIMIT))
        except ResultsError as error:
            where = Where(str(self.diff), error.where.line if error.where else None)
            raise ResultsError(error.what, fix=error.fix, where=where) from None
        return told if within == "." or told.empty else _inside(told, f"{within}/")


def compared(report: Report, base: Report | None) -> Analysis:
    """What is said of the report beside the base, when there is one."""
    if base is None:
        return Analysis()
    complete = all(_whole(one) for one in (report, base))
    return Analysis(
        base=Base(
            title=base.title,
            revision=base.revision,
            branch=base.branch,
            started=base.started,
            complete=_whole(base),
        ),
        changes=compare(report.results, base.results, complete=complete),
        benchmarks=benchmark_changes(report.benchmarks, base.benchmarks),
        time_before=sum(one.duration for one in base.results) if base.results else None,
    )


def coverage_of(base: Report | None) -> CoverageSummary | None:
    """The coverage of the base, where it has any."""
    return base.coverage if base else None


def _whole(report: Report) -> bool:
    """Whether all tests are there, as far as anybody knows: without a lock nothing speaks against it."""
    proof = report.certificate
    return not report.interrupted and (not proof.certified or not (proof.missing or proof.withheld))


def _inside(diff: Diff, prefix: str) -> Diff:
    """The part of a change that lies below `prefix`, by paths from there."""
    return Diff(
        changed={path.removeprefix(prefix): lines for path, lines in diff.changed.items() if path.startswith(prefix)},
        renamed={
            new.removeprefix(prefix): old.removeprefix(prefix)
            for new, old in diff.renamed.items()
            if new.startswith(prefix)
        },
        removed=frozenset(path.removeprefix(prefix) for path in diff.removed if path.startswith(prefix)),
    )


def _read(path: Path, limit: int = BASE_LIMIT) -> bytes:
    try:
        return read_regular(path, limit)
    except OSError as error:
        raise ResultsError(f"cannot be read: {error.strerror}", where=Where(str(path))) from None
