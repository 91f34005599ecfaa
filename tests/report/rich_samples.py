"""What a report holds beside its tests: coverage, benchmarks, a base to compare with, gates, tables and links."""

from __future__ import annotations

from dataclasses import replace

from ci_orchestrator.errors import ExitCode
from ci_orchestrator.results.benchmark import Benchmark, Better
from ci_orchestrator.results.coverage import Counts, CoverageSummary, FileSummary
from ci_orchestrator.results.findings import (
    Analysis,
    Base,
    BenchmarkChange,
    Changes,
    CoverageChange,
    DurationChange,
    FileChange,
    FlakyTest,
    Shift,
)
from ci_orchestrator.results.model import Outcome, TestResult, Verdict
from ci_orchestrator.results.quality import Judgement, QualityGate, Reason
from ci_orchestrator.results.report import GateSummary, Links, Report, Table

PRICE = "unit::tests/unit/test_price.py::test_discount_rounds_half_even"
VISA = "api::tests/api/test_checkout.py::test_payment_is_captured_once[visa]"
REFUND = "api::tests/api/test_checkout.py::test_refund_needs_reason"
WEBHOOK = "api::tests/api/test_checkout.py::test_webhook_is_retried"
PASSKEY = "e2e::tests/e2e/test_login.py::test_login_with_passkey"

_FILES = (
    ("shop/cart.py", 212, 214, 61, 64),
    ("shop/checkout.py", 168, 203, 40, 58),
    ("shop/export.py", 91, 91, 22, 22),
    ("shop/login.py", 77, 120, 18, 36),
    ("shop/mail.py", 0, 48, 0, 10),
    ("shop/price.py", 143, 151, 50, 52),
    ("shop/rates.py", 66, 66, 12, 12),
    ("shop/search/index.py", 301, 322, 88, 102),
    ("shop/search/stemmer.py", 119, 119, 31, 31),
    ("shop/session.py", 84, 90, 20, 24),
    ("shop/version.py", 0, 0, 0, 0),
    ("web/basket.ts", 130, 144, 0, 0),
)


def enriched(report: Report) -> Report:
    """`report` with all that a build can say, and the exit code that follows from it."""
    coverage = _coverage()
    share = coverage.lines.share or 0.0
    return replace(
        report,
        trend=tuple(
            replace(point, coverage=round(share - 0.03 + 0.0025 * place, 4)) for place, point in enumerate(report.trend)
        ),
        gates=(
            GateSummary(
                gate="canary",
                name="canary",
                stage="unit_canary_1",
                verdict=Verdict.PROCEED,
                samples=140,
                errors=0,
                upper=0.026,
                why="0 of 140 failed; the rate is below 2.6 % with 95 % confidence",
            ),
        ),
        coverage=coverage,
        benchmarks=_benchmarks(),
        analysis=_analysis(report),
        quality=(
            _merge_gate(),
            QualityGate(name="nightly", reasons=(_passing("coverage.allowed-drop", "0.8 points, 1 is allowed"),)),
        ),
        tables=_tables(report.results),
        links=Links(
            source=f"https://forge.example/shop/blob/{report.revision}/{{path}}#L{{line}}",
            build="https://ci.example/shop/builds/113",
            report="https://ci.example/shop/builds/113/report.html",
            artifacts="https://ci.example/shop/builds/113/artifacts",
        ),
        exit_code=ExitCode.GATE_FAILED,
    )


def everywhere(report: Report, texts: tuple[str, ...]) -> Report:
    """`report` with each of `texts` wherever a tool, a plan or a provider can put one, and numbers beyond all use."""
    bad = (1e300, -1e300, 0.0)
    return replace(
        report,
        coverage=CoverageSummary(
            lines=Counts(1, 2), files=tuple(FileSummary(text, Counts(1, 2)) for text in texts), partial=texts
        ),
        benchmarks=tuple(
            Benchmark(name=text, group=text, unit=text, value=bad[place % 3], spread=bad[place % 3])
            for place, text in enumerate(texts)
        ),
        analysis=Analysis(
            base=Base(title=texts[0], revision=texts[1], branch=texts[2], started=1e300, complete=False),
            changes=Changes(newly_failing=texts, added=tuple(one.id for one in report.results), removed=texts),
            coverage=CoverageChange(
                files=tuple(FileChange(path=text, now=Counts(1, 2), missed=((1, 2),)) for text in texts)
            ),
            benchmarks=tuple(
                BenchmarkChange(group=text, name=text, unit=text, better=Better.SMALLER, now=1e300, before=0.0,
                                worse=-1e300, shift=Shift.WORSE, why=text)
                for text in texts
            ),
            benchmarks_gone=tuple(Benchmark(name=text, group=text, unit=text, value=1e300) for text in texts),
            flaky=tuple(FlakyTest(test=one.id, transitions=5, builds=6) for one in report.results[:9]),
            slower=tuple(DurationChange(test=text, now=1e300, before=-1e300, samples=1) for text in texts),
            time_before=1e300,
        ),
        quality=tuple(QualityGate(name=text, reasons=(Reason(text, Judgement.FAIL, text),)) for text in texts),
        tables=tuple(Table(name=text, columns=(text, ""), rows=((text, 1e300),)) for text in texts),
        links=Links(source=texts[4], build=texts[4], report=texts[0], artifacts=texts[1]),
    )  # fmt: skip


def _coverage() -> CoverageSummary:
    files = tuple(
        FileSummary(path, Counts(hit, lines), Counts(taken, branches)) for path, hit, lines, taken, branches in _FILES
    )
    return CoverageSummary(
        lines=sum((one.lines for one in files), Counts()),
        branches=sum((one.branches for one in files), Counts()),
        files=files,
        partial=("job unit_1: a worker was lost, what it executed is not counted",),
    )


