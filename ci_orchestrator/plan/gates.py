"""Gates: what decides between the stages of a suite."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from ci_orchestrator.capabilities.units import RefusedError, shown
from ci_orchestrator.plan.fields import Command, EnvName, Listed, Model, Name

_PERCENT = r"[0-9]{1,2}(?:\.[0-9]{1,4})?%"


def _percent(sign: str, example: str) -> BeforeValidator:
    """Reads ``<5%`` as 0.05; the sign must be there, so that nobody has to guess which side is meant."""
    pattern = re.compile(f"{sign} ?({_PERCENT})")

    def read(value: object) -> object:
        if isinstance(value, float) and 0 < value < 1:  # as a lock has it
            return value
        match = pattern.fullmatch(value) if isinstance(value, str) else None
        share = float(match[1].removesuffix("%")) / 100 if match else 0.0
        if not share:
            raise RefusedError(f"{shown(value)} is not such a share", f'write it like "{example}"')
        return share

    return BeforeValidator(read)


def _schema(sign: str) -> WithJsonSchema:
    return WithJsonSchema({"title": "share", "type": "string", "pattern": f"^{sign} ?{_PERCENT}$"})


Below = Annotated[float, _percent("<", "<5%"), _schema("<")]
Above = Annotated[float, _percent(">", ">10%"), _schema(">")]
Share = Annotated[float, _percent("", "95%"), _schema("")]


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


class Gate(Model):
    """A decision between stages: proceed, hold or rollback."""

    name: Name = Field(exclude=True)
    """The key under `gates`."""
    error_rate: ErrorRate = ErrorRate()
    """What the decision rests on."""
    secrets: Listed[EnvName] = ()
    """Names of secrets that these commands read from their environment."""
    on_rollback: Listed[Command] = ()
    """Commands that a pipeline runs, in a job of their own, when the verdict is rollback."""
    on_hold: Listed[Command] = ()
    """Commands that a pipeline runs, in a job of their own, when the verdict is hold."""
