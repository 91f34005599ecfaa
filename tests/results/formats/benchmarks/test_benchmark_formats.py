"""What each benchmark format tells, trap by trap."""

from __future__ import annotations

import io
import json
from typing import Any

import benchmark_examples as examples
import pytest

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results import formats
from ci_orchestrator.results.benchmark import Benchmark, Better, merge_benchmarks
from ci_orchestrator.results.formats.base import Item, ReadWarning
from ci_orchestrator.results.formats.benchmarks.measured import better_of

SMALLER, BIGGER = Better.SMALLER, Better.BIGGER


def items_of(data: bytes, name: str | None = None) -> list[Item]:
    return list(formats.read(io.BytesIO(data), "b.out", name=name))


def read(told: Any, name: str | None = None) -> list[Benchmark]:
    """The benchmarks of a file, in which nothing must be wrong."""
    data = told if isinstance(told, bytes) else told.encode() if isinstance(told, str) else json.dumps(told).encode()
    found = items_of(data, name)
    assert [item for item in found if not isinstance(item, Benchmark)] == []
    return [item for item in found if isinstance(item, Benchmark)]


def warnings(told: Any, name: str) -> list[str]:
    data = told.encode() if isinstance(told, str) else json.dumps(told).encode()
    return [item.what for item in items_of(data, name) if isinstance(item, ReadWarning)]


EXPECTED: dict[str, list[Benchmark]] = {
    "benchmarkdotnet": [
        Benchmark(group="Shop.Carts", name="Total(N: 10)", unit="B/op", value=32),
        Benchmark(
            group="Shop.Carts",
            name="Total(N: 10)",
            unit="ns",
            value=24.5,
            spread=0.5,
            samples=3,
            values=(24.0, 24.5, 25.0),
        ),
        Benchmark(
            group="Shop.Carts",
            name="Total(N: 10) [Job-ABCDEF(Runtime=.NET 9.0)]",
            unit="ns",
            value=20.0,
            spread=0.5,
            samples=3,
        ),
    ],
    "cargo_bench": [
        Benchmark(name="tests::add one", unit="ns/iter", value=18149.5),
        Benchmark(name="upload", unit="MB/s", value=1911.0, better=BIGGER),
    ],
    "catch2": [
        Benchmark(group="Numbers / big ones", name="Fibonacci 20", unit="ns", value=41731.0, spread=362.0, samples=100),
        Benchmark(
            group="Numbers / big ones",
            name="a name that goes on over two lines",
            unit="ns",
            value=100.0,
            spread=5.0,
            samples=100,
        ),
    ],
    "criterion": [Benchmark(name="sort/1000", unit="ns", value=10.1, spread=1.0, samples=3, values=(10.0, 11.0, 9.0))],
    "criterion_text": [
        Benchmark(name="a name that is longer than its column", unit="ns", value=pytest.approx(1025100.0)),
        Benchmark(name="fib 20", unit="ns", value=26251.0),
    ],
    "custom": [
        Benchmark(
            name="cache", unit="hits", value=10.0, better=BIGGER, spread=1.0, samples=3, values=(9.0, 11.0, 10.0)
        ),
        Benchmark(name="page", unit="req/s", value=70.0, better=BIGGER),
        Benchmark(group="memory", name="page", unit="MB", value=150.5, spread=2.0, samples=9),
    ],
    "go_bench": [
        Benchmark(
            group="example.org/shop/cart",
            name="BenchmarkCopy/size=1-kB",
            unit="MB/s",
            value=1000.0,
            better=BIGGER,
            samples=1,
            values=(1000.0,),
        ),
        Benchmark(
            group="example.org/shop/cart",
            name="BenchmarkCopy/size=1-kB",
            unit="ns/op",
            value=1024.0,
            samples=1,
            values=(1024.0,),
        ),
        Benchmark(
            group="example.org/shop/cart",
            name="BenchmarkTotal",
            unit="B/op",
            value=48.0,
            samples=2,
            values=(48.0, 48.0),
        ),
        Benchmark(
            group="example.org/shop/cart",
            name="BenchmarkTotal",
            unit="allocs/op",
            value=2.0,
            samples=2,
            values=(2.0, 2.0),
        ),
        Benchmark(
            group="example.org/shop/cart",
            name="BenchmarkTotal",
            unit="ns/op",
            value=327.75,
            spread=pytest.approx(3.18198, rel=1e-4),
            samples=2,
            values=(325.5, 330.0),
        ),
    ],
    "google_benchmark": [
        Benchmark(
            name="fib/10",
            unit="ns",
            value=216.0,
            spread=pytest.approx(1.41421, rel=1e-4),
            samples=2,
            values=(215.0, 217.0),
        )
    ],
    "hyperfine": [
        Benchmark(name="sleep 0.1", unit="s", value=0.102, spread=0.001, samples=3, values=(0.101, 0.102, 0.103)),
        Benchmark(name="sleep 1", unit="s", value=1.0, samples=1, values=(1.0,)),
    ],
    "jmh": [
        Benchmark(group="org.example.Lists", name="add [sample]", unit="ms/op", value=0.5),
        Benchmark(
            group="org.example.Lists",
            name="add(kind=linked, size=10)",
            unit="ops/ms",
            value=200.0,
            better=BIGGER,
            spread=1.0,
            samples=3,
            values=(199.0, 200.0, 201.0),
        ),
    ],
    "julia": [
        Benchmark(group="fib", name="10", unit="ns", value=246.0),
        Benchmark(group="fib", name="20", unit="ns", value=31.0, spread=1.0, samples=3, values=(30.0, 32.0, 31.0)),
    ],
    "pytest_benchmark": [
        Benchmark(
            group="tests/test_b.py",
            name="TestB::test_a[x::y]",
            unit="s",
            value=0.002,
            spread=0.0005,
            samples=4,
            values=(0.002, 0.0015, 0.0025, 0.002),
        ),
        Benchmark(group="tests/test_b.py", name="test_c", unit="s", value=1.5, samples=1),
    ],
}
"""After repetitions are merged."""


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_format_tells_its_benchmarks(name: str) -> None:
    data = examples.BENCHMARK_SEEDS[name]
    assert formats.detect(data) == name
    assert list(merge_benchmarks(read(data))) == EXPECTED[name]


