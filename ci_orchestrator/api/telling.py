"""Telling the build itself, as a job of which this process runs, what a report says."""

from __future__ import annotations

from ci_orchestrator.api.findings import findings
from ci_orchestrator.api.project import writing
from ci_orchestrator.api.reporting import Reported
from ci_orchestrator.providers.base import Ci
from ci_orchestrator.report.comment.media import SUMMARIES
from ci_orchestrator.report.summary import render_summary


def summarise(ci: Ci, reported: Reported) -> None:
    """Show the summary with the build. Raises `UserError` when it cannot be written."""
    with writing(reported.out):
        ci.summarise(render_summary(reported.report, ci.name if ci.name in SUMMARIES else "github"))


def point_out(ci: Ci, reported: Reported, *, annotated: str) -> None:
    """Show what went wrong in the source. `annotated`: the forge that shows it at each line already, if one does: who
    looks at a build of the same provider would see that twice. What has no line is only shown here.

    Raises `UserError` when it cannot be written.
    """
    found = findings(reported.report, reported.lock)
    with writing(reported.out):
        ci.point_out(tuple(one for one in found if not (annotated == ci.name and one.file and one.line)))
