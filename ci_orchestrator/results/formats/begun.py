"""Files of no known format that began as one: torn before they could be told, or an error page in a report's place.

A format is told by the first `HEAD` bytes, so that only a file which ends within them can be torn too early. What such
a file is not is told by the grammar of its ending, not by a list of what else may lie about: a `pom.xml` is well-formed
XML of another root, a ``tsconfig.json`` is JSON, or JSON with comments that goes wrong before its end.
"""

from __future__ import annotations

import re
from io import BytesIO

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results.formats.base import Kind
from ci_orchestrator.results.formats.document import text_of
from ci_orchestrator.results.formats.jsonfeed import JsonFeed
from ci_orchestrator.results.formats.xmlfeed import XmlFeed, root_tag

XML = frozenset({".trx", ".xml"})
COVERAGE = frozenset({".info", ".lcov"})
ENDINGS = XML | COVERAGE | {".json", ".tap"}
"""Endings under which tools write results and coverage. Each says what a file must be at least."""

_PAGE = re.compile(r"<!doctype\s+html|<(?:html|head|body|title)\b", re.IGNORECASE)
_JSON = re.compile(r"""["{[/#\d-]|(?:true|false|null)\b""")
_LCOV_NAME = re.compile(r"lcov|cov(?:erage)?\b", re.IGNORECASE)
_COVERED_NAME = re.compile(r"cobertura|clover|cov(?:erage|\b)|jacoco|simplecov|resultset", re.IGNORECASE)
_COVERED = re.compile(r"<coverage\s|<CoverageSession|//JACOCO//")


def doubt(head: bytes, name: str, *, whole: bool) -> str:
    """Why a file of no known format may be results that were lost, such as ``it ends too early``; empty for none.

    `head`: how it begins. `name`: the file's, without folders. `whole`: the head is all of it.
    """
    ending = _ending(name)
    text = text_of(head).rstrip("\0\t\n\r ")
    if ending not in ENDINGS or (ending == ".info" and text and not _is_lcov(text, name)):
        return ""
    if not text:
        return "the file is empty: the tool that writes it was stopped, or found nothing"
    if _PAGE.match(text) or root_tag(head) == "html":
        return "it is a page of HTML, and no report"
    if ending in XML:
        return "it is no XML" if not text.startswith("<") else _torn_xml(head) if whole else ""
    if ending == ".json":
        return "it is no JSON" if not _JSON.match(text) else _torn_json(head) if whole else ""
    return "it does not begin as such a file does"


def about(head: bytes, name: str) -> Kind | None:
    """What a file that may be torn is about, where its content or its ending says so beyond doubt; None otherwise."""
    if _ending(name) in COVERAGE or _COVERED.search(text_of(head)[:1_000]):
        return "coverage"
    return None


def may_be_coverage(name: str) -> bool:
    """Whether a file is called as reports of coverage are."""
    return _ending(name) in COVERAGE or _COVERED_NAME.search(name) is not None


def _ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return f".{ending.lower()}" if stem and dot else ""


def _is_lcov(text: str, name: str) -> bool:
    """Other tools write files with this ending, too."""
    return _LCOV_NAME.search(name) is not None or text.startswith(("TN:", "SF:")) or text in ("T", "TN", "S", "SF")


def _torn_xml(head: bytes) -> str:
    feed = XmlFeed("", lambda *_: None, lambda _: None)
    try:
        for _ in feed.pieces(BytesIO(head)):
            pass
    except ResultsError:  # entities are declared: no tool does that
        return ""
    return feed.broken


def _torn_json(head: bytes) -> str:
    feed = JsonFeed(BytesIO(head), "")
    try:
        for _ in feed.values():
            pass
    except ResultsError:
        return ""
    return "the file ends too early" if feed.cut else ""
