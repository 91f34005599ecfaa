from __future__ import annotations

from result_files import cases, items, warnings
from seeds import GO_TEST, go, lines

from ci_orchestrator.results.benchmark import Benchmark
from ci_orchestrator.results.formats.base import Case
from ci_orchestrator.results.model import Cause, Outcome


def events(*told: object, ended: str = "pass") -> bytes:
    return lines(*told, go(ended, elapsed=0.1))


def only(data: bytes) -> Case:
    (case,) = cases(data, "go_test")
    return case


def test_subtests_are_tests_and_a_package_that_does_not_build_is_an_error():
    sub, parent, broken = cases(GO_TEST, "go_test")
    assert sub.test_id("unit") == "unit::m/a::TestA/sub"
    assert (sub.outcome, sub.message, sub.duration) == (Outcome.FAILED, "bad", 0.01)
    assert (parent.name, parent.outcome, parent.duration) == ("TestA", Outcome.FAILED, 0.02)
    assert (broken.test_id("unit"), broken.outcome) == ("unit::m/b::(suite)", Outcome.ERRORED)
    assert broken.message == "b/b_test.go:3:33: undefined: thing"


def test_build_errors_as_events():
    told = lines(
        {"ImportPath": "m/b [m/b.test]", "Action": "build-output", "Output": "# m/b\n"},
        {"ImportPath": "m/b [m/b.test]", "Action": "build-output", "Output": "b.go:1: undefined: x\n"},
        {"ImportPath": "m/b [m/b.test]", "Action": "build-fail"},
        go("start", package="m/b"),
        go("output", package="m/b", output="FAIL\tm/b [build failed]\n"),
        {"Action": "fail", "Package": "m/b", "Elapsed": 0, "FailedBuild": "m/b [m/b.test]"},
    )
    assert "undefined: x" in only(told).details
    assert only(told).outcome is Outcome.ERRORED


def test_a_benchmark_in_pieces_is_a_benchmark_and_no_test():
    (measured,) = [item for item in items(GO_TEST, "go_test") if isinstance(item, Benchmark)]
    assert (measured.group, measured.name, measured.value, measured.unit) == ("m/a", "BenchmarkX", 12.5, "ns/op")
    running = events(
        go("run", "BenchmarkS"),
        go("run", "BenchmarkS/k=1"),
        go("output", "BenchmarkS/k=1", "BenchmarkS/k=1-2 \t"),
        go("output", "BenchmarkS/k=1", " 10\t 3 ns/op\n"),
    )
    assert [type(item) for item in items(running, "go_test")] == [Benchmark]
    failed = events(go("run", "BenchmarkF"), go("fail", "BenchmarkF"), ended="fail")
    assert (only(failed).name, only(failed).outcome) == ("BenchmarkF", Outcome.FAILED)


def test_skips_and_output():
    skipped = only(events(go("run", "T"), go("output", "T", "    a_test.go:5: not here\n"), go("skip", "T")))
    assert (skipped.outcome, skipped.message) == (Outcome.SKIPPED, "not here")
    passed = only(
        events(
            go("run", "T"),
            go("output", "T", "=== RUN   T\n"),
            go("output", "T", "\x1b[1mhello\x1b[0m\n"),
            go("output", "T", "--- PASS: T (0.00s)\n"),
            go("pass", "T", elapsed=0.5),
        )
    )
    assert (passed.stdout, passed.duration, passed.message) == ("hello", 0.5, "")


def test_the_message_is_the_panic_or_what_was_logged_last():
    told = [
        go("run", "T"),
        go("output", "T", "    a_test.go:4: before\n"),
        go("output", "T", "    a_test.go:5: worse\n"),
    ]
    assert only(events(*told, go("fail", "T"), ended="fail")).message == "worse"
    told.append(go("output", "T", "panic: nil map [recovered]\n"))
    assert only(events(*told, go("fail", "T"), ended="fail")).message == "panic: nil map [recovered]"


def test_a_test_that_takes_its_program_down_is_an_error_and_says_why():
    died = only(events(go("run", "T"), go("output", "T", "exit status 3\n"), ended="fail"))
    assert (died.outcome, died.cause, died.message) == (Outcome.ERRORED, Cause.WORKER_LOST, "exit status 3")
    slow = only(events(go("run", "T"), go("output", "T", "panic: test timed out after 2s\n"), ended="fail"))
    assert (slow.outcome, slow.cause) == (Outcome.ERRORED, Cause.TIMEOUT)


def test_an_end_in_the_middle_of_a_line_counts_and_no_end_proves_nothing():
    assert only(events(go("run", "T"), go("output", "T", "text--- PASS: T (0.50s)\n"))).duration == 0.5
    other = only(events(go("run", "T"), go("output", "T", "text--- PASS: Other (0.50s)\n")))
    assert (other.outcome, other.message) == (Outcome.NOT_PROVEN, "the package does not tell how this test ended")


def test_a_package_that_fails_on_its_own_is_an_error():
    panicked = only(events(go("output", output="panic: init\n"), go("output", output="goroutine 1\n"), ended="fail"))
    assert (panicked.name, panicked.outcome, panicked.message) == ("(suite)", Outcome.ERRORED, "panic: init")
    late = cases(events(go("run", "T"), go("pass", "T"), ended="fail"), "go_test")
    assert [(case.name, case.outcome) for case in late] == [("T", "passed"), ("(suite)", "errored")]
    assert late[1].message == "the package failed"


def test_counted_runs_are_attempts_and_packages_do_not_mix():
    told = lines(
        go("run", "T"),
        go("run", "T", package="m/c"),
        go("pass", "T"),
        go("run", "T"),
        go("fail", "T", package="m/c"),
        go("pass", "T"),
        go("pass"),
        go("fail", package="m/c"),
    )
    assert [(case.classname, case.outcome) for case in cases(told, "go_test")] == [
        ("m/a", "passed"),
        ("m/c", "failed"),
        ("m/a", "passed"),
    ]


def test_no_later_count_hides_a_failure_and_a_run_of_the_package_anew_is_a_retry():
    counted = lines(*(go(action, "T") for action in ("run", "fail", "run", "pass", "run", "pass")), go("fail"))
    assert [(case.name, case.outcome) for case in cases(counted, "go_test")] == [
        ("T", "failed"),
        ("T (2)", "passed"),
        ("T (3)", "passed"),
    ]
    first = [go("run", "T"), go("fail", "T"), go("fail")]
    again = lines(*first, go("run", "T"), go("pass", "T"), go("pass"))
    assert [(case.name, case.outcome) for case in cases(again, "go_test")] == [("T", "failed"), ("T", "passed")]


def test_a_torn_stream_is_told():
    torn = lines(go("run", "T"), go("run", "U"), go("pass", "U"))
    told = [item for item in items(torn, "go_test") if isinstance(item, Case)]
    assert [(case.name, case.outcome) for case in told] == [("U", "passed"), ("T", "not-proven")]
    assert warnings(torn, "go_test") == ["the file ends before 1 of its packages did: m/a"]
    whole = events(go("run", "T"), go("pass", "T"))
    assert warnings(whole + whole[:50], "go_test") == ["the last line is cut: the file ends too early"]
    assert warnings(lines(go("output", output="?   \tm/a\t[no test files]\n"), go("skip")), "go_test") == [
        "the file holds no tests of go"
    ]
