from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.errors import DiscoveryError
from ci_orchestrator.results.model import make_id, split_id
from ci_orchestrator.run.tools.listing import argument_room, parse_list, split_batches, to_listed, to_test

HOSTILE = [
    "a b",
    " padded ",
    "$(id)",
    "`id`",
    "'",
    '"',
    "-rf",
    "--help",
    "*",
    "é😀",
    "a::b",
    "::",
    "::a",
    "a:b",
    "-",
    "#",
]

listed_ids = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=20).filter(
    lambda text: text.strip() and not text.startswith("-::")
)


def test_every_line_is_an_id_exactly_as_it_stands() -> None:
    assert [to_listed(test) for test in parse_list("\n".join(HOSTILE).encode())] == HOSTILE


def test_empty_lines_and_windows_lines() -> None:
    assert parse_list(b"\r\na\r\n\n  \nb") == ("-::a", "-::b")
    assert parse_list(b"") == ()


def test_an_id_without_a_path_stands_under_a_dash() -> None:
    assert to_test("smoke") == "-::smoke"
    assert split_id(f"boot::{to_test('smoke')}") == ("boot", "-", "smoke")
    assert to_test("tests/a.sh::smoke::fast") == "tests/a.sh::smoke::fast"


@given(st.lists(listed_ids, unique=True, max_size=10))
def test_ids_come_back_and_stay_apart(ids: list[str]) -> None:
    tests = parse_list("\n".join(ids).encode())
    assert [to_listed(test) for test in tests] == ids
    assert len({f"suite::{test}" for test in tests}) == len(ids)
    for test in tests:
        assert make_id(*split_id(f"suite::{test}")) == f"suite::{test}"


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (b"a\nb\na\n", "line 3 of the list repeats the test of line 1: 'a'"),
        (b"a\n\xff\n", "line 2 of the list is not UTF-8"),
        (b"a\x1b[31m", "control character"),
        (b"a\x00b", "control character"),
        (b"a\rb", "control character"),
        ("a\u2028b".encode(), "control character"),
        (b"x" * 5_000, "over 4000 characters"),
        (b"-::a", "begins with `-::`"),
    ],
)
def test_what_cannot_be_an_id_is_told_with_its_line(output: bytes, words: str) -> None:
    with pytest.raises(DiscoveryError) as caught:
        parse_list(output)
    assert words in str(caught.value)


@given(st.lists(listed_ids.map(to_test), max_size=30), st.integers(-100, 300))
def test_batches_keep_order_lose_nothing_and_fit(tests: list[str], room: int) -> None:
    batches = list(split_batches(tests, room))
    assert [test for batch in batches for test in batch] == tests
    for batch in batches:
        assert len(batch) == 1 or sum(len(to_listed(test).encode()) + 9 for test in batch) <= room


def test_room_shrinks_with_what_is_there_already() -> None:
    assert argument_room(["run"], {"A": "x" * 1000}) < argument_room(["run"], {}) - 1000
