"""The sections of a comment by name, and what stands above them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ci_orchestrator.report.comment.benchmarks import benchmarks
from ci_orchestrator.report.comment.block import Block
from ci_orchestrator.report.comment.changes import changes
from ci_orchestrator.report.comment.coverage import coverage
from ci_orchestrator.report.comment.durations import slowest
from ci_orchestrator.report.comment.failures import failures, not_proven
from ci_orchestrator.report.comment.flaky import flaky
from ci_orchestrator.report.comment.gates import gates
from ci_orchestrator.report.comment.links import links
from ci_orchestrator.report.comment.media import Medium
from ci_orchestrator.report.comment.tables import tables
from ci_orchestrator.report.comment.trend import trend
from ci_orchestrator.results.report import Report

BUILT_IN: Mapping[str, Callable[[Report, Medium], Block | None]] = {
    "gates": gates,
    "changes": changes,
    "failures": failures,
    "not-proven": not_proven,
    "flaky": flaky,
    "coverage": coverage,
    "benchmarks": benchmarks,
    "slowest": slowest,
    "trend": trend,
    "tables": tables,
    "links": links,
}
"""In the order in which they are shown. Each gives nothing when it has nothing to say."""


def built_in(report: Report, medium: Medium, names: tuple[str, ...]) -> Iterator[Block]:
    """The sections of these names that have something to say."""
    for name, section in BUILT_IN.items():
        if name in names and (block := section(report, medium)):
            yield block
