"""Gates: what decides between the stages of a suite, and what judges the whole build at its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from ci_orchestrator.capabilities.units import RefusedError
from ci_orchestrator.plan.fields import Command, Duration, Label, Listed, Model, Name
from ci_orchestrator.plan.final_gates import BenchmarkRule, Count, CoverageRule, DurationRule, FlakyRule
from ci_orchestrator.plan.secret_names import SecretVariable
from ci_orchestrator.plan.shares import Above, Below, Share

BETWEEN_STAGES = ("error-rate", "latency", "on-hold", "on-rollback", "secrets")
"""Fields of a gate between stages, which mean nothing at the end."""
AT_THE_END = ("benchmarks", "checks", "coverage", "duration", "failures", "flaky", "not-proven")
"""Fields of a final gate, which mean nothing between stages."""


class ErrorRate(Model):
    """The share of tests that did not come out well. A sample is a test's final outcome: failed, errored and not proven
    count as errors; skipped tests are no samples.
    """

    healthy: Below = 0.05
    """The stage is healthy when the rate is below this, even at the upper end of what the samples allow."""
    unhealthy: Above = 0.10
    """The stage is unhealthy when the rate is above this, even at the lower end of what the samples allow."""
    confidence: Share = 0.95
    """How sure a verdict must be (one-sided): 50% at least."""
    min_samples: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Fewer samples decide nothing; by default as many as a stage without an error needs to be healthy."""

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.healthy > self.unhealthy:
            raise RefusedError("`healthy` is above `unhealthy`", "leave room between them, such as <5% and >10%")
        if self.confidence < 0.5:
            raise RefusedError("a `confidence` below 50% would let anything pass", "write how sure to be, such as 95%")
        return self


class Latency(Model):
    """How long the tests of a stage may take. A sample is a test that ran; one without a result took too long."""

    max: Duration | None = None
    """95 percent of all tests must take no longer than this, as surely as the `confidence` of the `error-rate`."""
    compare: Literal["baseline"] | None = None
    """`baseline`: they must take no longer than they did in earlier builds."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.max is None and self.compare is None:
            raise RefusedError("nothing is demanded", "write the longest time, such as max: 200ms")
        return self


class Gate(Model):
    """A decision: between stages (proceed, hold or rollback), or with `final` at the end (pass, fail, inconclusive)."""

    name: Name = Field(exclude=True)
    """The key under `gates`."""
    final: bool = False
    """Whether it judges the whole build at its end, by the fields that stand only in a final gate."""
    error_rate: ErrorRate = ErrorRate()
    """Between stages: the share of tests in error that a decision rests on."""
    latency: Latency | None = None
    """Between stages: how long tests may take."""
    secrets: Listed[SecretVariable] = ()
    """Between stages: names of secrets that the following commands read from their environment."""
    on_rollback: Listed[Command] = ()
    """Between stages: commands that a pipeline runs, in a job of their own, when the verdict is rollback."""
    on_hold: Listed[Command] = ()
    """Between stages: commands that a pipeline runs, in a job of their own, when the verdict is hold."""
    failures: Count = 0
    """Final: so many tests may fail or be in error."""
    not_proven: Count = 0
    """Final: so many tests may be without a result."""
    coverage: CoverageRule | None = None
    """Final: how much must be covered."""
    benchmarks: BenchmarkRule | None = None
    """Final: how benchmarks may move."""
    duration: DurationRule | None = None
    """Final: how long the tests may take."""
    flaky: FlakyRule | None = None
    """Final: how many tests may become flaky."""
    checks: Listed[Label] = ()
    """Final: names of statuses that must be green, such as `lint`; `report --check NAME=STATUS` tells them."""

    @model_serializer(mode="wrap")
    def _of_its_kind(self, fields: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Without the fields of the other kind, so that what was written out can be read again."""
        foreign = BETWEEN_STAGES if self.final else AT_THE_END
        return {name: value for name, value in fields(self).items() if name.replace("_", "-") not in foreign}


def final_gates(gates: Mapping[str, Gate]) -> Mapping[str, Gate]:
    """Those that judge the whole build, by name."""
    return {name: gate for name, gate in sorted(gates.items()) if gate.final}
