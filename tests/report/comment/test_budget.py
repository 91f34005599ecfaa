"""However much there is to say, and however little room: never over, never cut in markup, never silent about it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered import read
from report_samples import rich_report

from ci_orchestrator.report.comment import CommentOptions, render_comment
from ci_orchestrator.report.comment.block import SHOWN, Block, Item
from ci_orchestrator.report.comment.budget import FIRST, fitted
from ci_orchestrator.report.comment.media import COMMENTS, SUMMARIES, characters, utf8_bytes, utf16_units
from ci_orchestrator.report.comment.options import LEAST, SECTIONS
from ci_orchestrator.report.summary import render_summary
from ci_orchestrator.results.merge import totals
from ci_orchestrator.results.model import Attempt, Outcome, TestResult
from ci_orchestrator.results.report import Links, Report

WORST = "\U000e0041"
"""Takes fourteen characters when it is written visibly."""

RICH = rich_report()


def failing(number: int, text: str = "assert 1 == 2") -> Report:
    """As many failures, each with a long traceback; and all else that a report can say."""
    attempt = Attempt(
        outcome=Outcome.FAILED, message=text, details=f"{text}\n" * 40, file="tests/test_x.py", line=1, duration=1.0
    )
    results = tuple(
        TestResult(id=f"unit::tests/test_x.py::test_{place:06}", outcome=Outcome.FAILED, attempts=(attempt,))
        for place in range(number)
    )
    changes = replace(RICH.analysis.changes, newly_failing=tuple(one.id for one in results))
    return replace(
        RICH,
        results=results,
        totals=totals(results),
        analysis=replace(RICH.analysis, changes=changes),
        warnings=(text,),
    )


def test_a_hundred_thousand_failures_are_a_good_comment() -> None:
    report = failing(100_000)
    for name, medium in COMMENTS.items():
        text = render_comment(report, CommentOptions(provider=name))
        assert medium.measure(text) <= medium.limit
        page = read(text)
        assert re.findall(r"^#### (\w+)", text, re.MULTILINE) == [
            "Gates", "What", "Failures", "Flaky", "Coverage", "Benchmarks", "Slowest", "Trend", "Tables",
        ]  # fmt: skip
        assert "100,000 failed" in text
        assert re.search(r"… and 99,900 more failures: \[the report\]\(https", text)
        assert page.misplaced == []
        assert text.count("newly failing") > 20
    assert utf8_bytes(render_summary(report)) <= SUMMARIES["github"].limit


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 110),
    st.text(min_size=1, max_size=20).map(lambda text: text * 20),
    st.integers(LEAST, 100_000),
    st.sampled_from(sorted(COMMENTS)),
)
def test_it_is_never_over_and_never_cut(number: int, text: str, limit: int, provider: str) -> None:
    text = render_comment(failing(number, text), CommentOptions(provider=provider, limit=limit))
    assert COMMENTS[provider].measure(text) <= min(limit, COMMENTS[provider].limit)
    page = read(text)
    assert page.misplaced == []
    table = [row.count("|") for row in text.split("\n") if row.startswith("| ✗")]
    assert set(table) <= {5, 7}


def test_the_longest_head_fits_in_the_least_room() -> None:
    long = WORST * 2_000
    links = Links(report="https://ci.example/" + "x" * 1_900, build=long, artifacts=long)
    base = replace(RICH.analysis.base, branch=long, revision=long)
    report = replace(
        failing(9, long), title=long, revision=long, branch=long, tool_version=long, wall=1e308, warnings=(long,) * 9,
        links=links, analysis=replace(RICH.analysis, base=base),
    )  # fmt: skip
    options = CommentOptions(limit=LEAST, key=WORST * 100)
    text = render_comment(report, options)
    assert len(text) <= LEAST
    assert "There is room for 24,000 characters here; left out: " in text or "… and " in text
    assert text.startswith("<!-- ci-orchestrator:")


def test_what_does_not_fit_is_named_with_where_it_is() -> None:
    blocks = [Block(name=name, head=f"#### {name}", items=(Item("- x" * 30),) * 30) for name in SECTIONS]
    text = fitted("head", blocks, limit=700, measure=characters, unit="characters", where="[the report](u)")
    assert len(text) <= 700
    assert "#### gates" in text
    assert "There is room for 700 characters here; left out: " in text
    shown = re.findall("#### (.+)", text)
    left_out = re.search(r"left out: (.+)\. All of it: \[the report\]\(u\)$", text)[1]
    assert [*shown, *re.split(", | and ", left_out)] == list(SECTIONS)


def test_the_first_items_of_all_come_before_the_rest_of_one() -> None:
    items = tuple(Item(f"- item {place:02}") for place in range(20))
    blocks = [Block(name=name, head=f"#### {name}", items=items, more=3) for name in ("a", "b")]
    text = fitted("head", blocks, limit=400, measure=characters, unit="characters", where="there")
    one, other = text.split("#### b")
    assert one.count("- item") > other.count("- item") == FIRST
    assert f"… and {23 - one.count('- item')} more tests: there" in one
    assert "… and 18 more tests: there" in other


def test_long_forms_are_for_what_room_is_left() -> None:
    items = (Item("- short", "- long " + "x" * 150), Item("- brief", "- more " + "y" * 20))
    block = Block(name="a", head="#### a", items=items)
    text = fitted("head", [block], limit=250, measure=characters, unit="characters", where="there")
    assert "- short" in text
    assert "- more yyy" in text
    wide = fitted("head", [block], limit=500, measure=characters, unit="characters", where="there")
    assert "- long xxx" in wide


@given(st.text(st.characters(exclude_categories=())), st.text(st.characters(exclude_categories=("Cs",))))
def test_characters_are_counted_in_each_way(one: str, other: str) -> None:
    for measure in (characters, utf16_units, utf8_bytes):
        assert measure(one + other) == measure(one) + measure(other)
    assert utf16_units(other) == len(other.encode("utf-16-le")) // 2
    assert utf8_bytes(other) == len(other.encode())
    assert utf8_bytes(one) == len(one.encode("utf-8", "backslashreplace"))


@pytest.mark.parametrize("provider", sorted(COMMENTS))
def test_lists_end_somewhere_even_where_there_is_room(provider: str) -> None:
    text = render_comment(failing(1_000), CommentOptions(provider=provider))
    assert text.count("test&#95;000099") >= 1
    assert text.count("<details>") <= SHOWN + 20
