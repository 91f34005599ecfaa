"""The JSON Schema of a plan file, for editors and for other programs: generated from the models.

It describes what is written, so suites and runner classes have no name of their own. What only the whole plan shows (a
cycle, a tool that comes from `defaults`) is left to the loader.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import ModelSchema

from ci_orchestrator.plan.gates import AT_THE_END, BETWEEN_STAGES
from ci_orchestrator.plan.models import Plan
from ci_orchestrator.plan.shape import KEY_NAMED

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NUMBER = {"type": "integer"}
_TIME = {"type": ["number", "string"]}


class Described(GenerateJsonSchema):
    """A generator that says what stands below each field, and does not repeat its name as its title.

    Not `use_attribute_docstrings`: that reads our source whenever the models are imported, by every command.
    """

    def field_title_should_be_set(self, schema: object) -> bool:
        return False

    def model_schema(self, schema: ModelSchema) -> dict[str, Any]:
        written = super().model_schema(schema)
        kind: type[BaseModel] = schema["cls"]
        for name, text in _docstrings(kind).items():
            written["properties"][kind.model_fields[name].alias or name].setdefault("description", text)
        return written


def plan_schema() -> dict[str, Any]:
    """The schema of ``testplan.yaml``."""
    schema = Plan.model_json_schema(schema_generator=Described)
    parts = schema["$defs"]
    for part in ("Suite", "RunnerClass", "Gate"):
        del parts[part]["properties"][KEY_NAMED]
        parts[part]["required"] = [name for name in parts[part].get("required", ()) if name != KEY_NAMED]
    parts["Suite"]["required"] = []  # `tool` may stand under `defaults`
    parts["Suite"]["allOf"] = [_commands_of_tool()]
    parts["Shards"]["allOf"] = _one_way_of_sharding()
    parts["Gate"]["allOf"] = [_fields_of_gate()]
    for part in ("CoverageRule", "Latency", "Stage", "Target"):
        parts[part]["minProperties"] = 1
    for part in ("Stage", "Target"):
        parts[part]["maxProperties"] = 1
    for inner in _objects(schema):
        if "patternProperties" in inner:
            inner.setdefault("additionalProperties", False)
    return {
        "$schema": DIALECT,
        **schema,
        "title": "Test plan of ci-orchestrator",
        "description": "One test plan, run as native CI pipelines or on this machine.",
        "anyOf": _tool_somewhere(),
    }


def _docstrings(kind: type[BaseModel]) -> dict[str, str]:
    """What stands below the fields of a model and of those that it inherits from."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__[: kind.__mro__.index(BaseModel)]):
        (definition,) = ast.parse(inspect.getsource(base)).body
        for field, below in pairwise(definition.body if isinstance(definition, ast.ClassDef) else ()):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    found[name] = inspect.cleandoc(text)
    return found


def _commands_of_tool() -> dict[str, Any]:
    empty, null = {"maxItems": 0}, {"type": "null"}
    return {
        "if": {"properties": {"tool": {"const": "command"}}, "required": ["tool"]},
        "then": {
            "required": ["list", "run"],
            "properties": {
                "list": {"type": ["array", "string"]},
                "run": {"type": ["array", "string"]},
                "args": empty,
                "paths": empty,
                "python": null,
            },
        },
        "else": {"if": {"required": ["tool"]}, "then": {"properties": {"list": null, "run": null}}},
    }


def _fields_of_gate() -> dict[str, Any]:
    """Those of a final gate stand in no other, and the other way round."""
    between, end = ({"properties": dict.fromkeys(fields, False)} for fields in (BETWEEN_STAGES, AT_THE_END))
    final = {"properties": {"final": {"const": True}}, "required": ["final"]}
    return {"if": final, "then": between, "else": end}


def _one_way_of_sharding() -> list[dict[str, Any]]:
    count = {"properties": {"count": _NUMBER}, "required": ["count"]}
    target = {"properties": {"target": _TIME}, "required": ["target"]}
    most = {"properties": {"max": _NUMBER}, "required": ["max"]}
    return [{"if": count, "then": {"not": {"anyOf": [target, most]}}}, {"if": most, "then": target}]


def _tool_somewhere() -> list[dict[str, Any]]:
    each = {"additionalProperties": {"required": ["tool"]}}
    defaults = {"properties": {"tool": {"type": "string"}}, "required": ["tool"]}
    return [{"properties": {"suites": each}}, {"properties": {"defaults": defaults}, "required": ["defaults"]}]


def _objects(schema: object) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for value in inner:
        yield from _objects(value)
