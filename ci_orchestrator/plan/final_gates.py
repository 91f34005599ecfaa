"""What a final gate may demand of a whole build, beside that its tests pass."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from ci_orchestrator.capabilities.units import RefusedError
from ci_orchestrator.plan.fields import Model, ProjectPath
from ci_orchestrator.plan.shares import Growth, Percent

Count = Annotated[int, Field(ge=0, le=1_000_000_000)]


def _demand(rule: Model) -> None:
    if all(value in (None, {}) for value in rule.__dict__.values()):
        raise RefusedError("nothing is demanded", "remove it, or write one of its fields")


class CoverageRule(Model):
    """How much must be covered, by lines. What cannot be told (no coverage, no base, no diff) is inconclusive."""

    min: Percent | None = None
    """Of all lines, at least this share."""
    changed_lines: Percent | None = None
    """Of the executable lines that the change adds or touches, at least this share; without any it passes."""
    max_drop: Percent | None = None
    """The share of covered lines may fall by so many percentage points against the base."""
    paths: dict[ProjectPath, Percent] = {}
    """Globs (`*` within a directory, `**` over all below) and the least share of the lines of the files that match."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        _demand(self)
        return self


class BenchmarkRule(Model):
    """How benchmarks may move against the base."""

    max_regression: Growth
    """A benchmark that is surely worse may be so by this much; one that may be worse by more is inconclusive."""


class DurationRule(Model):
    """How long the tests may take."""

    max_growth: Growth
    """The sum of the tests' durations may exceed the base's by this much."""


class FlakyRule(Model):
    """What is allowed of tests that pass and fail without a reason in the source."""

    new: Count = 0
    """So many may be flaky that were not known to be."""
