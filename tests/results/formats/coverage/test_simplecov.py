from __future__ import annotations

import json

from coverage_reports import Told

from ci_orchestrator.results import formats

USER = "/app/models/user.rb"
IF = "[:if, 0, 12, 4, 14, 7]"
BRANCHES = {IF: {"[:then, 1, 13, 6, 13, 11]": 1, "[:else, 2, 12, 4, 14, 7]": 0}}
RESULTS = {
    "RSpec": {"coverage": {USER: {"lines": [None, 1, 0, "ignored", True], "branches": BRANCHES}}, "timestamp": 1},
    "Cucumber": {"coverage": {USER: [None, 0, 2, None], "/app/b.rb": [0]}, "timestamp": 2},
}
FORMATTED = {
    "meta": {"simplecov_version": "0.22.0"},
    "coverage": {
        USER: {
            "lines": [None, 1, 0, "ignored"],
            "branches": [
                {"type": "then", "start_line": 3, "end_line": 3, "coverage": 1},
                {"type": "else", "start_line": 3, "end_line": 3, "coverage": 0},
                {"type": "else", "start_line": 4, "end_line": 4, "coverage": "ignored"},
            ],
        }
    },
    "groups": {},
}


def test_runs_of_a_result_set_unite():
    told = Told(json.dumps(RESULTS))
    assert told.format == "simplecov"
    assert told.lines() == {"/app/b.rb": {1: 0}, USER: {2: 1, 3: 2}}
    assert told.branches(USER) == {12: (1, 2)}


def test_what_the_formatter_writes():
    told = Told(json.dumps(FORMATTED, indent=2))
    assert told.lines() == {USER: {2: 1, 3: 0}}
    assert told.branches(USER) == {3: (1, 2)}
    assert told.warnings == []


def test_what_cannot_be_read_is_said():
    told = Told(json.dumps({"RSpec": {"coverage": {USER: "x", "/app/b.rb": [1]}}}))
    assert told.lines() == {"/app/b.rb": {1: 1}}
    assert len(told.warnings) == 1


def test_detection():
    assert formats.detect(b'{"coverage": {"a": 1}}') != "simplecov"
    assert formats.detect(b'{"RSpec": {"coverage": {"a": [1]}}, "other": 1}') != "simplecov"
