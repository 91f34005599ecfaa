"""The sections of a comment by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

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

Section = Callable[[Report], Block | None]
"""Gives nothing when it has nothing to say."""


_NO_IMAGES: Mapping[str, str] = MappingProxyType({})


def sections(medium: Medium, images: Mapping[str, str] = _NO_IMAGES) -> Mapping[str, Section]:
    """All of them by name, in the order in which they are shown. `images`: see `CommentOptions`."""
    return {
        "gates": gates,
        "changes": changes,
        "failures": failures,
        "not-proven": not_proven,
        "flaky": flaky,
        "coverage": coverage,
        "benchmarks": benchmarks,
        "slowest": slowest,
        "trend": partial(trend, medium=medium, images=images),
        "tables": tables,
        "links": links,
    }
