"""Links that leave the page. They are the only ones, and only lead to checked addresses (`escape.web_address`)."""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator.report.escape import source_address, web_address
from ci_orchestrator.results.model import Attempt
from ci_orchestrator.results.report import Links


def outward(address: str, inner: str) -> str:
    """A link to an address that `web_address` or `source_address` gave; `inner` is HTML. Empty without an address."""
    return f'<a class="outward" href="{address}" rel="noopener noreferrer">{inner}</a>' if address else ""


def source(links: Links, attempt: Attempt | None) -> str:
    """A link to the line where an attempt says that it went wrong; empty when it does not say it."""
    if attempt is None or not attempt.file:
        return ""
    return outward(source_address(links.source, attempt.file, attempt.line), "source")


def elsewhere(links: Links) -> Iterator[tuple[str, str]]:
    """What else there is of this build, as a name and a link."""
    for name, address in (("build", links.build), ("full report", links.report), ("artifacts", links.artifacts)):
        if shown := outward(web_address(address), "open"):
            yield name, shown
