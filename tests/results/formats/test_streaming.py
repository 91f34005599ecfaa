"""Readers hand on what they have read: a file of any size costs the memory of one test, file or package."""

from __future__ import annotations

import json

import pytest
from seeds import CTRF, CUCUMBER, JEST, MOCHA, PLAYWRIGHT, RSPEC, go, lines, phase

from ci_orchestrator.results import formats
from ci_orchestrator.results.formats.base import Case

PIECES: dict[str, tuple[str, bytes]] = {
    "ctrf": (
        '{"results":{"tool":{"name":"x"},"summary":{},"tests":[',
        json.dumps(CTRF["results"]["tests"][0]).encode(),
    ),
    "cucumber": ("[", json.dumps(CUCUMBER[0]).encode()),
    "dart": (
        '{"protocolVersion":"0.1.1","type":"start"}\n',
        lines(
            {"test": {"id": 1, "name": "t"}, "type": "testStart", "time": 1},
            {"testID": 1, "result": "success", "type": "testDone", "time": 2},
        ),
    ),
    "go_test": ("", lines(go("run", "T"), go("pass", "T"), go("pass"))),
    "go_test_text": ("", b"=== RUN   T\n--- PASS: T (0.00s)\nPASS\nok  \tm/a\t0.1s\n"),
    "jest": ('{"numTotalTestSuites":1,"numTotalTests":1,"testResults":[', json.dumps(JEST["testResults"][0]).encode()),
    "mocha": (
        '{"stats":{"suites":1,"passes":1,"pending":0},"tests":[],"passes":[',
        json.dumps(MOCHA["passes"][0]).encode(),
    ),
    "playwright": (
        '{"config":{"rootDir":"","forbidOnly":false},"suites":[',
        json.dumps(PLAYWRIGHT["suites"][0]).encode(),
    ),
    "pytest_reportlog": ("", lines(phase("setup"), phase("call"), phase("teardown"))),
    "rspec": ('{"examples":[', json.dumps(RSPEC["examples"][0]).encode()),
    "tap": ("TAP version 14\n", b"ok 1 - works\n"),
}


class Endless:
    """A file that goes on with the same for ever, and counts what was read of it."""

    def __init__(self, start: str, piece: bytes, between: bytes) -> None:
        self._held = start.encode()
        self._piece, self._between = piece, between
        self.count = 0

    def read(self, size: int, /) -> bytes:
        while len(self._held) < size:
            self._held += self._piece + self._between
        piece, self._held = self._held[:size], self._held[size:]
        self.count += len(piece)
        return piece


@pytest.mark.parametrize("name", sorted(PIECES))
def test_a_thousand_tests_of_an_endless_file(name):
    start, piece = PIECES[name]
    stream = Endless(start, piece, b"" if piece.endswith(b"\n") else b",")
    told = formats.read(stream, "endless", name=name)
    found = 0
    while found < 1_000:
        found += isinstance(next(told), Case)
    assert stream.count <= 1_000 * len(piece) + 4 * formats.HEAD
