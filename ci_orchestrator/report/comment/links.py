"""Where all of it is."""

from __future__ import annotations

from ci_orchestrator.report.comment.block import Block
from ci_orchestrator.report.escape import web_address
from ci_orchestrator.report.markdown import code, link
from ci_orchestrator.report.wording import moment
from ci_orchestrator.results.report import Report


def links(report: Report) -> Block | None:
    """The report, the artifacts and the build; the revision and the moment."""
    to = report.links
    named = (("Full report", to.report), ("artifacts", to.artifacts), ("build", to.build))
    known = [link(label, url) for label, url in named if web_address(url)]
    facts = [
        f"revision {code(report.revision[:12])}" if report.revision else "",
        moment(report.started),
        f"ci-orchestrator {code(report.tool_version)}" if report.tool_version else "",
    ]
    said = " · ".join(filter(None, [*known, *facts]))
    return Block(name="links", head=said) if known else None


def where(report: Report) -> str:
    """What holds what a comment has no room for."""
    for label, url in (("the report", report.links.report), ("the artifacts", report.links.artifacts)):
        if web_address(url):
            return link(label, url)
    return link("report.html of the build", report.links.build)
