"""Reports to render: a realistic one, one that says all it can, a large one, and a hostile one."""

from __future__ import annotations

from rich_samples import enriched, everywhere

from ci_orchestrator.errors import ExitCode
from ci_orchestrator.results.merge import result, totals
from ci_orchestrator.results.model import Attempt, Cause, Outcome, TestResult, Totals
from ci_orchestrator.results.report import Certificate, JobSummary, Report, Span, TrendPoint

START = 1_772_616_600.0

TRACEBACK = """\
    def test_discount_rounds_half_even():
        cart = Cart([Item("tea", price=Decimal("0.125"))])
>       assert cart.total() == Decimal("0.12")
E       AssertionError: assert Decimal('0.13') == Decimal('0.12')
E        +  where Decimal('0.13') = total()
E        +    where total = <shop.cart.Cart object at 0x7f3a>.total

tests/unit/test_price.py:41: AssertionError"""

MODULES = (
    "cart",
    "price",
    "search",
    "checkout",
    "stock",
    "session",
    "mail",
    "export",
    "login",
    "rates",
    "tax",
    "zones",
)
VERBS = ("accepts", "rejects", "keeps", "rounds", "orders", "merges", "expires", "renders")
NOUNS = ("empty_cart", "unicode_name", "large_order", "negative_price", "two_currencies", "late_update", "bad_token")


def sample_report() -> Report:
    """Three suites on two workers: failures, an error, a flaky test, skips, a dead letter, and 12 earlier builds."""
    tests = _ordinary(420) | _remarkable()
    results = tuple(tests[name] for name in sorted(tests))
    spans = _timeline(results)
    results = tuple(_placed(one, spans) for one in results)
    missing = tuple(one.id for one in results if one.outcome is Outcome.NOT_PROVEN)
    counts = totals(results)
    return Report(
        title="shop",
        revision="9f1c2ab7d04e5f6a8b9c0d1e2f3a4b5c6d7e8f90",
        branch="main",
        started=START,
        wall=max(span.end for span in spans) + 0.6,
        tool_version="0.1.0",
        totals=counts,
        results=results,
        certificate=Certificate(
            certified=True,
            lock="sha256:4f0c9e1b7a6d5c3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e",
            planned=len(results),
            reported=len(results) - len(missing),
            missing=missing,
            dead=("unit::tests/unit/test_search.py::test_native_index_survives_reload",),
            skipped_at_collection=(("e2e::tests/e2e/test_windows.py", "only on Windows"),),
        ),
        jobs=_jobs(results, spans),
        timeline=tuple(spans),
        trend=_trend(),
        exit_code=ExitCode.TESTS_FAILED,
    )


def rich_report() -> Report:
    """The sample with coverage, benchmarks, a base, flaky and slower tests, final gates, tables and links."""
    return enriched(sample_report())


def _ordinary(number: int) -> dict[str, TestResult]:
    found = {}
    for index in range(number):
        suite = ("unit", "unit", "unit", "api", "api", "e2e")[index % 6]
        path = f"tests/{suite}/test_{MODULES[index * 7 % 12]}.py"
        name = f"test_{VERBS[index * 5 % 8]}_{NOUNS[index * 3 % 7]}[{index:03}]"
        seconds = 0.004 + (index * 2654435761 % 1000) / 6000 * {"unit": 1, "api": 3, "e2e": 9}[suite]
        outcome = Outcome.SKIPPED if index % 37 == 5 else Outcome.PASSED
        message = "needs a database" if outcome is Outcome.SKIPPED else ""
        attempt = _attempt(path, outcome, seconds=0.0 if message else seconds, line=10 + index, message=message)
        found[f"{suite}::{path}::{name}"] = result(f"{suite}::{path}::{name}", [attempt])
    return found


