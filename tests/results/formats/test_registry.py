from __future__ import annotations

import io
from importlib.metadata import EntryPoint

import pytest

from ci_orchestrator import plugins
from ci_orchestrator.errors import ResultsError, UserError
from ci_orchestrator.results import formats
from ci_orchestrator.results.formats.base import Case, Format, to_results

JUNIT = b'<?xml version="1.0"?>\n<!-- by hand --><testsuites><testsuite><testcase name="n"/></testsuite></testsuites>'


def test_every_format_is_named_as_it_is_registered():
    for name in formats.FORMATS:
        loaded = formats.load(name)
        assert isinstance(loaded, Format)
        assert loaded.name == name
        assert loaded.about  # docs/reference/formats.md is made of it


def test_detection_goes_by_content_alone():
    assert formats.detect(JUNIT) == "junit"
    assert formats.detect(JUNIT.decode().encode("utf-16")) == "junit"
    assert formats.detect(b"  \n" + JUNIT[21:]) == "junit"
    assert formats.detect(b"<testsuitesque/>") is None
    assert formats.detect(b"") is None
    assert [item.name for item in formats.read(io.BytesIO(JUNIT), "result.txt") if isinstance(item, Case)] == ["n"]


def test_an_unknown_name_is_the_users_mistake():
    with pytest.raises(UserError, match="junit"):
        formats.load("junitt")


def claims_all(head: bytes) -> bool:
    return True


GREEDY = Format(name="greedy", sniff=claims_all, parse=lambda stream, file: iter(()))


def test_a_third_party_format_joins_and_a_tie_is_an_error(monkeypatch):
    point = EntryPoint("greedy", f"{__name__}:GREEDY", "ci_orchestrator.formats")
    monkeypatch.setattr(EntryPoint, "load", lambda self: GREEDY)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [point] if group == "ci_orchestrator.formats" else [])
    assert formats.detect(b"anything") == "greedy"
    with pytest.raises(ResultsError, match="greedy or junit"):
        formats.detect(JUNIT)


def test_a_test_told_again_becomes_its_next_attempt():
    cases = [Case(("s",), "c", "n"), Case(("s",), "c", "other"), Case(("s",), "c", "n")]
    assert [(one.id, one.attempts[0].number) for one in to_results(cases, "unit", job="j")] == [
        ("unit::c::n", 1),
        ("unit::c::other", 1),
        ("unit::c::n", 2),
    ]