def test_deviations_that_are_told_in_percent() -> None:
    (luau,) = read(examples.BENCHMARKLUAU)
    assert (luau.group, luau.name, luau.unit, luau.value) == ("luau", "base64", "ms", 15.041)
    assert luau.spread == pytest.approx(0.30082)
    (js,) = read(examples.BENCHMARKJS)
    assert (js.name, js.unit, js.value, js.samples, js.better) == ("fib(10)", "ops/sec", 1431759.0, 93, BIGGER)
    # Student's t for 92 degrees of freedom is 1.9861
    assert js.spread == pytest.approx(1431759 * 0.0074 / 1.9861 * 93**0.5, rel=0.02)


def test_other_encodings_and_ends_of_lines() -> None:
    assert read(examples.GO_BENCH.replace("\n", "\r\n").encode("utf-16")) == read(examples.GO_BENCH)
    assert read(json.dumps(examples.JMH).encode("utf-8-sig")) == read(examples.JMH)


def test_go_runs_on_several_numbers_of_processors_are_several_benchmarks() -> None:
    line = "\t 100\t 5 ns/op\n"
    found = read("".join(f"{name}{line}" for name in ("BenchmarkA", "BenchmarkA-2", "BenchmarkB/1-4", "BenchmarkA-2")))
    assert [one.name for one in found] == ["BenchmarkA", "BenchmarkA-2", "BenchmarkB/1", "BenchmarkA-2"]


def test_go_tells_no_number_for_one_processor() -> None:
    assert [one.name for one in read("BenchmarkA/size-1\t 100\t 5 ns/op\n")] == ["BenchmarkA/size-1"]


@pytest.mark.parametrize(
    "line",
    [
        "Benchmarking things 1 2 ns/op",
        "Benchmark-8",
        "BenchmarkA-8 \t 100",
        "    bench_test.go:9: BenchmarkA-8 100 5 ns/op",
    ],
)
def test_go_lines_that_are_no_results(line: str) -> None:
    assert warnings(line, "go_bench") == ["the file holds no benchmarks"]


def test_tests_of_go_are_not_taken_for_benchmarks_alone() -> None:
    """A failure beside benchmarks would be lost."""
    for line in ("=== RUN   TestA", "--- FAIL: TestA (0.00s)", "FAIL\texample.org/shop\t0.1s"):
        assert formats.detect(f"{examples.GO_BENCH}{line}\n".encode()) != "go_bench"


def test_google_aggregates_alone_make_one_benchmark() -> None:
    entries = [
        {"name": f"fib_{kind}", "run_name": "fib", "run_type": "aggregate", "aggregate_name": kind, "real_time": time}
        | {"time_unit": "us", "repetitions": 7}
        for kind, time in (("mean", 5.0), ("median", 4.9), ("stddev", 0.5), ("cv", 0.1))
    ]
    expected = [Benchmark(name="fib", unit="us", value=5.0, spread=0.5, samples=7)]
    assert read({**examples.GOOGLE, "benchmarks": entries}) == expected
    old = [{key: entry[key] for key in ("name", "real_time", "time_unit")} | {"iterations": 7} for entry in entries]
    assert read({**examples.GOOGLE, "benchmarks": old}) == expected


def test_what_failed_is_said_and_not_measured() -> None:
    failed = {"name": "f", "error_occurred": True, "error_message": "no disk", "real_time": 0.0}
    skipped = {"name": "s", "skipped": True, "real_time": 0.0}
    told = {**examples.GOOGLE, "benchmarks": [*examples.GOOGLE["benchmarks"], failed, skipped]}
    assert warnings(told, "google_benchmark") == ["f was not measured: no disk"]
    broken = {"DisplayInfo": "Carts.Total: DefaultJob", "FullName": "Shop.Carts.Total", "Statistics": None}
    told = {**examples.BENCHMARKDOTNET, "Benchmarks": [*examples.BENCHMARKDOTNET["Benchmarks"], broken]}
    assert warnings(told, "benchmarkdotnet") == ["Shop.Carts.Total was not measured: it failed"]