def _remarkable() -> dict[str, TestResult]:
    price, api, search = "tests/unit/test_price.py", "tests/api/test_checkout.py", "tests/unit/test_search.py"
    lost = {
        "outcome": Outcome.NOT_PROVEN,
        "cause": Cause.WORKER_LOST,
        "seconds": 0.9,
        "message": "worker lost: SIGSEGV",
    }
    made = [
        result(
            f"unit::{price}::test_discount_rounds_half_even",
            [
                _attempt(
                    price,
                    Outcome.FAILED,
                    cause=Cause.FAILURE,
                    seconds=0.031,
                    line=41,
                    message="AssertionError: assert Decimal('0.13') == Decimal('0.12')",
                    details=TRACEBACK,
                    stdout="loading rates for EUR\nrates: 31 currencies, base EUR\n",
                )
            ],
        ),
        result(
            f"api::{api}::test_payment_is_captured_once[visa]",
            [
                _attempt(
                    api,
                    Outcome.FAILED,
                    cause=Cause.TIMEOUT,
                    seconds=10.0,
                    line=118,
                    message="timed out after 10 s",
                    stderr="waiting for lock 'payments' (holder: pid 4121)\n" * 6,
                )
            ],
        ),
        result(
            f"api::{api}::test_refund_needs_reason",
            [
                _attempt(
                    api,
                    Outcome.ERRORED,
                    seconds=0.12,
                    line=20,
                    message="fixture 'ledger' failed: ConnectionRefusedError: [Errno 111]",
                    details="tests/api/conftest.py:20: in ledger\n    return connect(PORT)\n"
                    "E   ConnectionRefusedError: [Errno 111] Connection refused",
                )
            ],
        ),
        result(
            f"api::{api}::test_webhook_is_retried",
            [
                _attempt(
                    api,
                    Outcome.FAILED,
                    cause=Cause.FAILURE,
                    seconds=1.4,
                    line=77,
                    message="assert 502 == 200",
                    number=1,
                ),
                _attempt(api, Outcome.PASSED, seconds=0.8, line=77, number=2),
            ],
        ),
        result(
            f"unit::{search}::test_native_index_survives_reload",
            [_attempt(search, line=64, number=1, **lost), _attempt(search, line=64, number=2, **lost)],
            "lost its worker twice (SIGSEGV)",
        ),
        result("e2e::tests/e2e/test_login.py::test_login_with_passkey", [], "the job ended before it was its turn"),
        result(
            f"unit::{search}::test_stemmer_knows_turkish",
            [_attempt(search, Outcome.SKIPPED, cause=Cause.XFAIL, seconds=0.02, line=90, message="xfail: dotless i")],
        ),
    ]
    return {one.id: one for one in made}


def _attempt(
    path: str, outcome: Outcome, *, seconds: float, line: int, message: str = "", number: int = 1, **more: object
) -> Attempt:
    return Attempt(
        outcome=outcome,
        number=number,
        duration=round(seconds, 6),
        cpu=round(seconds * 0.8, 6),
        peak_memory=48_000_000 + line * 10_000,
        file=path,
        line=line,
        message=message,
        **more,  # type: ignore[arg-type]
    )


def _timeline(results: tuple[TestResult, ...]) -> list[Span]:
    """Suites one after the other, each on two workers, the freer one first."""
    spans, free = [], [0.4, 0.5]
    for suite in ("unit", "api", "e2e"):
        free = [max(free) + 0.3] * 2 if spans else free
        own = [one for one in results if one.suite == suite]
        for one in sorted(own, key=lambda one: (-one.duration, one.id)):
            for attempt in one.attempts:
                worker = free.index(min(free))
                end = free[worker] + attempt.duration + 0.004
                spans.append(Span(f"{suite}_1", f"w{worker + 1}", one.id, free[worker], end, attempt.outcome.value))
                free[worker] = end + 0.002
    return spans


def _placed(one: TestResult, spans: list[Span]) -> TestResult:
    own = [span for span in spans if span.test == one.id]
    attempts = [
        Attempt(
            **{name: getattr(attempt, name) for name in Attempt.__slots__}
            | {"job": span.job, "worker": span.worker, "started": START + span.start}
        )
        for attempt, span in zip(one.attempts, own, strict=True)
    ]
    return result(one.id, attempts, one.reason)


def _jobs(results: tuple[TestResult, ...], spans: list[Span]) -> tuple[JobSummary, ...]:
    jobs = []
    for suite in ("api", "e2e", "unit"):
        own = [span for span in spans if span.job == f"{suite}_1"]
        length = max(span.end for span in own) - min(span.start for span in own)
        jobs.append(
            JobSummary(
                job=f"{suite}_1",
                name=f"{suite} 1/1",
                suite=suite,
                tests=sum(one.suite == suite for one in results),
                estimate=round(length * 0.94, 2),
                duration=round(length, 3),
                workers=2,
                workers_lost=2 if suite == "unit" else 0,
                exit_code={"api": 1, "e2e": 3, "unit": 1}[suite],
            )
        )
    return tuple(jobs)


def _trend() -> tuple[TrendPoint, ...]:
    failed = (0, 0, 1, 0, 0, 4, 2, 0, 0, 0, 1, 0)
    seconds = (88, 90, 89, 92, 93, 131, 128, 97, 96, 98, 101, 99)
    return tuple(
        TrendPoint(
            build=f"{101 + index}",
            started=START - (12 - index) * 14_400,
            totals=Totals(
                passed=396 + index * 2 - failed[index], failed=failed[index], skipped=11, flaky=index % 4 == 3, runs=420
            ),
            duration=float(seconds[index]),
        )
        for index in range(12)
    )


