"""Results of every kind, for the tests of what is written."""

from __future__ import annotations

from hypothesis import strategies as st

from ci_orchestrator.results.formats.text import visible
from ci_orchestrator.results.merge import merge, result
from ci_orchestrator.results.model import Attempt, Cause, Outcome, TestResult, make_id


def one(
    name: str, *attempts: Attempt, suite: str = "unit", path: str = "tests/test_a.py", reason: str = ""
) -> TestResult:
    return result(make_id(suite, path, name), attempts, reason)


EVERY_KIND = merge(
    [
        one("test_pass", Attempt(outcome=Outcome.PASSED, duration=1.5, started=1_700_000_000.0, stdout="said\n")),
        one(
            "TestB::test_fail[a::b]", Attempt(outcome=Outcome.FAILED, message="assert 1 == 2", details="trace <b>&amp;")
        ),
        one(
            "test_error", Attempt(outcome=Outcome.ERRORED, cause=Cause.TIMEOUT, message="after 3 s", stderr="\x1b[31m")
        ),
        one("test_skip", Attempt(outcome=Outcome.SKIPPED, message="not here")),
        one("test_xfail", Attempt(outcome=Outcome.SKIPPED, cause=Cause.XFAIL, message="known")),
        one("test_missing"),
        one(
            "test_dead",
            Attempt(outcome=Outcome.NOT_PROVEN, cause=Cause.WORKER_LOST, message="SIGKILL"),
            Attempt(outcome=Outcome.NOT_PROVEN, cause=Cause.WORKER_LOST, number=2, message="SIGKILL"),
            reason="dead letter",
        ),
        one(
            "test_flaky",
            Attempt(outcome=Outcome.FAILED, message="first", details="t1", stdout="o1", stderr="e1"),
            Attempt(outcome=Outcome.ERRORED, cause=Cause.WORKER_LOST, number=2, message="SIGSEGV"),
            Attempt(outcome=Outcome.PASSED, number=3, duration=0.25),
        ),
        one(
            "test_hopeless",
            Attempt(outcome=Outcome.FAILED, message="first"),
            Attempt(outcome=Outcome.FAILED, number=2, message="second"),
        ),
        one("test_pass", Attempt(outcome=Outcome.PASSED), suite="unit-py312"),
        one("TestB::test_fail[a::b]", Attempt(outcome=Outcome.PASSED), suite="unit-py312"),
        one("test_pass", Attempt(outcome=Outcome.PASSED), path="tests/test_a.pyx"),
    ]
)

NAMES = st.text(min_size=1, max_size=40).map(visible)
LINES = NAMES.map(lambda text: " ".join(text.replace("\n", " ").split(" ")).strip())
OUTCOMES = st.sampled_from([Outcome.PASSED, Outcome.FAILED, Outcome.ERRORED, Outcome.SKIPPED])


@st.composite
def some_test(draw: st.DrawFn) -> TestResult:
    """One test that ran once or, when it failed first, several times."""
    outcome = draw(OUTCOMES)
    told = outcome is not Outcome.PASSED
    final = Attempt(
        outcome=outcome,
        cause=draw(st.sampled_from([Cause.NONE, Cause.TIMEOUT, Cause.INFRASTRUCTURE])) if told else Cause.NONE,
        duration=draw(st.integers(0, 10_000_000)) / 1000,
        message=draw(LINES) if told else "",
        stdout=draw(NAMES.filter(lambda text: not text.isspace()) | st.just("")),
    )
    earlier = [
        Attempt(outcome=Outcome.FAILED, message=draw(LINES)) for _ in range(draw(st.integers(0, 2)) if not told else 0)
    ]
    attempts = [*earlier, final]
    path = draw(
        st.sampled_from(["tests/test_a.py", "a/b.test.ts", "é/ü x.go", "pkg"])
        | NAMES.filter(lambda text: ":" not in text)
    )
    suite = draw(st.sampled_from(["unit", "e2e", "s"]))
    numbered = [
        Attempt(
            outcome=a.outcome,
            cause=a.cause,
            number=n,
            duration=a.duration,
            message=a.message,
            stdout=a.stdout,
            file=path,
        )
        for n, a in enumerate(attempts, 1)
    ]
    return one(draw(NAMES), *numbered, suite=suite, path=path)
