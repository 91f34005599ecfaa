"""Whatever the bytes: results, warnings, or `ResultsError`; nothing else, and no test out of nothing."""

from __future__ import annotations

import io

from hypothesis import given, settings
from hypothesis import strategies as st
from junit_examples import EVERY_KIND

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results import formats
from ci_orchestrator.results.formats.base import Case, ReadWarning, to_results
from ci_orchestrator.results.formats.junit_writer import write_junit
from ci_orchestrator.results.merge import merge, totals


def good() -> bytes:
    out = io.BytesIO()
    write_junit(EVERY_KIND, out, properties={"a": "b"})
    return out.getvalue()


GOOD = good()
PIECES = st.sampled_from(
    [
        *(b"<testcase name='x'>", b"</testcase>", b"<failure>", b"</failure>", b"<testsuite>", b"</testsuite>"),
        *(b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<rerunError type='e'>", b"<system-out>", b"</system-out>"),
        *(b"&amp;", b"&#27;", b"&x;", b"\xff\xfe", b"\xef\xbb\xbf", b"\0", b"\xc3"),
        *(b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"<?xml version='1.0' encoding='utf-16'?>"),
    ]
)


def survive(data: bytes, name: str | None = None) -> None:
    try:
        items = list(formats.read(io.BytesIO(data), "fuzz.xml", name=name))
    except ResultsError:
        return
    cases = [item for item in items if isinstance(item, Case)]
    assert cases or any(isinstance(item, ReadWarning) for item in items)
    results = merge(to_results(cases, "s"))
    counted = totals(results)
    assert counted.tests == len(results) <= len(cases)


@given(st.binary(max_size=300))
def test_any_bytes(data):
    survive(data)
    survive(data, "junit")
    survive(b"<testsuite>" + data)


@settings(max_examples=150)
@given(st.integers(0, len(GOOD)), st.integers(0, 60), st.lists(PIECES, max_size=3), st.booleans())
def test_a_good_file_with_a_piece_taken_out_and_others_put_in(at, taken, pieces, torn):
    damaged = GOOD[:at] + b"".join(pieces) + (b"" if torn else GOOD[at + taken :])
    survive(damaged)


@settings(max_examples=150)
@given(st.lists(PIECES, max_size=30))
def test_any_order_of_what_files_are_made_of(pieces):
    survive(b"<testsuite>" + b"".join(pieces) + b"</testsuite>", "junit")


@given(
    st.sampled_from(["utf-16", "utf-32", "latin-1", "utf-16-be", "cp1252"]), st.integers(0, 400), st.binary(max_size=4)
)
def test_damage_in_other_encodings(encoding, at, damage):
    data = GOOD.decode().encode(encoding, errors="replace")
    survive(data[:at] + damage + data[at:])
