"""A small valid file of each format: what fuzzing starts from, and what only its own format may claim."""

from __future__ import annotations

import io
import json

from benchmark_examples import BENCHMARK_SEEDS
from junit_examples import EVERY_KIND
from report_seeds import REPORT_SEEDS

from ci_orchestrator.results.formats.junit_writer import write_junit


def _junit() -> bytes:
    out = io.BytesIO()
    write_junit(EVERY_KIND, out, properties={"a": "b"})
    return out.getvalue()


def lines(*objects: object) -> bytes:
    """A line of JSON for each object; a text stands as it is."""
    return "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in objects).encode()


JEST = {
    "numFailedTests": 2,
    "numRuntimeErrorTestSuites": 1,
    "numTotalTestSuites": 2,
    "numTotalTests": 5,
    "success": False,
    "wasInterrupted": False,
    "testResults": [
        {
            "assertionResults": [
                {"ancestorTitles": ["outer", "inner"], "title": "adds", "status": "passed", "duration": 3},
                {
                    "ancestorTitles": ["outer"],
                    "title": "fails",
                    "status": "failed",
                    "duration": 51,
                    "invocations": 2,
                    "location": {"column": 1, "line": 5},
                    "failureMessages": [
                        "Error: \u001b[2mexpect\u001b[22m failed\n    at Object.<anonymous> (a.js:5:37)"
                    ],
                },
                {"ancestorTitles": [], "title": "flaky", "status": "passed", "duration": 1, "invocations": 3},
                {"ancestorTitles": [], "title": "skipped", "status": "pending", "duration": None},
                {"ancestorTitles": [], "title": "later", "status": "todo", "duration": None},
            ],
            "message": "  ● outer › fails",
            "name": "/build/a.test.js",
            "status": "failed",
        },
        {
            "assertionResults": [],
            "message": "  ● Test suite failed to run\n\n    Cannot find module './nothere'",
            "name": "/build/b.test.js",
            "status": "failed",
        },
    ],
}

PLAYWRIGHT_ERROR = {"message": "Error: \u001b[31mflaked\u001b[39m\n\n  3 | code", "location": {"line": 3}}
PLAYWRIGHT = {
    "config": {"rootDir": "/build", "forbidOnly": False, "projects": [{"name": "chromium"}]},
    "suites": [
        {
            "title": "a.spec.ts",
            "file": "a.spec.ts",
            "specs": [
                {
                    "title": "loads",
                    "file": "a.spec.ts",
                    "line": 3,
                    "tests": [
                        {
                            "expectedStatus": "passed",
                            "projectName": "chromium",
                            "status": "flaky",
                            "results": [
                                {"status": "failed", "duration": 17, "errors": [PLAYWRIGHT_ERROR], "retry": 0},
                                {
                                    "status": "passed",
                                    "duration": 8,
                                    "errors": [],
                                    "retry": 1,
                                    "stdout": [{"text": "hi\n"}, {"buffer": "aGk="}],
                                },
                            ],
                        }
                    ],
                }
            ],
            "suites": [
                {
                    "title": "outer",
                    "file": "a.spec.ts",
                    "specs": [
                        {
                            "title": "later",
                            "file": "a.spec.ts",
                            "line": 9,
                            "tests": [
                                {
                                    "annotations": [{"type": "fixme", "description": "not yet"}],
                                    "expectedStatus": "skipped",
                                    "projectName": "chromium",
                                    "results": [{"status": "skipped", "duration": 0}],
                                }
                            ],
                        }
                    ],
                }
            ],
        }
    ],
    "errors": [],
    "stats": {"expected": 1},
}


def go(action: str, test: str = "", output: str = "", elapsed: float | None = None, package: str = "m/a") -> object:
    """An event of `go test -json`."""
    told = {"Time": "2026-01-01T00:00:00Z", "Action": action, "Package": package}
    told |= {"Test": test} if test else {}
    told |= {"Output": output} if output else {}
    return told | ({"Elapsed": elapsed} if elapsed is not None else {})


