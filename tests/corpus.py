"""The corpus of real test reports beside the checkout, and how to count what we read to hold it against its labels."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from parts import SHARED

from ci_orchestrator.results import formats
from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats.base import Case, Item, to_results
from ci_orchestrator.results.merge import merge, totals
from ci_orchestrator.results.model import Outcome, TestResult

RESULTS = SHARED / "corpus" / "results"
ABSENT = "the corpus of real reports (../shared/corpus) is not here"
COUNTS = ("tests", "passed", "failures", "errors", "failed", "skipped")

FORMATS_OF = {
    "boost-test-xml": ("boost",),
    "ctest-xml": ("ctest",),
    "cucumber-json": ("cucumber",),
    "dart-json": ("dart",),
    "go-test-json": ("go_test", "go_test_text"),
    "go-test-text": ("go_test_text", "go_bench"),
    "junit-xml": ("junit",),
    "mocha-json": ("mocha",),
    "nunit-xml": ("nunit3", "nunit2"),
    "nunit2-xml": ("nunit2",),
    "playwright-json": ("playwright",),
    "pytest-json-report": ("pytest_reportlog",),
    "rspec-json": ("rspec",),
    "tap": ("tap",),
    "trx": ("trx",),
    "xunit-xml": ("xunit",),
}
"""The corpus' names of formats → ours; some of its names stand for files of two formats."""

Label = dict[str, Any]
Measured = dict[str, float]


def labels(name: str) -> Any:
    """What the corpus records in one of its JSON files; nothing when it is not here."""
    path = RESULTS / name
    return json.loads(path.read_text()) if path.exists() else {}


def everything() -> list[str]:
    """Every file of the corpus."""
    return sorted(str(path.relative_to(RESULTS)) for path in RESULTS.glob("files/**/*") if path.is_file())


def head(file: str) -> bytes:
    """What a format is told by."""
    with (RESULTS / file).open("rb") as stream:
        return stream.read(formats.HEAD)


def read(file: str) -> list[Item]:
    """The items of a file. Raises `ResultsError` as `formats.read` does."""
    with (RESULTS / file).open("rb") as stream:
        return list(formats.read(stream, file))


def results(items: Iterable[Item]) -> list[TestResult]:
    """The tests of one file."""
    return list(to_results(item for item in items if isinstance(item, Case)))


def by_case(items: list[Item]) -> Measured:
    """Counts of what a file tells."""
    cases = [item for item in items if isinstance(item, Case)]
    counts = Counter(case.outcome for case in cases)
    return {
        "tests": len(cases),
        "passed": counts[Outcome.PASSED],
        "failures": counts[Outcome.FAILED],
        "errors": counts[Outcome.ERRORED] + counts[Outcome.NOT_PROVEN],
        "failed": len(cases) - counts[Outcome.PASSED] - counts[Outcome.SKIPPED],
        "skipped": counts[Outcome.SKIPPED],
        "time": sum(case.duration for case in cases),
    }


def by_test(items: list[Item]) -> Measured:
    """Counts after a test that is told again became one with several attempts, as some peers have it."""
    return {**merged(merge(results(items))), "time": by_case(items)["time"]}


def by_run(items: list[Item]) -> Measured:
    """Counts of attempts: some peers have each retry as a test."""
    attempts = [attempt for test in results(items) for attempt in test.attempts]
    counts = Counter(attempt.outcome for attempt in attempts)
    return {
        "tests": len(attempts),
        "passed": counts[Outcome.PASSED],
        "failures": counts[Outcome.FAILED],
        "errors": counts[Outcome.ERRORED],
        "failed": counts[Outcome.FAILED] + counts[Outcome.ERRORED],
        "skipped": counts[Outcome.SKIPPED],
        "time": sum(attempt.duration for attempt in attempts),
    }


def with_benchmarks(items: list[Item]) -> Measured:
    """Counts of what a file tells, each benchmark as a test that passed, as peers for Go have it."""
    counts, benchmarks = by_case(items), len({item.name for item in items if isinstance(item, Benchmark)})
    return {**counts, "tests": counts["tests"] + benchmarks, "passed": counts["passed"] + benchmarks}


def ways(items: list[Item]) -> tuple[Measured, ...]:
    """All ways to count what a file tells."""
    return by_case(items), by_test(items), by_run(items), with_benchmarks(items)


def merged(tests: Iterable[TestResult]) -> Measured:
    """Counts of tests, and the seconds that their deciding attempts took."""
    kept = list(tests)
    found = totals(kept)
    return {
        "tests": found.tests,
        "passed": found.passed,
        "failures": found.failed,
        "errors": found.errored + found.not_proven,
        "failed": found.failed + found.errored + found.not_proven,
        "skipped": found.skipped,
        "time": sum(test.duration for test in kept),
    }


def differing(label: Label, measured: Measured) -> set[str]:
    """The fields in which a label and what we read differ. Times: peers round each case to milliseconds."""
    fields = {key for key in COUNTS if label.get(key) is not None and label[key] != measured[key]}
    time, tolerance = label.get("time"), label.get("time_tolerance") or 0.001 * min(max(1, measured["tests"]), 20)
    return fields | ({"time"} if time is not None and abs(time - measured["time"]) > tolerance else set())


def nearest(label: Label, *ways: Measured) -> set[str]:
    """The differences from the recorded expectation that comes nearest: peers record one for each of their settings."""
    return min((differing(one, way) for one in (label, *label.get("also", ())) for way in ways), key=len)


def listed(name: str) -> Any:
    """A list of exceptions that is written by hand beside the test that walks the corpus."""
    return json.loads((Path(__file__).parent / "results" / "corpus" / name).read_text())
