"""Which way a unit should go, where the tool does not say it."""

from __future__ import annotations

import re

from ci_orchestrator.results.benchmark import Better

_RATE = re.compile(r"(?:/|\bper\s+|\bp)(?:s|sec|secs|second|seconds)$", re.IGNORECASE)


def better_of(unit: str) -> Better:
    """Something per second (``MB/s``, ``ops/sec``) should be bigger; anything else is time or cost: smaller.

    The units that `go test` and benchstat know (golang.org/x/perf/benchfmt, `UnitMetadataMap.GetBetter`) come out the
    same way.
    """
    return Better.BIGGER if _RATE.search(unit.strip()) else Better.SMALLER