GO_TEST = lines(
    "# m/b [m/b.test]",
    "b/b_test.go:3:33: undefined: thing",
    go("run", "TestA"),
    go("output", "TestA", "=== RUN   TestA\n"),
    go("run", "TestA/sub"),
    go("output", "TestA/sub", "    a_test.go:6: bad\n"),
    go("output", "TestA/sub", "    --- FAIL: TestA/sub (0.01s)\n"),
    go("fail", "TestA/sub", elapsed=0.01),
    go("fail", "TestA", elapsed=0.02),
    go("output", "", "BenchmarkX-2   \t 100\t"),
    go("output", "", "  12.5 ns/op\n"),
    go("output", output="FAIL\tm/a\t0.03s\n"),
    go("fail", elapsed=0.03),
    go("output", package="m/b", output="FAIL\tm/b [build failed]\n"),
    go("fail", package="m/b", elapsed=0),
)

GO_TEST_TEXT = b"""\
# m/b [m/b.test]
b/b_test.go:3:33: undefined: thing
=== RUN   TestA
=== RUN   TestA/sub
    a_test.go:6: bad
--- FAIL: TestA (0.02s)
    --- FAIL: TestA/sub (0.01s)
=== RUN   TestB
no newline--- PASS: TestB (0.00s)
pkg: m/a
BenchmarkX-2   \t 100\t  12.5 ns/op
FAIL
exit status 1
FAIL\tm/a\t0.030s
FAIL\tm/b [build failed]
FAIL
"""

TAP = b"""\
TAP version 14
# Subtest: top
    ok 1 - in \\# ner # time=1.5ms
    not ok 2 - bad
      ---
      duration_ms: 0.8
      error: |-
        boom
        second
      ...
    1..2
not ok 1 - top
ok 2 - later # SKIP why
not ok 3 - todo # TODO one day
ok
1..4
"""

CTRF = {
    "reportFormat": "CTRF",
    "specVersion": "1.0.0",
    "results": {
        "tool": {"name": "playwright"},
        "summary": {"tests": 3, "passed": 1, "failed": 1, "skipped": 0, "pending": 1, "other": 0},
        "tests": [
            {
                "name": "adds",
                "status": "passed",
                "duration": 801,
                "suite": ["a.spec.ts", "math"],
                "filePath": "web/a.spec.ts",
                "line": 7,
                "retries": 1,
                "flaky": True,
                "retryAttempts": [{"attempt": 1, "status": "failed", "message": "no", "trace": "no\n  at a"}],
                "stdout": ["one", "two"],
            },
            {"name": "fails", "status": "failed", "duration": 12, "message": "bad", "trace": "Error: bad\n  at b"},
            {"name": "waits", "status": "pending", "duration": 0, "suite": "old > form"},
        ],
    },
}

MOCHA = {
    "stats": {"suites": 1, "tests": 3, "passes": 1, "pending": 1, "failures": 2, "duration": 12},
    "tests": [{"title": "passes"}],
    "pending": [{"title": "skipped", "fullTitle": "g skipped", "file": "/b/t.js", "currentRetry": 0, "err": {}}],
    "failures": [
        {
            "title": "slow",
            "fullTitle": "g slow",
            "file": "/b/t.js",
            "duration": 8,
            "err": {
                "message": "Timeout of 1ms",
                "stack": "Error: Timeout of 1ms\n    at x",
                "code": "ERR_MOCHA_TIMEOUT",
            },
        },
        {"title": '"before each" hook for "x"', "fullTitle": 'g "before each" hook for "x"', "err": {"message": "h"}},
    ],
    "passes": [{"title": "passes", "fullTitle": "g passes", "file": "/b/t.js", "duration": 1, "currentRetry": 1}],
}


def step(status: str, name: str = "s", **more: object) -> dict[str, object]:
    """A step of a scenario, with its result."""
    return {"keyword": "Given ", "name": name, "result": {"status": status, "duration": 1_000_000, **more}}