def large_report(tests: int) -> Report:
    """`tests` results on 8 workers, one in 500 failing with a traceback and output."""
    results, spans, free = [], [], [0.0] * 8
    for index in range(tests):
        suite = ("api", "e2e", "unit")[index * 3 // tests]
        path = f"tests/{suite}/package_{index // 400:04}/test_module_{index // 40:05}.py"
        name = f"{suite}::{path}::TestFeature::test_behaviour_{index:07}[case-{index % 7}]"
        worker = index % 8
        bad = index % 500 == 77
        attempt = Attempt(
            outcome=Outcome.FAILED if bad else Outcome.SKIPPED if index % 61 == 3 else Outcome.PASSED,
            cause=Cause.FAILURE if bad else Cause.NONE,
            job=f"{suite}_{worker % 4}",
            worker=f"w{worker}",
            started=START + free[worker],
            duration=0.001 + index * 2654435761 % 1000 / 10_000,
            cpu=0.001,
            peak_memory=50_000_000,
            message="AssertionError: assert 1 == 2" if bad else "",
            details=TRACEBACK * 4 if bad else "",
            stdout="some output\n" * 50 if bad else "",
            file=path,
            line=index % 400,
        )
        end = free[worker] + attempt.duration
        spans.append(Span(attempt.job, attempt.worker, name, free[worker], end, attempt.outcome.value))
        free[worker] = end
        results.append(TestResult(id=name, outcome=attempt.outcome, attempts=(attempt,)))
    counts = totals(results)
    return Report(
        title="large",
        started=START,
        wall=max(free),
        totals=counts,
        results=tuple(sorted(results, key=lambda one: one.id)),
        certificate=Certificate(certified=True, lock="sha256:00", planned=tests, reported=tests),
        timeline=tuple(spans),
        trend=_trend(),
        exit_code=ExitCode.TESTS_FAILED if counts.failed else ExitCode.OK,
    )


HOSTILE = (
    "<script>window.pwned=1</script>",
    "</script><img src=x onerror=window.pwned=2>",
    "<!--<script>",
    '"><svg onload=window.pwned=3>',
    "javascript:window.pwned=4",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07\x1b[2J",
    "user\u202egpj.exe\u2066",
    "nul\x00byte",
    "lone\ud800surrogate",
    "line\u2028separator\r\nand more\ttab",
    "$\\frac{1}{$ | `code` @everyone #1 **bold** [x](http://example.org) &lt;",
    "http://example.org/pixel.png",
    "\u202d" * 5 + "\ufeff\u200b",
    "wide 漢字テスト 🎉 é" * 20,
)


def hostile_report() -> Report:
    """Every text that a test, a plan or a provider could choose is hostile."""
    results = []
    for index, text in enumerate(HOSTILE):
        attempt = Attempt(
            outcome=Outcome.FAILED if index % 2 else Outcome.PASSED,
            job=text,
            worker=text,
            duration=float(index),
            message=text,
            details=text,
            stdout=text,
            stderr=text,
            file=text,
            line=index,
        )
        results.append(result(f"{text}::{text}::{text}", [attempt], text))
    results.append(result("gone::x::y", [], HOSTILE[0]))
    found = tuple(sorted(results, key=lambda one: one.id))
    ids = tuple(one.id for one in found)
    pairs = tuple((text, text) for text in HOSTILE)
    report = Report(
        title=HOSTILE[0],
        revision=HOSTILE[1],
        branch=HOSTILE[3],
        started=1e300,
        wall=1.0,
        tool_version=HOSTILE[1],
        totals=totals(found),
        results=found,
        certificate=Certificate(
            certified=True,
            lock=HOSTILE[1],
            planned=3,
            reported=2,
            missing=ids,
            duplicate=ids,
            unexpected=ids,
            dead=ids,
            withheld=pairs,
            skipped_at_collection=pairs,
        ),
        jobs=tuple(
            JobSummary(
                job=text,
                name=text,
                suite=text,
                tests=1,
                estimate=0,
                duration=1,
                workers=1,
                workers_lost=0,
                exit_code=None,
            )
            for text in HOSTILE
        ),
        timeline=tuple(Span(text, text, f"{text}::{text}::{text}", 0, 1, text) for text in HOSTILE),
        trend=tuple(
            TrendPoint(build=text, started=1e300, totals=Totals(passed=1, failed=1), duration=1.0) for text in HOSTILE
        ),
        warnings=HOSTILE,
        exit_code=ExitCode.TESTS_FAILED,
    )
    return everywhere(report, HOSTILE)
