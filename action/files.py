"""The files by which a step speaks to GitHub, and its last words. Standard library only."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import NoReturn


def write_output(name: str, value: str) -> None:
    """Set an output of this step, whatever is in the value."""
    mark = secrets.token_hex(16)
    place = os.environ.get("GITHUB_OUTPUT")
    if place:  # without it, nobody is listening
        with Path(place).open("a", encoding="utf-8", newline="\n") as file:
            file.write(f"{name}<<{mark}\n{value}\n{mark}\n")


def fail(message: str) -> NoReturn:
    """End the step as the user's mistake."""
    escaped = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    sys.stdout.write(f"::error title=ci-orchestrator::{escaped}\n")
    sys.exit(2)
