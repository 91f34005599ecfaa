"""One comment on a change: what a reviewer needs to know of a build, as much of it as the forge has room for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ci_orchestrator.report.comment.budget import fitted
from ci_orchestrator.report.comment.head import head, in_one_line
from ci_orchestrator.report.comment.links import where
from ci_orchestrator.report.comment.options import CommentOptions, marker
from ci_orchestrator.report.comment.overriding import blocks
from ci_orchestrator.report.verdict import verdict
from ci_orchestrator.results.report import Report

_DEFAULT = CommentOptions()


def render_comment(report: Report, options: CommentOptions = _DEFAULT) -> str:
    """The comment in markdown, ending in a newline; never larger than the provider allows.

    Its first line is an invisible marker (`options.marker`). When everything is green and no section has news, one line
    follows; else the verdict, then the sections.
    """
    medium = options.medium
    found = list(blocks(report, medium, options))
    first = marker(options.key)
    green = verdict(report).tone == "passed" and not report.warnings
    if green and not any(block.news for block in found):
        return f"{first}\n{in_one_line(report)}\n"
    text = fitted(
        f"{first}\n{head(report)}",
        found,
        limit=options.room - 1,
        measure=medium.measure,
        unit=medium.unit,
        where=where(report),
    )
    return f"{text}\n"


def images_shown(report: Report, options: CommentOptions, images: Iterable[str]) -> tuple[str, ...]:
    """Which of the files of charts (`images`) the comment would show, if they had an address: nobody has to keep the
    others. It is told by writing the comment, for that is what decides.
    """
    tried = {name: f"https://{number}.image.invalid/" for number, name in enumerate(sorted(images))}
    text = render_comment(report, replace(options, images=tried))
    return tuple(name for name, address in tried.items() if address in text)