def test_the_second_version_of_hyperfine() -> None:
    (found,) = read(examples.HYPERFINE_2)
    assert found == Benchmark(
        name="one second", unit="s", value=1.5, spread=pytest.approx(0.70711, rel=1e-4), samples=2, values=(1.0, 2.0)
    )


def test_raw_values_that_are_not_all_numbers_are_not_known() -> None:
    stats = {"mean": 1.0, "stddev": 0.1, "rounds": 3, "data": [1.0, "... omitted", True]}
    told = {**examples.PYTEST, "benchmarks": [{"fullname": "a.py::b", "stats": stats}]}
    assert read(told) == [Benchmark(group="a.py", name="b", unit="s", value=1.0, spread=0.1, samples=3)]


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "", "unit": "s", "value": 1},
        {"name": "a", "unit": "s", "value": "1"},
        {"name": "a", "unit": "s", "value": True},
        {"name": "a", "unit": "s", "value": 1e300},
        {"name": "a", "unit": "s", "value": None},
        {"name": "a", "unit": "s", "value": 1, "better": "lower"},
        ["name", "unit", "value"],
        7,
    ],
)
def test_an_entry_that_is_no_benchmark_is_left_out_and_said(entry: object) -> None:
    good = {"name": "good", "unit": "s", "value": 1}
    found = items_of(json.dumps([good, entry]).encode(), "custom")
    assert [type(item) for item in found] == [Benchmark, ReadWarning]
    assert "left out" in str(found[1])


def test_many_warnings_of_one_wording_are_counted() -> None:
    told = [{"name": "good", "unit": "s", "value": 1}, *[{"unit": "s"}] * 9]
    said = warnings(told, "custom")
    assert len(said) == 4
    assert said[-1].endswith("(6 more times)")


def test_hostile_numbers_are_bounded() -> None:
    told = {"name": "a", "unit": "s", "value": 1, "spread": -5, "samples": 1e300, "values": [1, 1e300]}
    (found,) = read([told], "custom")
    assert (found.spread, found.values) == (0.0, ())
    assert found.samples <= 10**15


def test_hostile_texts_are_bounded_and_plain() -> None:
    (found,) = read([{"name": "\x1b[31mred\x00" + "x" * 10_000, "unit": "s", "value": 1}], "custom")
    assert found.name.startswith("red␀xxx")
    assert len(found.name) < 5_000


@pytest.mark.parametrize("name", sorted(examples.BENCHMARK_SEEDS))
def test_a_torn_file_tells_what_was_whole_and_never_more(name: str) -> None:
    data = examples.BENCHMARK_SEEDS[name]
    whole = set(read(data, name))
    for end in range(0, len(data), max(1, len(data) // 40)):
        try:
            found = items_of(data[:end], name)
        except ResultsError:
            continue
        told = {item for item in found if isinstance(item, Benchmark)}
        assert len(told) <= len(whole)
        if data[:1] in b"[{" and name != "criterion":
            assert told <= whole
            assert any(isinstance(item, ReadWarning) for item in found)


def test_a_row_that_is_cut_off_is_no_benchmark() -> None:
    torn = examples.CATCH2[: examples.CATCH2.index("362 ns")]
    assert warnings(torn, "catch2") == [
        "the row of a benchmark is cut off: it was left out",
        "the file holds no benchmarks",
    ]
    lines = "\n".join(map(json.dumps, examples.CRITERION[:2]))
    assert warnings(lines[:-30], "criterion")[0] == "a message of a benchmark is cut off: it was left out"


@pytest.mark.parametrize(
    ("unit", "better"),
    [
        *[(unit, BIGGER) for unit in ("MB/s", "B/s", "ops/s", "ops/sec", "req per second", "iter/sec", "Mbps", "MS/s")],
        *[(unit, SMALLER) for unit in ("ns/op", "sec/op", "B/op", "allocs/op", "s", "ms", "ops", "Percent", "steps")],
    ],
)
def test_the_way_that_a_unit_should_go(unit: str, better: Better) -> None:
    assert better_of(unit) is better


@pytest.mark.parametrize(
    ("tool", "line"),
    [
        ("go_bench", "BenchmarkSort-8 \t 100\t NaN ns/op"),
        ("go_bench", "BenchmarkA-8 \t 100\t1.2.3 ns/op"),
        ("go_bench", "BenchmarkA-8 \t 100\t1e999 ns/op"),
        ("cargo_bench", "test sort ... bench:         NaN ns/iter (+/- NaN)"),
        ("benchmarkjs", "sort x NaN ops/sec ±NaN% (0 runs sampled)"),
        ("benchmarkluau", "SUCCESS: sort    :    nanms +/- nan% on luau"),
        ("criterion_text", "sort                    time:   [NaN s NaN s NaN s]"),
    ],
)
def test_what_was_measured_as_no_number_is_said(tool: str, line: str) -> None:
    assert "an entry without a name or a plausible value was left out" in warnings(f"{line}\n", tool)
