"""A small valid file for each benchmark format, with the traps of its tool."""

from __future__ import annotations

import json

GO_BENCH = """\
goos: linux
goarch: amd64
pkg: example.org/shop/cart
cpu: Some CPU @ 3.00GHz
BenchmarkTotal
BenchmarkTotal-8           \t 5000000\t       325.5 ns/op\t      48 B/op\t       2 allocs/op
BenchmarkTotal-8           \t 5000000\t       330 ns/op\t      48 B/op\t       2 allocs/op
BenchmarkCopy/size=1-kB-8  \t 1000000\t      1024 ns/op\t1000.00 MB/s
PASS
ok  \texample.org/shop/cart\t3.614s
"""

PYTEST = {
    "machine_info": {"node": "n", "cpu": {"brand": "b"}},
    "commit_info": {"id": "abc"},
    "benchmarks": [
        {
            "group": "mine",
            "name": "test_a",
            "fullname": "tests/test_b.py::TestB::test_a[x::y]",
            "stats": {"mean": 0.002, "stddev": 0.0005, "rounds": 4, "data": [0.002, 0.0015, 0.0025, 0.002]},
        },
        {"name": "test_c", "fullname": "tests/test_b.py::test_c", "stats": {"mean": 1.5, "stddev": 0, "rounds": 1}},
    ],
    "version": "5.1.0",
}

GOOGLE = {
    "context": {"date": "2026-01-01", "num_cpus": 4, "library_build_type": "release"},
    "benchmarks": [
        {"name": "fib/10", "run_name": "fib/10", "run_type": "iteration", "real_time": 215.0, "time_unit": "ns"},
        {"name": "fib/10", "run_name": "fib/10", "run_type": "iteration", "real_time": 217.0, "time_unit": "ns"},
        {
            "name": "fib/10_mean",
            "run_name": "fib/10",
            "run_type": "aggregate",
            "aggregate_name": "mean",
            "real_time": 216.0,
            "time_unit": "ns",
        },
    ],
}

JMH = [
    {
        "jmhVersion": "1.37",
        "benchmark": "org.example.Lists.add",
        "mode": "thrpt",
        "params": {"size": "10", "kind": "linked"},
        "primaryMetric": {
            "score": 200.0,
            "scoreError": "NaN",
            "scoreUnit": "ops/ms",
            "rawData": [[199.0, 200.0], [201.0]],
        },
        "secondaryMetrics": {"gc.alloc.rate": {"score": 5.0, "scoreUnit": "MB/sec"}},
    },
    {
        "benchmark": "org.example.Lists.add",
        "mode": "sample",
        "primaryMetric": {"score": 0.5, "scoreUnit": "ms/op", "rawDataHistogram": [[[[0.5, 3]]]]},
    },
]

HYPERFINE = {
    "results": [
        {"command": "sleep 0.1", "mean": 0.102, "stddev": 0.001, "median": 0.102, "times": [0.101, 0.102, 0.103]},
        {"command": "sleep 1", "mean": 1.0, "stddev": None, "median": 1.0, "times": [1.0], "exit_codes": [0]},
    ]
}

HYPERFINE_2 = {
    "schema_version": 2,
    "results": [
        {
            "command": "sleep 1",
            "name": "one second",
            "measurements": [
                {"time_wall_clock": {"value": value, "unit": "second"}, "exit_code": 0} for value in (1.0, 2.0)
            ],
        }
    ],
}

BENCHMARKDOTNET = {
    "Title": "Shop.Carts-20260101",
    "HostEnvironmentInfo": {"BenchmarkDotNetCaption": "BenchmarkDotNet", "BenchmarkDotNetVersion": "0.14.0"},
    "Benchmarks": [
        {
            "DisplayInfo": "Carts.Total: DefaultJob [N=10]",
            "Namespace": "Shop",
            "Type": "Carts",
            "FullName": "Shop.Carts.Total(N: 10)",
            "Statistics": {"Mean": 24.5, "StandardDeviation": 0.5, "N": 3, "OriginalValues": [24.0, 24.5, 25.0]},
            "Memory": {"BytesAllocatedPerOperation": 32},
        },
        {
            "DisplayInfo": "Carts.Total: Job-ABCDEF(Runtime=.NET 9.0) [N=10]",
            "Namespace": "Shop",
            "Type": "Carts",
            "FullName": "Shop.Carts.Total(N: 10)",
            "Statistics": {"Mean": 20.0, "StandardDeviation": 0.5, "N": 3},
        },
    ],
}

