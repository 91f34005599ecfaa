from __future__ import annotations

import pytest
from coverage_reports import Told

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results import formats

GOOD = """\
TN:first
SF:src/main.c
VER:1
FN:1,main
FNDA:1,main
FNF:1
FNH:1
DA:1,2874063630
DA:2,0,checksum
DA:3,18446744073709551615
DA:4,-7
BRDA:1,0,0,1
BRDA:1,0,1,-
BRDA:2,e0,0,-
BRDA:2,e0,1,-
BRDA:3,0,a == b, c,1
LF:99
LH:99
end_of_record
"""


def test_lines_and_branches():
    told = Told(GOOD)
    assert told.format == "lcov"
    assert told.lines() == {"src/main.c": {1: 2874063630, 2: 0, 3: 2**64 - 1, 4: 0}}
    assert told.branches("src/main.c") == {1: (1, 2), 2: (0, 2), 3: (1, 1)}
    assert told.warnings == []


def test_a_file_told_again_for_another_test_unites_branch_by_branch():
    again = "SF:src/main.c\nDA:2,1\nBRDA:1,0,0,0\nBRDA:1,0,1,4\nend_of_record\n"
    told = Told(GOOD + again)
    assert told.lines()["src/main.c"][2] == 1
    assert told.branches("src/main.c")[1] == (2, 2)


def test_the_end_of_a_record_may_be_missing_before_the_next_but_not_at_the_end_of_the_file():
    told = Told("# by hand\nSF:a.c\nDA:1,1\nSF:b.c\r\nDA:1,0\r\nend_of_record\r\n")
    assert told.lines() == {"a.c": {1: 1}, "b.c": {1: 0}}
    torn = Told(GOOD + "SF:b.c\nDA:1,1\nDA:2,")
    assert list(torn.files) == ["src/main.c"]
    assert any("ends within 'b.c'" in warning for warning in torn.warnings)


@pytest.mark.parametrize("line", ["DA:x,1", "DA:1", "BRDA:1,0,0,x", "BRDA:1,1", "BRDA:x,0,0,1"])
def test_what_is_no_number_is_left_out_and_said(line):
    told = Told(f"SF:a.c\n{line}\nDA:5,1\nend_of_record\n")
    assert told.lines() == {"a.c": {5: 1}}
    assert told.branches("a.c") == {}
    assert len(told.warnings) == 1


def test_detection():
    assert Told(GOOD.encode("utf-16")).format == "lcov"
    assert Told("TN:\n\nTN:\nSF:a\nend_of_record\n").lines() == {"a": {}}
    for other in (b"TN:\nSFX:a\n", b"TAP version 13\n", b"DA:1,1\n"):
        assert formats.detect(other) != "lcov"


def test_branches_beyond_all_bounds_are_refused(monkeypatch):
    monkeypatch.setattr("ci_orchestrator.results.formats.coverage.record.NAMED", 3)
    with pytest.raises(ResultsError, match="more than 3 branches"):
        Told("SF:a.c\n" + "".join(f"BRDA:1,0,{index},1\n" for index in range(9)) + "end_of_record\n")
