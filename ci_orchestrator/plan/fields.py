"""What all parts of a plan are made of: the base of their models, and the types of their fields."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from ci_orchestrator.capabilities.taxonomy import Scalar
from ci_orchestrator.plan.capable import PROVIDES_SCHEMA, REQUIRES_SCHEMA, read_provides, read_requires
from ci_orchestrator.plan.scalars import (
    COMMAND_SCHEMA,
    DURATION_SCHEMA,
    PATH_PATTERN,
    PRIORITY_SCHEMA,
    RUN_COMMAND_SCHEMA,
    check_path,
    check_placeholder,
    parse_command,
    parse_duration,
    parse_priority,
)

_ALIASES = {"from_column": "from", "list_command": "list", "options": "with", "run_command": "run"}
SUITE_NAME = r"^[a-z][a-z0-9_-]{0,39}$"
ENV_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
MOST_JOBS = 10_000
"""Jobs of one stage."""
NEED = r"^[a-z][a-z0-9_-]{0,39}(::[^\x00-\x1f\x7f]+)?$"

T = TypeVar("T")
Listed = Annotated[tuple[T, ...], Field(strict=False)]  # a YAML sequence arrives as a list

Text = Annotated[str, Field(pattern=r"^[^\x00]*$", max_length=10_000)]
Label = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=200)]
Name = Annotated[str, Field(pattern=SUITE_NAME)]
EnvName = Annotated[str, Field(pattern=ENV_NAME, max_length=200)]
Need = Annotated[str, Field(pattern=NEED, max_length=2_000)]
ProjectPath = Annotated[
    str,
    Field(max_length=1_000),
    AfterValidator(check_path),
    WithJsonSchema({"title": "path", "type": "string", "pattern": PATH_PATTERN, "maxLength": 1_000}),
]
Duration = Annotated[float, BeforeValidator(parse_duration), WithJsonSchema(DURATION_SCHEMA)]
Priority = Annotated[int, BeforeValidator(parse_priority), WithJsonSchema(PRIORITY_SCHEMA)]
Command = Annotated[tuple[str, ...], BeforeValidator(parse_command), WithJsonSchema(COMMAND_SCHEMA)]
RunCommand = Annotated[
    tuple[str, ...],
    BeforeValidator(parse_command),
    AfterValidator(check_placeholder),
    WithJsonSchema(RUN_COMMAND_SCHEMA),
]
JobCount = Annotated[int, Field(ge=1, le=MOST_JOBS)]
StagePercent = Annotated[int, Field(ge=1, le=100)]
ToolName = Literal["pytest", "go", "jest", "vitest", "playwright", "command"]
RetryCause = Literal["worker-lost", "infrastructure", "timeout", "failure"]
Requires = Annotated[dict[str, tuple[Scalar, ...]], BeforeValidator(read_requires), WithJsonSchema(REQUIRES_SCHEMA)]
Provides = Annotated[
    dict[str, Scalar | tuple[dict[str, Scalar], ...]], BeforeValidator(read_provides), WithJsonSchema(PROVIDES_SCHEMA)
]


def _alias(field: str) -> str:
    return _ALIASES.get(field, field.replace("_", "-"))


class Model(BaseModel):
    """What all parts of a plan share."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        alias_generator=_alias,
        populate_by_name=True,
        allow_inf_nan=False,
    )
