from __future__ import annotations

from result_files import cases, items, warnings
from seeds import GO_TEST_TEXT

from ci_orchestrator.results import formats
from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats.base import Case
from ci_orchestrator.results.model import Cause, Outcome


def told(text: str) -> list[tuple[str, str]]:
    return [(case.name, case.outcome) for case in cases(text, "go_test_text")]


def test_all_of_a_verbose_run():
    found = {case.test_id("u"): case for case in cases(GO_TEST_TEXT, "go_test_text")}
    assert {test: case.outcome for test, case in found.items()} == {
        "u::m/a::TestA": "failed",
        "u::m/a::TestA/sub": "failed",
        "u::m/a::TestB": "passed",
        "u::m/b::(suite)": "errored",
    }
    assert (found["u::m/a::TestA/sub"].message, found["u::m/a::TestA/sub"].duration) == ("bad", 0.01)
    assert found["u::m/a::TestB"].stdout == "no newline"
    assert found["u::m/b::(suite)"].message == "b/b_test.go:3:33: undefined: thing"
    (measured,) = [item for item in items(GO_TEST_TEXT, "go_test_text") if isinstance(item, Benchmark)]
    assert (measured.group, measured.name, measured.value) == ("m/a", "BenchmarkX", 12.5)


def test_without_v_only_failures_are_told_and_their_output_follows():
    text = "--- FAIL: TestF (0.10s)\n    a_test.go:4: bad\nFAIL\nFAIL\tm/a\t0.2s\nok  \tm/c\t0.1s\n"
    (case,) = cases(text, "go_test_text")
    assert (case.name, case.classname, case.message) == ("TestF", "m/a", "bad")


def test_of_two_ends_the_worse_counts():
    printed = "=== RUN   TestA\n--- PASS: TestA (0.00s)\n--- FAIL: TestA (0.00s)\nFAIL\nFAIL\tm/a\t0.1s\n"
    assert told(printed) == [("TestA", "failed")]
    counted = (
        "=== RUN   TestA\n--- FAIL: TestA (0.00s)\n=== RUN   TestA\n--- PASS: TestA (0.00s)\nFAIL\nFAIL\tm/a\t0.1s\n"
    )
    assert told(counted) == [("TestA", "failed"), ("TestA (2)", "passed")]


def test_old_times_spaces_for_tabs_and_a_cached_package():
    assert told("=== RUN TestA\n--- PASS: TestA (0.10 seconds)\nPASS\nok      m/a 0.100s\n") == [("TestA", "passed")]
    assert told("=== RUN   TestA\n--- SKIP: TestA (0.00s)\nPASS\nok  \tm/a\t(cached)\n") == [("TestA", "skipped")]


def test_parallel_tests_and_whose_output_is_whose():
    text = (
        "=== RUN   TestA\n=== PAUSE TestA\n=== RUN   TestB\n=== PAUSE TestB\n=== CONT  TestA\nof a\n=== CONT  TestB\n"
        "of b\n--- PASS: TestB (0.00s)\n=== NAME  TestA\nof a again\n--- PASS: TestA (0.00s)\nPASS\nok  \tm/a\t0.1s\n"
    )
    assert {case.name: case.stdout for case in cases(text, "go_test_text")} == {
        "TestA": "of a\nof a again",
        "TestB": "of b",
    }


def test_a_program_that_dies():
    exits = "=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\nexit status 3\nFAIL\tm/a\t0.002s\n"
    *_, died = cases(exits, "go_test_text")
    assert (died.name, died.outcome, died.cause) == ("TestB", Outcome.ERRORED, Cause.WORKER_LOST)
    (slow,) = cases("=== RUN   TestB\npanic: test timed out after 2s\nFAIL\tm/a\t2.0s\n", "go_test_text")
    assert slow.cause is Cause.TIMEOUT
    (outside,) = cases("panic: init\nstack\nFAIL\tm/a\t0.1s\nFAIL\n", "go_test_text")
    assert (outside.name, outside.message) == ("(suite)", "panic: init")


def test_a_compiled_test_names_no_package_and_a_torn_file_is_told():
    assert told("=== RUN   TestA\n--- PASS: TestA (0.00s)\nPASS\n") == [("TestA", "passed")]
    torn = "=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\n--- PASS: Tes"
    found = [(one.name, one.outcome) for one in items(torn, "go_test_text") if isinstance(one, Case)]
    assert sorted(found) == [("TestA", "passed"), ("TestB", "not-proven")]
    skipped = [one for one in items(torn.replace("PASS: Tes", "SKIP: Tes"), "go_test_text") if isinstance(one, Case)]
    assert [(one.name, one.outcome) for one in skipped if one.name != "TestA"] == [
        ("Tes", "not-proven"),
        ("TestB", "not-proven"),
    ]
    assert warnings(torn, "go_test_text") == ["the file ends before the package did"]


def test_what_is_told_apart():
    assert formats.detect(b"ok  \tm/a\t0.1s\n") == "go_test_text"
    assert formats.detect(b"BenchmarkX-2 \t 10\t 3 ns/op\nPASS\nok  \tm/a\t0.1s\n") == "go_bench"
    assert formats.detect(b"BenchmarkX-2 \t 10\t 3 ns/op\n--- FAIL: BenchmarkY\nFAIL\tm/a\t0.1s\n") == "go_test_text"
    assert formats.detect(b"TAP version 13\nok 1 - prints\n# === RUN   TestA\n=== RUN   TestA\n1..1\n") == "tap"
