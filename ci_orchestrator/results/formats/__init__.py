"""Files that tools write about tests, coverage and benchmarks, read by what they hold and not by what they are called.

A format is a `base.Format` in a file of its own and one line in `FORMATS`; third parties register theirs under the
entry point group ``ci_orchestrator.formats``.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_orchestrator import plugins
from ci_orchestrator.errors import ResultsError, Where
from ci_orchestrator.results.formats.base import Format, Item, Readable

_HERE = "ci_orchestrator.results.formats"

FORMATS: dict[str, str] = {
    "boost": f"{_HERE}.tests.boost:BOOST",
    "ctest": f"{_HERE}.tests.ctest:CTEST",
    "ctrf": f"{_HERE}.tests.ctrf:CTRF",
    "cucumber": f"{_HERE}.tests.cucumber:CUCUMBER",
    "dart": f"{_HERE}.tests.dart:DART",
    "go_test": f"{_HERE}.tests.go_test:GO_TEST",
    "go_test_text": f"{_HERE}.tests.go_test_text:GO_TEST_TEXT",
    "jest": f"{_HERE}.tests.jest:JEST",
    "junit": f"{_HERE}.tests.junit:JUNIT",
    "mocha": f"{_HERE}.tests.mocha:MOCHA",
    "nunit2": f"{_HERE}.tests.nunit2:NUNIT2",
    "nunit3": f"{_HERE}.tests.nunit3:NUNIT3",
    "playwright": f"{_HERE}.tests.playwright:PLAYWRIGHT",
    "pytest_reportlog": f"{_HERE}.tests.pytest_reportlog:PYTEST_REPORTLOG",
    "rspec": f"{_HERE}.tests.rspec:RSPEC",
    "tap": f"{_HERE}.tests.tap:TAP",
    "trx": f"{_HERE}.tests.trx:TRX",
    "xunit": f"{_HERE}.tests.xunit:XUNIT",
    "clover": f"{_HERE}.coverage.clover:CLOVER",
    "cobertura": f"{_HERE}.coverage.cobertura:COBERTURA",
    "coveragepy_json": f"{_HERE}.coverage.coveragepy_json:COVERAGEPY_JSON",
    "go_cover": f"{_HERE}.coverage.go_cover:GO_COVER",
    "jacoco": f"{_HERE}.coverage.jacoco:JACOCO",
    "lcov": f"{_HERE}.coverage.lcov:LCOV",
    "opencover": f"{_HERE}.coverage.opencover:OPENCOVER",
    "simplecov": f"{_HERE}.coverage.simplecov:SIMPLECOV",
    "benchmarkdotnet": f"{_HERE}.benchmarks.benchmarkdotnet:BENCHMARKDOTNET",
    "benchmarkjs": f"{_HERE}.benchmarks.benchmarkjs:BENCHMARKJS",
    "benchmarkluau": f"{_HERE}.benchmarks.benchmarkluau:BENCHMARKLUAU",
    "cargo_bench": f"{_HERE}.benchmarks.cargo_bench:CARGO_BENCH",
    "catch2": f"{_HERE}.benchmarks.catch2:CATCH2",
    "criterion": f"{_HERE}.benchmarks.criterion:CRITERION",
    "criterion_text": f"{_HERE}.benchmarks.criterion_text:CRITERION_TEXT",
    "custom": f"{_HERE}.benchmarks.custom:CUSTOM",
    "go_bench": f"{_HERE}.benchmarks.go_bench:GO_BENCH",
    "google_benchmark": f"{_HERE}.benchmarks.google_benchmark:GOOGLE_BENCHMARK",
    "hyperfine": f"{_HERE}.benchmarks.hyperfine:HYPERFINE",
    "jmh": f"{_HERE}.benchmarks.jmh:JMH",
    "julia": f"{_HERE}.benchmarks.julia:JULIA",
    "pytest_benchmark": f"{_HERE}.benchmarks.pytest_benchmark:PYTEST_BENCHMARK",
}

HEAD = 65_536
"""Bytes that a format is told by: JSON says what it is only after settings of any length."""


def load(name: str) -> Format:
    """The format called `name`. Raises `UserError` when there is none."""
    found: Format = plugins.load("formats", name, FORMATS)
    return found


def detect(head: bytes) -> str | None:
    """The format of a file that starts with `head` (`HEAD` bytes), or None. Raises `ResultsError` on a tie."""
    fits = [name for name in plugins.names("formats", FORMATS) if load(name).sniff(head)]
    if len(fits) > 1:
        raise ResultsError(f"the file could be {' or '.join(fits)}", fix="name the format")
    return fits[0] if fits else None


def read(stream: Readable, file: str, *, name: str | None = None) -> Iterator[Item]:
    """The items of a result file, one at a time. `file` is its name in messages; `name` skips the detection.

    Raises `ResultsError`: here, when the file is empty or of no known format; while iterating, when it is refused or
    broken from the start.
    """
    head = _head(stream)
    if not head.strip(b"\0\t\n\r "):
        raise ResultsError(
            "the file is empty", fix="the tool that writes it was stopped, or found no tests", where=Where(file)
        )
    found = name or detect(head)
    if found is None:
        known = ", ".join(plugins.names("formats", FORMATS))
        raise ResultsError("not a result file of a known format", fix=f"known: {known}", where=Where(file))
    return load(found).parse(_Rewound(head, stream), file)


def _head(stream: Readable) -> bytes:
    head = b""
    while len(head) < HEAD and (more := stream.read(HEAD - len(head))):
        head += more
    return head


class _Rewound:
    """A stream whose first bytes were looked at already."""

    def __init__(self, head: bytes, stream: Readable) -> None:
        self._head, self._stream = head, stream

    def read(self, size: int, /) -> bytes:
        if self._head:
            head, self._head = self._head, b""
            return head
        return self._stream.read(size)
