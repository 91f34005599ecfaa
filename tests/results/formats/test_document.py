from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results.formats import fields
from ci_orchestrator.results.formats.base import Case, ReadWarning
from ci_orchestrator.results.formats.document import Watched, read_all, shape
from ci_orchestrator.results.formats.jsonfeed import JsonFeed
from ci_orchestrator.results.formats.names import Names

DOCUMENTS = st.recursive(
    st.none() | st.text() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab{["\\:,', max_size=3), inner, max_size=3),
)


def paths(value: object, at: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """All paths of keys, by a parser that is not ours."""
    if isinstance(value, dict):
        return {(*at, key) for key in value}.union(*(paths(inner, (*at, key)) for key, inner in value.items()))
    if isinstance(value, list):
        around = {(*at, "[]")} if any(isinstance(inner, dict | list) for inner in value) else set()
        return around.union(*(paths(inner, (*at, "[]")) for inner in value))
    return set()


@given(DOCUMENTS.filter(lambda value: isinstance(value, dict | list)), st.sampled_from([None, 2]))
def test_the_shape_of_a_document_is_where_its_keys_stand(document, indent):
    text = json.dumps(document, indent=indent)
    quoted = {tuple(json.dumps(key)[1:-1] if key != "[]" else key for key in path) for path in paths(document)}
    assert shape(text.encode()) == {path for path in quoted if len(path) <= 6}


def test_a_cut_head_has_the_shape_of_what_is_there():
    assert shape(b'{"a": [{"b": "x \\" {", "c') == {("a",), ("a", "[]"), ("a", "[]", "b")}
    assert shape(b'\xef\xbb\xbf \n{"a": 1}') == {("a",)}
    assert shape('{"a": 1}'.encode("utf-16")) == {("a",)}
    assert shape(b'<a b="{">') == frozenset()


def test_a_document_that_breaks_before_anything_was_read_is_refused():
    def told(text: bytes, *found: Case) -> list[object]:
        feed = JsonFeed(io.BytesIO(text), "f.json")
        list(feed.values(("a",)))
        return list(read_all(feed, iter(found), "tests"))

    with pytest.raises(ResultsError, match="well-formed"):
        told(b'{"a": tru')
    case = Case((), "", "n")
    first, second = told(b'{"a": tru', case)
    assert first is case
    assert isinstance(second, ReadWarning)
    assert [str(one) for one in told(b"{}")] == ["f.json: the file holds no tests"]


@pytest.mark.parametrize(
    ("data", "ended"), [(b"a\n", True), (b"a", False), (b"", True), ("a\n".encode("utf-16-le"), True)]
)
def test_whether_the_last_line_was_ended(data, ended):
    stream = Watched(io.BytesIO(data))
    while stream.read(1):
        pass
    assert stream.ended is ended


@given(st.lists(st.sampled_from(["a", "a (2)", "a (2) (2)", "b"])))
def test_names_are_told_apart_and_the_first_of_each_keeps_its_own(given_names):
    names = Names()
    unique = [names.unique(name) for name in given_names]
    assert len(set(unique)) == len(unique)
    assert all(one.startswith(name) for one, name in zip(unique, given_names, strict=True))
    assert unique[:1] == given_names[:1]


@pytest.mark.parametrize("value", [None, True, "5", [], {}, float("nan"), float("inf"), 10**400, -1])
def test_what_is_no_number_is_no_duration_and_no_line(value):
    assert fields.seconds({"d": value}, "d") == 0.0
    assert fields.line({"line": value}) == 0


def test_texts_lose_what_acts_on_a_terminal():
    assert fields.plain("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x1b\\ \x07") == "red link ␇"
    assert fields.string({"a": "\ud800"}, "a") == "\N{REPLACEMENT CHARACTER}"
    assert fields.explain("\n  first  \nsecond\n") == ("first", "  first  \nsecond")
    assert fields.explain(" only ") == ("only", "")
    assert (fields.name({"n": 3}, "n"), fields.name([], "n"), fields.strings({"n": ["a", 1]}, "n")) == ("3", "", ["a"])