CUSTOM = [
    {"name": "page", "unit": "req/s", "value": 70, "range": "± 3"},
    {"name": "page", "unit": "MB", "value": 150.5, "group": "memory", "spread": 2, "samples": 9},
    {"name": "cache", "unit": "hits", "value": 10, "better": "bigger", "values": [9, 11, 10]},
]

CRITERION = [
    {"reason": "something else"},
    {
        "reason": "benchmark-complete",
        "id": "sort/1000",
        "iteration_count": [10, 20, 30],
        "measured_values": [100.0, 220.0, 270.0],
        "unit": "ns",
        "typical": {"estimate": 10.1, "lower_bound": 9.0, "upper_bound": 11.0, "unit": "ns"},
    },
    {"reason": "group-complete", "group_name": "sort"},
]

CRITERION_TEXT = """\
Benchmarking fib 20: Analyzing
fib 20                  time:   [26.029 us 26.251 us 26.505 us]
                        change: [-1.2% +0.1% +1.3%] (p = 0.4 > 0.05)
                        No change in performance detected.
a name that is longer than its column
                        time:   [1.0029 ms 1.0251 ms 1.0505 ms]
"""

CARGO_BENCH = """\
running 2 tests
test tests::add one ... bench:      18,149.50 ns/iter (+/- 755) = 12 MB/s
test upload        ... bench:        1911 MB/s (+/- 420)

test result: ok. 0 passed; 0 failed; 0 ignored; 2 measured; 0 filtered out
"""

BENCHMARKJS = """\
fib(10) x 1,431,759 ops/sec ±0.74% (93 runs sampled)
this x is not one
Fastest is fib(10)
"""

BENCHMARKLUAU = """\
SUCCESS: base64                                  :   15.041ms +/-  2.000% on luau
Test                   | Min         | Average     | StdDev%    | Driver
base64                 |   14.831ms  |   15.041ms  |    2.000%  | luau
"""

CATCH2 = """\
-------------------------------------------------------------------------------
Numbers
  big ones
-------------------------------------------------------------------------------
/src/numbers.cpp:5
...............................................................................

benchmark name                       samples       iterations    est run time
                                     mean          low mean      high mean
                                     std dev       low std dev   high std dev
-------------------------------------------------------------------------------
Fibonacci 20                                   100             2     8.3712 ms
                                         41.731 us      41.25 us     42.622 us
                                            362 ns        234 ns        539 ns

a name that goes on
over two lines                                 100             2     8.3712 ms
                                            100 ns         99 ns        101 ns
                                              5 ns          4 ns          6 ns

===============================================================================
test cases: 1 | 1 passed
"""

JULIA = [
    {"Julia": "1.10.0", "BenchmarkTools": "1.0.0"},
    [
        [
            "BenchmarkGroup",
            {
                "data": {
                    "fib": [
                        "BenchmarkGroup",
                        {
                            "data": {
                                "10": ["TrialEstimate", {"time": 246.0, "memory": 0}],
                                "20": ["Trial", {"times": [30.0, 32.0, 31.0], "gctimes": [0, 0, 0]}],
                            },
                            "tags": [],
                        },
                    ]
                },
                "tags": [],
            },
        ]
    ],
]

BENCHMARK_SEEDS: dict[str, bytes] = {
    "benchmarkdotnet": json.dumps(BENCHMARKDOTNET).encode(),
    "benchmarkjs": BENCHMARKJS.encode(),
    "benchmarkluau": BENCHMARKLUAU.encode(),
    "cargo_bench": CARGO_BENCH.encode(),
    "catch2": CATCH2.encode(),
    "criterion": "\n".join(map(json.dumps, CRITERION)).encode(),
    "criterion_text": CRITERION_TEXT.encode(),
    "custom": json.dumps(CUSTOM).encode(),
    "go_bench": GO_BENCH.encode(),
    "google_benchmark": json.dumps(GOOGLE).encode(),
    "hyperfine": json.dumps(HYPERFINE).encode(),
    "jmh": json.dumps(JMH).encode(),
    "julia": json.dumps(JULIA).encode(),
    "pytest_benchmark": json.dumps(PYTEST).encode(),
}
"""By the name of the format; what every reader of files is tried on."""
