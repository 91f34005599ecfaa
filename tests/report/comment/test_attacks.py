"""Nothing that a test, a file, a branch or a build is called gets out of the code that it is shown in.

What is looked at is the page that GitHub's own markdown engine makes, without what a forge filters afterwards.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

import pytest
from attacks import ATTACKS, SOURCE, TOKEN, attacked
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rendered import Page, html, read

from ci_orchestrator.report.comment import CommentOptions, render_comment
from ci_orchestrator.report.summary import render_summary

ELEMENTS = {"h2", "h3", "h4", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "a", "br", "wbr", "strong"}
ELEMENTS |= {"code", "pre", "details", "summary", "blockquote"}
TEMPLATE = (
    "**mine** {% for one in failures %}- {{ one.name }}: {{ one.last.message|code(99) }}\n{% endfor %}{{ title }}"
)


@cache
def renderings(attack: str, *, hostile_links: bool = False) -> dict[str, tuple[str, Page]]:
    """Texts in markdown that are made of a report in which everything is called so, and their pages."""
    return {name: (text, read(text)) for name, text in texts(attack, hostile_links)}


def texts(attack: str, hostile_links: bool) -> Iterator[tuple[str, str]]:
    report = attacked(attack, hostile_links=hostile_links)
    yield "azure", render_comment(report, CommentOptions(provider="azure"))
    if not hostile_links:
        templates = {"failures": TEMPLATE, "tables": "{{ nope }}"}
        yield "github", render_comment(report, CommentOptions(templates=templates))
        yield "summary", render_summary(report)


HARMLESS = {links: {name: page.skeleton() for name, (_, page) in renderings("x", hostile_links=links).items()}
            for links in (False, True)}  # fmt: skip


@pytest.mark.parametrize("links", [False, True], ids=["", "links"])
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_a_page_has_the_elements_of_a_harmless_one(attack: str, links: bool) -> None:
    for name, (_, page) in renderings(attack, hostile_links=links).items():
        assert page.skeleton() == HARMLESS[links][name], name
        assert page.misplaced == [], name
        assert {one.name for one in page.elements} <= ELEMENTS
        assert TOKEN in page.text(code=True)
        assert TOKEN not in page.text(code=False), name
        assert not re.search(r"[@#]\w|https?:|www\.", page.text(code=False))
        assert not any(TOKEN in one for one in page.comments)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_links_lead_where_the_report_says(attack: str) -> None:
    fixed = {"https://ci.example/r", "https://ci.example/b"}
    for _, page in renderings(attack).values():
        for one in page.elements:
            if one.name != "a":
                assert not {"href", "src", "style", "id"} & one.attributes.keys()
            elif (target := one.attributes["href"]) not in fixed:
                assert target.startswith(SOURCE.partition("{")[0])
                assert "/.." not in target
    for _, page in renderings(attack, hostile_links=True).values():
        for one in page.elements:
            assert one.name != "a", one


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_the_source_commands_nothing(attack: str) -> None:
    """GitLab reads lines that begin with a slash, runners those with ``::`` or ``##``, terminals control characters."""
    for text, _ in renderings(attack).values():
        assert not re.search(r"^\s*(/|::|##vso|##\[)", text, re.MULTILINE)
        assert not [one for one in text if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") and one not in "\n\t"]
        assert not re.search("[\u061c\u200b\u200f\u202a-\u202e\u2066-\u2069\ufeff]", text)
        text.encode()


marks = st.text(st.sampled_from("<>&`*_[]()#@!|~:/\\'\"-=+$% \n\tax1{}"), min_size=1, max_size=40)


@settings(max_examples=40, deadline=None)
@given(st.one_of(marks, st.text(min_size=1, max_size=60)), st.sampled_from(sorted(HARMLESS[False])))
@example("\n<!--\n", "github")
def test_no_text_changes_the_page(text: str, name: str) -> None:
    _, page = renderings(text)[name]
    assert page.skeleton() == HARMLESS[False][name]
    assert page.misplaced == []


def test_in_a_browser_nothing_runs(chromium) -> None:
    body = "".join(html(renderings(attack)["github"][0]) for attack in ATTACKS.values())
    page = chromium.new_page()
    page.set_content(f"<!doctype html><meta charset=utf-8>{body}")
    assert page.evaluate(f"'{TOKEN}' in window") is False
    found = page.evaluate("[...new Set([...document.body.querySelectorAll('*')].map(one => one.localName))].sort()")
    assert set(found) <= ELEMENTS
    acting = page.evaluate("document.querySelectorAll('[onerror],[onload],[onmouseover],[style],[src]').length")
    assert acting == 0
    page.close()
