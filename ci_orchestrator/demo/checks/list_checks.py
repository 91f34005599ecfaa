"""Print the id of every check, one per line: ``path::name``."""

from __future__ import annotations

from pathlib import Path

for source in sorted(Path("shop").glob("*.py")):
    print(f"{source.as_posix()}::has-a-docstring")
print("README.md::has-a-title")
