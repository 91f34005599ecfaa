"""What does not fit in a valid plan, as a value."""

from __future__ import annotations

from dataclasses import dataclass

from ci_orchestrator.plan.builder import Path


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not fit, at a path of the plan; `key` when the key is to blame rather than its value."""

    path: Path
    what: str
    fix: str
    key: bool = False
