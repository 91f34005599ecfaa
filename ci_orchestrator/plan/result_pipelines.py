"""Pipelines over results, as a plan writes them: stages that filter, change, group and reduce rows of a table.

The rows begin as the tests of a build, one each (`result_types.TESTS`); what each stage makes of the columns is told by
`result_types.after`, so that a stage that cannot work is refused where it is written.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ci_orchestrator.capabilities.taxonomy import Scalar
from ci_orchestrator.capabilities.units import RefusedError
from ci_orchestrator.plan.fields import Label, Listed, Model, Name

Column = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,99}$")]
Reduction = Literal["count", "max", "mean", "median", "min", "sum"]


def _listed(value: object) -> object:
    """One value stands for a list of it."""
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _some(value: tuple[object, ...]) -> tuple[object, ...]:
    """Checked last, so that a wrong entry is not told as none at all."""
    if not value:
        raise RefusedError("the list is empty", "name at least one")
    return value


Columns = Annotated[
    tuple[Column, ...],
    BeforeValidator(_listed, json_schema_input_type=Column | Annotated[tuple[Column, ...], Field(min_length=1)]),
    Field(max_length=100),
    AfterValidator(_some),
]
Allowed = Annotated[
    tuple[Scalar, ...],
    BeforeValidator(_listed, json_schema_input_type=Scalar | Annotated[tuple[Scalar, ...], Field(min_length=1)]),
    Field(max_length=1000),
    AfterValidator(_some),
]


class Derived(Model):
    """A new column, made from another one; a name alone is short for `{from: NAME}`."""

    from_column: Column
    """The column whose values it takes."""
    times: Annotated[float, Field(ge=-1e12, le=1e12)] | None = None
    """Multiplied by this."""
    divide: Annotated[float, Field(gt=0, le=1e12)] | None = None
    """Divided by this: `{from: duration, divide: 60}` are minutes."""
    folders: Annotated[int, Field(ge=1, le=100)] | None = None
    """Only the first so many parts of a path."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(value is not None for value in (self.times, self.divide, self.folders)) > 1:
            raise RefusedError("a column is made in one way", "keep one of times, divide and folders")
        return self


def _derived(value: object) -> object:
    return {"from": value} if isinstance(value, str) else value


class Custom(Model):
    """A stage of your own: an object registered under the entry point group `ci_orchestrator.stages`; its name alone is
    short for `{use: NAME}`."""

    use: Label
    """Its name there."""
    options: dict[Name, Scalar] = {}
    """What it is told."""


def _custom(value: object) -> object:
    return {"use": value} if isinstance(value, str) else value


class Stage(Model):
    """One stage of a pipeline: one of these."""

    filter: dict[Column, Allowed] | None = None
    """Keeps the rows that meet all conditions: a value, a text with `*` for anything, `"!=value"`, a comparison such as
    `">10s"`, several joined by commas, or a list of which any may hold."""
    map: dict[Column, Annotated[Derived, BeforeValidator(_derived, json_schema_input_type=Column | Derived)]] | None = (
        None
    )
    """Adds columns, or replaces them."""
    group: Columns | None = None
    """Puts together the rows that are alike in these columns; `reduce` must follow."""
    reduce: dict[Reduction, Columns] | None = None
    """Makes one row of each group, or of all rows: its columns are called like `sum-duration`."""
    rename: dict[Column, Column] | None = None
    """Gives columns other names."""
    select: Columns | None = None
    """Keeps these columns only, in this order."""
    sort: Annotated[str, Field(pattern=r"^-?[a-z][a-z0-9_-]{0,99}$")] | None = None
    """Sorts by a column; with `-` before it, the largest first."""
    take: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Keeps the first so many rows."""
    custom: Annotated[Custom, BeforeValidator(_custom, json_schema_input_type=Label | Custom)] | None = None
    """A stage of your own."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        kinds = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(kinds) != 1:
            raise RefusedError("a stage does one thing", f"write one of {', '.join(type(self).model_fields)} in each")
        if getattr(self, kinds[0]) == {}:
            raise RefusedError("the stage says nothing", "name at least one column")
        return self

    @property
    def kind(self) -> str:
        """Which of the fields it has."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)


Stages = Annotated[Listed[Stage], Field(max_length=50, json_schema_extra={"minItems": 1}), AfterValidator(_some)]


class ResultOptions(Model):
    """What is made of the results beside the report."""

    pipelines: Annotated[dict[Name, Stages], Field(max_length=100)] = {}
    """Tables for the report, by name: stages that the results go through."""
