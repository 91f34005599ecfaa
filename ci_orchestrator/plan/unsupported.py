"""What plans may say one day and this release cannot do yet: refused as such, never ignored. The only such list."""

from __future__ import annotations

TOP = "plan"
GATE = "gate"
SUITE = "suite"
COVERAGE = "coverage"

FIELDS: dict[str, dict[str, str]] = {
    TOP: {
        "currency": "the currency of prices",
        "notify": "messages to chat and mail",
        "quotas": "shares of runners between teams",
        "report": "what the report reads and where it is published",
        "results": "user-defined pipelines over results",
    },
    GATE: {
        "benchmarks": "how much slower a benchmark may become",
        "checks": "statuses that must be green",
        "coverage": "how much must be covered",
        "duration": "how much longer the tests may take",
        "failures": "how many tests may fail",
        "final": "a gate at the end",
        "flaky": "how many tests may become flaky",
        "latency": "how long a request may take",
        "not-proven": "how many tests may be without a result",
    },
    SUITE: {
        "deadline": "a time by which the suite must be done",
    },
    COVERAGE: {
        "map": "paths of other machines",
    },
}
