"""Real parts that a test needs and this machine may lack: absent, it skips with a reason; in strict mode it fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
SHARED = PROJECT.parent / "shared"


def strict() -> bool:
    """True in our own CI, where every real part must be there."""
    return os.environ.get("CI_ORCHESTRATOR_STRICT") == "1"


def examples(few: int) -> int:
    """On how many plans the providers' walls are tried: a handful here, many in `benchmarks/walls.py`."""
    return few * int(os.environ.get("CI_ORCHESTRATOR_MANY", "1"))


def need(there: object, reason: str) -> None:
    """Go on if `there` is truthy; else skip with `reason`, or fail in strict mode."""
    if there:
        return
    if strict():
        pytest.fail(f"strict mode: {reason}")
    pytest.skip(reason)


def agree(golden: str, text: str) -> None:
    """Hold a text against a file of tests/golden; with CI_ORCHESTRATOR_GOLDEN=1 the file is written instead."""
    path = PROJECT / "tests" / "golden" / golden
    if os.environ.get("CI_ORCHESTRATOR_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")
