"""Write the JSON Schemas that we ship (``--check``: only say whether they are up to date)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from generated import PROJECT, settle
from pydantic import TypeAdapter

from ci_orchestrator.plan.schema import DIALECT, plan_schema

SCHEMAS = PROJECT / "ci_orchestrator" / "schemas"


def of(kind: Any) -> Callable[[], dict[str, Any]]:
    """The schema of a model, dataclass or union, as it is."""
    return lambda: {"$schema": DIALECT, **TypeAdapter(kind).json_schema()}


TABLE: dict[str, Callable[[], dict[str, Any]]] = {
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
