"""Lines of a job, run by a shell here."""

from __future__ import annotations

import subprocess
from pathlib import Path


def sh(lines: list[str], place: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the lines as a runner does."""
    path = f"{place / 'bin'}:/usr/bin:/bin"
    return subprocess.run(
        ["sh", "-e", "-c", "\n".join(lines)],
        cwd=place,
        env={"PATH": path, "HOME": str(place / "home"), **env},
        capture_output=True,
        text=True,
        check=False,
    )
