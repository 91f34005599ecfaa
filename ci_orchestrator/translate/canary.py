"""Which tests of a suite run in which stage of its canary."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from ci_orchestrator.analysis.gates import samples_needed
from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.expansion import Stage, stages_of
from ci_orchestrator.plan.models import Plan, Suite


def portions(suite: Suite, tests: Sequence[str]) -> Mapping[Stage, tuple[str, ...]]:
    """Stage → its tests, in the order in which they came.

    A test's place is drawn by the hash of its id: a fair sample of the suite, and the same in every build. With
    `keep-together: file` whole files are drawn.
    """
    stages = stages_of(suite)
    if len(stages) == 1:
        return {stages[0]: tuple(tests)}
    ranked = sorted(tests, key=lambda test: _rank(suite, test))
    out: dict[Stage, tuple[str, ...]] = {}
    start = 0
    for stage in stages:
        end = max(start, -(-len(ranked) * stage.percent // 100))
        while suite.keep_together == "file" and 0 < end < len(ranked) and _file(ranked[end]) == _file(ranked[end - 1]):
            end += 1
        chosen = set(ranked[start:end])
        out[stage] = tuple(test for test in tests if test in chosen)
        start = end
    return out


def check_sizes(plan: Plan, sizes: Mapping[Stage, int]) -> None:
    """Raises `PlanError` for a stage that is too small ever to let the next one start."""
    empty = {stage.suite for stage in sizes} - {stage.suite for stage, size in sizes.items() if size}
    for stage, size in sizes.items():
        suite = plan.suites[stage.suite]
        if suite.gate is None or stage.suite in empty:
            continue
        least = samples_needed(plan.gates[suite.gate])
        if size < least:
            raise PlanError(
                f"stage {stage.name} has {size} tests, and gate {suite.gate!r} can decide from {least} on",
                fix=f"fewer or larger `stages` for suite {suite.name}, or a gate with lower demands: a "
                "higher `healthy`, a lower `confidence` or `min-samples`",
            )


def _file(test: str) -> str:
    return test.partition("::")[0]


def _rank(suite: Suite, test: str) -> tuple[str, str]:
    drawn = _file(test) if suite.keep_together == "file" else test
    return hashlib.sha256(f"{suite.name}::{drawn}".encode("utf-8", "surrogatepass")).hexdigest(), test
