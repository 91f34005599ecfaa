"""Addresses, paths and preformatted text in markdown."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rendered import read

from ci_orchestrator.report.escape import for_preformatted, output, source_address, web_address
from ci_orchestrator.report.markdown import code, details, linked, place, preformatted, row, table_head, words

any_text = st.text(st.characters(exclude_categories=()))
SOURCE = "https://forge.example/x/{path}#L{line}"


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://ci.example/b/1", "https://ci.example/b/1"),
        ("HTTP://ci.example", ""),
        ("http://ci.example:8080/a?b=c&d=e#f", "http://ci.example:8080/a?b=c&amp;d=e#f"),
        ("https://ci.example/a b(c)|[d]", "https://ci.example/a%20b%28c%29%7C%5Bd%5D"),
        ("https://ci.example/%41%zz", "https://ci.example/%41%25zz"),
        ("https://ci.example/\n\n# x", "https://ci.example/%0A%0A#%20x"),
        ("https://ci.example/é\ud800", "https://ci.example/%C3%A9?"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//ci.example", ""),
        ("https://user:secret@ci.example/", ""),
        ("https://ci.example\\@evil.example/", ""),
        ("https://", ""),
        ("https://ci.example/" + "&" * 500, ""),
    ],
)
def test_only_addresses_of_the_web_are_linked(address: str, target: str) -> None:
    assert web_address(address) == target


@given(any_text, st.booleans())
def test_an_address_ends_nothing(text: str, path: bool) -> None:
    target = web_address(f"https://ci.example/{text}" if path else text)
    assert not re.search(r"[\s\"'<>()\[\]|`\\@*{}]", target)
    (link,) = [one for one in read(linked("x", target or "https://e.example")).elements if one.name == "a"]
    assert link.attributes["href"].startswith("http")


@pytest.mark.parametrize(
    ("path", "line", "target"),
    [
        ("a/b.py", 3, "https://forge.example/x/a/b.py#L3"),
        ("./a/b.py", 0, "https://forge.example/x/a/b.py"),
        ("a b/#{line}?.py", 1, "https://forge.example/x/a%20b/%23%7Bline%7D%3F.py#L1"),
        ("", 1, ""),
        ("/etc/passwd", 1, ""),
        ("a/../../b", 1, ""),
        ("..", 1, ""),
        ("a\\..\\b", 1, ""),
        ("a..b/c...d", 1, "https://forge.example/x/a..b/c...d#L1"),
    ],
)
def test_a_path_is_linked_when_it_stays_inside(path: str, line: int, target: str) -> None:
    assert source_address(SOURCE, path, line) == target


def test_a_line_that_is_part_of_the_query_is_always_said() -> None:
    assert source_address("https://forge.example/x?path=/{path}&line={line}", "a.py", 0).endswith("&amp;line=1")
    assert source_address("", "a.py", 1) == ""


@given(any_text)
def test_preformatted_text_comes_back_and_begins_no_command(text: str) -> None:
    written = for_preformatted(text)
    assert html.unescape(written) == output(text)
    assert not re.search(r"[<>@#:/`]", re.sub(r"&#\d+;", "", written))
    page = read(f"before\n\n{details('x', preformatted(text, 10_000))}\nafter")
    assert [one.name for one in page.elements] == ["p", "details", "summary", "pre", "p"]
    assert page.misplaced == []


@given(any_text)
def test_code_is_one_element_wherever_it_stands(text: str) -> None:
    cell = code(text) or code("x")
    for markdown in (f"- {cell}", f"x {cell} x", f"<details><summary>{cell}</summary>", f"**{cell}**"):
        assert [one.name for one in read(markdown).elements if one.name == "code"] == ["code"]
    table = read(f"{table_head('a', '>b')}\n{row([cell, 'x'])}")
    assert [one.name for one in table.elements if one.name != "wbr"][-3:] == ["td", "code", "td"]


def test_long_texts_keep_their_start_and_their_end() -> None:
    assert code("a" * 1_000) == f"<code>{'a' * 100} … 700 characters left out … {'a' * 200}</code>"
    assert code("") == ""


def test_places_are_linked_where_that_is_known() -> None:
    assert place("", "a.py", 3) == "<code>a&#46;py&#58;3</code>"
    assert place(SOURCE, "a.py", 0) == "[<code>a&#46;py</code>](https://forge.example/x/a.py)"
    assert place(SOURCE, "a.py", 4, "4–5") == "[4–5](https://forge.example/x/a.py#L4)"
    assert place(SOURCE, "", 4) == ""


@pytest.mark.parametrize("text", ["see www.example.org", "@team", "a *b*", "[x](y)", "a_b", "#1", "<b>"])
def test_a_sentence_of_our_own_has_only_words(text: str) -> None:
    assert words(text).startswith("<code>")
    assert words("2 failed, of 1,204 tests (3.5% of them); all: 7") == "2 failed, of 1,204 tests (3.5% of them); all: 7"
