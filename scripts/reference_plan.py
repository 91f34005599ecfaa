"""Write docs/reference/plan.md from the models (``--check``: only say whether it is up to date)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

from generated import PROJECT, settle

from ci_orchestrator.capabilities.taxonomy import KNOWN
from ci_orchestrator.plan.not_acted_on import WAITING
from ci_orchestrator.plan.scalars import format_duration
from ci_orchestrator.plan.schema import plan_schema
from ci_orchestrator.plan.shape import models
from ci_orchestrator.plan.unsupported import FIELDS, TOP

TARGET = PROJECT / "docs" / "reference" / "plan.md"
TEMPLATE = Path(__file__).with_name("reference_plan.md.in")
_WORDS = {"boolean": "true or false", "string": "text", "number": "number", "integer": "whole number", "null": "empty"}
_STANDS = {TOP: ""}


def type_text(schema: dict[str, Any]) -> str:
    """What a field takes, in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "title" in schema:
        return str(schema["title"])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(type_text(option) for option in schema["anyOf"]))
    if "const" in schema or "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    return _plain_type(schema)


def _plain_type(schema: dict[str, Any]) -> str:
    if schema["type"] == "array":
        return f"list of {type_text(schema['items'])}"
    if schema["type"] == "object":
        values = [*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")]
        return f"mapping of names to {type_text(next(value for value in values if isinstance(value, dict)))}"
    return _WORDS[schema["type"]] + _bounds(schema)


def _bounds(schema: dict[str, Any]) -> str:
    if "exclusiveMinimum" in schema:
        return f" above {schema['exclusiveMinimum']:.0f}"
    if "maximum" in schema:
        return f" from {schema['minimum']:.0f} to {schema['maximum']:.0f}"
    return ""


def default_text(schema: dict[str, Any]) -> str:
    """A field's default as a plan would write it."""
    default = schema.get("default")
    if default in (None, [], {}) or "$ref" in schema:  # a part's own section has its defaults
        return ""
    return f"`{format_duration(default) if _is_duration(schema) else _flow(default)}`"


def _is_duration(schema: dict[str, Any]) -> bool:
    return schema.get("title") == "duration" or any(_is_duration(option) for option in schema.get("anyOf", ()))


def _flow(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items() if inner is not None) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return value if isinstance(value, str) else json.dumps(value).removesuffix(".0")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _table(schema: dict[str, Any]) -> Iterator[str]:
    required = schema.get("required", ())
    yield "| field | takes | default | meaning |"
    yield "|---|---|---|---|"
    for name, part in sorted(schema["properties"].items()):
        default = "*required*" if name in required or name == "tool" else default_text(part)
        yield f"| `{name}` | {_cell(type_text(part))} | {_cell(default)} | {_cell(part['description'])} |"


def fields() -> str:
    """A section for every model."""
    schema = plan_schema()
    lines: list[str] = []
    for model in models():
        name = model.__name__
        part = schema if name == "Plan" else schema["$defs"][name]
        lines += [f"### {name}", "", part["description"] if name != "Plan" else "The file itself.", ""]
        if name == "Defaults":
            lines += ["Any field of [Suite](#suite) but `list`, `needs`, `paths` and `run`.", ""]
        else:
            lines += [*_table(part), ""]
    return "\n".join(lines).rstrip()


def capabilities() -> str:
    """The table of capabilities."""
    rows = [f"| `{name}` | {known.kind} | {known.means} |" for name, known in sorted(KNOWN.items())]
    rows.append("| `device.NAME` | as you write it | whatever else your runners have |")
    return "\n".join(["| capability | value | meaning |", "|---|---|---|", *rows])


def unsupported() -> str:
    """The table of what is refused as not supported yet."""
    rows = [f"| `{_STANDS[at]}{name}` | {means} |" for at in FIELDS for name, means in sorted(FIELDS[at].items())]
    return "\n".join(["| field | what it will be |", "|---|---|", *rows])


def not_acted_on() -> str:
    """The table of what is read and checked, and not acted on yet."""
    rows = [f"| `{waiting.field}` | {waiting.means} |" for waiting in WAITING]
    return "\n".join(["| field | until then |", "|---|---|", *rows])


def page() -> str:
    """The whole page."""
    return Template(TEMPLATE.read_text("utf-8")).substitute(
        fields=fields(), capabilities=capabilities(), unsupported=unsupported(), not_acted_on=not_acted_on()
    )


if __name__ == "__main__":
    sys.exit(settle({TARGET: page()}, sys.argv[1:], "reference_plan.py"))
