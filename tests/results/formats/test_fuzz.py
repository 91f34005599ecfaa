"""Whatever the bytes: items, warnings, or `ResultsError`; nothing else, no test out of nothing, and no text that acts.

Every registered format is tried. Bytes at random find little: most is found by damaging a good file, or by putting a
value of another type in the place of one in a JSON document.
"""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import examples
from seeds import SEEDS

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results import formats
from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.coverage import FileCoverage
from ci_orchestrator.results.formats.base import Case, Item, ReadWarning, to_results
from ci_orchestrator.results.formats.text import NAME_LIMIT, TEXT_LIMIT, visible
from ci_orchestrator.results.merge import merge, totals
from ci_orchestrator.results.model import Attempt, Outcome

NAMES = sorted(formats.FORMATS)
TESTS = [name for name in NAMES if formats.load(name).kind == "tests"]
ENDS_UNSEEN = {"go_test", "go_test_text"}
"""Formats that do not say how many groups there are: a file that is cut between two looks whole."""

JSON_SEEDS = {name: json.loads(data) for name, data in SEEDS.items() if data[:1] in b"{[" and b"}\n{" not in data}
PIECES = st.sampled_from(
    [
        *(b"<testcase name='x'>", b"</testcase>", b"<failure>", b"</failure>", b"<testsuite>", b"</testsuite>"),
        *(b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<rerunError type='e'>", b"<system-out>", b"</system-out>"),
        *(
            b"&amp;",
            b"&#27;",
            b"&x;",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"\0",
            b"\xc3",
            b"\x1b[31m",
            b"\\ud800",
            b"\\u0000",
        ),
        *(b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"<?xml version='1.0' encoding='utf-16'?>"),
        *(
            b"{",
            b"}",
            b"[",
            b"]",
            b'"',
            b",",
            b":",
            b"null",
            b"-1",
            b"1e999",
            b"9" * 400,
            b"NaN",
            b"true",
            b'{"a":1}\n',
        ),
        *(
            b"\n",
            b"\r",
            b"ok 1\n",
            b"not ok\n",
            b"1..3\n",
            b"  ---\n",
            b"=== RUN   TestA\n",
            b"--- PASS: TestA (0.0s)\n",
        ),
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["\ud800", "\x1b[1m"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)


def texts(item: object) -> Iterator[str]:
    """All texts of an item, also of those within it."""
    for field in dataclasses.fields(item):  # type: ignore[arg-type]
        value = getattr(item, field.name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, str):
                yield one
            elif isinstance(one, Attempt):
                yield from texts(one)


def survive(data: bytes, name: str | None = None) -> list[Item]:
    """The items of a file that may hold anything. Held to what every reader promises; [] when it is refused."""
    try:
        items = list(formats.read(io.BytesIO(data), "fuzz.xml", name=name))
    except ResultsError:
        return []
    assert items
    for item in items:
        for text in () if isinstance(item, ReadWarning) else texts(item):
            assert visible(text) == text
            assert len(text) <= max(TEXT_LIMIT, NAME_LIMIT) + 200
        if isinstance(item, Case):
            assert len(item.name) <= NAME_LIMIT + 200
            assert 0.0 <= item.duration <= 1e12
    cases = [item for item in items if isinstance(item, Case)]
    results = merge(to_results(cases, "s"))
    counted = totals(results)
    assert counted.tests == len(results) <= len(cases)
    return items


def passed(items: list[Item]) -> set[str]:
    return {item.name for item in items if isinstance(item, Case) and item.outcome is Outcome.PASSED}


def test_every_format_has_a_seed():
    assert set(SEEDS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_is_of_its_own_format_alone_and_read_whole(name):
    data = SEEDS[name]
    assert formats.detect(data) == name
    for encoded in (data, b"\xef\xbb\xbf" + data, data.decode().encode("utf-16")):
        items = survive(encoded)
        assert items == survive(data)
        assert [str(item) for item in items if isinstance(item, ReadWarning)] == []
        wanted = {"tests": Case, "coverage": FileCoverage, "benchmarks": Benchmark}[formats.load(name).kind]
        assert any(isinstance(item, wanted) for item in items)


@settings(max_examples=examples(50))
@given(st.binary(max_size=300), st.sampled_from(NAMES))
def test_any_bytes(data, name):
    survive(data)
    survive(data, name)


@settings(max_examples=examples(800))
@given(st.sampled_from(NAMES), st.floats(0, 1), st.integers(0, 60), st.lists(PIECES, max_size=3), st.booleans())
def test_a_good_file_with_a_piece_taken_out_and_others_put_in(name, place, taken, pieces, torn):
    data = SEEDS[name]
    at = int(place * len(data))
    damaged = data[:at] + b"".join(pieces) + (b"" if torn else data[at + taken :])
    survive(damaged)
    survive(damaged, name)


@settings(max_examples=examples(400))
@given(st.sampled_from(sorted(JSON_SEEDS)), st.data(), VALUES)
def test_a_value_of_another_type_somewhere_in_a_document(name, data, value):
    document = json.loads(SEEDS[name])
    node = document
    while True:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if not node[key] or not isinstance(node[key], dict | list) or data.draw(st.booleans()):
            break
        node = node[key]
    node[key] = value
    survive(json.dumps(document).encode(), name)


@settings(max_examples=examples(300))
@given(st.sampled_from(TESTS), st.floats(0, 1))
def test_a_torn_file_proves_nothing_that_the_whole_does_not_and_is_said_to_be_torn(name, place):
    data = SEEDS[name].rstrip()
    torn = survive(data[: int(place * (len(data) - 1))], name)
    assert passed(torn) <= passed(survive(data, name))
    told = [item for item in torn if isinstance(item, ReadWarning)]
    unproven = [item for item in torn if isinstance(item, Case) and item.outcome is Outcome.NOT_PROVEN]
    assert not torn or told or unproven or name in ENDS_UNSEEN


@pytest.mark.parametrize("piece", [b" ", b"\n", b'"', b"[", b'{"a":', b"<a>", b"\\", b"ok 1 - #\n", b"--- PASS: "])
def test_much_of_the_same_does_not_hang_a_reader(piece):
    for name in NAMES:
        head = SEEDS[name][: len(SEEDS[name]) * 2 // 3]
        survive(head + piece * (100_000 // len(piece)), name)


def test_detection_does_not_hang_on_much_of_the_same():
    for piece in (b" ", b"\n", b'{"', b'"a\\', b"[", b"<a ", b"ok 1 - #\n", b"--- PASS: ", b"<!--", b"Benchmark"):
        for start in (b"", b"{", b"<", b"TAP"):
            survive(start + piece * (formats.HEAD // len(piece)))
