"""Files that are made from the code: write them, or say which ones no longer match it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def settle(files: Mapping[Path, str], arguments: list[str], script: str) -> int:
    """Write `files`; with ``--check`` write nothing and return 1 if any differs from what is on disk."""
    stale = [path for path, text in files.items() if not path.is_file() or path.read_text("utf-8") != text]
    if "--check" not in arguments:
        for path in stale:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], "utf-8")
        return 0
    for path in stale:
        print(f"{path.relative_to(PROJECT)} does not match the code: run python scripts/{script}", file=sys.stderr)
    return 1 if stale else 0
