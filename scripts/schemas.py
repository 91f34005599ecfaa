"""Write the JSON Schemas that we ship (``--check``: only say whether they are up to date)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from generated import PROJECT, settle
from pydantic import TypeAdapter

from ci_orchestrator.plan.lock import Lock
from ci_orchestrator.plan.schema import DIALECT, plan_schema
from ci_orchestrator.report.report_json import report_schema
from ci_orchestrator.results import events
from ci_orchestrator.run.bundle import Manifest

SCHEMAS = PROJECT / "ci_orchestrator" / "schemas"


def of(kind: Any) -> Callable[[], dict[str, Any]]:
    """The schema of a model, dataclass or union, as it is."""
    return lambda: {"$schema": DIALECT, **TypeAdapter(kind).json_schema()}


def event_schema() -> dict[str, Any]:
    """One line of ``events.ndjson``: the fields of a type, and what names the type and the version."""
    kinds = []
    for name, kind in sorted(events.TYPES.items()):
        schema = TypeAdapter(kind).json_schema()
        schema["properties"] = {"v": {"const": events.VERSION}, "type": {"const": name}, **schema["properties"]}
        schema["required"] = ["v", "type", *schema["required"]]
        kinds.append(schema)
    definitions: dict[str, Any] = {}
    for schema in kinds:
        definitions.update(schema.pop("$defs", {}))
    return {"$schema": DIALECT, "title": "Event", "oneOf": kinds, "$defs": definitions}


TABLE: dict[str, Callable[[], dict[str, Any]]] = {
    "bundle": of(Manifest),
    "event": event_schema,
    "lock": of(Lock),
    "report": report_schema,
    "testplan": plan_schema,
}


def rendered() -> dict[Path, str]:
    """Each schema's file and text."""
    return {
        SCHEMAS / f"{name}.schema.json": json.dumps(make(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        for name, make in sorted(TABLE.items())
    }


if __name__ == "__main__":
    sys.exit(settle(rendered(), sys.argv[1:], "schemas.py"))
