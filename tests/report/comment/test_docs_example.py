"""The page on the comment shows a real one, and leaves out nothing that can be chosen."""

from __future__ import annotations

import os
import re

from docs_example import docs_report
from parts import PROJECT
from test_sections import SAME, covered

from ci_orchestrator.report.comment import CommentOptions, render_comment
from ci_orchestrator.report.comment.block import SHOWN
from ci_orchestrator.report.comment.media import COMMENTS, SUMMARIES
from ci_orchestrator.report.comment.options import SECTIONS
from ci_orchestrator.report.comment.overriding import values
from ci_orchestrator.report.comment.templates import FILTERS, OUTPUT_LIMIT, STEP_LIMIT, render_template
from ci_orchestrator.report.comment.trend import POINTS
from ci_orchestrator.results.coverage import Counts
from ci_orchestrator.results.report import Report

PAGE = PROJECT / "docs/how-to/pull-request-comment.md"


def shown(name: str, report: Report) -> None:
    """The page has the comment on `report` between its marks; with CI_ORCHESTRATOR_GOLDEN=1 it is put there."""
    _, _, text = render_comment(report, CommentOptions(key="shop")).partition("\n")
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(begin)
    there, _, after = rest.partition(end)
    if os.environ.get("CI_ORCHESTRATOR_GOLDEN") == "1":
        PAGE.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")
        there = f"\n{text}\n"
    assert there == f"\n{text}\n"


def test_the_page_shows_what_is_rendered() -> None:
    shown("example", docs_report())
    shown("example of one line", covered(before=Counts(80, 100), changed=Counts(3, 3)))


def test_the_page_names_everything_that_can_be_chosen() -> None:
    page = PAGE.read_text("utf-8")
    for name in (*SECTIONS, *values(SAME), *FILTERS):
        assert re.search(rf"`{re.escape(name)}[`(]", page), name
    for number in (STEP_LIMIT, OUTPUT_LIMIT, SHOWN, POINTS):
        assert f" {number:,} " in page
    for medium in (*COMMENTS.values(), *SUMMARIES.values()):
        assert f"{medium.limit:,} {medium.unit}" in page


def test_the_template_of_the_page_works() -> None:
    template = re.search(r"```jinja\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[1]
    text = render_template(template, {**values(docs_report()), "built_in": "x"})
    assert text.startswith("#### Coverage: 88.7%\n\n\n- <code>shop&#47;checkout&#46;py</code>: 82.8%\n")
