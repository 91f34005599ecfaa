"""Tests by their ids on the page: where the table has them, and lists of them that open them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from ci_orchestrator.report.escape import for_html
from ci_orchestrator.report.wording import counted
from ci_orchestrator.results.model import TestResult, shown_id

SHOWN = 200
"""Tests of each list; the rest is in results.json."""

_id = attrgetter("id")


@dataclass(frozen=True, slots=True)
class Rows:
    """The table's row of each test: its position among all results, which are sorted by id.

    It is searched for rather than kept: a dictionary of a million ids would take more memory than the page.
    """

    results: Sequence[TestResult]

    def of(self, test: str) -> int | None:
        """The row; None when no result has that id."""
        row = bisect_left(self.results, test, key=_id)
        return row if row < len(self.results) and self.results[row].id == test else None

    def link(self, test: str, inner: str = "") -> str:
        """What opens the test, or its mere id when it has no result; `inner` is HTML and its id by default."""
        inner = inner or f"<bdi>{for_html(shown_id(test))}</bdi>"
        row = self.of(test)
        return inner if row is None else f'<a class="test" href="#t{row}">{inner}</a>'


def id_list(
    title: str,
    tests: Sequence[str],
    rows: Rows,
    reasons: Mapping[str, str] | None = None,
    *,
    tone: str = "",
    unfolded: bool = False,
) -> str:
    """A list of tests that unfolds, empty without any. `title` is HTML; `tone`: the outcome whose colour it takes."""
    if not tests:
        return ""
    items = "".join(f"<li>{rows.link(test)}{_why(reasons[test]) if reasons else ''}</li>" for test in tests[:SHOWN])
    attributes = (f' class="{tone}"' if tone else "") + (" open" if unfolded else "")
    return (
        f'<details{attributes}><summary>{title} <span class="n">{len(tests):,}</span></summary>'
        f'<ul class="ids">{items}</ul>{more(len(tests) - SHOWN, "test")}</details>'
    )


def _why(reason: str) -> str:
    return f' <span class="why">{for_html(reason)}</span>'


def more(rest: int, noun: str, where: str = " in results.json") -> str:
    """What a list says at its end of those that it does not show, and where they are; nothing when it shows all."""
    return f'<p class="more">… and {counted(rest, f"more {noun}")}{where}</p>' if rest > 0 else ""