CUCUMBER = [
    {
        "elements": [
            {"type": "background", "keyword": "Background", "name": "", "steps": [step("passed", "set up")]},
            {"type": "scenario", "keyword": "Scenario", "name": "buys", "line": 7, "steps": [step("passed")]},
            {
                "type": "scenario",
                "name": "buys",
                "line": 8,
                "steps": [step("failed", "pays", error_message="expected 1\n  at x"), step("skipped")],
            },
        ],
        "keyword": "Feature",
        "name": "shop",
        "uri": "features/shop.feature",
    }
]

DART = lines(
    {"protocolVersion": "0.1.1", "runnerVersion": "1.25.3", "type": "start", "time": 0},
    {"suite": {"id": 0, "platform": "vm", "path": "test/a_test.dart"}, "type": "suite", "time": 0},
    {"test": {"id": 1, "name": "loading test/a_test.dart", "suiteID": 0}, "type": "testStart", "time": 1},
    {"testID": 1, "result": "success", "skipped": False, "hidden": True, "type": "testDone", "time": 2},
    {"test": {"id": 2, "name": "g adds", "suiteID": 0, "line": 5}, "type": "testStart", "time": 10},
    {"testID": 2, "messageType": "print", "message": "hello", "type": "print", "time": 11},
    {"testID": 2, "error": "Expected: <2>\n  Actual: <1>", "stackTrace": "a 5:1", "type": "error", "time": 12},
    {"testID": 2, "result": "failure", "skipped": False, "hidden": False, "type": "testDone", "time": 35},
    {"success": False, "type": "done", "time": 40},
)

RSPEC = {
    "version": "3.13.0",
    "examples": [
        {
            "full_description": "Cart adds",
            "status": "passed",
            "file_path": "./spec/cart_spec.rb",
            "line_number": 3,
            "run_time": 0.5,
        },
        {
            "full_description": "Cart fails",
            "status": "failed",
            "file_path": "./spec/cart_spec.rb",
            "exception": {"class": "RSpec::Error", "message": "\nexpected: 1\n  got: 2", "backtrace": ["./x.rb:1"]},
        },
        {"full_description": "Cart waits", "status": "pending", "pending_message": "xit"},
    ],
    "summary": {"example_count": 3, "errors_outside_of_examples_count": 0},
}


def phase(when: str, outcome: str = "passed", node: str = "t/test_a.py::test_a", **more: object) -> object:
    """One phase of a test of pytest's."""
    told = {"$report_type": "TestReport", "nodeid": node, "when": when, "outcome": outcome, "duration": 0.25}
    return told | {"location": ["t/test_a.py", 4, "test_a"], "longrepr": None} | more


PYTEST_REPORTLOG = lines(
    {"pytest_version": "8.0.0", "$report_type": "SessionStart"},
    {"nodeid": "t/test_a.py", "outcome": "passed", "$report_type": "CollectReport"},
    phase("setup"),
    phase("call", "failed", longrepr={"reprcrash": {"message": "assert 1 == 2"}}, sections=[["Captured stdout", "x"]]),
    phase("teardown"),
    {"exitstatus": 1, "$report_type": "SessionFinish"},
)

SEEDS: dict[str, bytes] = {
    **BENCHMARK_SEEDS,
    **REPORT_SEEDS,
    "cucumber": json.dumps(CUCUMBER).encode(),
    "ctrf": json.dumps(CTRF).encode(),
    "dart": DART,
    "go_test": GO_TEST,
    "go_test_text": GO_TEST_TEXT,
    "jest": json.dumps(JEST).encode(),
    "junit": _junit(),
    "mocha": json.dumps(MOCHA).encode(),
    "playwright": json.dumps(PLAYWRIGHT).encode(),
    "pytest_reportlog": PYTEST_REPORTLOG,
    "rspec": json.dumps(RSPEC).encode(),
    "tap": TAP,
}
"""By the name of the format."""