def _benchmarks() -> tuple[Benchmark, ...]:
    times = (0.0123, 0.0125, 0.0122, 0.0127, 0.0124)
    return (
        Benchmark(
            group="bench/test_price.py", name="test_total[1000]", unit="s", value=0.01242, spread=0.0002, values=times
        ),
        Benchmark(group="bench/test_search.py", name="test_index", unit="s", value=1.91, spread=0.04, samples=10),
        Benchmark(
            group="bench/test_search.py",
            name="test_query",
            unit="ops/s",
            value=48_120.0,
            better=Better.BIGGER,
            samples=5,
        ),
        Benchmark(group="shop/search", name="BenchmarkTokenize-8", unit="ns/op", value=812.5, spread=9.1, samples=10),
        Benchmark(group="shop/search", name="BenchmarkTokenize-8", unit="B/op", value=256.0, samples=10),
    )


def _analysis(report: Report) -> Analysis:
    passed = [one.id for one in report.results if one.outcome is Outcome.PASSED and not one.flaky]
    skipped = [one.id for one in report.results if one.outcome is Outcome.SKIPPED]
    return Analysis(
        base=Base(
            title="shop", revision="5d0e8c11f2b34a7788990a1b2c3d4e5f60718293", branch="main", started=1_772_600_000.0
        ),
        changes=Changes(
            newly_failing=tuple(sorted((PRICE, VISA))),
            fixed=tuple(passed[40:43]),
            added=tuple(passed[80:85]),
            removed=("unit::tests/unit/test_price.py::test_discount_rounds_up",),
            newly_skipped=tuple(skipped[:2]),
            newly_unproven=(PASSKEY,),
            still_failing=(REFUND,),
        ),
        coverage=_coverage_change(),
        benchmarks=_benchmark_changes(),
        flaky=(
            FlakyTest(test=WEBHOOK, retried=True, contradictions=2, transitions=5, builds=12),
            FlakyTest(test=passed[60], transitions=4, builds=12, new=True),
        ),
        slower=(
            DurationChange(test=WEBHOOK, now=0.8, before=0.31, samples=12),
            DurationChange(test=passed[7], now=0.62, before=0.2, samples=11),
        ),
        time_before=93.5,
    )


def _coverage_change() -> CoverageChange:
    return CoverageChange(
        before=Counts(1_379, 1_541),
        changed=Counts(31, 42),
        files=(
            FileChange(path="shop/checkout.py", now=Counts(168, 203), before=Counts(170, 190), changed=Counts(12, 21),
                       missed=((88, 93), (101, 101), (140, 141))),
            FileChange(path="shop/mail.py", now=Counts(0, 48), before=Counts(12, 48)),
            FileChange(path="shop/price.py", now=Counts(143, 151), before=Counts(139, 149), changed=Counts(17, 19),
                       missed=((60, 61),)),
            FileChange(path="shop/search/stemmer.py", now=Counts(119, 119), changed=Counts(2, 2)),
            FileChange(path="shop/version.py", now=Counts()),
        ),
    )  # fmt: skip


def _benchmark_changes() -> tuple[BenchmarkChange, ...]:
    smaller, bigger = Better.SMALLER, Better.BIGGER
    return (
        BenchmarkChange(group="bench/test_price.py", name="test_total[1000]", unit="s", better=smaller, now=0.01242,
                        before=0.01104, worse=0.125, shift=Shift.WORSE, why="Mann-Whitney U, p = 0.008"),
        BenchmarkChange(group="bench/test_search.py", name="test_index", unit="s", better=smaller, now=1.91,
                        before=2.35, worse=-0.1872, shift=Shift.BETTER, why="Welch's t, p < 0.001"),
        BenchmarkChange(group="bench/test_search.py", name="test_query", unit="ops/s", better=bigger, now=48_120.0,
                        before=52_000.0, worse=0.0746, shift=Shift.UNCERTAIN, why="no spread is known"),
        BenchmarkChange(group="shop/search", name="BenchmarkTokenize-8", unit="ns/op", better=smaller, now=812.5,
                        before=809.0, worse=0.0043, shift=Shift.SAME, why="Welch's t, p = 0.41"),
    )  # fmt: skip


def _passing(rule: str, said: str) -> Reason:
    return Reason(rule, Judgement.PASS, said)


def _merge_gate() -> QualityGate:
    return QualityGate(
        name="merge",
        reasons=(
            Reason("failures", Judgement.FAIL, "3 tests failed or errored, none is allowed"),
            Reason("not-proven", Judgement.FAIL, "2 tests without a result, none is allowed"),
            Reason("coverage.changed-lines", Judgement.FAIL, "73.80% of 42 changed lines are covered, 80% must be"),
            _passing("coverage.min", "88.71% of 1,568 lines are covered, 85% must be"),
            Reason(
                "benchmarks.max-regression",
                Judgement.INCONCLUSIVE,
                "parse by 7.1% worse, which may be chance, 5% is allowed",
            ),
            Reason("checks.race-detector", Judgement.INCONCLUSIVE, "nobody told its status"),
        ),
    )


def _tables(results: tuple[TestResult, ...]) -> tuple[Table, ...]:
    suites = sorted({one.suite for one in results})
    rows = tuple(
        (
            suite,
            float(sum(one.suite == suite for one in results)),
            round(sum(one.duration for one in results if one.suite == suite), 3),
        )
        for suite in suites
    )
    return (
        Table(name="time-by-suite", columns=("suite", "tests", "seconds"), rows=rows),
        Table(
            name="owners",
            columns=("owner", "test", "duration"),
            rows=(("@payments", VISA, 10.0), ("@payments", REFUND, 0.12)),
            more=37,
        ),
    )
